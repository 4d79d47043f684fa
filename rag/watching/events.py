"""Waits until something changes in folders."""

import logging
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MILLISECONDS_A_LOOK = 300  # between looks at whether the watched folders are still the same
MILLISECONDS_TOGETHER = 400  # changes within this time are one


class Events:
    """The system's events in folders. They only wake: a network drive has none, so whoever waits looks from time to time all the same."""

    def __init__(self, folders: Sequence[Path], ignored: Path) -> None:
        """Watch nothing yet; what happens in `ignored` wakes nobody."""
        self._folders = folders
        self._ignored = str(ignored)
        self._watched: dict[Path, tuple[int, int]] = {}
        self._changes: Generator[set[Any], None, None] | None = None

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return after so many seconds, or earlier when something has changed, or a folder has come or gone, or at the stop."""
        until = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until:
            if self._numbers() != self._watched:
                self._watch(stop)
                return
            left = min(MILLISECONDS_A_LOOK / 1000, until - time.monotonic())
            if self._changes is None:
                stop.wait(max(0.0, left))
            elif self._next():
                return

    def close(self) -> None:
        """Watch nothing any more."""
        if self._changes is not None:
            self._changes.close()
            self._changes = None

    def _next(self) -> bool:
        try:
            assert self._changes is not None
            return bool(next(self._changes))
        except StopIteration:  # at the stop
            return True
        except (OSError, RuntimeError) as error:
            log.warning("Changes are not told by the system (%s); the watched folders are looked at from time to time.", error)
            self._changes = None
            return False

    def _watch(self, stop: threading.Event) -> None:
        from watchfiles import watch

        self.close()
        self._watched = self._numbers()
        if self._watched:
            self._changes = watch(
                *self._watched,
                watch_filter=lambda _, path: not path.startswith(self._ignored),
                debounce=MILLISECONDS_TOGETHER,
                stop_event=stop,
                rust_timeout=MILLISECONDS_A_LOOK,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            )
            self._next()  # starts it

    def _numbers(self) -> dict[Path, tuple[int, int]]:
        """The folders that are there, each with its number on its disk: another folder of that name has another."""
        numbers = {}
        for folder in self._folders:
            with suppress(OSError):
                status = folder.stat()
                numbers[folder] = status.st_dev, status.st_ino
        return numbers
