"""The stored conversations: a row a turn, an owner on each row; in a SQLite file, or in the database that the servers of a cluster share.

A conversation has a version that each writing of a turn raises, so that a server sees what another one wrote. A turn that grows has a time
until which its server wants to be heard of again; after that it counts as stopped. All times are the database's.
"""

import logging
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from rag.errors import StorageError
from rag.retrieving.search import MOST_QUESTION_CHARACTERS
from rag.storing.database import DamagedDatabaseError, Database, now, sql
from rag.storing.places import Places
from ui import text
from ui.chats import CONVERSATIONS_FILE
from ui.chats.damage import is_emptied, move_aside, reason, root_of

log = logging.getLogger(__name__)

TABLES = "conversations"
NOT_SAVED = "Conversations cannot be saved. Free some disk space or check the library folder."
SECONDS_TO_WAIT = 1  # for another program that has locked the file, such as a backup. What cannot be written meanwhile is written later.
SECONDS_ALIVE = 15.0  # after which a growing turn counts as stopped, unless its server was heard of
MOST_SHOWN_CHARACTERS = 200  # of a first question that stands in a list
MOST_BODY_CHARACTERS = 4_000_000  # of a turn; a longer one is not read into memory

ITS_TURNS = "owner = :owner AND conversation = :id"
OF_CONVERSATION = "owner = c.owner AND conversation = c.id"
FIRST_QUESTION = f"(SELECT substr(question, 1, {MOST_SHOWN_CHARACTERS}) FROM turns WHERE {OF_CONVERSATION} ORDER BY place LIMIT 1)"
TURNS = f"""
SELECT id, substr(question, 1, {MOST_QUESTION_CHARACTERS}), CASE WHEN length(body) <= {MOST_BODY_CHARACTERS} THEN body ELSE '' END,
       growing_until - :now
FROM turns WHERE {ITS_TURNS} ORDER BY place
"""
TITLE = f"SELECT title, {FIRST_QUESTION} FROM conversations AS c WHERE owner = :owner AND id = :id"
LISTED = f"""
SELECT id, title, {FIRST_QUESTION}, (SELECT count(*) FROM turns WHERE {OF_CONVERSATION}),
       (SELECT link FROM shares WHERE {OF_CONVERSATION})
FROM conversations AS c WHERE owner = :owner{{matching}} ORDER BY changed DESC LIMIT :most
"""
MATCHING = f"""
 AND (EXISTS (SELECT 1 FROM turns WHERE {OF_CONVERSATION} AND words LIKE {{word}} ESCAPE '!') OR title_words LIKE {{word}} ESCAPE '!')
"""
CHANGED = "UPDATE conversations SET changed = :now, version = version + 1 WHERE owner = :owner AND id = :id RETURNING version"
BEGUN = """
INSERT INTO conversations (owner, id, changed, version) VALUES (:owner, :id, :now, 1)
ON CONFLICT (owner, id) DO UPDATE SET changed = excluded.changed, version = conversations.version + 1 RETURNING version
"""
REWRITTEN = f"""
UPDATE turns SET question = :question, words = :words, body = :body, growing_until = :until WHERE {ITS_TURNS} AND id = :turn
"""
ADDED = f"""
INSERT INTO turns (owner, conversation, place, id, question, words, body, growing_until)
VALUES (:owner, :id, (SELECT coalesce(max(place) + 1, 0) FROM turns WHERE {ITS_TURNS}), :turn, :question, :words, :body, :until)
"""
STILL_GROWING = " AND growing_until IS NOT NULL"
TOUCHED = f"UPDATE turns SET growing_until = :until WHERE {ITS_TURNS} AND id = :turn{STILL_GROWING}"
SHARED = """
INSERT INTO shares (link, owner, conversation) SELECT :link, owner, id FROM conversations WHERE owner = :owner AND id = :id
ON CONFLICT DO NOTHING
"""

How = Literal["new", "again", "grown"]
"""How a turn is written: for the first time, behind the others; in the place that it has; or so unless it has been ended elsewhere."""


class ConversationKey(NamedTuple):
    """Names a conversation: ids of different owners never meet."""

    owner: str
    id: str


@dataclass(frozen=True, slots=True)
class Row:
    """A turn as it is stored.

    Attributes:
        id: Of the turn.
        question: As it was asked.
        words: What a search looks in, casefolded.
        body: The whole turn as JSON.
        seconds_left: Until a growing turn counts as stopped; None for one that has ended.
    """

    id: str
    question: str
    words: str
    body: str
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list: its title is its name, else its first question; `turns` counts its questions; `link` shares it."""

    id: str
    title: str
    turns: int
    link: str = ""


class ConversationStore:
    """Conversations in a database. `notice` says what became of a file that could not be used, and what to do, or is ""."""

    def __init__(self, database: Database, *, path: Path | None = None, notice: str = "", is_shared: bool = False) -> None:
        """Use a database, whose file is at `path`; other servers use it at the same time where it `is_shared`."""
        self.notice = notice
        self.is_shared = is_shared
        self._database = database
        self._path = path

    @classmethod
    def of(cls, places: Places) -> Self:
        """The conversations of a library, wherever they are."""
        return cls(places.database(TABLES), is_shared=True) if places.are_shared else cls.open(places.folder / CONVERSATIONS_FILE)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file. A damaged one is moved aside; where none can be used, conversations stay in memory. The notice says so."""
        try:
            return cls._new_file(path) if is_emptied(path) else cls.at(path)
        except (OSError, StorageError) as error:
            return cls._new_file(path) if isinstance(error, DamagedDatabaseError) else cls._in_memory(path, error)

    @classmethod
    def at(cls, path: Path, notice: str = "") -> Self:
        """Open a file, or make one. Raises StorageError where it cannot be used."""
        options: dict[str, Any] = {"synchronous": "NORMAL", "seconds_to_wait": SECONDS_TO_WAIT, "consequence": NOT_SAVED}
        database = Database.file(path, TABLES, prepare=_prepare, **options)
        with database.reading():
            return cls(database, path=path, notice=notice)

    @classmethod
    def in_memory(cls, notice: str = "") -> Self:
        """Conversations that last as long as this object."""
        return cls(Database.memory(TABLES, prepare=_prepare), notice=notice)

    def replaced(self) -> Self:
        """A new store in place of this one, whose damaged file is moved aside."""
        self.close()
        return type(self).in_memory() if self._path is None else self._new_file(self._path)

    @classmethod
    def _new_file(cls, path: Path) -> Self:
        try:
            aside = move_aside(path)
            log.warning("%s is damaged. It was moved to %s; a new file is started", path, aside)
            return cls.at(path, text.CONVERSATIONS_SET_ASIDE.format(name=path.name, aside=aside.name))
        except (OSError, StorageError) as error:
            return cls._in_memory(path, error)

    @classmethod
    def _in_memory(cls, path: Path, error: Exception) -> Self:
        log.warning("%s cannot be used (%s): conversations are kept until the server stops, and no longer", path, error)
        return cls.in_memory(text.CONVERSATIONS_NOT_OPENED[reason(path, error)].format(name=path.name, error=root_of(error)))

    # Each of the following raises StorageError where the disk or the server refuses.

    def put(self, key: ConversationKey, row: Row, *, gone: Sequence[str] = (), how: How = "new") -> int | None:
        """Write a turn; the turns with the ids in `gone` go.

        Returns the version that its conversation has now; None where nothing was written: the turn or its conversation is gone, or it was
        ended elsewhere.
        """
        with self._database.writing() as connection:
            seconds = now(connection)
            names: dict[str, Any] = {**key._asdict(), "now": seconds, "turn": row.id}
            version: int | None = connection.execute(sql(BEGUN if how == "new" else CHANGED), names).scalar()
            if version is None:
                return None
            if gone:
                connection.execute(sql(f"DELETE FROM turns WHERE {ITS_TURNS} AND id = :turn"), [{**names, "turn": each} for each in gone])
            until = seconds + row.seconds_left if self.is_shared and row.seconds_left is not None else None
            values = {**names, "question": row.question, "words": row.words, "body": row.body, "until": until}
            is_there = connection.execute(sql(REWRITTEN + STILL_GROWING * (how == "grown")), values).rowcount
            if not is_there and how == "new":
                connection.execute(sql(ADDED), values)
            return version if is_there or how == "new" else None

    def touch(self, key: ConversationKey, turn_id: str) -> bool:
        """Say that a turn still grows; whether that is so in the store."""
        with self._database.writing() as connection:
            values = {**key._asdict(), "turn": turn_id, "until": now(connection) + SECONDS_ALIVE}
            return connection.execute(sql(TOUCHED), values).rowcount > 0

    def version(self, key: ConversationKey) -> int | None:
        """What differs after each writing of a turn; None for a conversation that is not there."""
        found: int | None = self._one("SELECT version FROM conversations WHERE owner = :owner AND id = :id", **key._asdict())
        return found

    def rename(self, key: ConversationKey, title: str) -> None:
        """Name a conversation; "" removes its name."""
        words = unicodedata.normalize("NFKC", title).casefold()
        with self._database.writing() as connection:
            statement = "UPDATE conversations SET title = :title, title_words = :words WHERE owner = :owner AND id = :id"
            connection.execute(sql(statement), {**key._asdict(), "title": title, "words": words})

    def delete(self, keys: Iterable[ConversationKey]) -> None:
        """Delete conversations and overwrite their words in the file."""
        if not (values := [key._asdict() for key in keys]):
            return
        with self._database.writing() as connection:
            connection.execute(sql("DELETE FROM conversations WHERE owner = :owner AND id = :id"), values)
        if self._database.kind == "sqlite":
            self._one("PRAGMA wal_checkpoint(TRUNCATE)")

    def keys(self, owner: str) -> list[ConversationKey]:
        """An owner's conversations."""
        return self._keys("owner = :owner ORDER BY changed", owner=owner)

    def unchanged(self, since: float) -> list[ConversationKey]:
        """The conversations, of all owners, that nobody has changed since a time in seconds."""
        return self._keys("changed < :since", since=since)

    def share(self, key: ConversationKey, link: str) -> str:
        """The link to a conversation, this one where there is none yet; "" where the conversation is not in the store."""
        with self._database.writing() as connection:
            connection.execute(sql(SHARED), {**key._asdict(), "link": link})
            found = connection.execute(sql(f"SELECT link FROM shares WHERE {ITS_TURNS}"), key._asdict()).scalar()
            return str(found or "")

    def unshare(self, key: ConversationKey) -> None:
        """Take the link back."""
        with self._database.writing() as connection:
            connection.execute(sql(f"DELETE FROM shares WHERE {ITS_TURNS}"), key._asdict())

    def shared(self, link: str) -> ConversationKey | None:
        """The conversation that a link leads to."""
        rows = self._rows("SELECT owner, conversation FROM shares WHERE link = :link", link=link)
        return ConversationKey(*rows[0]) if rows else None

    def rows(self, key: ConversationKey) -> list[Row]:
        """A conversation's turns, oldest first, without the words for searching."""
        with self._database.reading() as connection:
            found = connection.execute(sql(TURNS), {**key._asdict(), "now": now(connection)})
            return [Row(str(id_), str(question), "", str(body), left) for id_, question, body, left in found]

    def listed(self, owner: str, words: list[str], most: int) -> list[Summary]:
        """An owner's conversations with all of these words, casefolded, in their titles, questions or answers; the last changed first."""
        patterns = {f"word{number}": f"%{_escaped(word)}%" for number, word in enumerate(words)}
        matching = "".join(MATCHING.format(word=f":{name}") for name in patterns)
        rows = self._rows(LISTED.format(matching=matching), owner=owner, most=most, **patterns)
        return [Summary(one, title or question or "", turns, link or "") for one, title, question, turns, link in rows]

    def title(self, key: ConversationKey) -> str:
        """A conversation's name, else its first question; "" where there is none."""
        rows = self._rows(TITLE, **key._asdict())
        return next((str(each) for each in rows[0] if each), "") if rows else ""

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _rows(self, statement: str, **values: Any) -> Sequence[Any]:
        with self._database.reading() as connection:
            return connection.execute(sql(statement), values).all()

    def _one(self, statement: str, **values: Any) -> Any:
        return next((row[0] for row in self._rows(statement, **values)), None)

    def _keys(self, condition: str, **values: Any) -> list[ConversationKey]:
        return [ConversationKey(*row) for row in self._rows(f"SELECT owner, id FROM conversations WHERE {condition}", **values)]


def _escaped(word: str) -> str:
    """A word that stands for itself in a pattern."""
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _prepare(connection: sqlite3.Connection) -> None:
    connection.text_factory = lambda data: data.decode("utf-8", "replace")  # half a character must not hide all the others
    (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        error = sqlite3.DatabaseError(state)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
