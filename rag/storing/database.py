"""Tables of the program, in a SQLite file or in a schema of a PostgreSQL server; the same statements run on both.

Here, in `sqlite_file`, `postgres_schema` and `migrations` is all that knows SQLAlchemy, alembic and the drivers. None of them is loaded
before a database is used, and alembic only where there is something to migrate.

The tables of a noun, such as "people", have versions of their own: 1, 2, 3, each a revision in `migrations/NOUN/`. Whoever first uses a
database brings it up to date, one process at a time; one of a newer version is refused and left alone.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self

from rag.errors import StorageError, UnavailableError
from rag.storing.migrations import Tables, tables_of
from rag.tracing import calling

if TYPE_CHECKING:  # a tenth of a second
    from sqlalchemy import Connection as Connection  # whoever names its type takes it from here
    from sqlalchemy import TextClause

Kind = Literal["sqlite", "postgresql"]
Use = Literal["reading", "snapshot", "writing", "writing alone"]
"""What a connection is for: see the verbs of `Database`."""

MOST_STATEMENTS = 500  # kept as they were parsed
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
CONNECTION_ERRORS = {"OperationalError", "ConnectionTimeout", "TimeoutError", "AdminShutdown", "CrashShutdown", "CannotConnectNow"}
UNAVAILABLE = ("08", "57P")  # the classes of SQLSTATE that say that a server went away, or does not let anybody in yet
REFUSED = "{place} cannot be used: {reason}. {consequence}"


class DamagedDatabaseError(StorageError):
    """The file is no SQLite database, or a damaged one."""


class Source(Protocol):
    """Where a database's connections come from; may raise what the driver raises."""

    kind: Kind
    place: str
    tables: Tables

    @property
    def schema(self) -> str | None:
        """The schema; None in a file."""

    def exists(self) -> bool:
        """Whether there is anything: a file."""

    def connection(self, use: Use) -> "AbstractContextManager[Connection]":
        """A connection to tables that are up to date; but for "reading", in a transaction that ends with the block."""

    def drop(self) -> None:
        """Delete all of it."""

    def close(self) -> None:
        """Close what is open; it opens again where it is used again."""


class Database:
    """A set of tables: one SQLite file, or one schema of a PostgreSQL server. Any thread may use it, but no block within another one.

    Raises `StorageError` for what the database raises, whose `__cause__` is the driver's error; `DamagedDatabaseError` for a damaged
    file; `NewerSchemaError`, having changed nothing, where a newer program wrote it.
    """

    def __init__(self, source: Source, consequence: str = "") -> None:
        """`consequence` is a sentence that says, where the database cannot be used, what then does not work."""
        self._source = source
        self._consequence = consequence

    @classmethod
    def file(
        cls,
        path: Path,
        tables: str | Tables,
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        consequence: str = "",
        seconds_to_wait: float = 2,
        prepare: Callable[[sqlite3.Connection], object] | None = None,
    ) -> Self:
        """The tables of a noun in a SQLite file, which is made when it is first used.

        Args:
            path: The file; only its owner will be able to read it.
            tables: The noun, or what else its tables are.
            synchronous: "NORMAL" waits for no disk, and a power cut may cost the last changes.
            consequence: See `Database`.
            seconds_to_wait: For another process that writes.
            prepare: Called with each new connection, before anything else: for functions that statements call.
        """
        from rag.storing.sqlite_file import SQLiteFile

        return cls(SQLiteFile(path, _tables(tables), synchronous, seconds_to_wait, prepare), consequence)

    @classmethod
    def memory(cls, tables: str | Tables, *, prepare: Callable[[sqlite3.Connection], object] | None = None) -> Self:
        """The tables of a noun in memory, until it is closed."""
        from rag.storing.sqlite_file import SQLiteFile

        return cls(SQLiteFile(None, _tables(tables), "OFF", 0, prepare))

    @classmethod
    def schema(cls, url: str, name: str, tables: str | Tables, *, consequence: str = "") -> Self:
        """The tables of a noun in a schema of the PostgreSQL database at `url`, which is made when it is first used.

        All such databases of a process with one URL share one pool of connections. Raises `SettingsError` for a bad URL.
        """
        from rag.storing.postgres_schema import PostgresSchema

        return cls(PostgresSchema(url, name, _tables(tables)), consequence)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def kind(self) -> Kind:
        """Which database it is, for the few statements that differ."""
        return self._source.kind

    @property
    def is_shared(self) -> bool:
        """Whether other servers may use the same tables, each with caches of its own."""
        return self.kind == "postgresql"

    @property
    def place(self) -> str:
        """Where it is, for messages; never a password."""
        return self._source.place

    @property
    def version(self) -> int:
        """The version of the tables that this program makes and reads."""
        return self._source.tables.newest

    @property
    def schema_name(self) -> str | None:
        """The schema that the tables are in; None in a file."""
        return self._source.schema

    def exists(self) -> bool:
        """Whether anything was ever stored: False where there is no file. Ask before reading, where none is to be made for that."""
        return self._source.exists()

    @contextmanager
    def reading(self) -> "Iterator[Connection]":
        """A connection to read with. Each statement sees what is committed when it begins: what must be of one moment is one statement."""
        with self._translated(), self._source.connection("reading") as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> "Iterator[Connection]":
        """A connection to read with, for minutes if need be, where all that is read is of the moment of the first statement."""
        with self._translated(), self._source.connection("snapshot") as connection:
            yield connection

    @contextmanager
    def writing(self, *, alone: bool = False) -> "Iterator[Connection]":
        """One transaction, committed at the end of the block, rolled back where that raises.

        With `alone`, no other such block runs at the same time, in whatever process: so that what was read in it still holds. On SQLite
        that is so without it.
        """
        with self._translated(), self._source.connection("writing alone" if alone else "writing") as connection:
            yield connection

    def drop(self) -> None:
        """Delete the tables of a server with all that is in them, and close. A later use makes new ones."""
        with self._translated():
            self._source.drop()

    def close(self) -> None:
        """Close what is open. A later use opens it again."""
        self._source.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with calling("database"):
            try:
                yield
            except Exception as error:
                cause = _driver_error(error)
                if cause is None:
                    raise
                words = REFUSED.format(place=self.place, reason=_reason(cause), consequence=self._consequence)
                raise _kind(cause)(words.strip()) from cause


@lru_cache(MOST_STATEMENTS)
def sql(statement: str) -> "TextClause":
    """A statement that both databases understand, with `:name` where a value goes."""
    from sqlalchemy import text

    return text(statement)


def now(connection: "Connection") -> float:
    """The time of the database's own clock, in seconds since 1970: machines that share it need not agree on theirs."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(sql("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def _tables(tables: str | Tables) -> Tables:
    return tables if isinstance(tables, Tables) else tables_of(tables)


def _driver_error(error: Exception) -> BaseException | None:
    """The error of the driver or the system in what was raised; None for what is not the database's."""
    if isinstance(error, sqlite3.Error | OSError):
        return error
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    if isinstance(error, DBAPIError):
        return error.orig
    return error if isinstance(error, SQLAlchemyError) else None


def _kind(error: BaseException) -> type[StorageError]:
    """What an error of the driver says of the database."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
        return DamagedDatabaseError
    is_servers = type(error).__module__.partition(".")[0] in {"psycopg", "sqlalchemy"}
    state = getattr(error, "sqlstate", None) or ""
    is_lost = type(error).__name__ in CONNECTION_ERRORS and (not state or state.startswith(UNAVAILABLE))
    return UnavailableError if is_servers and is_lost else StorageError


def _reason(error: BaseException) -> str:
    """Why, in one line: what comes after it may quote what is stored."""
    if type(error).__name__ == "TimeoutError" and not isinstance(error, OSError):
        return "all its connections are in use"
    lines = str(getattr(error, "strerror", None) or error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__
