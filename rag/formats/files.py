"""Paths as a person gives them -> files, and a file -> its SHA-256."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from rag.errors import UnreadableFileError
from rag.text.printable import printable_line

Found = Path | tuple[Path, UnreadableFileError]
"""A file; or what could not be followed, and why."""


def find_files(paths: Sequence[str | Path]) -> Iterator[Found]:
    """Walk files and folders; never raises for what it meets.

    Folders are walked to the bottom in the order of names; names that begin with a dot are skipped unless they are given. A link within
    a folder is passed over where it leads to what is found there anyway, and leads no further than that: whoever may put a link into
    the folder may not be allowed to read all that this user may.

    Args:
        paths: Files or folders, "~" allowed, links too.

    Yields:
        Each file, or the reason why there is none: nothing there, a folder that may not be read, a link that is not followed.

    Raises:
        ValueError: A path is empty.
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
    """What a file is called in the library: its name, as far as it can be shown."""
    return printable_line(path.name)


def uploaded_name(given: str) -> str:
    """What an uploaded file is called in the library: the name alone of what the sender says.

    Raises:
        ValueError: No name is left.
    """
    name = printable_line(given.replace("\\", "/").rpartition("/")[2].strip()).strip()
    if name in {"", ".", ".."}:
        raise ValueError(f"{given!r} is no name for a file.")
    return name


def origin_of(path: Path) -> str:
    """What stands for a path in a record: the path itself, absolute; one that is not Unicode as a file: address."""
    path = path.resolve()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.as_uri()
    return str(path)


def path_of(origin: str) -> Path | None:
    """The file that `origin_of` stands for; None for an upload."""
    if origin.startswith("upload:"):
        return None
    if origin.startswith("file://"):
        return Path(os.fsdecode(unquote_to_bytes(origin.removeprefix("file://"))))
    return Path(origin)


def is_gone(path: Path) -> bool:
    """Whether there is certainly nothing at a path, neither out of reach nor forbidden."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


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
        raise UnreadableFileError(f"{shown_name(path)} is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFileError(f"{shown_name(path)} is not a regular file (a pipe, socket or device); copy its content into a file.")
    return status.st_size


def unreadable(path: Path, error: Exception) -> UnreadableFileError:
    """What an operating system's error about `path` means, in plain words."""
    shown = printable_line(str(path))
    match error:
        case FileNotFoundError() if path.is_symlink():
            return UnreadableFileError(f"{shown} is a link to something that does not exist.")
        case FileNotFoundError():
            return UnreadableFileError(f"{shown} does not exist; check the path, or whether it was moved or deleted meanwhile.")
        case PermissionError():
            return UnreadableFileError(f"{shown} may not be read by this user; change its permissions and add it again.")
        case OSError():
            return UnreadableFileError(f"{shown} could not be read: {error.strerror or error}.")
        case _:
            return UnreadableFileError(f"{shown!r} is not a path that can be read: {error}.")


def _walk(folder: Path, root: Path) -> Iterator[Found]:
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
            yield from _walk(entry, root)
        elif stat.S_ISREG(mode):
            yield entry


def _refused_link(link: Path, root: Path) -> Iterator[tuple[Path, UnreadableFileError]]:
    """Why a link leads to nothing that the walk finds by itself, if so."""
    target = link.resolve()
    if not target.is_relative_to(root):
        why = "out of the folder that was given"
    elif any(part.startswith(".") for part in target.relative_to(root).parts):
        why = "to something hidden"
    else:
        return
    yield link, UnreadableFileError(f"{printable_line(str(link))} is a link {why}, and was not followed. To add its target, give that.")
