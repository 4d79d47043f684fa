"""What reading a file gives, whatever reads it, and what may go wrong. For the worker process."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.formats.cleaning import clean

_LONGEST_LABEL = 40
_LONGEST_TITLE = 300

_JUNK_TITLE = re.compile(
    r"(?i)\W*(untitled|unnamed|no ?title|title|none|null|unknown|anonymous|document|dokument|presentation|powerpoint presentation|slide)"
    r"(\W?document)?[\W\d]*|[\W\d_]*"
    r"|.*\.(docx?|dotx?|pptx?|xlsx?|od[tps]|rtf|txt|md|html?|tex|dvi|e?ps|pdf|indd|qx[dp]|pmd|p65|fm|cdr|ai|psd|wpd|pages|tiff?|jpe?g|png)"
)


class NotReadableError(Exception):
    """Neither library can make a document of it. The message says what they think of it."""


class ProtectedError(Exception):
    """It is encrypted in a way that neither library knows, such as for the holders of certain certificates."""


class WrongPasswordError(Exception):
    """It is encrypted, and no password that was given opens it."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page holds.

    Attributes:
        label: What is printed on it, or its number.
        text: Cleaned; may be empty.
        is_picture: Whether it has a picture and no text, as a scan.
        headings: Those that begin on it, in reading order: level, 1 for the outermost; title; offset in `text`.
    """

    label: str
    text: str
    is_picture: bool = False
    headings: Sequence[tuple[int, str, int]] = ()


class OpenedFile(Protocol):
    """An open file of a kind that is read, whichever library reads it."""

    password: str

    @property
    def title(self) -> str:
        """What the file calls itself, or "" where that tells nothing."""

    def __len__(self) -> int:
        """How many pages it has."""

    def pages(self) -> Iterator[PageContent]:
        """Each page, in order, with its headings."""

    def page(self, index: int) -> PageContent:
        """One page, as `pages` gives it, but for its headings; without text where it cannot be loaded.

        Args:
            index: 0-based, less than the number of pages.
        """

    def close(self) -> None:
        """Free it."""


def tidy_title(title: str) -> str:
    """A title from the metadata, or "" where it is what a program put there: "untitled", a file's name."""
    title = " ".join(clean(title[:_LONGEST_TITLE]).text.split())
    title = re.sub(r"(?i)^microsoft (office )?(word|powerpoint|excel) - ", "", title)
    return "" if _JUNK_TITLE.fullmatch(title) else title


def tidy_heading(title: str) -> str:
    """A title from the outline."""
    return " ".join(clean(title[:_LONGEST_TITLE]).text.split())


def tidy_label(label: str, index: int) -> str:
    """A label from the file, or the page's number where it has none."""
    return " ".join(clean(label[:_LONGEST_LABEL]).text.split()) or str(index + 1)


def reason_of(error: Exception) -> str:
    """A library's words, without its own name and punctuation: "Data format error"."""
    words = str(error).removeprefix("Failed to load document").strip(" ().")
    words = words.removeprefix("PDFium: ").strip(". ")
    return words if words not in {"", "Success"} else "its parts do not fit together"
