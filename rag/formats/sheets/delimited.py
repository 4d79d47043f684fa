"""Reads CSV: a row of cells a line, whatever stands between them; quotes may hold line breaks."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator

from rag.formats.decoding import decode_and_tell
from rag.formats.protocol import FileToOpen, TextPages
from rag.formats.sheets.rows import Row, sheet_pages

DELIMITERS = "\t;|,"  # a comma last: it stands in numbers and sentences as well
_SAMPLE_CHARACTERS = 100_000
_SAMPLE_ROWS = 200
_LEAST_EVEN = 0.5  # share of rows that have the same number of cells

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SEPARATOR = re.compile(r"sep=(.)\n")  # Excel's own first line


def open_csv(file: FileToOpen) -> TextPages:
    """A table without a title."""
    decoded = decode_and_tell(file.path.read_bytes(), file.name)
    text = decoded.text
    delimiter, start = find_delimiter(text), 0
    if said := _SEPARATOR.match(text):
        delimiter, start = said[1], said.end()
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        pages = sheet_pages(_rows(text, start, delimiter, is_strict=True))
    except csv.Error:
        pages = sheet_pages(_rows(text, start, delimiter, is_strict=False))
    return TextPages(pages, notice=decoded.notice)


def find_delimiter(text: str) -> str:
    """What stands between the cells of a table: what gives the most rows the same number of cells; a tab where it has one column."""
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text):
        sample = sample[: sample.rfind("\n") + 1] or sample
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> float:
    """The share of rows with the commonest number of cells; for ragged rows, less than any such share, the share of rows with several."""
    if delimiter not in sample:
        return 0
    widths: list[int] = []
    for cells in csv.reader(_lines(sample), delimiter=delimiter):
        if cells:
            widths.append(len(cells))
        if len(widths) == _SAMPLE_ROWS:
            break
    columns, rows = Counter(widths).most_common(1)[0]
    if columns > 1 and rows >= _LEAST_EVEN * len(widths):
        return rows / len(widths)
    several = sum(width > 1 for width in widths) / len(widths)
    return several * _LEAST_EVEN if several > _LEAST_EVEN else 0


def _lines(text: str, start: int = 0) -> Iterator[str]:
    return (line[0] for line in _LINE.finditer(text, start))


def _rows(text: str, start: int, delimiter: str, *, is_strict: bool) -> Iterator[Row]:
    """The rows. Where a quote is never closed, or is within a cell, a strict reader raises `csv.Error`, another takes it as it is."""
    lines, is_quoted = _lines(text, start), is_strict or text.count('"') % 2 == 0
    if is_quoted:
        return enumerate(csv.reader(lines, delimiter=delimiter, strict=is_strict, skipinitialspace=True), start=1)
    return enumerate(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, skipinitialspace=True), start=1)
