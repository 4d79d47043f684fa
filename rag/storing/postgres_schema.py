"""A schema of a PostgreSQL server; all that this process uses at one URL share a pool of connections."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryDamagedError, SettingsError
from rag.storing.migrations import Tables
from rag.storing.schema import check_version

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

    from rag.storing.database import Kind, Use

CONNECTIONS = 5  # kept open
MORE_CONNECTIONS = 15  # opened beside them while they are needed
SECONDS_TO_CONNECT = 15  # four requests, one after another
SECONDS_FOR_A_CONNECTION = 10  # of the pool
SECONDS_UNTIL_RENEWED = 1_800  # what stands between may forget a connection that is old
SECONDS_FOR_MUCH = 600  # for migrating, which others wait for, and for reading everything

TIMEOUTS = {
    "statement_timeout": 60,
    "lock_timeout": 20,
    "idle_in_transaction_session_timeout": 15,  # a server that sleeps within a transaction must not stop the others
}
"""In seconds, of the server's own."""

ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""When a server that is gone without a word is given up: libpq's parameters."""

BAD_URL = "RAG_DATABASE_URL is not the address of a PostgreSQL database, such as postgresql://user:password@host/name."
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)


class PostgresSchema:
    """The schema; see `rag.storing.database.Source`."""

    kind: "Kind" = "postgresql"

    def __init__(self, url: str, name: str, tables: Tables) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a schema")
        self._url = _parsed(url)
        self.place = f"The database {self._url.database} at {_host(self._url)}"
        self.schema = name
        self.tables = tables
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def exists(self) -> bool:
        """True: the tables are made when they are first used."""
        return True

    @contextmanager
    def connection(self, use: "Use") -> "Iterator[Connection]":
        """A connection of the pool."""
        levels = {"reading": "AUTOCOMMIT", "snapshot": "REPEATABLE READ"}
        with self._opened().connect().execution_options(isolation_level=levels.get(use, "READ COMMITTED")) as connection:
            if use == "reading" and connection.info.get("schema") != self.schema:
                connection.exec_driver_sql(f"SET search_path TO {self.schema}")
                connection.info["schema"] = self.schema
            elif use == "snapshot":
                connection.exec_driver_sql(f"SET LOCAL search_path TO {self.schema}")
                _be_patient(connection)
            elif use == "writing alone":
                lock = f"pg_advisory_xact_lock(hashtextextended('{self.schema}', 0))"
                connection.exec_driver_sql(f"SELECT set_config('search_path', '{self.schema}', true), {lock}")
            elif use == "writing" and connection.info.get("schema") != self.schema:
                connection.exec_driver_sql(f"SET LOCAL search_path TO {self.schema}")
            yield connection
            connection.commit()

    def drop(self) -> None:
        """Delete the schema."""
        with self._opened().begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {self.schema} CASCADE")
        self.close()

    def close(self) -> None:
        """Give the connections back; the last one to do so closes them."""
        with self._lock:
            if self._engine:
                _ENGINES.release(self._url)
                self._engine = None

    def _opened(self) -> "Engine":
        with self._lock:
            if self._engine is None:
                engine = _ENGINES.take(self._url)
                try:
                    _bring_up_to_date(engine, self.schema, self.tables, f"{self.schema} in {self.place[0].lower()}{self.place[1:]}")
                except BaseException:
                    _ENGINES.release(self._url)
                    raise
                self._engine = engine
            return self._engine


class _Engines:
    """The open engines, each with the number of those who use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[URL, tuple[Engine, int]] = {}

    def take(self, url: "URL") -> "Engine":
        """The engine of a URL; whoever takes it releases it."""
        with self._lock:
            engine, users = self._open.get(url) or (_engine(url), 0)
            self._open[url] = (engine, users + 1)
            return engine

    def release(self, url: "URL") -> None:
        """Close it after the last."""
        with self._lock:
            engine, users = self._open.pop(url)
            if users > 1:
                self._open[url] = (engine, users - 1)
            else:
                engine.dispose()


_ENGINES = _Engines()
"""Of the process: a server of many libraries has many schemas, and a database few connections."""


@contextmanager
def taken_engine(url: str) -> "Iterator[tuple[Engine, str]]":
    """The engine of a URL, for what concerns all schemas; also says where it is, for messages. Raises SettingsError for a bad URL."""
    parsed = _parsed(url)
    engine = _ENGINES.take(parsed)
    try:
        yield engine, f"The database {parsed.database} at {_host(parsed)}"
    finally:
        _ENGINES.release(parsed)


def _parsed(url: str) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # it says the URL, in which there is a password
        raise SettingsError(BAD_URL) from None
    if parsed.drivername not in {"postgresql", "postgres", "postgresql+psycopg"} or not parsed.database:
        raise SettingsError(BAD_URL)
    return parsed.set(drivername="postgresql+psycopg")


def _host(url: "URL") -> str:
    hosts = url.query.get("host", "the default host")
    host = url.host or (hosts if isinstance(hosts, str) else ", ".join(hosts))
    return f"{host}:{url.port}" if url.port else host


def _engine(url: "URL") -> "Engine":
    from sqlalchemy import create_engine, event

    settings = " ".join(f"-c {name}={1000 * seconds}" for name, seconds in TIMEOUTS.items())
    usual: dict[str, Any] = {"connect_timeout": SECONDS_TO_CONNECT, "application_name": "footnote", "options": settings, **ALIVE}
    given = {name: value for name, value in usual.items() if name not in url.query}
    try:
        import psycopg  # noqa: F401 - the driver that the engine loads
    except ImportError as error:
        raise SettingsError("RAG_DATABASE_URL needs psycopg: pip install 'footnote[cluster]'.") from error
    engine = create_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=MORE_CONNECTIONS,
        pool_timeout=SECONDS_FOR_A_CONNECTION,
        pool_recycle=SECONDS_UNTIL_RENEWED,
        pool_pre_ping=True,  # the server may have been started again
        pool_use_lifo=True,
        use_native_hstore=False,  # spares a question at the start
        hide_parameters=True,
        connect_args={**given, "prepare_threshold": None},  # tables may change while it runs; poolers between know no prepared statements
    )
    event.listen(engine, "connect", _take_any_text)
    return engine


def _take_any_text(connection: Any, _: object) -> None:
    """Store NUL and halves of surrogates, which PostgreSQL refuses, as U+FFFD: to look for such a text is no error."""
    from psycopg.types.string import StrDumperUnknown

    class AnyText(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            if not obj.isascii() or "\0" in obj:
                obj = obj.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")
            return super().dump(obj)

    connection.adapters.register_dumper(str, AnyText)


def _bring_up_to_date(engine: "Engine", schema: str, tables: Tables, place: str) -> None:
    """Run the revisions that the tables have not had; of several servers one, while the others wait."""
    known = tables.newest
    with engine.connect() as connection:
        if _version(connection, schema, known, place) == known:
            return
    with engine.begin() as connection:
        _be_patient(connection)
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended('footnote migrations', 0))")
        if _version(connection, schema, known, place) < known:
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
            tables.upgrade(connection)


def _be_patient(connection: "Connection") -> None:
    """Give this transaction more time."""
    for name in TIMEOUTS:
        connection.exec_driver_sql(f"SET LOCAL {name} = {1000 * SECONDS_FOR_MUCH}")


def _version(connection: "Connection", schema: str, known: int, place: str) -> int:
    """The version that the tables have; 0 for none."""
    # Not to_regclass: after waiting for the lock, it may remember that another server's tables are not there.
    there = f"SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = '{schema}' AND tablename = 'alembic_version'"
    if connection.exec_driver_sql(there).scalar() is None:
        return 0
    found = connection.exec_driver_sql(f"SELECT version_num FROM {schema}.alembic_version").scalars().all()
    if len(found) != 1 or not str(found[0]).isdecimal():
        raise LibraryDamagedError(f"{place} is damaged: its version is {found!r}. Restore it from a backup.")
    check_version(int(found[0]), known, place)
    return int(found[0])
