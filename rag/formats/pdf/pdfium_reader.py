"""A PDF as pages: read and drawn by pdfium, with pypdf's help on pages and files that it cannot load or spell."""

import contextlib
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any

import pypdfium2
import pypdfium2.raw

from rag.formats.cleaning import tidy_heading, tidy_label, tidy_title
from rag.formats.pdf.drawing import find_marks, render_png, size_of
from rag.formats.pdf.sheets import Sheets
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

_LAYERS = b"/OCProperties"
_PACKED_OBJECTS = re.compile(rb"/ObjStm\b[^\x00]{0,400}?stream\r?\n")
_MOST_UNPACKED = 1 << 24  # bytes of one stream of objects

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
        return PdfiumFile(*_without_hidden(data, document, password), password)
    raise WrongPasswordError


def _without_hidden(data: bytes, document: Any, password: str) -> tuple[bytes, Any]:
    """The document without its hidden layers, if it has any."""
    if not may_have_layers(data):
        return data, document
    from rag.formats.pdf.layers import without_hidden  # imports pypdf

    if (shown := without_hidden(data, password)) is None:
        return data, document
    with contextlib.suppress(pypdfium2.PdfiumError):
        opened = pypdfium2.PdfDocument(shown)
        if len(opened) == len(document):
            document.close()
            return shown, opened
    return data, document


def may_have_layers(data: bytes) -> bool:
    """Whether a file speaks of layers, be it in its packed objects, or may do so in packed objects that are encrypted."""
    return _LAYERS in data or (b"/Encrypt" in data and b"/ObjStm" in data) or any(_LAYERS in unpacked for unpacked in _unpacked(data))


def _unpacked(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    for match in _PACKED_OBJECTS.finditer(data):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj().decompress(view[match.end() :], _MOST_UNPACKED)


def _reason(error: Exception) -> str:
    """Pdfium's words, without its name and punctuation: "Data format error"."""
    words = str(error).removeprefix("Failed to load document").strip(" ().").removeprefix("PDFium: ").strip(". ")
    return words if words not in {"", "Success"} else "its parts do not fit together"


def is_legible(raw: str) -> bool:
    """Whether at least half of what stands there means something: not so where a font does not tell its letters."""
    total = len("".join(raw.split()))
    return total > 0 and len(_MEANINGLESS.findall(raw)) <= total / 2


class PdfiumFile:
    """A document read and drawn by pdfium."""

    def __init__(self, data: bytes, document: Any, password: str) -> None:
        self.title = self.author = self.date = ""
        with contextlib.suppress(pypdfium2.PdfiumError, UnicodeDecodeError):
            self.title = tidy_title(str(document.get_metadata_value("Title")))
            self.author, self.date = (str(document.get_metadata_value(each)) for each in ("Author", "CreationDate"))
        self.password = password
        self._data = data
        self._document = document
        self._sheets = Sheets(document)

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
        try:
            read = self._sheets.text(index)  # first, since it makes comments part of the page
        except pypdfium2.PdfiumError as error:
            raise NotDrawableError(str(error)) from error
        with self._drawable(index) as page:
            return size_of(page), find_marks(page, read, start, end) if read.content.text == text else []  # else the text is pypdf's

    def largest_picture(self, index: int) -> float:
        """The share of a page that its largest picture covers, in [0, 1]."""
        with self._drawable(index) as page:
            width, height = size_of(page)
            if page.get_rotation() % 180:
                width, height = height, width
            shares = [0.0]
            for picture in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
                left, bottom, right, top = picture.get_bounds()
                shares.append(min(right - left, width) * min(top - bottom, height) / (width * height))
            return min(max(shares), 1.0)

    def is_blank(self, index: int) -> bool:
        """Whether there is nothing at all on a page."""
        with self._drawable(index) as page:
            return not (pypdfium2.raw.FPDFPage_CountObjects(page) or pypdfium2.raw.FPDFPage_GetAnnotCount(page))

    def close(self) -> None:
        """See `OpenedFile`."""
        self._document.close()

    @contextlib.contextmanager
    def _drawable(self, index: int) -> Iterator[Any]:
        """A `pypdfium2.PdfPage` with its form filled in."""
        try:
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
        text, is_picture = self._sheets.text(index).content.text, False
        if not text.strip():
            with closing(self._document.get_page(index)) as page:
                is_picture = any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
        if not is_picture and not is_legible(self._sheets.raw(index)):
            text = max(text, self._pypdf_text(index), key=lambda words: sum(map(str.isalnum, words)))
            text = text if any(map(str.isalnum, text)) else ""
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
