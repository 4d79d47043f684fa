"""A chat model's words -> the answer as it grows."""

import time
from collections.abc import Sequence
from dataclasses import replace

from rag.answering.asked import Asked
from rag.answering.citations import CitationResolver
from rag.answering.nearest import with_nearest
from rag.answering.prompt import NOT_FOUND
from rag.endpoints.chat.reply import ChatDelta
from rag.types import Answer, Citation, Finish, Sent


class GrowingAnswer:
    """An answer that a model is writing."""

    def __init__(self, asked: Asked, model: str, sent: Sent) -> None:
        self._asked = asked
        self._model = model
        self._sent = sent
        self._resolver = CitationResolver(asked.passages)
        self._text = self._reasoning = ""
        self._finish: str | None = None

    def read(self, delta: ChatDelta) -> Answer:
        """Take what came; return the answer so far."""
        if delta.retracts:  # what was sent so far turned out to be thinking
            self._text, self._resolver = "", CitationResolver(self._asked.passages)
        self._text += self._resolver.feed(delta.text)
        self._reasoning += delta.reasoning
        self._finish = delta.finish or self._finish
        if self._sent.seconds_to_first_word is None and delta.text.strip():
            self._sent = replace(self._sent, seconds_to_first_word=time.monotonic() - self._asked.began)
        if delta.finish:
            self._sent = replace(self._sent, prompt_tokens=delta.prompt_tokens, finish_reason=delta.finish)
        return self._answer(self._resolver.citations, "streaming")

    def end(self) -> Answer:
        """The answer, finished; where the documents do not say, with the passages that are nearest."""
        self._text += self._resolver.finish()
        citations = self._resolver.citations
        finish = _finish(self._text.strip(), self._finish, citations)
        if finish == "not_found":
            self._text, citations = with_nearest(self._text.strip(), self._asked.passages)
        return self._answer(citations, finish)

    def _answer(self, citations: Sequence[Citation], finish: Finish) -> Answer:
        answer = self._asked.answer(self._text.strip(), citations, self._model, finish)
        return replace(answer, reasoning=self._reasoning.strip(), sent=self._sent)


def _finish(text: str, finish: str | None, citations: Sequence[Citation]) -> Finish:
    if finish == "length":
        return "length"
    if finish in {None, "interrupted"}:
        return "interrupted"
    return "not_found" if not citations and text.startswith(NOT_FOUND.rstrip(".")) else "complete"
