"""Paths as people give them -> files; names, hashes and what the system says against a file."""

import hashlib
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.text.printable import printable_line

PathOrProblem = Path | tuple[Path, UnreadableFileError]
"""A file; or a path that leads to none, and why."""


def find_files(paths: Sequence[str | Path]) -> Iterator[PathOrProblem]:
    """Walk files and folders, in the order of names; hidden ones are skipped unless they are given. `ValueError` on an empty path.

    A link within a folder is skipped where its target is found anyway, and refused where it leads out of the folder: whoever may put a
    link there may not be allowed to read all that this user may.
    """
    if any(not str(given).strip() for given in paths):
        raise ValueError("A path is empty. The current folder is '.'.")
    for given in paths:
        path = Path(given)
        try:
            path = path.expanduser()
            mode = path.stat().st_mode
        except (OSError, RuntimeError, ValueError) as error:  # no such home; a NUL in the name
            yield path, unreadable(path, error)
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, path.resolve())
        else:
            yield path


def shown_name(path: Path) -> str:
    """A file's name in the library: printable, on one line."""
    return printable_line(path.name)


def uploaded_name(given: str) -> str:
    """The same of an upload, without the folders that a sender may name; `ValueError` where no name is left."""
    name = printable_line(given.replace("\\", "/").rpartition("/")[2].strip()).strip()
    if name in {"", ".", ".."}:
        raise ValueError(f"{given!r} is not a file name.")
    return name


def is_gone(path: Path) -> bool:
    """Whether there is certainly nothing at a path, neither out of reach nor forbidden."""
    try:
        path.lstat()
    except (OSError, ValueError) as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits; `UnreadableFileError` where it cannot be read."""
    try:
        check_is_file(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def check_is_file(path: Path) -> int:
    """The size of a file in bytes; refuses folders, and pipes and devices, on which a read could wait forever."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableFileError(f"{shown_name(path)} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFileError(f"{shown_name(path)} is not a regular file (a pipe, socket or device); copy its content into a file.")
    return status.st_size


def unreadable(path: Path, error: Exception) -> UnreadableFileError:
    """An operating system's error about a path, in plain words."""
    shown = printable_line(str(path))
    match error:
        case FileNotFoundError() if path.is_symlink():
            return UnreadableFileError(f"{shown} is a link to something that does not exist.")
        case FileNotFoundError():
            return UnreadableFileError(f"{shown} does not exist. Check the path, and whether it was moved or deleted.")
        case PermissionError():
            return UnreadableFileError(f"{shown} cannot be read: permission denied. Change its permissions and add it again.")
        case OSError():
            return UnreadableFileError(f"{shown} could not be read: {error.strerror or error}.")
        case _:
            return UnreadableFileError(f"{shown!r} is not a valid path: {error}.")


def _walk(folder: Path, root: Path) -> Iterator[PathOrProblem]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        yield folder, unreadable(folder, error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            mode = entry.stat().st_mode
            if entry.is_symlink():
                yield from _refused_link(entry, root)
                continue
        except OSError as error:
            yield entry, unreadable(entry, error)
            continue
        if stat.S_ISDIR(mode):
            yield from () if _is_library(entry) else _walk(entry, root)
        elif stat.S_ISREG(mode):
            yield entry


def _is_library(folder: Path) -> bool:
    """Whether it is a library's own folder, whose files are copies of others."""
    try:
        return all((folder / name).exists() for name in ("lock", "originals", "lexical"))
    except OSError:  # a closed folder: walking it says so
        return False


def _refused_link(link: Path, root: Path) -> Iterator[tuple[Path, UnreadableFileError]]:
    """The reason, unless the walk finds the target by itself."""
    target = link.resolve()
    if not target.is_relative_to(root):
        why = "out of the given folder"
    elif any(part.startswith(".") for part in target.relative_to(root).parts):
        why = "to something hidden"
    else:
        return
    yield link, UnreadableFileError(f"{printable_line(str(link))} is a link {why}, so it was not followed. Add its target directly.")
