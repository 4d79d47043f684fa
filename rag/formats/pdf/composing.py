"""Rows of a page -> its text, with the way back to pdfium's characters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.formats.cleaning import CleanText, clean
from rag.formats.pdf.characters import Piece
from rag.formats.pdf.hyphens import HYPHENS, Hyphens
from rag.formats.pdf.layout import Row


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's text, cleaned, and for each character of `content.raw` the index of pdfium's character, or -1 where we put it there."""

    content: CleanText
    indexes: list[int]

    def runs(self, start: int, end: int) -> list[tuple[int, int]]:
        """Pdfium's characters behind `text[start:end]`, as runs of indexes from, and to exclusive, in the text's order."""
        first, after = self.content.raw_span(start, end)
        runs: list[tuple[int, int]] = []
        for index in self.indexes[first:after]:
            if index < 0:
                continue
            if runs and runs[-1][1] == index:
                runs[-1] = runs[-1][0], index + 1
            else:
                runs.append((index, index + 1))
        return runs


class _Writer:
    def __init__(self, hyphens: Hyphens) -> None:
        self.text = ""  # of the line that is being written
        self.lines: list[str] = []
        self.indexes: list[int] = []
        self._hyphens = hyphens

    def put(self, text: str, indexes: Sequence[int] = ()) -> None:
        self.text += text
        self.indexes += indexes or [-1] * len(text)

    def end_line(self, ends: str) -> None:
        self.put(ends)
        self.lines.append(self.text)
        self.text = ""

    def go_on(self, following: str, otherwise: str) -> None:
        """Put a line end, or what stands in place of the hyphen before it."""
        joint = self._hyphens.join(self.text, following) if self.text[-1:] in HYPHENS and self.text else None
        if joint is None:
            self.end_line(otherwise) if otherwise == "\n" else self.put(otherwise)
        elif not joint:
            self.text = self.text[:-1]
            del self.indexes[-1]


def compose(rows: Iterable[Row], hyphens: Hyphens, notes: Sequence[str] = ()) -> PageText:
    """Write the rows: paragraphs parted by a blank line, a table's cells by tabs; then the notes, a paragraph each."""
    writer = _Writer(hyphens)
    last: Row | None = None
    for row in rows:
        if last is not None:
            following = _text(row)
            is_apart = row.starts_block and not (following[:1].islower() and _goes_on(writer.text))
            if row.is_table != last.is_table or (is_apart and not row.is_table):
                writer.end_line("\n\n")
            elif row.is_table:
                writer.end_line("\n\n" if row.starts_block else "\n")
            else:
                writer.go_on(following, "\n")
        for number, cell in enumerate(row.cells):
            if number:
                writer.put("\t")
            _put_cell(writer, cell)
        last = row
    for note in notes:
        if writer.text or writer.lines:
            writer.end_line("\n\n")
        writer.put(note)
    raw = "".join(writer.lines) + writer.text
    return PageText(clean(raw), writer.indexes)


def _text(row: Row) -> str:
    return next((piece.text for cell in row.cells for piece in cell), "")


def _goes_on(line: str) -> bool:
    """Whether a sentence may go on after a line, at the top of the next column."""
    return line[-1:].isalpha() or line[-1:] in f",{HYPHENS}"


def _put_cell(writer: _Writer, cell: Sequence[Piece]) -> None:
    for place, piece in enumerate(cell):
        if place:
            before = cell[place - 1]
            is_below = piece.y0 > before.middle
            if is_below:
                writer.go_on(piece.text, " ")
            else:
                writer.put(" ")
        writer.put(piece.text, piece.indexes)
