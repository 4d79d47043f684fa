"""What was said, kept on the server; the browser holds a conversation's id and nothing else."""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from rag.errors import StorageError
from rag.types import ChunkKey, Citation, Message
from ui.chats.store import ConversationStore, DamagedFileError, Summary
from ui.chats.turns import AskedDocument, Turn, Vote, from_row, searchable, to_row, valid
from ui.web import text
from ui.web.limits import MOST_NAME_CHARACTERS, MOST_SEARCH_CHARACTERS, MOST_TURNS, ConversationFullError, limited

__all__ = ["AskedDocument", "Conversations", "Turn", "Vote"]

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_OPEN = 100
"""Conversations kept in memory besides the file; the least recently used goes first."""

MOST_OPEN_TURNS = 2_000
"""In all of them."""

MOST_LISTED = 200


class Conversations:
    """Turns by conversation; used from several threads and tasks.

    A turn is written to the file when it begins and when it ends. What the disk refuses stays in memory, and is written when it can be.
    """

    def __init__(self, store: ConversationStore | None = None) -> None:
        """Keep them in `store`; without one they last as long as this object."""
        self._store = store or ConversationStore(None)
        self._lock = threading.RLock()
        self._open: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()
        self._unwritten: dict[tuple[str, str], None] = {}
        self._problem = ""

    @property
    def notice(self) -> str:
        """What became of a file of conversations that could not be used, and what to do; "" where all is well."""
        return self._store.notice

    @property
    def problem(self) -> str:
        """Why the last turn could not be written, and what to do; "" where all is."""
        return self._problem

    def resume(self, conversation_id: str | None) -> str:
        """The id itself where it is known, else that of a new conversation, which is kept from its first question on."""
        with self._lock:
            if conversation_id is not None and self._turns(conversation_id) is not None:
                return conversation_id
            new = secrets.token_urlsafe(16)
            self._remember(new, ())
            return new

    def turns(self, conversation_id: str) -> tuple[Turn, ...]:
        """The turns so far, oldest first; none for an id that is not known."""
        with self._lock:
            return self._turns(conversation_id) or ()

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        """One turn, or None where it is not there."""
        return next((turn for turn in self.turns(conversation_id) if turn.id == turn_id), None)

    def listed(self, query: str = "") -> list[Summary]:
        """The conversations that have all words of `query` in their names, questions or answers; the last changed first.

        Raises:
            StorageError: The file cannot be read.
            TextTooLongError: The query is too long.
        """
        words = searchable(limited(query, MOST_SEARCH_CHARACTERS, text.SEARCH)).split()
        with self._lock:
            return self._used(lambda store: store.listed(words, MOST_LISTED))

    def title(self, conversation_id: str) -> str:
        """The name a conversation was given, else its first question; "" for an id that is not known.

        Raises:
            StorageError: The file cannot be read.
        """
        with self._lock:
            return self._used(lambda store: store.title(conversation_id))

    def begin(
        self,
        conversation_id: str,
        question: str,
        documents: tuple[AskedDocument, ...] = (),
        instead_of: str = "",
        passages: tuple[ChunkKey, ...] = (),
    ) -> Turn:
        """Add a turn.

        Args:
            conversation_id: From `resume`.
            question: What was asked.
            documents: What it is asked about; the whole library if none is given.
            instead_of: A turn's id: it goes, and those after it.
            passages: The chunks it is asked about; all if none is given.

        Raises:
            KeyError: The conversation's id did not come from `resume`, or is no longer kept.
            ConversationFullError: It has `MOST_TURNS`.
        """
        turn = Turn(secrets.token_hex(4), question, documents=documents, passages=passages)
        with self._lock:
            turns = self._turns(conversation_id)
            if turns is None:
                raise KeyError(conversation_id)
            place = next((place for place, old in enumerate(turns) if old.id == instead_of), len(turns))
            if place >= MOST_TURNS:
                raise ConversationFullError(text.CONVERSATION_FULL.format(count=MOST_TURNS))
            self._remember(conversation_id, (*turns[:place], turn))
            self._write(conversation_id, turn.id)
        return turn

    def update(self, conversation_id: str, turn: Turn) -> bool:
        """Put a turn's new state in place of the old one.

        Returns:
            Whether it still grew until now; if not, it has ended or is gone, and nothing was changed.
        """
        return self._change(conversation_id, lambda old: turn if old.id == turn.id and old.state == "growing" else old)

    def stop(self, conversation_id: str, turn_id: str | None = None) -> None:
        """End a turn that still grows, or all that do; what they said so far stays."""

        def stopped(turn: Turn) -> Turn:
            return replace(turn, state="stopped") if turn.state == "growing" and turn_id in {None, turn.id} else turn

        self._change(conversation_id, stopped)

    def rate(self, conversation_id: str, turn_id: str, vote: Vote, note: str) -> None:
        """Keep what the reader thinks of an answer; a turn that is gone has no opinion."""
        self._change(conversation_id, lambda turn: replace(turn, vote=vote, note=valid(note)) if turn.id == turn_id else turn)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation a name; without words in it, its first question names it again.

        Raises:
            StorageError: The disk refused.
            TextTooLongError: The name is too long.
        """
        name = " ".join(valid(limited(title, MOST_NAME_CHARACTERS, text.NAME)).split())
        with self._lock:
            self._used(lambda store: store.rename(conversation_id, name))

    def delete(self, conversation_id: str) -> None:
        """Forget a conversation; what grows in it ends at its next word.

        Raises:
            StorageError: The disk refused; the conversation is still there.
        """
        with self._lock:
            deleted = self._open.pop(conversation_id, ())
            try:
                self._used(lambda store: store.delete(conversation_id))
            except StorageError:
                self._remember(conversation_id, deleted)
                raise

    def citation(self, conversation_id: str, turn_id: str, index: int) -> Citation | None:
        """The citation that a footnote's link names, or None."""
        turn = self.turn(conversation_id, turn_id)
        if turn and turn.answer and 0 <= index < len(turn.answer.citations):
            return turn.answer.citations[index]
        return None

    def history(self, conversation_id: str, until: str = "") -> list[Message]:
        """The answered questions, as a chat model is told them; those before the turn `until`, if it is there."""
        messages = []
        for turn in self.turns(conversation_id):
            if turn.id == until:
                break
            if turn.answer and turn.answer.text and turn.state in {"done", "stopped"}:
                messages += [Message("user", turn.answer.question), Message("assistant", turn.answer.text)]
        return messages

    def close(self) -> None:
        """Write what can be written, and let go of the file."""
        with self._lock:
            for conversation_id in list(self._open):
                self.stop(conversation_id)
            self._store.close()

    def _turns(self, conversation_id: str) -> tuple[Turn, ...] | None:
        """From memory, else from the file; None for an id that is not known."""
        if conversation_id in self._open:
            self._open.move_to_end(conversation_id)
            return self._open[conversation_id]
        try:
            turns = tuple(map(from_row, self._used(lambda store: store.rows(conversation_id))))
        except StorageError as error:
            log.warning("a conversation cannot be read: %s", error)
            return None
        if not turns:
            return None
        self._remember(conversation_id, turns)
        return turns

    def _remember(self, conversation_id: str, turns: tuple[Turn, ...]) -> None:
        self._open[conversation_id] = turns
        self._open.move_to_end(conversation_id)
        busy = {unwritten for unwritten, _ in self._unwritten}
        count = sum(map(len, self._open.values()))
        for other, others in list(self._open.items())[:-1]:
            if len(self._open) <= MOST_OPEN and count <= MOST_OPEN_TURNS:
                break
            if other not in busy and all(turn.state != "growing" for turn in others):
                count -= len(others)
                del self._open[other]

    def _change(self, conversation_id: str, changed: Callable[[Turn], Turn]) -> bool:
        """Replace the turns that `changed` changes, and write those that have ended; whether there were any."""
        with self._lock:
            before = self._turns(conversation_id) or ()
            after = tuple(map(changed, before))
            if all(new is old for old, new in zip(before, after, strict=True)):
                return False
            self._remember(conversation_id, after)
            for old, new in zip(before, after, strict=True):
                if new is not old and new.state != "growing":
                    self._write(conversation_id, new.id)
            return True

    def _write(self, conversation_id: str, turn_id: str) -> None:
        """Write a turn, after those that could not be written before."""
        self._unwritten[conversation_id, turn_id] = None
        try:
            self._used(self._write_all)
            self._problem = ""
        except StorageError as error:
            log.warning("a turn cannot be written: %s", error)
            self._problem = str(error)

    def _write_all(self, store: ConversationStore) -> None:
        for mine, turn in list(self._unwritten):
            turns = self._open.get(mine, ())
            for place, one in enumerate(turns):
                if one.id == turn:
                    store.put(mine, place, to_row(one), len(turns))
            del self._unwritten[mine, turn]

    def _used(self, use: Callable[[ConversationStore], T]) -> T:
        """Use the store; where its file turns out to be damaged, another one that has what is in memory."""
        try:
            return use(self._store)
        except DamagedFileError as error:
            log.warning("%s", error)
            self._store = self._store.replaced()
            self._unwritten |= {(mine, turn.id): None for mine, turns in self._open.items() for turn in turns}
            self._write_all(self._store)
            return use(self._store)
