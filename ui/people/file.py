"""The file of people: SQLite, used by the server and by the command line at the same time. Each noun in it has a module of its own."""

import hashlib
import os
import sqlite3
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ClassVar, Self

from rag.errors import RagError, StorageError
from rag.storing.schema import Migration, migrate
from ui.people.schema import MIGRATIONS

MOST_NAME_CHARACTERS = 100
SECONDS_TO_WAIT = 2  # for another process that writes

HAS_CHANGED = ContextVar("has_changed", default=False)
"""Whether a verb has changed anything: what records changes sets it to False before."""

BAD_NAME = f"A name has 1 to {MOST_NAME_CHARACTERS} characters, all of them printable."


class PersonError(RagError):
    """A name, a password, a token, a group, a library or a right cannot be as it was wanted."""


class PeopleFile:
    """The file itself; any thread may use it. Without a file there is nobody, and none is made before something is added.

    Each verb raises StorageError where the file cannot be used: who cannot be told is not let in.
    """

    migrations: ClassVar[Sequence[Migration]] = MIGRATIONS
    synchronous: ClassVar[str] = "FULL"  # no power cut brings back what was taken away
    until_then: ClassVar[str] = "Nobody can sign in until it can."

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self._lock, self._translated():
            if self._connection is None and not self._path.exists():
                return []
            return self._opened().execute(sql, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        with self._lock, self._translated():
            connection = self._opened()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                before = connection.total_changes
                yield connection
            if connection.total_changes > before:
                HAS_CHANGED.set(True)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            with suppress(FileExistsError):  # to close one that this process has open would take SQLite's locks from it
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite would make it readable for all
            connection = sqlite3.connect(self._path, timeout=SECONDS_TO_WAIT, check_same_thread=False, isolation_level=None)
            try:
                migrate(connection, self.migrations, self._path.name)
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA synchronous = {self.synchronous}")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"{self._path} cannot be used: {error}. {self.until_then}") from error


def checked_name(name: str) -> str:
    """A name as it is stored; raises PersonError."""
    name = unicodedata.normalize("NFC", name.strip())
    if not (0 < len(name) <= MOST_NAME_CHARACTERS and name.isprintable()):
        raise PersonError(BAD_NAME)
    return name


def account_key(name: str) -> str:
    """What names are compared by, and guesses counted."""
    return unicodedata.normalize("NFKC", name.strip()[: MOST_NAME_CHARACTERS + 1]).casefold().encode("utf-8", "replace").decode()


def shortened(name: str) -> str:
    """A name as a message has it."""
    return name if len(name) <= MOST_NAME_CHARACTERS else f"{name[:MOST_NAME_CHARACTERS]}…"


def hash_of(secret: str) -> str:
    """Of a random secret, which needs no salt and no time."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
