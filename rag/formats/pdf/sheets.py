"""The pages of a document as they are read: each with those beside it, which show what is repeated and how words are spelt."""

import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2

from rag.formats.pdf.annotations import attachment_names, take_annotations
from rag.formats.pdf.characters import Frame, Piece, read_codes, read_pieces, spell, turn
from rag.formats.pdf.composing import PageText, compose
from rag.formats.pdf.furniture import Edges, edges_of, furniture_of
from rag.formats.pdf.hyphens import Hyphens
from rag.formats.pdf.layout import read_order
from rag.formats.pdf.rules import Rules, find_tables, read_lines, sort_rules

_BESIDE = 2  # pages on each side: left and right pages may have headers of their own
_KEPT = 4 * _BESIDE + 1


@dataclass(frozen=True, slots=True)
class _Sheet:
    raw: str
    pieces: Sequence[Piece]
    frame: Frame
    edges: Edges
    notes: Sequence[str]
    rules: Rules


class Sheets:
    """The texts of a document's pages. A page's own errors are pdfium's; a page beside it that cannot be loaded is taken for empty."""

    def __init__(self, document: Any) -> None:
        self._document = document
        with contextlib.suppress(pypdfium2.PdfiumError):
            document.init_forms()  # fields without a look of their own get one as their page is loaded
        self._read: OrderedDict[int, _Sheet] = OrderedDict()
        self._notes: dict[int, list[str]] = {}
        self._last: tuple[int, PageText] | None = None

    def raw(self, index: int) -> str:
        """What pdfium has on a page, in its order."""
        return self._sheet(index).raw

    def text(self, index: int) -> PageText:
        """A page as it is read."""
        if self._last is None or self._last[0] != index:
            self._last = index, self._compose(index)
        return self._last[1]

    def _compose(self, index: int) -> PageText:
        sheet, beside = self._sheet(index), self._beside(index)
        last = len(self._document) - 1
        edges = {other - index: each.edges for other, each in beside.items()}
        furniture = furniture_of(sheet.pieces, sheet.edges, edges, is_first=index == 0, is_last=index == last)
        pieces = [piece for piece in sheet.pieces if id(piece) not in furniture]
        tables = find_tables(pieces, sheet.rules)
        inside = {id(piece) for table in tables for row in table for cell in row for piece in cell}
        rows = read_order([piece for piece in pieces if id(piece) not in inside], tables)
        notes = list(sheet.notes)
        if index == last and (names := attachment_names(self._document)):
            notes.append("Attachments: " + ", ".join(names))
        return compose(rows, Hyphens([sheet.raw, *(other.raw for other in beside.values())]), notes)

    def _beside(self, index: int) -> dict[int, _Sheet]:
        found = {}
        for other in range(max(0, index - _BESIDE), min(len(self._document), index + _BESIDE + 1)):
            if other != index:
                try:
                    found[other] = self._sheet(other)
                except pypdfium2.PdfiumError:
                    continue
        return found

    def _sheet(self, index: int) -> _Sheet:
        if index in self._read:
            self._read.move_to_end(index)
            return self._read[index]
        sheet = self._read[index] = self._load(index)
        while len(self._read) > _KEPT:
            self._read.popitem(last=False)
        return sheet

    def _load(self, index: int) -> _Sheet:
        with closing(self._document.get_page(index)) as page:
            if index in self._notes:  # the page has been changed already
                return self._read_page(page, self._notes[index])
            self._notes[index], is_changed = take_annotations(page)
            if not is_changed:
                return self._read_page(page, self._notes[index])
        with closing(self._document.get_page(index)) as page:
            return self._read_page(page, self._notes[index])

    def _read_page(self, page: Any, notes: Sequence[str]) -> _Sheet:
        with closing(page.get_textpage()) as textpage:
            codes = read_codes(textpage)
            drawn = np.array(read_lines(page), np.float32).reshape(-1, 4)
            pieces, frame = read_pieces(textpage, codes, page, drawn)
        rules = sort_rules([(x0, y0, x1, y1) for x0, y0, x1, y1 in turn(drawn, frame.quarters).tolist()])
        return _Sheet(spell(codes), pieces, frame, edges_of(pieces, frame), notes, rules)
