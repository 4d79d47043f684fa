"""A question with its answer: a value, and the row it is stored as."""

import json
import logging
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from rag.types import Answer, ChunkKey
from ui import text
from ui.chats.filtering import EVERYWHERE, AskedFilter, words_of
from ui.chats.store import SECONDS_ALIVE, Row

log = logging.getLogger(__name__)

Vote = Literal["", "up", "down"]


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """A document that a question was asked about: its id at that time, and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as typed, with as much of its answer as has arrived.

    It is about the `documents` or, selected on the map, the `passages`; about the whole library where there are none; the `filters`
    limit it. `place` is that in the queue while it waits, 1 for the next one. `problem` says why it failed and what to do, `note` is the
    reader's reason for the `vote`.
    """

    id: str
    question: str
    answer: Answer | None = None
    state: Literal["growing", "done", "stopped", "failed"] = "growing"
    place: int = 0
    problem: str = ""
    documents: tuple[AskedDocument, ...] = ()
    filters: tuple[AskedFilter, ...] = ()
    passages: tuple[ChunkKey, ...] = ()
    vote: Vote = ""
    note: str = ""


_TURN = TypeAdapter(Turn)


def to_row(turn: Turn) -> Row:
    """The row of a turn."""
    words = f"{turn.question}\n{turn.answer.text if turn.answer else ''}"
    body = json.dumps(_TURN.dump_python(turn), ensure_ascii=False)
    left = SECONDS_ALIVE if turn.state == "growing" else None
    return Row(turn.id, valid(turn.question), searchable(words), valid(body), left)


def from_row(row: Row) -> Turn:
    """The turn of a row. One that grew when its server ended is stopped; one that cannot be read says so."""
    try:
        turn = _TURN.validate_python(json.loads(row.body))
    except (ValueError, ValidationError, TypeError, RecursionError) as error:
        log.warning("turn %s cannot be read: %s", row.id, error)
        return Turn(row.id, row.question, state="failed", problem=text.UNREADABLE_TURN)
    is_growing = row.seconds_left is not None and row.seconds_left > 0  # on another server
    return replace(turn, state="stopped") if turn.state == "growing" and not is_growing else turn


def scope_words(turn: Turn) -> str:
    """What a question was asked about; "" for the whole library."""
    if turn.passages:
        return text.ASKED_PASSAGES[len(turn.passages) != 1].format(count=len(turn.passages))
    names = [document.name for document in turn.documents] + [words_of(each) for each in turn.filters if each.name != EVERYWHERE]
    return text.ASKED_ABOUT.format(names=", ".join(names)) if names else ""


def searchable(words: str) -> str:
    """Words as a search compares them: casefolded, and the same however they were typed."""
    return unicodedata.normalize("NFKC", valid(words)).casefold()


def valid(words: str) -> str:
    """As databases can store them: half a character of a broken answer cannot be, nor can NUL."""
    return words.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
