"""pdfium as a reader, with pypdf's help on pages that it cannot load or spell. For the worker process."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pypdfium2
import pypdfium2.raw

from rag.formats.cleaning import REPLACEMENT, CleanText, clean
from rag.formats.pdf.pypdf_reader import PypdfPdf
from rag.formats.protocol import (
    NotReadableError,
    PageContent,
    ProtectedError,
    WrongPasswordError,
    reason_of,
    tidy_heading,
    tidy_label,
    tidy_title,
)
from rag.text.headings import place_heading

_MOST_MISSING_PAGES = 100
"""Pages in a row that cannot be loaded before the page count is taken for a lie."""

_MOST_OUTLINE_ENTRIES = 10_000

_MEANINGLESS = re.compile("[\x00\x01\x03-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufffd\uffff]")


def open_in_pdfium(data: bytes, passwords: Sequence[str]) -> tuple[Any, str]:
    """A `pypdfium2.PdfDocument` and the password that opened it.

    Raises:
        WrongPasswordError: No password fits.
        ProtectedError: No password could open it.
        NotReadableError: pdfium cannot open it, or finds no pages.
    """
    for password in ("", *passwords):
        try:
            document = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            if error.err_code == pypdfium2.raw.FPDF_ERR_SECURITY:
                raise ProtectedError from error
            if error.err_code != pypdfium2.raw.FPDF_ERR_PASSWORD:
                raise NotReadableError(reason_of(error)) from error
            continue
        if not len(document):
            raise NotReadableError("it has no pages")
        return document, password
    raise WrongPasswordError


def read_characters(page: Any) -> CleanText:
    """The text of a pdfium page; `raw` holds one character for each of the page's own, so that its offsets are theirs.

    `get_text_range` would be quicker, but leaves out what it holds for control characters, which shifts all that
    follows, and cuts characters beyond U+FFFF in half.
    """
    textpage = page.get_textpage()
    try:
        get, handle = pypdfium2.raw.FPDFText_GetUnicode, textpage.raw
        codes = [get(handle, index) for index in range(textpage.count_chars())]
    finally:
        textpage.close()
    return clean("".join([chr(code) if code < 0x110000 else REPLACEMENT for code in codes]))


def is_legible(content: CleanText) -> bool:
    """Whether at least half of what stands there means something: not so where a font does not tell its letters."""
    total = len("".join(content.raw.split()))
    return total > 0 and len(_MEANINGLESS.findall(content.raw)) <= total / 2


class PdfiumPdf:
    """A document read by pdfium."""

    def __init__(self, data: bytes, document: Any, password: str) -> None:
        self.password = password
        self._data = data
        self._document = document
        self._asked = False
        self._second: PypdfPdf | None = None

    def __len__(self) -> int:
        return len(self._document)

    @property
    def title(self) -> str:
        """What the file calls itself."""
        try:
            return tidy_title(str(self._document.get_metadata_value("Title")))
        except (pypdfium2.PdfiumError, UnicodeDecodeError):
            return ""

    def pages(self) -> Iterator[PageContent]:
        """Each page, in order, with the headings that the outline names.

        Raises:
            NotReadableError: None of them can be loaded.
        """
        outline = self._outline()
        for index, page in enumerate(self._pages()):
            yield replace(page, headings=_placed(outline.get(index, ()), page.text))

    def page(self, index: int) -> PageContent:
        """See `OpenedFile.page`."""
        try:
            return self._load(index)
        except pypdfium2.PdfiumError:
            return self._missing(index)

    @contextlib.contextmanager
    def opened(self, index: int) -> Iterator[Any]:
        """A `pypdfium2.PdfPage` to look at and to draw, its form filled in.

        Raises:
            PdfiumError: It cannot be loaded.
        """
        if self._document.formenv is None:
            self._document.init_forms()
        page = self._document.get_page(index)
        try:
            yield page
        finally:
            page.close()

    def close(self) -> None:
        """Free it."""
        self._document.close()

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
        found: dict[int, list[tuple[int, str]]] = {}
        with contextlib.suppress(pypdfium2.PdfiumError, UnicodeDecodeError):
            for entry in islice(self._document.get_toc(), _MOST_OUTLINE_ENTRIES):
                destination = entry.get_dest()
                index = destination.get_index() if destination else None
                title = tidy_heading(entry.get_title())
                if title and index is not None:
                    found.setdefault(index, []).append((entry.level + 1, title))
        return found

    def _load(self, index: int) -> PageContent:
        page = self._document.get_page(index)
        try:
            content = read_characters(page)
            is_picture = not content.text.strip() and _has_picture(page)
        finally:
            page.close()
        text = content.text
        if not is_picture and not is_legible(content):
            text = max(text, self._second_opinion(index), key=_count_letters)
        return PageContent(self._label(index), text, is_picture)

    def _missing(self, index: int) -> PageContent:
        return PageContent(self._label(index), self._second_opinion(index))

    def _label(self, index: int) -> str:
        try:
            return tidy_label(self._document.get_page_label(index), index)
        except (pypdfium2.PdfiumError, UnicodeDecodeError):
            return str(index + 1)

    def _second_opinion(self, index: int) -> str:
        if not self._asked:
            self._asked = True
            with contextlib.suppress(NotReadableError, WrongPasswordError):
                self._second = PypdfPdf(self._data, [self.password])
        # With another count, its page of this number is another page.
        return self._second.text(index) if self._second and len(self._second) == len(self) else ""


def _placed(entries: Sequence[tuple[int, str]], text: str) -> list[tuple[int, str, int]]:
    """The outline's entries for a page where they stand on it, in reading order: an outline may name them in any."""
    return sorted(((level, title, place_heading(title, text)) for level, title in entries), key=lambda heading: heading[2])


def _count_letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _has_picture(page: Any) -> bool:
    kinds = [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    return any(True for _ in page.get_objects(filter=kinds, max_depth=3))
