"""The file that conversations are kept in: SQLite, one row a turn."""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rag.errors import StorageError

log = logging.getLogger(__name__)

SECONDS_TO_WAIT = 5
"""For another program that has the file locked, such as one that backs it up."""

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

TABLES = """
CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', changed REAL NOT NULL);
CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    place INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (conversation, place)
) WITHOUT ROWID;
"""
FIRST_QUESTION = "(SELECT question FROM turns WHERE conversation = c.id ORDER BY place LIMIT 1)"
NAMED = f"SELECT title, {FIRST_QUESTION} FROM conversations AS c WHERE id = ?"
LISTED = f"""
SELECT id, title, {FIRST_QUESTION}, (SELECT count(*) FROM turns WHERE conversation = c.id)
FROM conversations AS c WHERE {{found}} ORDER BY changed DESC LIMIT ?
"""
FOUND = "EXISTS (SELECT 1 FROM turns WHERE conversation = c.id AND instr(words, ?)) OR instr(casefolded(title), ?)"


@dataclass(frozen=True, slots=True)
class Row:
    """A turn as it is kept.

    Attributes:
        id: Names the turn within its conversation.
        question: What was asked.
        words: What a search looks in, casefolded.
        body: The whole turn, as JSON.
    """

    id: str
    question: str
    words: str
    body: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation, as a list shows it.

    Attributes:
        id: Names it.
        title: The name it was given, else its first question.
        turns: How many questions it has.
    """

    id: str
    title: str
    turns: int


class ConversationStore:
    """The open file; not to be used from two threads at once."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or make it; without a path, keep everything in memory.

        Raises:
            sqlite3.Error: It is damaged or cannot be used.
            OSError: It cannot be made.
        """
        if path:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable for all
        self._connection = sqlite3.connect(path or ":memory:", timeout=SECONDS_TO_WAIT, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.Error:
            self._connection.close()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file; one that is damaged is moved aside, and where none can be used, all is kept in memory. The log says so."""
        try:
            try:
                return cls(path)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode not in DAMAGED:
                    raise
                log.warning("%s is damaged (%s). It was moved to %s; conversations begin anew.", path, error, _move_aside(path))
                return cls(path)
        except (OSError, sqlite3.Error) as error:
            log.warning("%s cannot be used (%s): conversations are kept until the server stops, and no longer.", path, error)
            return cls(None)

    def put(self, conversation_id: str, place: int, row: Row, turns: int) -> None:
        """Write a turn, and say that its conversation has changed.

        Args:
            conversation_id: Its conversation, which is made where it is not there.
            place: Where the turn stands in it, counted from 0.
            row: The turn.
            turns: How many the conversation has now; what stands after them is deleted.

        Raises:
            StorageError: The disk refused.
        """
        changed = time.time()
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO conversations (id, changed) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET changed = ?",
                (conversation_id, changed, changed),
            )
            connection.execute("DELETE FROM turns WHERE conversation = ? AND place >= ?", (conversation_id, turns))
            connection.execute(
                "INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?, ?)",
                (conversation_id, place, row.id, row.question, row.words, row.body),
            )

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation a name; "" takes it away.

        Raises:
            StorageError: The disk refused.
        """
        with self._writing() as connection:
            connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (title, conversation_id))

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation; its words are overwritten in the file.

        Raises:
            StorageError: The disk refused.
        """
        with self._writing() as connection:
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
        with _translated():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, conversation_id: str) -> list[Row]:
        """A conversation's turns, oldest first.

        Raises:
            StorageError: The file cannot be read.
        """
        with _translated():
            found = self._connection.execute(
                "SELECT id, question, words, body FROM turns WHERE conversation = ? ORDER BY place", (conversation_id,)
            )
            return [Row(*values) for values in found]

    def listed(self, words: list[str], most: int) -> list[Summary]:
        """The conversations that have all of these words, casefolded, in their names, questions or answers; the last changed first.

        Raises:
            StorageError: The file cannot be read.
        """
        found = " AND ".join([f"({FOUND})"] * len(words)) or "TRUE"
        with _translated():
            rows = self._connection.execute(LISTED.format(found=found), [*(word for word in words for _ in range(2)), most])
            return [Summary(conversation_id, title or question or "", turns) for conversation_id, title, question, turns in rows]

    def title(self, conversation_id: str) -> str:
        """The name a conversation was given, else its first question; "" where there is none.

        Raises:
            StorageError: The file cannot be read.
        """
        with _translated():
            row = self._connection.execute(NAMED, (conversation_id,)).fetchone()
            return next(filter(None, row or ()), "")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        self._connection.create_function("casefolded", 1, str.casefold, deterministic=True)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        (state,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            error = sqlite3.DatabaseError(state)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        self._connection.executescript(TABLES)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _translated(), self._connection:
            yield self._connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"The conversations cannot be kept: {error}. Free some space, or see to the library's folder.") from error


def _move_aside(path: Path) -> Path:
    """Rename a damaged file, and what SQLite keeps beside it; the file's new name."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    for end in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + end)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + end))
    return aside
