"""The tables of people, used by servers and by the command line at the same time. Each noun in them has a module of its own."""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rag.errors import RagError
from rag.storing.database import Database, sql
from rag.storing.places import database_file

if TYPE_CHECKING:
    from rag.storing.database import Connection

MOST_NAME_CHARACTERS = 100

HAS_CHANGED = ContextVar("has_changed", default=False)
"""Whether a verb has changed anything: what records changes sets it to False before."""

BAD_NAME = f"A name has 1 to {MOST_NAME_CHARACTERS} characters, all of them printable."


class PersonError(RagError):
    """A name, a password, a token, a group, a library or a right cannot be as it was wanted."""


class Writing:
    """One transaction; it counts the rows that it changed."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.changed = 0

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return _tuples(self._connection, statement, values)

    def change(self, statement: str, **values: Any) -> int:
        """Change rows, and count them."""
        count = self._connection.execute(sql(statement), values).rowcount
        self.changed += count
        return count

    def change_each(self, statement: str, each: Sequence[Mapping[str, Any]]) -> None:
        """Change rows with each of these values."""
        if each:
            self.changed += self._connection.execute(sql(statement), each).rowcount


class PeopleFile:
    """The tables, in a SQLite file or a shared database; any thread may use them. Without a file there is nobody.

    None is made before something is added. Each verb raises StorageError where the file cannot be used: who cannot be told is not let in.
    """

    noun: ClassVar[str] = "people"
    alone: ClassVar[bool] = True  # who writes: what a transaction has read still holds when it writes

    def __init__(self, where: Path | Database) -> None:
        """In a SQLite file, or a database of this `noun`, which is closed with it."""
        self._database = where if isinstance(where, Database) else database_file(where, self.noun)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def is_shared(self) -> bool:
        """Whether other servers use the same tables: then a verb may take seconds, where the database is not reached at once."""
        return self._database.is_shared

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        if not self._database.exists():
            return []
        with self._database.reading() as connection:
            return _tuples(connection, statement, values)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction."""
        with self._database.writing(alone=self.alone) as connection:
            writing = Writing(connection)
            yield writing
        if writing.changed:
            HAS_CHANGED.set(True)


def _tuples(connection: "Connection", statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(sql(statement), values)]


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
