"""The file that conversations are kept in: SQLite, one row a turn."""

import errno
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
from rag.retrieving.search import MOST_QUESTION_CHARACTERS
from ui.web import text

log = logging.getLogger(__name__)

SECONDS_TO_WAIT = 1
"""For another program that has the file locked, such as one that backs it up. What it keeps from being written is written later."""

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

MOST_SHOWN_CHARACTERS = 200
"""Of a first question that stands in a list."""

MOST_BODY_CHARACTERS = 4_000_000
"""Of a turn; a longer one is not read into memory."""

TABLES = """
CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', changed REAL NOT NULL);
CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    place INTEGER NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (conversation, place)
) WITHOUT ROWID;
"""
FIRST_QUESTION = f"(SELECT substr(question, 1, {MOST_SHOWN_CHARACTERS}) FROM turns WHERE conversation = c.id ORDER BY place LIMIT 1)"
TURNS = f"""
SELECT id, substr(question, 1, {MOST_QUESTION_CHARACTERS}), '', CASE WHEN length(body) <= {MOST_BODY_CHARACTERS} THEN body ELSE '' END
FROM turns WHERE conversation = ? ORDER BY place
"""
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


class DamagedFileError(StorageError):
    """The file turned out to be damaged."""


class ConversationStore:
    """The open file; not to be used from two threads at once.

    Attributes:
        notice: What became of a file that could not be used, and what to do; "" where all is well.
    """

    def __init__(self, path: Path | None, notice: str = "") -> None:
        """Open the file, or make it; without a path, keep everything in memory.

        Raises:
            sqlite3.Error: It is damaged or cannot be used.
            OSError: It cannot be made.
        """
        self.notice = notice
        self._path = path
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
        """Open the file; one that is damaged is moved aside, and where none can be used, all is kept in memory. The notice says so."""
        try:
            is_emptied = path.is_file() and not path.stat().st_size and not path.with_name(f"{path.name}-wal").exists()
            return cls._begun_anew(path) if is_emptied else cls(path)
        except sqlite3.DatabaseError as error:
            return cls._begun_anew(path) if _is_damage(error) else cls._in_memory(path, error)
        except OSError as error:
            return cls._in_memory(path, error)

    def replaced(self) -> Self:
        """Another store in place of this one, whose file turned out to be damaged; the file is moved aside."""
        self.close()
        return type(self)(None) if self._path is None else self._begun_anew(self._path)

    @classmethod
    def _begun_anew(cls, path: Path) -> Self:
        try:
            aside = _move_aside(path)
            log.warning("%s is damaged. It was moved to %s; conversations begin anew.", path, aside)
            return cls(path, text.CONVERSATIONS_SET_ASIDE.format(name=path.name, aside=aside.name))
        except (OSError, sqlite3.Error) as error:
            return cls._in_memory(path, error)

    @classmethod
    def _in_memory(cls, path: Path, error: OSError | sqlite3.Error) -> Self:
        log.warning("%s cannot be used (%s): conversations are kept until the server stops, and no longer.", path, error)
        return cls(None, text.CONVERSATIONS_NOT_OPENED[_reason(error)].format(name=path.name, error=error))

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
        """A conversation's turns, oldest first, without the words for searching.

        Raises:
            StorageError: The file cannot be read.
        """
        with _translated():
            return [Row(*map(str, values)) for values in self._connection.execute(TURNS, (conversation_id,))]

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
        self._connection.text_factory = lambda data: data.decode("utf-8", "replace")  # half a character must not hide all the others
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
        kind = DamagedFileError if _is_damage(error) else StorageError
        raise kind(f"The conversations cannot be kept: {error}. Free some disk space or check the library folder.") from error


def _is_damage(error: sqlite3.Error) -> bool:
    return _code(error) in DAMAGED


def _code(error: Exception) -> int:
    """SQLite's code of an error, without what it adds to tell where."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _reason(error: OSError | sqlite3.Error) -> str:
    """The key of `text.CONVERSATIONS_NOT_OPENED`."""
    if _code(error) in LOCKED:
        return "locked"
    if isinstance(error, IsADirectoryError):
        return "folder"
    if isinstance(error, PermissionError) or _code(error) in FORBIDDEN or getattr(error, "errno", 0) == errno.EROFS:
        return "forbidden"
    return "other"


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
