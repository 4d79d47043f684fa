"""A PDF as pages: read and drawn by pdfium, with pypdf's help on pages and files that it cannot load or spell."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any

import pypdfium2
import pypdfium2.raw

from rag.formats.cleaning import REPLACEMENT, CleanText, clean, tidy_heading, tidy_label, tidy_title
from rag.formats.pdf.drawing import find_marks, render_png, size_of
from rag.formats.protocol import (
    FileToOpen,
    NotDrawableError,
    NotReadableError,
    OpenedFile,
    PageContent,
    ProtectedError,
    Rectangle,
    WrongPasswordError,
)
from rag.text.headings import place_heading

_MOST_MISSING_PAGES = 100  # pages in a row that cannot be loaded before the page count is taken for a lie
_MOST_OUTLINE_ENTRIES = 10_000

_MEANINGLESS = re.compile("[\x00\x01\x03-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufffd\uffff]")


def open_pdf(file: FileToOpen) -> OpenedFile:
    """Open a PDF in pdfium, or in pypdf where pdfium cannot. What may be raised: `rag.formats.protocol`."""
    data = file.path.read_bytes()
    try:
        return _open_in_pdfium(data, file.passwords)
    except (WrongPasswordError, ProtectedError):
        from rag.formats.pdf.pypdf_reader import decrypt  # a tenth of a second that most files do not need

        if (decrypted := decrypt(data, file.passwords)) is None:
            raise
        opened = _open_in_pdfium(decrypted[0], ())
        opened.password = decrypted[1]
        return opened
    except NotReadableError as error:
        from rag.formats.pdf.pypdf_reader import PypdfFile

        try:
            return PypdfFile(data, file.passwords)
        except NotReadableError:
            raise error from None


def _open_in_pdfium(data: bytes, passwords: Sequence[str]) -> "PdfiumFile":
    for password in ("", *passwords):
        try:
            document = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            if error.err_code == pypdfium2.raw.FPDF_ERR_SECURITY:
                raise ProtectedError from error
            if error.err_code != pypdfium2.raw.FPDF_ERR_PASSWORD:
                raise NotReadableError(_reason(error)) from error
            continue
        if not len(document):
            raise NotReadableError("it has no pages")
        return PdfiumFile(data, document, password)
    raise WrongPasswordError


def _reason(error: Exception) -> str:
    """Pdfium's words, without its name and punctuation: "Data format error"."""
    words = str(error).removeprefix("Failed to load document").strip(" ().").removeprefix("PDFium: ").strip(". ")
    return words if words not in {"", "Success"} else "its parts do not fit together"


def read_characters(page: Any) -> CleanText:
    """The text of a pdfium page; `raw` holds one character for each of the page's own, so that its offsets are theirs.

    `get_text_range` would be quicker, but leaves out what it holds for control characters, which shifts all that
    follows, and cuts characters beyond U+FFFF in half.
    """
    with closing(page.get_textpage()) as textpage:
        get, handle = pypdfium2.raw.FPDFText_GetUnicode, textpage.raw
        codes = [get(handle, index) for index in range(textpage.count_chars())]
    return clean("".join([chr(code) if code < 0x110000 else REPLACEMENT for code in codes]))


def is_legible(content: CleanText) -> bool:
    """Whether at least half of what stands there means something: not so where a font does not tell its letters."""
    total = len("".join(content.raw.split()))
    return total > 0 and len(_MEANINGLESS.findall(content.raw)) <= total / 2


class PdfiumFile:
    """A document read and drawn by pdfium."""

    def __init__(self, data: bytes, document: Any, password: str) -> None:
        self.title = ""
        with contextlib.suppress(pypdfium2.PdfiumError, UnicodeDecodeError):
            self.title = tidy_title(str(document.get_metadata_value("Title")))
        self.password = password
        self._data = data
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    def pages(self) -> Iterator[PageContent]:
        """Each page, with the headings that the outline names; `NotReadableError` where none can be loaded."""
        outline = self._outline()
        for index, page in enumerate(self._pages()):
            placed = [(level, title, place_heading(title, page.text)) for level, title in outline.get(index, ())]
            yield replace(page, headings=sorted(placed, key=itemgetter(2)))  # in reading order: an outline may name them in any

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        try:
            return self._load(index)
        except pypdfium2.PdfiumError:
            return self._missing(index)

    def draw(self, index: int, scale: float) -> bytes:
        """See `DrawnFile`."""
        with self._drawable(index) as page:
            return render_png(page, scale)

    def locate(self, index: int, text: str, start: int, end: int) -> tuple[tuple[float, float], list[Rectangle]]:
        """See `DrawnFile`."""
        with self._drawable(index) as page:
            content = read_characters(page)
            return size_of(page), find_marks(page, content, start, end) if content.text == text else []  # else the text is pypdf's

    def close(self) -> None:
        """See `OpenedFile`."""
        self._document.close()

    @contextlib.contextmanager
    def _drawable(self, index: int) -> Iterator[Any]:
        """A `pypdfium2.PdfPage` with its form filled in."""
        try:
            if self._document.formenv is None:
                self._document.init_forms()
            with closing(self._document.get_page(index)) as page:
                yield page
        except pypdfium2.PdfiumError as error:
            raise NotDrawableError(str(error)) from error

    def _pages(self) -> Iterator[PageContent]:
        loaded = False
        missing: list[PageContent] = []
        for index in range(len(self)):
            try:
                page = self._load(index)
            except pypdfium2.PdfiumError:
                missing.append(self._missing(index))
                if len(missing) > _MOST_MISSING_PAGES:
                    break
                continue
            loaded = True
            yield from missing
            missing.clear()
            yield page
        if not loaded and not any(page.text for page in missing):
            raise NotReadableError("none of its pages can be loaded")
        if len(missing) <= _MOST_MISSING_PAGES:
            yield from missing

    def _outline(self) -> dict[int, list[tuple[int, str]]]:
        """By the index of the page that they name, the level and the title of each of the outline's entries."""
        entries: dict[int, list[tuple[int, str]]] = {}
        with contextlib.suppress(pypdfium2.PdfiumError, UnicodeDecodeError):
            for entry in islice(self._document.get_toc(), _MOST_OUTLINE_ENTRIES):
                destination = entry.get_dest()
                index = destination.get_index() if destination else None
                title = tidy_heading(entry.get_title())
                if title and index is not None:
                    entries.setdefault(index, []).append((entry.level + 1, title))
        return entries

    def _load(self, index: int) -> PageContent:
        with closing(self._document.get_page(index)) as page:
            content = read_characters(page)
            pictures = () if content.text.strip() else page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
            is_picture = any(True for _ in pictures)
        text = content.text
        if not is_picture and not is_legible(content):
            text = max(text, self._pypdf_text(index), key=lambda words: sum(map(str.isalnum, words)))
        return PageContent(self._label(index), text, is_picture)

    def _missing(self, index: int) -> PageContent:
        return PageContent(self._label(index), self._pypdf_text(index))

    def _label(self, index: int) -> str:
        try:
            return tidy_label(self._document.get_page_label(index), index)
        except (pypdfium2.PdfiumError, UnicodeDecodeError):
            return str(index + 1)

    def _pypdf_text(self, index: int) -> str:
        return self._pypdf.page(index).text if self._pypdf else ""

    @cached_property
    def _pypdf(self) -> OpenedFile | None:
        from rag.formats.pdf.pypdf_reader import PypdfFile

        with contextlib.suppress(NotReadableError, WrongPasswordError):
            opened = PypdfFile(self._data, [self.password])
            return opened if len(opened) == len(self) else None  # with another count, its pages have other numbers
        return None
