"""How many pages a document has, and which of them have no text, in the words of its format."""

from collections.abc import Sequence
from itertools import groupby

from rag.formats.protocol import Format
from rag.formats.registry import format_of
from rag.types import DocumentRecord

_ROWS = ", rows "  # of a sheet, in a label


def page_noun(kind: Format) -> str:
    """What one page is: "page", "slide"; a page of many rows is a part."""
    return "part" if kind.unit.endswith("s") else kind.unit


def pages_counted(record: DocumentRecord) -> str:
    """A count of pages: "1 page", "12 slides", "3 sheets"."""
    return f"{record.pages:,} {noun_of(record)}{'s' if record.pages != 1 else ''}"


def no_text_on(record: DocumentRecord) -> str:
    """Which pages have no text: "no text on pages 3-5, 9 (blank or scanned)", "no text on slide 3"."""
    pages = pages_in_words(record.empty_pages, noun_of(record))
    return f"no text on {pages}{' (blank or scanned)' if format_of(record.media_type).is_drawn else ''}"


def pages_in_words(numbers: Sequence[int], noun: str = "page") -> str:
    """Name page numbers with runs joined: (3,) is "page 3", (3, 4, 5, 9) is "pages 3-5, 9"."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0])]
    names = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{noun}{'s' if len(numbers) != 1 else ''} {names}"


def noun_of(record: DocumentRecord) -> str:
    """What its pages are: a text in one part is a page, and those of a workbook are no sheets where a long one is split."""
    noun = page_noun(format_of(record.media_type))
    return "page" if (record.pages == 1 and noun == "part") or any(_ROWS in label for label in record.labels) else noun
