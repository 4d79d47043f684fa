"""Copies of tables as lines of JSON: for backups, and to take what a single machine stored to a database that servers share, or back."""

import json
import logging
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from rag.errors import UnreadableFileError, storage_errors
from rag.storing.database import Database, sql
from rag.storing.places import Places
from rag.storing.schema import check_version

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

ROWS_AT_ONCE = 1_000
VERSIONS = "alembic_version"  # a table that is made with the others
ASIDE = ".before-cluster"  # is added to the name of a file that was taken into a database
FILLED = {"people": "people", "usage": "used", "conversations": "conversations"}
"""The table of a noun that has rows where anything was stored."""

_DAMAGED = "The copy of the tables is damaged, line {line}: {problem}."


log = logging.getLogger(__name__)


def take_in(places: Places, noun: str) -> None:
    """Take what one machine stored of a noun of `FILLED` into the database that servers share now, unless that has something of it.

    Its file is put aside. Raises `StorageError`; nothing was changed then.
    """
    file = places.folder / f"{noun}.sqlite3"
    if not places.are_shared or not file.exists():
        return
    with places.database(noun) as shared, Places(places.folder, None).database(noun) as stored:
        with shared.reading() as connection:
            if connection.execute(sql(f"SELECT 1 FROM {FILLED[noun]} LIMIT 1")).first():
                return
        with storage_errors(f"{file} could not be read"), tempfile.TemporaryFile("w+", encoding="utf-8") as copy:
            rows = write_tables(stored, copy)
            copy.seek(0)
            read_tables(shared, copy)
    with storage_errors(f"{file} could not be put aside"):
        for end in ("-wal", "-shm", ""):
            if (each := file.with_name(file.name + end)).exists():
                each.rename(each.with_name(f"{each.name}{ASIDE}"))
    log.warning("%s was taken into the database of the cluster, with %d rows.", file.name, rows)


def write_tables(database: Database, target: IO[str]) -> int:
    """Write all rows as they are at one moment, and count them: a line {"version": 1}, then a line ["table", {"column": value}] each."""
    from sqlalchemy import select

    rows = 0
    target.write(json.dumps({"version": database.version}) + "\n")
    if database.exists():
        with database.snapshot() as connection:
            for table in _tables(connection, database.schema_name):
                streamed = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)
                for row in streamed.execute(select(table)).mappings():
                    target.write(json.dumps([table.name, dict(row)]) + "\n")
                    rows += 1
    return rows


def read_tables(database: Database, source: IO[str]) -> int:
    """Put the rows of a copy in the place of all that the tables hold, in one transaction, and count them.

    Raises `NewerSchemaError` where a newer program wrote the copy, `UnreadableFileError` where it is damaged; then nothing was changed.
    """
    from sqlalchemy import delete, insert

    lines = enumerate(source, 1)
    check_version(_parsed(*next(lines, (1, "")), dict).get("version"), database.version, "The copy of the tables")
    rows = 0
    with database.writing(alone=True) as connection:
        tables = {table.name: table for table in _tables(connection, database.schema_name)}
        for table in reversed(tables.values()):
            connection.execute(delete(table))
        for name, values in _batches(lines):
            if name not in tables or not set(values[0]) <= set(tables[name].columns.keys()):
                raise UnreadableFileError(_DAMAGED.format(line=rows + 2, problem=f"there is no such table or column in {name!r}"))
            connection.execute(insert(tables[name]), values)
            rows += len(values)
    return rows


def _tables(connection: "Connection", schema: str | None) -> "list[Table]":
    """The tables, those first that others refer to."""
    from sqlalchemy import MetaData

    found = MetaData()
    found.reflect(connection, schema=schema)
    return [table for table in found.sorted_tables if table.name != VERSIONS]


def _batches(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of the same table and columns that follow each other."""
    while block := list(islice(lines, ROWS_AT_ONCE)):
        batch: tuple[str, list[dict[str, Any]]] | None = None
        for number, line in block:
            name, values = _row(number, line)
            if batch and batch[0] == name and batch[1][0].keys() == values.keys():
                batch[1].append(values)
            else:
                if batch:
                    yield batch
                batch = name, [values]
        if batch:
            yield batch


def _row(number: int, line: str) -> tuple[str, dict[str, Any]]:
    row = _parsed(number, line, list)
    if len(row) != 2 or not isinstance(row[0], str) or not isinstance(row[1], dict) or not row[1]:
        raise UnreadableFileError(_DAMAGED.format(line=number, problem="it is no row"))
    return row[0], row[1]


def _parsed(number: int, line: str, kind: type) -> Any:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise UnreadableFileError(_DAMAGED.format(line=number, problem=error)) from error
    if not isinstance(value, kind):
        raise UnreadableFileError(_DAMAGED.format(line=number, problem=f"it is no {kind.__name__}"))
    return value
