"""A ZIP archive -> the files in it that can be read, unpacked within limits; all others are told by name."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rag.errors import DocumentError, FileTooLargeError, PasswordNeededError, UnreadableFileError, UnsupportedFileError
from rag.formats.protocol import FileToOpen, Format, NotReadableError
from rag.formats.registry import HEAD_BYTES, recognise
from rag.ingesting.staging import Source
from rag.origins import IN_ARCHIVE
from rag.text.printable import printable_line
from rag.types import Outcome, OutcomeStatus

if TYPE_CHECKING:
    from rag.formats.archives import Archive

SUFFIX = ".zip"
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # of an archive with files, and of an empty one
MOST_FILES = 5_000  # that are unpacked from one archive
MOST_NAMED = 5  # skipped files that are named; of others, how many there are
_BLOCK = 1 << 20
_ZIP = Format("ZIP archive", "application/zip", "", (SUFFIX,))


def is_archive(source: Source) -> bool:
    """Whether it is a ZIP archive by its name and its first bytes. Formats that are archives within have other names."""
    if not source.name.lower().endswith(SUFFIX) or source.error or not source.path.is_file():
        return False
    try:
        with source.path.open("rb") as file:
            return file.read(len(MAGIC[0])) in MAGIC
    except OSError:  # its reading says why
        return False


def unpack(archive: Source, folder: Path, max_bytes: int) -> list[Source]:
    """The files in an archive, unpacked into a folder, and last the archive itself with the outcome that says what was skipped."""
    try:
        files, skipped = _unpack(archive, folder, max_bytes)
        told = _skipped(skipped)
        if not files and "encrypted" in skipped:
            raise UnreadableFileError(f"{archive.name} is encrypted. Unpack it and add the files in it.")
        if not files:
            nothing = f"holds no file that can be read.{told}" if told else "is an empty archive."
            raise UnsupportedFileError(f"{archive.name} {nothing}")
    except DocumentError as error:
        return [_with_outcome(archive, error.status, str(error))]
    count = "1 file" if len(files) == 1 else f"{len(files):,} files"
    return [*files, _with_outcome(archive, "opened", f"Opened: {count} to read.{told}")]


def _unpack(archive: Source, folder: Path, max_bytes: int) -> tuple[list[Source], dict[str, list[str]]]:
    """The files, and the names of others by the reason why they were skipped."""
    from rag.formats.archives import open_archive  # brings lxml, which only this needs outside of the child process

    files: list[Source] = []
    skipped: defaultdict[str, list[str]] = defaultdict(list)
    try:
        with closing(open_archive(FileToOpen(archive.path, archive.name, _ZIP))) as opened:
            for number, inner in enumerate(opened.names):
                source = _source(archive, inner, folder / str(number))
                if reason := _reason_to_skip(inner) or _write(opened, inner, source, max_bytes):
                    skipped[reason].append(source.name)
                else:
                    files.append(source)
                if len(files) > MOST_FILES:
                    raise FileTooLargeError(f"{archive.name} holds more than {MOST_FILES:,} files. Unpack it and add the folder.")
    except NotReadableError as error:
        raise UnreadableFileError(f"{archive.name} cannot be opened: {error}. Unpack it and add the files in it.") from error
    except OSError as error:
        raise UnreadableFileError(f"{archive.name} could not be unpacked: {error.strerror or error}.") from error
    return files, skipped


def _source(archive: Source, inner: str, target: Path) -> Source:
    """A file of an archive, under the name that it has there without folders."""
    inner = printable_line(inner)
    origins = tuple(f"{origin}{IN_ARCHIVE}{inner}" for origin in archive.origins)
    return Source(target, PurePosixPath(inner).name, origins, archive.replaces, given=f"{archive.shown}{IN_ARCHIVE}{inner}")


def _write(archive: "Archive", inner: str, source: Source, max_bytes: int) -> str:
    """Unpack a file; why it was not, or "". A little more than `max_bytes` is enough for its reading to say that it is too large."""
    try:
        with archive.open(inner) as packed:
            head = packed.read(HEAD_BYTES)
            recognise(source.name, head)
            with source.path.open("wb") as file:
                file.write(head)
                while file.tell() <= max_bytes and (block := packed.read(_BLOCK)):
                    file.write(block)
    except UnsupportedFileError:
        return "unsupported"
    except PasswordNeededError:
        return "encrypted"
    except NotReadableError:
        return "damaged"
    return ""


def _reason_to_skip(inner: str) -> str:
    parts = PurePosixPath(inner).parts
    if any(part.startswith((".", "__MACOSX")) for part in parts):
        return "hidden"
    return "an archive within the archive" if inner.lower().endswith(SUFFIX) else ""


def _skipped(skipped: dict[str, list[str]]) -> str:
    """A sentence after a space: "Skipped: a.exe, b.bin (unsupported); 3 hidden files."; "" where nothing was."""
    told = []
    for reason, names in skipped.items():
        others = len(names) - MOST_NAMED
        named = ", ".join(names[:MOST_NAMED]) + (f" and {others:,} more" if others > 0 else "")
        hidden = "1 hidden file" if len(names) == 1 else f"{len(names):,} hidden files"
        told.append(hidden if reason == "hidden" else f"{named} ({reason})")
    return f" Skipped: {'; '.join(told)}." if told else ""


def _with_outcome(archive: Source, status: OutcomeStatus, message: str) -> Source:
    return Source(archive.path, archive.name, archive.origins, outcome=Outcome(archive.shown, archive.name, "", status, 0, 0, message))


def members(sources: Sequence[Source]) -> dict[str, set[str]]:
    """Of archives among sources that were opened: the origins of the files in each."""
    opened = {origin: set[str]() for source in sources if source.outcome and source.outcome.status == "opened" for origin in source.origins}
    for origin in (origin for source in sources for origin in source.origins):
        archive = origin.partition(IN_ARCHIVE)[0]
        if archive in opened and archive != origin:
            opened[archive].add(origin)
    return opened
