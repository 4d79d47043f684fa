"""Lists of texts: one a line, or a column of a CSV file; and tables written so that no spreadsheet runs a cell."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rag.errors import ExploringError, UnreadableFileError
from rag.formats.decoding import decode

T = TypeVar("T")

MOST_TEXTS = 10_000
"""Texts in a list."""

MOST_BYTES = 50_000_000
"""Of a file."""

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet takes for a formula: OWASP, "CSV Injection"."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of rows.

    Attributes:
        columns: The names in its first row; one column named "" where the file is a plain list.
        rows: The others, each as long as `columns`.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str | None = None) -> list[str]:
        """The texts of a column that are not empty, each on one line.

        Args:
            name: The column's, in any case of letters; the only column if not given.

        Raises:
            ExploringError: There is no such column, or more than one to choose from.
        """
        if name is None and len(self.columns) > 1:
            raise ExploringError(f"The file has several columns. Choose one: {', '.join(self.columns)}.")
        place = self.find(name or self.columns[0])
        if place is None:
            raise ExploringError(f"The file has no column {name!r}. It has: {', '.join(self.columns)}.")
        return one_line_each(row[place] for row in self.rows)

    def find(self, name: str) -> int | None:
        """The place of a column by its name, in any case of letters; None if it is not there."""
        wanted = name.strip().casefold()
        return next((place for place, column in enumerate(self.columns) if column.casefold() == wanted), None)


def read_sheet(path: Path) -> Sheet:
    """Read a file in any encoding: CSV where its name ends in ".csv" or ".tsv", else a text a line.

    Raises:
        ExploringError: It has too many rows, no row below its names, or rows that cannot be told apart.
        UnreadableFileError: It cannot be read, or is too large.
        DocumentError: It is empty, or binary.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFileError(f"{path.name} has more than {MOST_BYTES // 1_000_000} MB. Give a part of it.")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"{path.name} cannot be read: {error.strerror}.") from error
    text = decode(data, path.name)
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return Sheet(("",), tuple((line,) for line in lines(text)))
    return _read_csv(text, path.name)


def lines(text: str) -> list[str]:
    """The lines that are not empty, without white space around them.

    Raises:
        ExploringError: There are more than `MOST_TEXTS`.
    """
    return _few(one_line_each(text.splitlines()))


def one_line_each(texts: Iterable[str]) -> list[str]:
    """Each text on one line; empty ones left out."""
    return [words for text in texts if (words := " ".join(text.split()))]


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV file's text; a cell that a spreadsheet would take for a formula has a ' before it."""
    written = io.StringIO()
    writer = csv.writer(written)
    for row in (columns, *rows):
        writer.writerow([f"'{cell}" if cell.startswith(_ACTIVE) else cell for cell in row])
    return written.getvalue()


def _read_csv(text: str, name: str) -> Sheet:
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # the most frequent in the first row; a comma where there is none
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ExploringError(f"{name} cannot be read as CSV: {error}.") from error
    if len(rows) < 2:
        raise ExploringError(f"{name} has no rows below its first, which names the columns.")
    columns = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(rows[0], start=1))
    padding = ("",) * len(columns)
    return Sheet(columns, tuple((*row, *padding)[: len(columns)] for row in _few(rows[1:])))


def _few(texts: list[T]) -> list[T]:
    if len(texts) > MOST_TEXTS:
        raise ExploringError(f"The list has {len(texts):,} texts; at most {MOST_TEXTS:,} can be taken at a time. Give a part of it.")
    return texts
