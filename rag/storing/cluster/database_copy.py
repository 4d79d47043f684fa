"""All tables of a cluster's database as lines of JSON, of one moment, and back into a database that has none of them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from rag.errors import LibraryError, StorageError
from rag.storing.cluster.rows import IDENTITY
from rag.storing.migrations import tables_of
from rag.storing.postgres_schema import taken_engine
from rag.storing.schema import check_version

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

ROWS_AT_ONCE = 500
VERSIONS = "alembic_version"
_SCHEMAS = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'footnote\_%%' ORDER BY nspname"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"
_REFERENCES = """
SELECT child.relname, parent.relname FROM pg_constraint
JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
JOIN pg_namespace ON pg_namespace.oid = child.relnamespace WHERE contype = 'f' AND nspname = %s
"""
_COUNTED = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = %s AND pg_get_serial_sequence(quote_ident(table_schema) || '.' || quote_ident(table_name), column_name) IS NOT NULL
"""

Write = Callable[[str, str, Iterable[str]], object]
"""Takes the rows of a table, given the names of its schema and its own."""


def dump(url: str, write: Write) -> None:
    """Read all tables in one transaction that sees one moment; nobody who writes meanwhile waits. Raises `StorageError`."""
    with _opened(url, "read") as engine, engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        _be_patient(connection)
        for schema in connection.exec_driver_sql(_SCHEMAS).scalars().all():
            for table in connection.exec_driver_sql(_TABLES, (schema,)).scalars().all():
                statement = f'SELECT row_to_json(each)::text FROM "{schema}"."{table}" AS each'
                with connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).exec_driver_sql(statement) as found:
                    write(schema, table, (str(line) for line in found.scalars()))


def check_empty(url: str) -> None:
    """Raise `LibraryError` where a database has tables of the program's."""
    with _opened(url, "read") as engine, engine.connect() as connection:
        if found := connection.exec_driver_sql(_SCHEMAS).scalars().all():
            raise LibraryError(f"The database that RAG_DATABASE_URL names is not empty: it has {found[0]}. Restore to a new database.")


def identity(url: str) -> str:
    """What tells the database from a copy of it, as `SharedRows.identity`."""
    with _opened(url, "read") as engine, engine.connect() as connection:
        return str(connection.exec_driver_sql(IDENTITY).scalar_one())


def load(url: str, tables: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
    """Write the rows of the tables of each schema, all of them or none. Raises `NewerSchemaError`, `LibraryError` and `StorageError`."""
    check_empty(url)
    with _opened(url, "written") as engine, engine.begin() as connection:
        _be_patient(connection)
        for schema, found in tables.items():
            noun = schema.rpartition("_")[2]
            version = int(json.loads(next(iter(found[VERSIONS])))["version_num"])
            known = tables_of(noun)
            check_version(version, known.newest, f"The tables {schema} in the backup")
            connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
            connection.exec_driver_sql(f'SET LOCAL search_path TO "{schema}"')
            known.upgrade(connection, to=version)
            _fill(connection, schema, found)


def _fill(connection: "Connection", schema: str, tables: Mapping[str, Iterable[str]]) -> None:
    """Write rows in place of those that new tables have."""
    names = _in_order(connection, schema)
    for name in reversed(names):
        connection.exec_driver_sql(f'DELETE FROM "{schema}"."{name}"')
    for name in names:
        target, lines = f'"{schema}"."{name}"', iter(tables.get(name, ()))
        statement = f"INSERT INTO {target} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{target}, %s::json)"
        while batch := list(islice(lines, ROWS_AT_ONCE)):
            connection.exec_driver_sql(statement, (f"[{','.join(batch)}]",))
    for table, column in connection.exec_driver_sql(_COUNTED, (schema,)).all():
        sequence = f"pg_get_serial_sequence('\"{schema}\".\"{table}\"', '{column}')"
        connection.exec_driver_sql(
            f'SELECT setval({sequence}, max("{column}")) FROM "{schema}"."{table}" HAVING max("{column}") IS NOT NULL'
        )


def _in_order(connection: "Connection", schema: str) -> list[str]:
    """The tables of a schema, each after those that it refers to."""
    left = {name: set[str]() for name in connection.exec_driver_sql(_TABLES, (schema,)).scalars().all() if name != VERSIONS}
    for child, parent in connection.exec_driver_sql(_REFERENCES, (schema,)).all():
        if child != parent:
            left[child].add(parent)
    names = list[str]()
    while left:
        free = [name for name, parents in left.items() if parents <= set(names)] or list(left)
        names += free
        left = {name: parents for name, parents in left.items() if name not in free}
    return names


def _be_patient(connection: "Connection") -> None:
    """Let the transaction take its time: it locks nobody out."""
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = 0")


@contextmanager
def _opened(url: str, done: str) -> Iterator["Engine"]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with taken_engine(url) as (engine, place):
            yield engine
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise StorageError(f"{place} could not be {done}: {reason}. See that the server runs, and try again.") from error
