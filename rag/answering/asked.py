"""A question with what was found for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rag.types import Answer, Citation, Finish, Message, Passage


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was found for it.

    Attributes:
        question: What is asked.
        searched: What was searched for it: itself, or the whole question that a follow-up stands for.
        passages: Retrieved for it, best first.
        history: Earlier turns, oldest first.
        began: `time.monotonic()` when it was asked.
        notice: What is to be said of any answer to it, or "".
    """

    question: str
    searched: str
    passages: tuple[Passage, ...]
    history: tuple[Message, ...]
    began: float
    notice: str = ""

    def answer(self, text: str, citations: Sequence[Citation], model: str, finish: Finish, notice: str = "") -> Answer:
        """An answer to this question, as of now."""
        seconds = time.monotonic() - self.began
        notices = " ".join(filter(None, (notice, self.notice)))
        return Answer(self.question, text, tuple(citations), self.passages, model, finish, notices, seconds, self.searched)
