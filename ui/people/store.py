"""The file of people, their sessions and their tokens: SQLite, used by the server and by `rag user` at the same time."""

import hashlib
import os
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rag.errors import RagError, StorageError
from rag.storing.schema import migrate
from ui.people.rights import RIGHT_OF, Right, Role, lower
from ui.people.schema import MIGRATIONS

MOST_NAME_CHARACTERS = 100
LEAST_PASSWORD_CHARACTERS = 12
MOST_PASSWORD_CHARACTERS = 1_000
MOST_TOKENS = 100  # of a person
SESSION_SECONDS = 14 * 86_400.0
MOST_TOKEN_DAYS = 3_650
SECONDS_TO_WAIT = 2  # for another process that writes
HASHES_AT_ONCE = 2  # 64 MiB each

TAKEN = "There is a user {name!r} already."
UNKNOWN = "There is no user {name!r}. `rag user list` names them."
LAST = "{name!r} is the last administrator. Make another one first: `rag user add NAME --role administrator`."
BAD_NAME = f"A name has 1 to {MOST_NAME_CHARACTERS} characters, all of them printable."
BAD_PASSWORD = f"A password has {LEAST_PASSWORD_CHARACTERS} to {MOST_PASSWORD_CHARACTERS:,} characters, and is not the name."
BAD_EXPIRY = f"A token is valid for 1 to {MOST_TOKEN_DAYS:,} days."
TOO_MANY_TOKENS = f"{MOST_TOKENS} tokens are the most that a user can have. Revoke one first."


class PersonError(RagError):
    """A name, a password or a token cannot be as it was wanted."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in; the `id` owns conversations, and never comes again, as a name may."""

    id: str
    name: str
    role: Role

    @property
    def right(self) -> Right:
        """The highest right."""
        return RIGHT_OF[self.role]


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: the secret itself is shown once, and not kept."""

    id: str
    name: str
    scope: Right
    expires: float


class People:
    """Everybody; any thread may use it. Without a file there is nobody, and none is made before somebody is added.

    Each verb raises StorageError where the file cannot be used: who cannot be told is not let in.
    """

    def __init__(self, path: Path, hasher: PasswordHasher | None = None) -> None:
        self._path = path
        self._hasher = hasher or PasswordHasher()
        self._lock = threading.Lock()
        self._hashing = threading.Semaphore(HASHES_AT_ONCE)
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

    def exist(self) -> bool:
        """Whether there is anybody."""
        return bool(self._rows("SELECT 1 FROM people LIMIT 1"))

    def listed(self) -> list[Person]:
        """Everybody, by name."""
        return [Person(*row) for row in self._rows("SELECT id, name, role FROM people ORDER BY key")]

    def find(self, name: str) -> Person:
        """The person with a name; raises PersonError."""
        found = self._rows("SELECT id, name, role FROM people WHERE key = ?", account_key(name))
        if not found:
            raise PersonError(UNKNOWN.format(name=_shortened(name)))
        return Person(*found[0])

    def add(self, name: str, password: str, role: Role, *, only_first: bool = False) -> Person | None:
        """Add a person; None where only the first one was to be added, and there is one. Raises PersonError."""
        name = unicodedata.normalize("NFC", name.strip())
        if not (0 < len(name) <= MOST_NAME_CHARACTERS and name.isprintable()):
            raise PersonError(BAD_NAME)
        person = Person(secrets.token_hex(16), name, role)
        hashed = self._hashed(person, password)
        with self._writing() as connection:
            if only_first and connection.execute("SELECT 1 FROM people").fetchone():
                return None
            if connection.execute("SELECT 1 FROM people WHERE key = ?", (account_key(name),)).fetchone():
                raise PersonError(TAKEN.format(name=name))
            connection.execute("INSERT INTO people VALUES (?, ?, ?, ?, ?)", (person.id, account_key(name), name, role, hashed))
        return person

    def remove(self, name: str) -> Person:
        """Remove a person with all sessions and tokens; raises PersonError, also for the last administrator among others."""
        person = self.find(name)
        with self._writing() as connection:
            _check_last(connection, person)
            connection.execute("DELETE FROM people WHERE id = ?", (person.id,))
        return person

    def set_role(self, name: str, role: Role) -> None:
        """Give a person another role, which counts from the next request on; raises PersonError."""
        person = self.find(name)
        with self._writing() as connection:
            if role != "administrator":
                _check_last(connection, person)
            connection.execute("UPDATE people SET role = ? WHERE id = ?", (role, person.id))

    def set_password(self, person: Person, password: str) -> None:
        """Change a password and end all sessions; raises PersonError."""
        hashed = self._hashed(person, password)
        with self._writing() as connection:
            connection.execute("UPDATE people SET password = ? WHERE id = ?", (hashed, person.id))
            connection.execute("DELETE FROM sessions WHERE person = ?", (person.id,))

    def checked(self, name: str, password: str) -> Person | None:
        """The person with a name and a password. It takes as long for a name that nobody has."""
        found = self._rows("SELECT id, name, role, password FROM people WHERE key = ?", account_key(name))
        nobodys = self._nobodys  # made by whoever comes first, whether or not there is such a person
        *facts, hashed = found[0] if found else ("", "", "reader", nobodys)
        is_short = len(password) <= MOST_PASSWORD_CHARACTERS
        with self._hashing:
            try:
                self._hasher.verify(hashed, _normal(password if is_short else ""))
            except (VerificationError, InvalidHashError):
                return None
        return Person(*facts) if found and is_short else None

    def begin_session(self, person: Person) -> str:
        """The secret of a new session."""
        secret = secrets.token_urlsafe(32)
        with self._writing() as connection:
            connection.execute("DELETE FROM sessions WHERE expires < ?", (time.time(),))
            row = (_hash(secret), person.id, time.time() + SESSION_SECONDS)
            connection.execute("INSERT INTO sessions SELECT ?, id, ? FROM people WHERE id = ?", (row[0], row[2], row[1]))
        return secret

    def of_session(self, secret: str) -> Person | None:
        """Whose session it is; None where it has expired or was ended."""
        sql = "SELECT people.id, name, role FROM sessions JOIN people ON people.id = person WHERE hash = ? AND expires > ?"
        found = self._rows(sql, _hash(secret), time.time()) if secret else []
        return Person(*found[0]) if found else None

    def end_session(self, secret: str) -> None:
        """End a session."""
        with self._writing() as connection:
            connection.execute("DELETE FROM sessions WHERE hash = ?", (_hash(secret),))

    def end_sessions(self, person: Person) -> None:
        """End all sessions of a person."""
        with self._writing() as connection:
            connection.execute("DELETE FROM sessions WHERE person = ?", (person.id,))

    def add_token(self, person: Person, name: str, scope: Right, days: int) -> str:
        """The secret of a new token; raises PersonError."""
        name = name.strip()
        if not (0 < len(name) <= MOST_NAME_CHARACTERS and name.isprintable()):
            raise PersonError(BAD_NAME)
        if not 1 <= days <= MOST_TOKEN_DAYS:
            raise PersonError(BAD_EXPIRY)
        secret = f"fn_{secrets.token_urlsafe(32)}"
        with self._writing() as connection:
            if connection.execute("SELECT count(*) FROM tokens WHERE person = ?", (person.id,)).fetchone()[0] >= MOST_TOKENS:
                raise PersonError(TOO_MANY_TOKENS)
            row = (secrets.token_hex(4), _hash(secret), name, scope, time.time() + days * 86_400.0, person.id)
            connection.execute("INSERT INTO tokens SELECT ?, ?, id, ?, ?, ? FROM people WHERE id = ?", row)
        return secret

    def of_token(self, secret: str) -> tuple[Person, Right] | None:
        """Whose token it is, and what it may do: never more than its person may now. None where it has expired or was revoked."""
        sql = "SELECT people.id, people.name, role, scope FROM tokens JOIN people ON people.id = person WHERE hash = ? AND expires > ?"
        found = self._rows(sql, _hash(secret), time.time())
        if not found:
            return None
        *facts, scope = found[0]
        person = Person(*facts)
        return person, lower(person.right, scope)

    def tokens(self, person: Person) -> list[Token]:
        """A person's tokens, expired ones too."""
        return [Token(*row) for row in self._rows("SELECT id, name, scope, expires FROM tokens WHERE person = ? ORDER BY name", person.id)]

    def revoke(self, person: Person, token_id: str) -> bool:
        """Revoke a person's token; whether there was one."""
        with self._writing() as connection:
            return bool(connection.execute("DELETE FROM tokens WHERE person = ? AND id = ?", (person.id, token_id)).rowcount)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(16))

    def _hashed(self, person: Person, password: str) -> str:
        is_long_enough = LEAST_PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS
        if not is_long_enough or account_key(password) == account_key(person.name):
            raise PersonError(BAD_PASSWORD)
        with self._hashing:
            return self._hasher.hash(_normal(password))

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, _translated(self._path):
            if self._connection is None and not self._path.exists():
                return []
            return self._opened().execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self._path):
            connection = self._opened()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable for all
            connection = sqlite3.connect(self._path, timeout=SECONDS_TO_WAIT, check_same_thread=False, isolation_level=None)
            try:
                migrate(connection, MIGRATIONS, self._path.name)
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA journal_mode = WAL")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _check_last(connection: sqlite3.Connection, person: Person) -> None:
    """Raise PersonError where nobody would administer the others any more."""
    others = [role for (role,) in connection.execute("SELECT role FROM people WHERE id != ?", (person.id,))]
    if others and "administrator" not in others:
        raise PersonError(LAST.format(name=person.name))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path} cannot be used: {error}. Nobody can sign in until it can.") from error


def _normal(words: str) -> bytes:
    """One form of what different keyboards type; half a surrogate, which no keyboard types, stands for itself."""
    return unicodedata.normalize("NFKC", words).encode("utf-8", "surrogatepass")


def account_key(name: str) -> str:
    """What names are compared by, and guesses counted."""
    return unicodedata.normalize("NFKC", name.strip()[: MOST_NAME_CHARACTERS + 1]).casefold().encode("utf-8", "replace").decode()


def _shortened(name: str) -> str:
    return name if len(name) <= MOST_NAME_CHARACTERS else f"{name[:MOST_NAME_CHARACTERS]}…"


def _hash(secret: str) -> str:
    """Of a random secret, which needs no salt and no time."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
