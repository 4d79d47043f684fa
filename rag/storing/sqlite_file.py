"""A SQLite file that this process and others use at the same time: one connection, which threads take by turns."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rag.storing.migrations import Tables
from rag.storing.schema import migrate, user_version

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from rag.storing.database import Kind, Use


class SQLiteFile:
    """The file; see `rag.storing.database.Source`. It is read and written through SQLite alone, which loses its locks otherwise."""

    kind: "Kind" = "sqlite"
    schema = None

    def __init__(
        self,
        path: Path | None,
        tables: Tables,
        synchronous: str,
        seconds_to_wait: float,
        prepare: Callable[[sqlite3.Connection], object] | None,
    ) -> None:
        """Without a path it is in memory."""
        self.place = str(path or "The memory of this process")
        self._path = path
        self.tables = tables
        self._synchronous = synchronous
        self._seconds_to_wait = seconds_to_wait
        self._prepare = prepare
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def exists(self) -> bool:
        """Whether there is a file."""
        return self._engine is not None or self._path is None or self._path.exists()

    @contextmanager
    def connection(self, use: "Use") -> "Iterator[Connection]":
        """The connection."""
        with self._lock, self._opened().connect() as connection:
            if use != "reading":
                connection.exec_driver_sql("BEGIN" if use == "snapshot" else "BEGIN IMMEDIATE")  # who writes is always alone
            yield connection
            connection.commit()

    def drop(self) -> None:
        """Close the file and delete it; no other process may have it open."""
        self.close()
        if path := self._path:
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._engine:
                self._engine.dispose()
                self._engine = None

    def _opened(self) -> "Engine":
        if self._engine is None:
            if self._path:
                with suppress(FileExistsError):  # to close one that this process has open would take SQLite's locks from it
                    os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite would make it readable for all
            where = self._path or ":memory:"
            connection = sqlite3.connect(where, timeout=self._seconds_to_wait, check_same_thread=False, isolation_level=None)
            try:
                engine = _engine(connection)
                if self._prepare:
                    self._prepare(connection)
                _bring_up_to_date(connection, engine, self.tables, self._path.name if self._path else self.place)
                connection.execute("PRAGMA foreign_keys = ON")  # not before: a table that is made anew would take others' rows with it
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            except BaseException:
                connection.close()
                raise
            self._engine = engine
        return self._engine


def _engine(connection: sqlite3.Connection) -> "Engine":
    """SQLAlchemy's view of the one connection."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    return create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True)


def _bring_up_to_date(connection: sqlite3.Connection, engine: "Engine", tables: Tables, name: str) -> None:
    """Run the steps of before alembic, which make version 1, then alembic's. `PRAGMA user_version` counts on, so older programs refuse."""
    before = max(0, len(tables.steps) - 1)
    known = before + tables.newest
    migrate(connection, tables.steps, name, known=known)
    if user_version(connection) < known:
        with engine.connect() as upgrading:
            upgrading.exec_driver_sql("BEGIN IMMEDIATE")
            if (version := user_version(connection)) < known:  # else another process was faster
                tables.upgrade(upgrading, max(0, version - before))
                upgrading.exec_driver_sql(f"PRAGMA user_version = {known}")
            upgrading.commit()
