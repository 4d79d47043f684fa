"""A page's text -> the rows of its tables, and for any part of the text the header that it is to be read below."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Self

from rag.text.tables import Row, Span, cells_of, joined_rows, lines_of, tables
from rag.types import Passage


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of a table, without the white space around it, and the spans of its header and of the line that names its group, if any."""

    start: int
    end: int
    header: Span | None
    group: Span | None


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a page's tables; all methods take and give offsets in the page's text.

    Attributes:
        text: The page's text, below the header of a table that goes on from the page before.
        above: The length of that header.
        rows: Their offsets are those in `text`.
    """

    text: str
    above: int
    rows: list[TableRow]

    @classmethod
    def of(cls, text: str, before: Self | None = None) -> Self:
        """Find the rows of a page; `before` are those of the page before it."""
        above = _header_over_break(before, text) if before else ""
        return cls(above + text, len(above), list(_rows(above + text)))

    def at(self, position: int) -> Span | None:
        """The row that has the character at a position."""
        row = self._at(position)
        return (row.start - self.above, row.end - self.above) if row else None

    def header(self, start: int, end: int) -> str:
        """What is to be read above `text[start:end]`, if that begins within a table: see `rag.types.Chunk.header`.

        A part of a row has the names of its own columns above it, and the row's first cell for its group.
        """
        row = self._at(start)
        if row is None:
            return ""
        text, start, end = self.text, start + self.above, end + self.above
        begin, own = text.rfind("\n", 0, row.start) + 1, _whole_lines(text, row.start, row.end)
        blank = text[begin:start].strip(" ") if start <= row.start and "\t" in own else ""
        if not row.header:
            return blank
        header, group = _whole_lines(text, *row.header), _whole_lines(text, *row.group) if row.group else ""
        if "\t" in own and (start > row.start or end < row.end):
            first = text.count("\t", begin, start)
            columns = slice(first, text.count("\t", begin, min(end, row.end)) + 1)
            header = "\n".join("\t".join(line.split("\t")[columns]) for line in header.split("\n"))
            group = own.split("\t")[0] + "\t" * (columns.stop - first - 1) if first else ""
        return "".join(f"{line}\n" for line in (header, group) if line) + blank

    def _at(self, position: int) -> TableRow | None:
        position += self.above
        index = bisect_right(self.rows, position, key=attrgetter("start")) - 1
        return self.rows[index] if index >= 0 and position < self.rows[index].end else None


def header_of(passage: Passage) -> str:
    """The header that a passage's `text` is to be read below, if it begins within a table."""
    start = passage.start - passage.chunk_start + len(passage.header)
    return TableRows.of(passage.headed_text).header(start, start + len(passage.text)) if passage.chunk_text else ""


def _rows(text: str) -> Iterator[TableRow]:
    lines = joined_rows(text, lines_of(text))
    for table in tables(lines).values():
        for line, header, group in zip(lines[table.first : table.after], table.headers, table.groups, strict=True):
            yield TableRow(line.start, line.end, header, group)


def _header_over_break(before: TableRows, text: str) -> str:
    """The header of the table that ends a page, where the next page's text begins with further rows of it; else ""."""
    last = before.rows[-1] if before.rows else None
    begin = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    first = next(iter(lines_of(text[begin:].split("\n", 1)[0])), None)
    if not last or before.text[last.end :].strip() or not first:
        return ""
    cells = cells_of(before.text, last.start, last.end)
    header = before.header(last.start - before.above, last.end - before.above)
    is_other = first.text in header.split("\n") or (Row("\t", cells).is_data and not Row("\t", first.cells).is_data)
    return "" if is_other or len(first.cells) != len(cells) else header[: header.rfind("\n") + 1]


def _whole_lines(text: str, start: int, end: int) -> str:
    """The lines that a span is on, with the empty cells at their ends."""
    after = text.find("\n", end)
    return text[text.rfind("\n", 0, start) + 1 : len(text) if after < 0 else after].strip(" ")
