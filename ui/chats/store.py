"""The file of conversations: SQLite, one row a turn, an owner on each row."""

import errno
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from rag.errors import NewerSchemaError, StorageError
from rag.retrieving.search import MOST_QUESTION_CHARACTERS
from rag.storing.schema import migrate
from ui import text
from ui.chats.schema import MIGRATIONS

log = logging.getLogger(__name__)

SECONDS_TO_WAIT = 1  # for another program that has locked the file, such as a backup. What cannot be written meanwhile is written later.
MOST_SHOWN_CHARACTERS = 200  # of a first question that stands in a list
MOST_BODY_CHARACTERS = 4_000_000  # of a turn; a longer one is not read into memory
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

OF_CONVERSATION = "owner = c.owner AND conversation = c.id"
FIRST_QUESTION = f"(SELECT substr(question, 1, {MOST_SHOWN_CHARACTERS}) FROM turns WHERE {OF_CONVERSATION} ORDER BY place LIMIT 1)"
TURNS = f"""
SELECT id, substr(question, 1, {MOST_QUESTION_CHARACTERS}), '', CASE WHEN length(body) <= {MOST_BODY_CHARACTERS} THEN body ELSE '' END
FROM turns WHERE owner = ? AND conversation = ? ORDER BY place
"""
TITLE = f"SELECT title, {FIRST_QUESTION} FROM conversations AS c WHERE owner = ? AND id = ?"
LISTED = f"""
SELECT id, title, {FIRST_QUESTION}, (SELECT count(*) FROM turns WHERE {OF_CONVERSATION}),
       (SELECT link FROM shares WHERE {OF_CONVERSATION})
FROM conversations AS c WHERE owner = ?{{matching}} ORDER BY changed DESC LIMIT ?
"""
MATCHING = f" AND (EXISTS (SELECT 1 FROM turns WHERE {OF_CONVERSATION} AND instr(words, ?)) OR instr(casefolded(title), ?))"


class ConversationKey(NamedTuple):
    """Names a conversation: ids of different owners never meet."""

    owner: str
    id: str


@dataclass(frozen=True, slots=True)
class Row:
    """A turn as it is stored: `words` is what a search looks in, casefolded, `body` the whole turn as JSON."""

    id: str
    question: str
    words: str
    body: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list: its title is its name, else its first question; `turns` counts its questions; `link` shares it."""

    id: str
    title: str
    turns: int
    link: str = ""


class DamagedFileError(StorageError):
    """The file turned out to be damaged."""


class ConversationStore:
    """The open file, for one thread at a time. `notice` says what became of a file that could not be used, and what to do, or is ""."""

    def __init__(self, path: Path | None, notice: str = "") -> None:
        """Open the file; without a path, keep everything in memory. Raises sqlite3.Error where it cannot be used."""
        self.notice = notice
        self._path = path
        self._connection = sqlite3.connect(path or ":memory:", timeout=SECONDS_TO_WAIT, check_same_thread=False)
        try:
            self._prepare()
        except (sqlite3.Error, NewerSchemaError):
            self._connection.close()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file. A damaged one is moved aside; where none can be used, conversations stay in memory. The notice says so."""
        try:
            is_emptied = path.is_file() and not path.stat().st_size and not path.with_name(f"{path.name}-wal").exists()
            return cls._new_file(path) if is_emptied else cls._own(path)
        except sqlite3.DatabaseError as error:
            return cls._new_file(path) if _code(error) in DAMAGED else cls._in_memory(path, error)
        except (OSError, NewerSchemaError) as error:
            return cls._in_memory(path, error)

    def replaced(self) -> Self:
        """A new store in place of this one, whose damaged file is moved aside."""
        self.close()
        return type(self)(None) if self._path is None else self._new_file(self._path)

    @classmethod
    def _own(cls, path: Path, notice: str = "") -> Self:
        """Open or create the file, which this process has not open: to close a file of its own takes SQLite's locks from it."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable for all
        return cls(path, notice)

    @classmethod
    def _new_file(cls, path: Path) -> Self:
        try:
            aside = _move_aside(path)
            log.warning("%s is damaged. It was moved to %s; a new file is started", path, aside)
            return cls._own(path, text.CONVERSATIONS_SET_ASIDE.format(name=path.name, aside=aside.name))
        except (OSError, sqlite3.Error) as error:
            return cls._in_memory(path, error)

    @classmethod
    def _in_memory(cls, path: Path, error: Exception) -> Self:
        log.warning("%s cannot be used (%s): conversations are kept until the server stops, and no longer", path, error)
        return cls(None, text.CONVERSATIONS_NOT_OPENED[_reason(error)].format(name=path.name, error=error))

    # Each of the following raises StorageError where the disk refuses.

    def put(self, key: ConversationKey, place: int, row: Row, turns: int) -> None:
        """Write turn number `place`, from 0, of a conversation that has `turns` of them now; those after them go."""
        with _translated(), self._connection as connection:
            connection.execute(
                "INSERT INTO conversations (owner, id, changed) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET changed = excluded.changed",
                (*key, time.time()),
            )
            connection.execute("DELETE FROM turns WHERE owner = ? AND conversation = ? AND place >= ?", (*key, turns))
            values = (*key, place, row.id, row.question, row.words, row.body)
            connection.execute("INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def rename(self, key: ConversationKey, title: str) -> None:
        """Name a conversation; "" removes its name."""
        with _translated(), self._connection as connection:
            connection.execute("UPDATE conversations SET title = ? WHERE owner = ? AND id = ?", (title, *key))

    def delete(self, keys: Iterable[ConversationKey]) -> None:
        """Delete conversations and overwrite their words in the file."""
        with _translated(), self._connection as connection:
            connection.executemany("DELETE FROM conversations WHERE owner = ? AND id = ?", keys)
        with _translated():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def keys(self, owner: str) -> list[ConversationKey]:
        """An owner's conversations."""
        with _translated():
            rows = self._connection.execute("SELECT owner, id FROM conversations WHERE owner = ? ORDER BY changed", (owner,))
            return [ConversationKey(*row) for row in rows]

    def unchanged(self, since: float) -> list[ConversationKey]:
        """The conversations, of all owners, that nobody has changed since a time in seconds."""
        with _translated():
            return [
                ConversationKey(*row) for row in self._connection.execute("SELECT owner, id FROM conversations WHERE changed < ?", (since,))
            ]

    def share(self, key: ConversationKey, link: str) -> str:
        """The link to a conversation, this one where there is none yet; "" where the conversation is not in the file."""
        with _translated(), self._connection as connection:
            connection.execute(
                "INSERT OR IGNORE INTO shares SELECT ?, owner, id FROM conversations WHERE owner = ? AND id = ?", (link, *key)
            )
            row = connection.execute("SELECT link FROM shares WHERE owner = ? AND conversation = ?", key).fetchone()
            return str(row[0]) if row else ""

    def unshare(self, key: ConversationKey) -> None:
        """Take the link back."""
        with _translated(), self._connection as connection:
            connection.execute("DELETE FROM shares WHERE owner = ? AND conversation = ?", key)

    def shared(self, link: str) -> ConversationKey | None:
        """The conversation that a link leads to."""
        with _translated():
            row = self._connection.execute("SELECT owner, conversation FROM shares WHERE link = ?", (link,)).fetchone()
            return ConversationKey(*row) if row else None

    def rows(self, key: ConversationKey) -> list[Row]:
        """A conversation's turns, oldest first, without the words for searching."""
        with _translated():
            return [Row(*map(str, values)) for values in self._connection.execute(TURNS, key)]

    def listed(self, owner: str, words: list[str], most: int) -> list[Summary]:
        """An owner's conversations with all of these words, casefolded, in their titles, questions or answers; the last changed first."""
        parameters = [owner, *(word for word in words for _ in range(2)), most]
        with _translated():
            rows = self._connection.execute(LISTED.format(matching=MATCHING * len(words)), parameters)
            return [Summary(one, title or question or "", turns, link or "") for one, title, question, turns, link in rows]

    def title(self, key: ConversationKey) -> str:
        """A conversation's name, else its first question; "" where there is none."""
        with _translated():
            row = self._connection.execute(TITLE, key).fetchone()
            return next(filter(None, row or ()), "")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        connection = self._connection
        connection.text_factory = lambda data: data.decode("utf-8", "replace")  # half a character must not hide all the others
        connection.create_function("casefolded", 1, str.casefold, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            error = sqlite3.DatabaseError(state)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        migrate(connection, MIGRATIONS, self._path.name if self._path else "memory")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        kind = DamagedFileError if _code(error) in DAMAGED else StorageError
        raise kind(f"Conversations cannot be saved: {error}. Free some disk space or check the library folder.") from error


def _code(error: Exception) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _reason(error: Exception) -> str:
    """The key of `text.CONVERSATIONS_NOT_OPENED`."""
    if isinstance(error, NewerSchemaError):
        return "newer"
    if _code(error) in LOCKED:
        return "locked"
    if isinstance(error, IsADirectoryError):
        return "folder"
    if isinstance(error, PermissionError) or _code(error) in FORBIDDEN or getattr(error, "errno", 0) == errno.EROFS:
        return "forbidden"
    return "other"


def _move_aside(path: Path) -> Path:
    """Rename a damaged file and what SQLite keeps beside it; returns the file's new path."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    for end in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + end)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + end))
    return aside
