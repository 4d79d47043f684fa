"""Where a document came from, as its record stores it: the absolute path of a file, "upload:NAME", or an address on the web.

"ARCHIVE!/FOLDER/NAME" is a file in an archive that came from such a place.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote_to_bytes

from rag.files import is_gone, shown_name
from rag.text.printable import printable_line

UPLOAD = "upload:"
IN_ARCHIVE = "!/"
_NO_PATHS = (UPLOAD, "http://", "https://")


def origin_of(path: Path) -> str:
    """A path as a record stores it: absolute; as a `file:` address where it is not Unicode."""
    path = path.resolve()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.as_uri()
    return str(path)


def path_of(origin: str) -> Path | None:
    """The file on disk that an origin stands for, or the archive that has it; None for an upload or an address."""
    if origin.startswith(_NO_PATHS):
        return None
    if is_in_archive(origin):
        origin = archive_of(origin)
    if origin.startswith("file://"):
        return Path(os.fsdecode(unquote_to_bytes(origin.removeprefix("file://"))))
    return Path(origin)


def is_in_archive(origin: str) -> bool:
    """Whether it is a file in an archive."""
    return ".zip!/" in origin.lower()


def archive_of(origin: str) -> str:
    """The origin of the archive that a file is in."""
    return origin[: origin.lower().index(".zip!/") + len(".zip")]


def is_lost(origin: str) -> bool:
    """Whether the file, or the archive that has it, is certainly no longer there."""
    path = path_of(origin)
    return path is not None and is_gone(path)


def is_in_place(origin: str) -> bool:
    """Whether the file, or the archive that has it, may still be there."""
    path = path_of(origin)
    return path is not None and not is_gone(path)


def is_within(origin: str, folders: Iterable[Path]) -> bool:
    """Whether the file, or the archive that has it, lies in one of these folders, which are resolved."""
    path = path_of(origin)
    return path is not None and any(path.is_relative_to(folder) for folder in folders)


def name_of(origin: str) -> str:
    """The name of a document that came from there alone."""
    path = None if is_in_archive(origin) else path_of(origin)
    if path:
        return shown_name(path)
    return printable_line(origin.removeprefix(UPLOAD).rstrip("/").rpartition("/")[2]) or origin


def shown_origin(origin: str) -> str:
    """An origin as people write it: a path without the escapes that `origin_of` may need."""
    return str(path_of(origin)) if origin.startswith("file://") and not is_in_archive(origin) else origin
