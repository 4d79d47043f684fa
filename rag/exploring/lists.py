"""Lists of texts, one per line or a column of a CSV file; and CSV output that no spreadsheet runs as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rag.errors import ExploringError, UnreadableFileError
from rag.formats.decoding import decode

S = TypeVar("S", bound=Sequence[object])

LONGEST_CELL = 131_072  # characters
MOST_TEXTS = 10_000
MOST_BYTES = 50_000_000
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")  # first characters of cells that spreadsheets take for formulas: OWASP, "CSV Injection"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file, each as long as `columns`; a plain list has one column named ""."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str | None = None) -> list[str]:
        """The texts of a column (of the only one by default), each on one line, empty ones left out."""
        if name is None and len(self.columns) > 1:
            raise ExploringError(f"The file has several columns. Choose one: {', '.join(self.columns)}.")
        place = self.find(name or self.columns[0])
        if place is None:
            raise ExploringError(f"The file has no column {name!r}. It has: {', '.join(self.columns)}.")
        return _one_line_each(row[place] for row in self.rows)

    def find(self, name: str) -> int | None:
        """The index of a column, whatever the case of its name."""
        wanted = name.strip().casefold()
        return next((place for place, column in enumerate(self.columns) if column.casefold() == wanted), None)


def read_sheet(path: Path, *, most: int = MOST_TEXTS) -> Sheet:
    """Read a file in any encoding: CSV if its name ends in ".csv" or ".tsv", else one text per line; so many rows at most."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFileError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB. Use a part of it.")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"{path.name} cannot be read: {error.strerror}.") from error
    return sheet_of(data, path.name, is_csv=path.suffix.lower() in {".csv", ".tsv"}, most=most)


def sheet_of(data: bytes, name: str, *, is_csv: bool, most: int = MOST_TEXTS) -> Sheet:
    """The same of bytes; `name` is what they are called in messages."""
    text = decode(data, name)
    return _read_csv(text, name, most) if is_csv else Sheet(("",), tuple((line,) for line in lines(text, most)))


def lines(text: str, most: int = MOST_TEXTS) -> list[str]:
    """The stripped, non-empty lines of a text, so many at most."""
    return limited(_one_line_each(text.splitlines()), most)


def limited(texts: S, most: int = MOST_TEXTS) -> S:
    """The same texts; an ExploringError if there are more."""
    if len(texts) > most:
        raise ExploringError(f"The list has {len(texts):,} texts; at most {most:,} are allowed. Use a part of it.")
    return texts


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a CSV file's text; a cell that a spreadsheet would take for a formula gets a ' before it."""
    written = io.StringIO()
    writer = csv.writer(written)
    for row in (columns, *rows):
        writer.writerow(map(harmless_cell, row))
    return written.getvalue()


def harmless_cell(cell: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_ACTIVE) else cell


def counted(count: int, noun: str) -> str:
    """A count and its noun, as "1 passage", "1,000 passages"."""
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def shortened(text: str, most: int) -> str:
    """A text of `most` characters at most, with an ellipsis where it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _one_line_each(texts: Iterable[str]) -> list[str]:
    return [line for text in texts if (line := " ".join(text.split()))]


def _read_csv(text: str, name: str, most: int) -> Sheet:
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # the most frequent in the header; a comma where there is none
    csv.field_size_limit(LONGEST_CELL)  # of the whole process: each reader sets its own
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ExploringError(f"{name} cannot be read as CSV: {error}.") from error
    if len(rows) < 2:
        raise ExploringError(f"{name} has no rows below its header.")
    columns = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(rows[0], start=1))
    padding = ("",) * len(columns)
    return Sheet(columns, tuple((*row, *padding)[: len(columns)] for row in limited(rows[1:], most)))
