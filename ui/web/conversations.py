"""What was said, kept on the server; the browser holds a conversation's id and nothing else."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Literal

from rag.types import Answer, Citation, Message

MOST_CONVERSATIONS = 1000
"""Kept in memory; the least recently used goes first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what became of it.

    Attributes:
        id: Names the turn, in a footnote's link.
        question: What was asked.
        answer: As much of it as has arrived.
        state: Whether it still grows, is done, was stopped by the reader, or failed.
        problem: Why it failed and what to do, or "".
    """

    id: str
    question: str
    answer: Answer | None = None
    state: Literal["growing", "done", "stopped", "failed"] = "growing"
    problem: str = ""


class Conversations:
    """Turns by conversation; used from several threads and tasks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()

    def resume(self, conversation_id: str | None) -> str:
        """The id itself where it is known, else that of a new conversation."""
        with self._lock:
            if conversation_id is not None and conversation_id in self._turns:
                return conversation_id
            new = secrets.token_urlsafe(16)
            self._turns[new] = ()
            while len(self._turns) > MOST_CONVERSATIONS:
                self._turns.popitem(last=False)
            return new

    def turns(self, conversation_id: str) -> tuple[Turn, ...]:
        """The turns so far, oldest first; none for an id that is not known."""
        with self._lock:
            if conversation_id in self._turns:
                self._turns.move_to_end(conversation_id)
            return self._turns.get(conversation_id, ())

    def begin(self, conversation_id: str, question: str) -> Turn:
        """Add a turn.

        Raises:
            KeyError: The id did not come from `resume`, or is no longer kept.
        """
        turn = Turn(secrets.token_hex(4), question)
        with self._lock:
            self._turns[conversation_id] = (*self._turns[conversation_id], turn)
        return turn

    def update(self, conversation_id: str, turn: Turn) -> None:
        """Put a turn's new state in place of the old one; ignored once the turn has ended or is gone."""
        with self._lock:
            turns = self._turns.get(conversation_id)
            if turns is None:
                return
            self._turns[conversation_id] = tuple(turn if old.id == turn.id and old.state == "growing" else old for old in turns)

    def stop(self, conversation_id: str, turn_id: str | None = None) -> None:
        """End a turn that still grows, or all that do; what they said so far stays."""
        with self._lock:
            turns = self._turns.get(conversation_id)
            if turns is None:
                return
            self._turns[conversation_id] = tuple(
                replace(turn, state="stopped") if turn.state == "growing" and turn_id in {None, turn.id} else turn for turn in turns
            )

    def cut(self, conversation_id: str, index: int) -> str | None:
        """Drop the turn at `index` and those after it; return its question, or None where there is none."""
        with self._lock:
            turns = self._turns.get(conversation_id, ())
            if not 0 <= index < len(turns):
                return None
            self._turns[conversation_id] = turns[:index]
            return turns[index].question

    def citation(self, conversation_id: str, turn_id: str, index: int) -> Citation | None:
        """The citation that a footnote's link names, or None."""
        for turn in self.turns(conversation_id):
            if turn.id == turn_id and turn.answer and 0 <= index < len(turn.answer.citations):
                return turn.answer.citations[index]
        return None

    def history(self, conversation_id: str) -> list[Message]:
        """The answered questions, as a chat model is told them."""
        messages = []
        for turn in self.turns(conversation_id):
            if turn.answer and turn.answer.text and turn.state in {"done", "stopped"}:
                messages += [Message("user", turn.question), Message("assistant", turn.answer.text)]
        return messages
