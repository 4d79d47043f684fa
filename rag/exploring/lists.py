"""Lists of texts, one per line or a column of a CSV or JSON Lines file; and CSV output that no spreadsheet runs as a formula."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from rag.errors import ExploringError, UnreadableFileError
from rag.formats.decoding import decode

S = TypeVar("S", bound=Sequence[object])

LONGEST_CELL = 131_072  # characters
MOST_TEXTS = 10_000
MOST_BYTES = 50_000_000
Kind = Literal["lines", "csv", "json"]
_KINDS: dict[str, Kind] = {".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".ndjson": "json"}
_ACTIVE = (*"=+-@＝＋－＠\t\r\n",)  # first characters of cells that spreadsheets take for formulas: OWASP, "CSV Injection"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file, each as long as `columns`; a plain list has one column named ""."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str | None = None) -> list[str]:
        """The texts of a column (of the only one by default), each on one line, empty ones left out."""
        place = self._place(name)
        return _one_line_each(row[place] for row in self.rows)

    def labelled(self, name: str | None, label: str) -> tuple[list[str], list[str]]:
        """The texts of a column, and beside each what stands in the column `label`."""
        place, beside = self._place(name), self._place(label)
        pairs = [(" ".join(row[place].split()), " ".join(row[beside].split())) for row in self.rows]
        return [text for text, _ in pairs if text], [own for text, own in pairs if text]

    def _place(self, name: str | None) -> int:
        if name is None and len(self.columns) > 1:
            raise ExploringError(f"The file has several columns. Choose one: {', '.join(self.columns)}.")
        place = self.find(name or self.columns[0])
        if place is None:
            has = f"It has: {', '.join(self.columns)}." if self.columns != ("",) else "It is a plain list, one text per line."
            raise ExploringError(f"The file has no column {name!r}. {has}")
        return place

    def find(self, name: str) -> int | None:
        """The index of a column, whatever the case of its name."""
        wanted = name.strip().casefold()
        return next((place for place, column in enumerate(self.columns) if column.casefold() == wanted), None)


def read_sheet(path: Path, *, most: int = MOST_TEXTS) -> Sheet:
    """Read a file in any encoding: CSV (.csv, .tsv), JSON Lines (.jsonl, .ndjson), else one text per line; so many rows at most."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFileError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB. Use a part of it.")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"{path.name} cannot be read: {error.strerror}.") from error
    return sheet_of(data, path.name, _KINDS.get(path.suffix.lower(), "lines"), most)


def read_input(*, has_columns: bool, most: int = MOST_TEXTS) -> Sheet:
    """Standard input: JSON Lines or CSV if a column of it is to be used, else one text per line."""
    data = sys.stdin.buffer.read()
    kind: Kind = "lines" if not has_columns else "json" if data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{") else "csv"
    return sheet_of(data, "standard input", kind, most)


def sheet_of(data: bytes, name: str, kind: Kind, most: int = MOST_TEXTS) -> Sheet:
    """The rows of a file's bytes; `name` is what it is called in messages."""
    text = decode(data, name)
    if kind == "json":
        return _read_json_lines(text, name, most)
    return _read_csv(text, name, most) if kind == "csv" else Sheet(("",), tuple((line,) for line in lines(text, most)))


def lines(text: str, most: int = MOST_TEXTS) -> list[str]:
    """The stripped, non-empty lines of a text, so many at most."""
    return limited(_one_line_each(text.splitlines()), most)


def limited(texts: S, most: int = MOST_TEXTS) -> S:
    """The same texts; an ExploringError if there are more."""
    if len(texts) > most:
        raise ExploringError(f"The list has {len(texts):,} texts; at most {most:,} are allowed. Use a part of it.")
    return texts


def write_csv(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
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


def _read_json_lines(text: str, name: str, most: int) -> Sheet:
    """An object a line, the columns in the order in which they first occur; a line of one string is a text."""
    rows: list[dict[str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
        except ValueError as error:
            raise ExploringError(f"Line {number} of {name} is no JSON: {error}.") from error
        values = read if isinstance(read, dict) else {"text": read}
        rows.append({str(key): _cell(value) for key, value in values.items()})
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    return Sheet(columns, tuple(tuple(row.get(column, "") for column in columns) for row in limited(rows, most)))


def _cell(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
