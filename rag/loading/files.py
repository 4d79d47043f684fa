"""Paths as a person gives them -> files, and a file -> its SHA-256."""

import hashlib
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import UnreadableFileError

Found = Path | tuple[Path, UnreadableFileError]
"""A file; or what could not be followed, and why."""


def find_files(paths: Sequence[str | Path]) -> Iterator[Found]:
    """Walk files and folders; never raises for what it meets.

    Folders are walked to the bottom in the order of names, each once (a loop of links ends); names that begin with a
    dot are skipped unless they are given.

    Args:
        paths: Files or folders, "~" allowed.

    Yields:
        Each file, or the reason why there is none: nothing there, a folder that may not be read, a dangling link.
    """
    for given in paths:
        path = Path(given)
        try:
            path = path.expanduser()
            mode = path.stat().st_mode
        except (OSError, RuntimeError, ValueError) as error:  # no such home; a NUL in the name
            yield path, unreadable(path, error)
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, set())
        else:
            yield path


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, 64 hexadecimal digits.

    Raises:
        UnreadableFileError: The file vanished, may not be read, or is not a file.
    """
    try:
        check_is_file(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def check_is_file(path: Path) -> int:
    """The size of a file in bytes.

    Raises:
        UnreadableFileError: It is a folder, or a pipe or device, which could be waited on for ever.
        OSError: It cannot be looked at.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableFileError(f"{path.name} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFileError(f"{path.name} is not a regular file (a pipe, socket or device); copy its content into a file.")
    return status.st_size


def unreadable(path: Path, error: Exception) -> UnreadableFileError:
    """What an operating system's error about `path` means, in plain words."""
    match error:
        case FileNotFoundError() if path.is_symlink():
            return UnreadableFileError(f"{path} is a link to something that does not exist.")
        case FileNotFoundError():
            return UnreadableFileError(f"{path} does not exist; check the path, or whether it was moved or deleted meanwhile.")
        case PermissionError():
            return UnreadableFileError(f"{path} may not be read by this user; change its permissions and add it again.")
        case OSError():
            return UnreadableFileError(f"{path} could not be read: {error.strerror or error}.")
        case _:
            return UnreadableFileError(f"{str(path)!r} is not a path that can be read: {error}.")


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Found]:
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        yield folder, unreadable(folder, error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            yield entry, unreadable(entry, error)
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(entry, seen)
        elif stat.S_ISREG(mode):
            yield entry
