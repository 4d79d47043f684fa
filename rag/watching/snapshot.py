"""What is in a folder now, and which of its files have settled: they were not touched for a moment, so none is half-written."""

import stat
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rag.errors import UnreadableFileError
from rag.files import find_files

Key = TypeVar("Key", bound=Hashable)

Stamp = tuple[int, int, int, int]
"""What changes when a file is written, renamed or replaced: when it was modified and changed, its size, its number on the disk."""

LOCK_PREFIX = "~$"  # of the file beside an open Office document


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files in a folder, and the paths in it that cannot be followed, each with the reason."""

    files: Mapping[Path, Stamp]
    problems: Mapping[Path, UnreadableFileError]


class Settling:
    """Tells what has stayed as it is for a while, as seen at moments in seconds."""

    def __init__(self) -> None:
        self._since: dict[Hashable, tuple[Hashable, float]] = {}

    def settled(self, seen: Mapping[Key, Hashable], now: float, seconds: float) -> list[Key]:
        """Of the things seen now, each with its state, those seen in that state for so long; what is not seen now is forgotten."""
        before, self._since = self._since, {}
        for key, state in seen.items():
            known, first = before.get(key, (None, now))
            self._since[key] = state, first if key in before and known == state else now
        return [key for key in seen if now - self._since[key][1] >= seconds]


def take(folder: Path, is_ignored: Callable[[Path], bool]) -> Snapshot | None:
    """What is in a folder, hidden files left out; None where it is not there, or its drive does not answer."""
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            return None
    except OSError:
        return None
    files: dict[Path, Stamp] = {}
    problems: dict[Path, UnreadableFileError] = {}
    for entry in find_files([folder]):
        path, error = entry if isinstance(entry, tuple) else (entry, None)
        if path.name.startswith(LOCK_PREFIX) or is_ignored(path):
            continue
        if error is not None:
            problems[path] = error
            continue
        try:
            status = path.stat()
        except OSError:  # it vanished meanwhile
            continue
        files[path] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    return Snapshot(files, problems)
