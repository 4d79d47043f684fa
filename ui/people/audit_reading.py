"""Reading the audit log: records by person, action and day, the newest first; and whether the chain of lines is whole."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from rag.exploring.lists import write_csv
from rag.text.printable import printable, printable_json
from ui.people.audit import files_of, line_hash

DAY = "2026-11-27"  # how a day is written, in UTC
COLUMNS = ("time", "action", "person", "name", "address", "door", "library", "request", "facts")

Record = dict[str, Any]
"""A record as it was written; see `ui.people.audit`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records.

    Attributes:
        person: A name or an id, in any case; "" for all.
        action: An action or its beginning: "token" for "token.added" too; "" for all.
        since: The first day, as "2026-11-27"; "" for the first that is kept.
        until: The last day; "" for today.
    """

    person: str = ""
    action: str = ""
    since: str = ""
    until: str = ""

    def has(self, record: Record) -> bool:
        """Whether it is one of them."""
        is_persons = not self.person or self.person.casefold() in {record.get("name", "").casefold(), record.get("person", "")}
        return is_persons and record.get("action", "").startswith(self.action)


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of lines.

    Attributes:
        records: How many lines there are.
        breaks: Where a line does not follow the one before it: file and line, or what else is wrong.
        last: The hash of the last line. Kept elsewhere, it shows later that nothing before it was written anew.
    """

    records: int
    breaks: tuple[str, ...]
    last: str


def records_of(folder: Path, wanted: Wanted, *, newest_first: bool = True) -> Iterator[Record]:
    """Records; lines that are none are left out, `verified` names them."""
    step = -1 if newest_first else 1
    for path in files_of(folder)[::step]:
        day = path.name[: len(DAY)]
        if day < wanted.since or (wanted.until and day > wanted.until):
            continue
        for line in path.read_bytes().split(b"\n")[::step]:
            record = _read(line)
            if record and wanted.has(record):
                yield record


def as_lines(records: Iterable[Record]) -> Iterator[str]:
    """Records as JSON lines, exactly as they were written: their chain can be followed elsewhere too."""
    for record in records:
        yield printable_json(json.dumps(record, ensure_ascii=False, separators=(",", ":"))) + "\n"


def as_csv(records: Iterable[Record]) -> Iterator[str]:
    """Records as CSV with a header; no cell is taken for a formula."""
    yield from (write_csv(cells, ()) for cells in chain([COLUMNS], map(_cells, records)))


def facts_in_words(record: Record) -> str:
    """What a record says beside who, when and where."""
    facts = record.get("facts", {})
    return "; ".join(f"{name}: {', '.join(fact) if isinstance(fact, list) else fact}" for name, fact in facts.items())


def verified(folder: Path, kept: str = "") -> Chain:
    """Whether each line follows the one before it; and whether the line with the hash `kept`, if given, is still there."""
    count, last, breaks, hashes = 0, "", list[str](), {kept, ""}
    for path in files_of(folder):
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            record, place = _read(line), f"{path.name}, line {number}"
            if record is None:
                breaks.append(f"{place}: this is no record.")
            elif count and record.get("previous") != last:
                breaks.append(f"{place}: the line before it was changed, or lines are missing or were added there.")
            count, last = count + 1, line_hash(line)
            hashes.discard(last)
    if kept in hashes and kept:
        breaks.append(f"The line with the hash {kept} is gone: the end was cut off, or the log was written anew.")
    return Chain(count, tuple(breaks), last)


def _cells(record: Record) -> list[str]:
    facts = printable_json(json.dumps(record.get("facts", {}), ensure_ascii=False))
    return [*(printable(str(record.get(name, ""))) for name in COLUMNS[:-1]), facts]


def _read(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
