"""A question with the passages retrieved for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.notices import CLOSEST_PASSAGES
from rag.types import Answer, Citation, Finish, Message, Passage

EXTRACTIVE = "extractive"  # the `model` of an answer that quotes
MOST_CLOSEST = 3  # passages cited after a refusal, at most


@dataclass(frozen=True, slots=True)
class RetrievedQuestion:
    """A question with what was `searched` for it, and the passages that this found, best first.

    `began` is `time.monotonic()` when it was asked; `notice` is added to any answer.
    """

    question: str
    searched: str
    passages: tuple[Passage, ...]
    history: tuple[Message, ...]
    began: float
    notice: str = ""

    def answer(self, text: str, citations: Sequence[Citation], model: str, finish: Finish, notice: str = "") -> Answer:
        """An answer to it, as of now."""
        seconds = time.monotonic() - self.began
        notices = " ".join(filter(None, (notice, self.notice)))
        return Answer(self.question, text, tuple(citations), self.passages, model, finish, notices, seconds, self.searched)

    def refusal(self, text: str, model: str, notice: str = "") -> Answer:
        """A refusal in these words, followed by footnotes for the closest passages."""
        text = f"{text} {CLOSEST_PASSAGES} "
        citations = []
        for number, passage in enumerate(self.passages[:MOST_CLOSEST], start=1):
            citations.append(Citation.of_words(number, passage, position=len(text)))
            text += f"[{number}]"
        return self.answer(text, citations, model, "not_found", notice)
