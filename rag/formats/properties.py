"""What a file says of itself besides its title: its author, and its date as "2022-03-05"."""

import re
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from rag.errors import DocumentError
from rag.formats.cleaning import tidy_heading
from rag.formats.protocol import FileToOpen, NotReadableError, OpenedFile

if TYPE_CHECKING:
    from rag.formats.archives import Archive

_FIRST_YEAR = 1970  # an earlier date is that of a clock that was never set, or of a library that fills in a field
_WRITTEN = re.compile(r"\s*(?:D:)?(\d{4})-?(\d\d)?-?(\d\d)?")  # ISO 8601, and a PDF's "D:20220305120000Z"
_ZIP = b"PK\x03\x04"
_PARTS = ("docProps/core.xml", "meta.xml")  # of Office Open XML, of OpenDocument
_DATES = ("modified", "date", "created", "creation-date")  # as they are called there; an old document that was saved again is of that day
_AUTHORS = ("creator", "initial-creator")


@dataclass(frozen=True, slots=True)
class Properties:
    """An author and a date; each "" where the file does not say."""

    author: str = ""
    date: str = ""


NOTHING_SAID = Properties()


def said_by(file: FileToOpen, opened: OpenedFile) -> Properties:
    """What an open file says of itself."""
    author, written = str(getattr(opened, "author", "")), str(getattr(opened, "date", ""))
    if not author and not written and _ZIP in file.format.container:
        from rag.formats.archives import open_archive

        with suppress(NotReadableError, DocumentError, OSError), closing(open_archive(file)) as archive:
            author, written = _packed(archive)
    return Properties(tidy_heading(author), day_of(written))


def day_of(written: str) -> str:
    """A date in ISO 8601, as a PDF or as a message writes it -> "2022-03-05", "2022-03" or "2022"; "" where it is none."""
    if match := _WRITTEN.match(written):
        year, month, day = (part or "" for part in match.groups())
        with suppress(ValueError):
            date(int(year), int(month or 1), int(day or 1))
            return _believed("-".join(filter(None, (year, month, day))))
        return ""
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return _believed(parsedate_to_datetime(written).date().isoformat())
    return ""


def day_of_time(seconds: float) -> str:
    """The day of a time in seconds since 1970."""
    with suppress(ValueError, OverflowError, OSError):
        return _believed(datetime.fromtimestamp(seconds, UTC).date().isoformat())
    return ""


def _believed(day: str) -> str:
    return day if _FIRST_YEAR < int(day[:4]) <= datetime.now(UTC).year + 1 else ""


def _packed(archive: "Archive") -> tuple[str, str]:
    name = next((each for each in archive.names if each in _PARTS or each.endswith(".opf")), "")
    found: dict[str, str] = {}
    for each in archive.xml(name).iter("{*}*") if name else ():
        found.setdefault(str(each.tag).rpartition("}")[2], (each.text or "").strip())
    author, written = (next((found[key] for key in keys if found.get(key)), "") for keys in (_AUTHORS, _DATES))
    return author, written
