"""Where kept settings lie, as JSON: settings.json of one machine, or a row in the database of a cluster.

The file stays: a person edits it, `rag settings` changes it while a server runs, and a program that opens a library loads no adapter of
databases for it.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from rag.errors import StorageError, storage_errors
from rag.storing.database import Database, sql

FILE = "settings.json"
SECONDS_BETWEEN_LOOKS = 1.0  # at the database, for what other servers changed; questions in between ask nothing of it

log = logging.getLogger(__name__)


class SettingsStore(Protocol):
    """Keeps one JSON text. Each member raises StorageError."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def stamp(self) -> object:
        """What differs after each change."""

    def read(self) -> bytes | None:
        """What is kept; None where nothing is."""

    def change(self, change: Callable[[bytes | None], str]) -> object:
        """Replace what is kept by what `change` makes of it, whole, or not at all where that raises; the stamp that it has then."""


class SettingsFile:
    """settings.json in the library's folder. It holds keys, so only its owner can read it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._file)

    def stamp(self) -> object:
        """When it was changed, its size and which file it is; None where there is none."""
        try:
            facts = self._file.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._file} cannot be read: {error.strerror}.") from error
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def read(self) -> bytes | None:
        """What is in it; None where there is no file."""
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._file} cannot be read: {error.strerror}.") from error

    def change(self, change: Callable[[bytes | None], str]) -> object:
        """Replace the file, whole."""
        changed = change(self.read())
        unfinished = self._file.with_suffix(f".{os.getpid()}.partial")
        with storage_errors("The settings could not be kept"):
            unfinished.unlink(missing_ok=True)
            with open(unfinished, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(changed)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._file)
        return self.stamp()


class SettingsRow:
    """A row in a cluster's database. Its version is looked at once a second, by one thread; what was seen last counts while it cannot be.

    The first server that finds no row takes over what the library kept in its file, which is left as it is and not read again.
    """

    def __init__(self, database: Database, file: SettingsFile, check: Callable[[bytes | None], object]) -> None:
        """`check` raises SettingsError for what cannot be taken over."""
        self._database = database
        self._file = file
        self._check = check
        self._looking = threading.Lock()
        self._looked: float | None = None
        self._version, self._kept = -1, ""

    @property
    def name(self) -> str:
        """Where a person would look for it."""
        return "The table of settings in the database"

    def stamp(self) -> object:
        """The row's version, as of a second ago."""
        if self._looked is None:
            with self._looking:
                self._look()
        elif time.monotonic() - self._looked >= SECONDS_BETWEEN_LOOKS and self._looking.acquire(blocking=False):
            try:
                self._look()
            except StorageError as error:
                self._looked = time.monotonic()
                log.warning("the settings cannot be read; those that were read last count: %s", error)
            finally:
                self._looking.release()
        return self._version

    def read(self) -> bytes | None:
        """What was seen last; None before anything was kept."""
        return self._kept.encode() or None

    def change(self, change: Callable[[bytes | None], str]) -> object:
        """Replace the row; what another server keeps at the same time comes before or after, and neither is lost."""
        self.stamp()
        with self._looking:
            with self._database.writing() as connection:
                locked = connection.execute(sql("UPDATE settings SET version = version + 1 WHERE id = 1 RETURNING version, kept"))
                version, kept = locked.one()
                changed = change(kept.encode() or None)
                connection.execute(sql("UPDATE settings SET kept = :kept WHERE id = 1"), {"kept": changed})
            self._version, self._kept, self._looked = version, changed, time.monotonic()
            return self._version

    def _look(self) -> None:
        found = self._found()
        if not found:
            self._check(kept := self._file.read())
            with self._database.writing() as connection:
                statement = "INSERT INTO settings (id, version, kept) VALUES (1, 1, :kept) ON CONFLICT (id) DO NOTHING"
                connection.execute(sql(statement), {"kept": (kept or b"").decode()})
            found = self._found()
        for version, kept in found:
            if version != self._version:
                self._version, self._kept = version, kept
        self._looked = time.monotonic()

    def _found(self) -> list[Any]:
        statement = "SELECT version, CASE WHEN version <> :seen THEN kept ELSE '' END FROM settings WHERE id = 1"
        with self._database.reading() as connection:
            return list(connection.execute(sql(statement), {"seen": self._version}))
