"""A drawn file whose pages are read by OCR where they have no text of their own, or none that is legible.

What was recognised is kept on disk, a file for each page: it is read once, and the page shows later what was indexed. `recognise` alone
recognises anything; reading the file and looking at a page take what is kept.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rag.formats.ocr.engine import LONGEST_SIDE, Line, Seen
from rag.formats.ocr.page import PlacedWord, marks_of, read_lines, turned_back
from rag.formats.protocol import DrawnFile, NotDrawableError, PageContent, Rectangle
from rag.text.legibility import is_doubtful, is_illegible, is_same

SCHEMA = 1  # of the files
_SCALE = 150 / 72  # pixels a point: 150 dpi
_STEPS = 10_000  # positions are kept in fractions of so many
_MOST_CHARACTERS = 1_000  # of text beside a large picture on a page that may be partly scanned
_LARGE = 0.25  # of a page: a picture that may be a scan
_FEWEST_WORDS = 3  # found in pictures of a page with text; fewer are a logo

Engine = Callable[[bytes], Seen]
"""A picture of a page, as PNG, -> the lines in it."""


@dataclass(frozen=True, slots=True)
class OcrPage:
    """What is kept of a page.

    Attributes:
        text: All of its text; its first `digital` characters are the file's own.
        digital: How many.
        words: Those that OCR found, with their offsets in `text`.
    """

    text: str
    digital: int
    words: tuple[PlacedWord, ...] = ()

    def content(self, own: PageContent) -> PageContent:
        """The page as it is read: headings stay where its own text does."""
        return replace(own, text=self.text, headings=own.headings if self.digital else (), is_ocr=bool(self.words))


class OcrFile:
    """A `DrawnFile` with the words of its scanned pages."""

    def __init__(self, opened: DrawnFile, folder: Path, engine: Engine) -> None:
        """`folder` keeps what is recognised in this file; it need not be there before something is."""
        self.title = opened.title
        self.password = opened.password
        self.author, self.date = getattr(opened, "author", ""), getattr(opened, "date", "")
        self._opened = opened
        self._folder = folder
        self._engine = engine

    def __len__(self) -> int:
        return len(self._opened)

    def pages(self) -> Iterator[PageContent]:
        """See `OpenedFile`."""
        for index, own in enumerate(self._opened.pages()):
            kept = load_page(self._folder, index)
            yield kept.content(own) if kept else replace(_legible(own), awaits_ocr=self._is_to_be_seen(index, own))

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        own, kept = self._opened.page(index), load_page(self._folder, index)
        return kept.content(own) if kept else _legible(own)

    def recognise(self, index: int) -> tuple[OcrPage, bool]:
        """Have OCR read a page, and keep it; also whether the text that the page had before gives way.

        `OSError` where the folder is not there: the document is gone. `NotDrawableError` where there is nothing to look at.
        """
        own = self._opened.page(index)
        if (page := load_page(self._folder, index)) is None:
            page = self._recognised(index, own)
            _keep(self._folder, index, page)
        return page, not page.digital and bool(_legible(own).text.strip())

    def draw(self, index: int, scale: float) -> bytes:
        """See `DrawnFile`."""
        return self._opened.draw(index, scale)

    def locate(self, index: int, text: str, start: int, end: int) -> tuple[tuple[float, float], list[Rectangle]]:
        """See `DrawnFile`."""
        kept = load_page(self._folder, index)
        if kept is None or not kept.words:
            return self._opened.locate(index, text, start, end)
        size, marks = self._opened.locate(index, text[: kept.digital], start, min(end, kept.digital))
        words = [word for word in kept.words if word.start < end and word.end > start] if text == kept.text else []
        return size, [*marks, *marks_of(words, size)]

    def close(self) -> None:
        """See `OpenedFile`."""
        self._opened.close()

    def _is_to_be_seen(self, index: int, own: PageContent) -> bool:
        """Whether OCR is to look at a page: it has no text, none that is surely legible, or perhaps more in a picture."""
        if text := own.text.strip():
            return is_doubtful(text) or self._is_partly_scanned(index, text)
        with suppress(NotDrawableError):
            return not (hasattr(self._opened, "is_blank") and self._opened.is_blank(index))
        return False

    def _recognised(self, index: int, own: PageContent) -> OcrPage:
        """What is to be kept of a page."""
        text = own.text.strip()
        size, covered = self._opened.locate(index, own.text, 0, len(own.text))
        page = self._engine(self._opened.draw(index, min(_SCALE, LONGEST_SIDE / max(size))))
        seen, words = read_lines(page)
        if not text or (is_doubtful(text) and not is_same(own.text, seen) and len(words) >= _FEWEST_WORDS):
            return OcrPage(seen, 0, tuple(words))
        missing = [line for line in page.lines if not _is_covered(line, page, covered)]
        seen, words = read_lines(replace(page, lines=missing))
        if len(words) < _FEWEST_WORDS or not self._is_partly_scanned(index, text):
            return OcrPage(own.text, len(own.text))
        shift = len(own.text) + 2
        return OcrPage(f"{own.text}\n\n{seen}", len(own.text), tuple(PlacedWord(w.start + shift, w.end + shift, w.box) for w in words))

    def _is_partly_scanned(self, index: int, text: str) -> bool:
        share = getattr(self._opened, "largest_picture", None)  # an image has no text beside it
        return 0 < len(text) < _MOST_CHARACTERS and share is not None and share(index) >= _LARGE


def load_page(folder: Path, index: int) -> OcrPage | None:
    """What is kept of a page by its 0-based index; None where there is nothing, or nothing that can be read."""
    with suppress(OSError, EOFError, ValueError, TypeError, KeyError):
        fields = json.loads(gzip.decompress(_path(folder, index).read_bytes()))
        if fields["schema"] == SCHEMA and fields["is_final"]:  # an earlier version kept, too, that a page is still to be seen
            return OcrPage(str(fields["text"]), int(fields["digital"]), tuple(_placed(numbers) for numbers in fields["words"]))
    return None


def _keep(folder: Path, index: int, page: OcrPage) -> None:
    """Write it whole or not at all."""
    words = [(word.start, word.end, *(round(side * _STEPS) for side in word.box)) for word in page.words]
    fields = {"schema": SCHEMA, "text": page.text, "digital": page.digital, "words": words, "is_final": True}
    path = _path(folder, index)
    partial = path.with_suffix(".partial")
    partial.write_bytes(gzip.compress(json.dumps(fields).encode()))
    partial.replace(path)


def _legible(own: PageContent) -> PageContent:
    """A page as it is read before OCR has seen it: without a text that is certainly illegible."""
    return replace(own, text="", is_picture=True, headings=()) if is_illegible(own.text) else own


def _path(folder: Path, index: int) -> Path:
    return folder / f"{index + 1}.json.gz"


def _placed(numbers: Sequence[int]) -> PlacedWord:
    start, end, *sides = numbers
    x0, y0, x1, y1 = (side / _STEPS for side in sides)
    return PlacedWord(start, end, (x0, y0, x1, y1))


def _is_covered(line: Line, seen: Seen, rectangles: Sequence[Rectangle]) -> bool:
    """Whether a line found by OCR stands where the file has text of its own."""
    middle_x, middle_y = line.corners.mean(axis=0) / seen.size
    x, y, *_ = turned_back((middle_x, middle_y, middle_x, middle_y), seen.quarters)
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in rectangles)
