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


def pages_told(record: DocumentRecord, ocr_cure: str) -> str:
    """How many pages there are, and what OCR and others have to do with them, as a sentence or two."""
    parts = [pages_counted(record)]
    if record.ocr_pages:
        parts.append(f"OCR read {pages_in_words(record.ocr_pages)}")
    if record.ocr_waiting and not ocr_cure:
        parts.append(f"OCR still has to read {pages_in_words(record.ocr_waiting)}")
    notes = notes_on(record, ocr_cure)
    return "; ".join([*parts, *notes]) + "."


def notes_on(record: DocumentRecord, ocr_cure: str) -> list[str]:
    """What is to be said of pages that are not read: "no text on pages 3-5, 9 (blank or scanned)", "page 7 could not be read by OCR".

    `ocr_cure` is what to do so that OCR can read those that wait for it, or "" where it does.
    """
    noun, is_drawn = noun_of(record), format_of(record.media_type).is_drawn
    notes = []
    later = {*record.ocr_failed} if ocr_cure else {*record.ocr_failed, *record.ocr_waiting}
    if empty := [page for page in record.empty_pages if page not in later]:
        notes.append(f"no text on {pages_in_words(empty, noun)}{' (blank or scanned)' if is_drawn else ''}")
    if record.ocr_failed:
        notes.append(f"{pages_in_words(record.ocr_failed, noun)} could not be read by OCR; to try again, add the file again")
    if ocr_cure and not {*record.empty_pages}.isdisjoint(record.ocr_waiting):
        notes.append(f"to read scanned pages by OCR, {ocr_cure} and start Footnote again")
    return notes


def pages_in_words(numbers: Sequence[int], noun: str = "page") -> str:
    """Name page numbers with runs joined: (3,) is "page 3", (3, 4, 5, 9) is "pages 3-5, 9"."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0])]
    names = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{noun}{'s' if len(numbers) != 1 else ''} {names}"


def noun_of(record: DocumentRecord) -> str:
    """What its pages are: a text in one part is a page, and those of a workbook are no sheets where a long one is split."""
    noun = page_noun(format_of(record.media_type))
    return "page" if (record.pages == 1 and noun == "part") or any(_ROWS in label for label in record.labels) else noun
