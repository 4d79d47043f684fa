"""JSON and JSON Lines: arrays of records as tables, everything else as a line for each value with the path to it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from rag.formats.cleaning import tidy_title
from rag.formats.lines import BLANK, Line, text_parts
from rag.formats.protocol import FileToOpen, Format, TextPages
from rag.formats.text import open_text

JSON = Format(
    name="JSON",
    media_type="application/json",
    reader="rag.formats.structured:open_json",
    suffixes=(".json", ".jsonl", ".ndjson"),
    unit="part",
    inline_type="text/plain",
    kind="code",
)

MOST_COLUMNS = 50  # of a table; records with more keys are read below one another
LONGEST_VALUE = 200  # characters of a cell, or beside a path; longer values stand alone
_LEAST_FILLED = 0.5  # share of a table's cells

Value = str | dict[str, "Value"] | list["Value"]
"""A number is its characters, `null` "" and `true` "true"."""


def open_json(file: FileToOpen) -> TextPages:
    """Its title is that of the outermost object. What is no JSON is read as the text that it is."""
    from rag.formats.decoding import decode_and_tell

    decoded = decode_and_tell(file.path.read_bytes(), file.name)
    try:
        value = _value(_parsed(decoded.text))
        title = value.get("title") if isinstance(value, dict) else ""
        return TextPages(text_parts(_lines(value)), tidy_title(title) if isinstance(title, str) else "", notice=decoded.notice)
    except (ValueError, RecursionError):
        return open_text(file)


def _parsed(text: str) -> object:
    """What a text of JSON holds; `ValueError` where it is none, neither as a whole nor each line."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    try:
        return decoder.decode(text)
    except ValueError:
        return [decoder.decode(line) for line in text.splitlines() if line.strip()]


def _value(parsed: Any) -> Value:
    """The same, changed in its place: two of a large file would not fit into memory."""
    if isinstance(parsed, dict):
        parsed.update((key, _value(value)) for key, value in parsed.items())
    elif isinstance(parsed, list):
        parsed[:] = map(_value, parsed)
    elif isinstance(parsed, bool):
        return str(parsed).lower()
    return "" if parsed is None else cast(Value, parsed)


def _lines(value: Value, path: str = "") -> Iterator[Line]:
    """A line for each value that is no table; a record of an array of others is parted from them."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _lines(each, f"{path}.{key}" if path else key)
    elif isinstance(value, str):
        yield from _scalar(value, path)
    elif (joined := _joined(value)) is not None and path:
        yield from _scalar(joined, path)
    elif columns := _columns(value):
        records = (dict(_cells(each)) for each in value if isinstance(each, dict))
        yield from _rows(([record.get(column, "") for column in columns] for record in records), path, _row(columns))
    elif _are_rows(value):
        yield from _rows(cast(list[list[str]], value), path)
    else:
        for place, each in enumerate(value):
            yield from () if isinstance(each, str) else (BLANK,)
            yield from _lines(each, f"{path}[{place}]" if path else "")
        yield BLANK


def _scalar(value: str, path: str) -> Iterator[Line]:
    if not path or not value:
        yield from (Line(value),) if value else ()
    elif "\n" not in value and len(value) <= LONGEST_VALUE:
        yield Line(f"{path}: {value}")
    else:
        yield from (BLANK, Line(f"{path}:\n{value}"), BLANK)


def _rows(rows: Iterable[Sequence[str]], path: str, header: str = "") -> Iterator[Line]:
    yield BLANK
    if path:
        yield from (Line(path, level=1), BLANK)
    yield Line(header)
    yield from (Line(_row(row), header) for row in rows)
    yield BLANK


def _row(cells: Iterable[str]) -> str:
    return "\t".join(" ".join(cell.split()) for cell in cells).rstrip()


def _are_rows(values: list[Value]) -> bool:
    """Whether it is an array of arrays of short values."""
    return len(values) > 1 and all(isinstance(row, list) and row and all(map(_is_short, row)) for row in values)


def _columns(values: list[Value]) -> list[str]:
    """The header of an array of records that is a table, or []: records within a record are more columns, arrays of words a cell."""
    columns: dict[str, None] = {}
    filled = 0
    for value in values:
        record = dict(_cells(value)) if isinstance(value, dict) else {}
        columns.update(dict.fromkeys(record))
        filled += len(record)
        if not record or len(columns) > MOST_COLUMNS or not all(map(_is_short, record.values())):
            return []
    is_filled = filled >= _LEAST_FILLED * len(columns) * len(values)
    return [*columns] if len(values) > 1 and is_filled else []


def _cells(record: dict[str, Value], path: str = "") -> Iterator[tuple[str, str]]:
    """The values of a record by their paths; an array of records is one that is too long for a cell."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _cells(value, f"{path}{key}.")
        elif isinstance(value, list):
            joined = _joined(value)
            yield f"{path}{key}", "\n" if joined is None else joined
        else:
            yield f"{path}{key}", value


def _joined(values: list[Value]) -> str | None:
    """An array of short words or numbers on one line."""
    words = ", ".join(each for each in values if isinstance(each, str))
    return words if all(map(_is_short, values)) and len(words) <= LONGEST_VALUE else None


def _is_short(value: Value) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_VALUE and "\n" not in value
