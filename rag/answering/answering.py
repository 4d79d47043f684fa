"""Passages -> an answer with footnotes, as it grows."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from rag.answering.chat.model import ChatModel
from rag.answering.citations import CitationResolver, with_quotes
from rag.answering.extractive import Weighed, best_quotes
from rag.answering.notices import CONNECT, CUT, DOUBTFUL, EMPTY_LIBRARY, INTERRUPTED, NEAREST_ARE, SHORTENED, SILENT, UNCITED
from rag.answering.prompt import NOT_FOUND, build_prompt
from rag.settings import Settings
from rag.types import Answer, Citation, Finish, Message, Passage

EXTRACTIVE = "extractive"

NEAREST = 3
"""Passages shown when the documents do not say."""


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


def answer_by_quoting(asked: Asked, weighed: Sequence[Weighed]) -> Answer:
    """Answer with sentences of the passages, word for word.

    Args:
        asked: The question and its passages.
        weighed: The passages' sentences, compared with the question; none where the documents do not say.
    """
    passages = asked.passages
    if not passages:
        return asked.answer(EMPTY_LIBRARY, (), EXTRACTIVE, "not_found")
    quotes = best_quotes(asked.searched, passages, weighed)
    if not quotes:
        text, nearest = _nearest(passages)
        return asked.answer(f"{NOT_FOUND} {text}", nearest, EXTRACTIVE, "not_found", CONNECT)
    numbers: dict[int, int] = {}
    citations = [
        Citation.of_words(numbers.setdefault(quote.index, len(numbers) + 1), passages[quote.index], quote.start, quote.end)
        for quote in quotes
    ]
    paragraphs = [f"“{' '.join(citation.quote.split())}” [{citation.number}]" for citation in citations]
    return asked.answer("\n\n".join(paragraphs), citations, EXTRACTIVE, "complete", CONNECT)


async def answer_by_model(
    asked: Asked, chat_model: ChatModel, settings: Settings, is_answered: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[Answer, None]:
    """Answer in prose.

    Args:
        asked: The question and its passages.
        chat_model: Who writes.
        settings: Limits of what is sent.
        is_answered: Whether the passages seem to answer; if not, a complete answer says that it is doubtful.

    Yields:
        The answer as it grows, each one whole; the last one says how it finished.

    Raises:
        ChatError: The endpoint did not answer as it should.
    """
    if not asked.passages:
        yield asked.answer(EMPTY_LIBRARY, (), EXTRACTIVE, "not_found")
        return
    prompt = build_prompt(asked.question, asked.passages, asked.history, settings.chat_context_tokens, settings.chat_max_tokens)
    shown = replace(asked, passages=prompt.passages)
    model = await chat_model.resolve()
    resolver = CitationResolver(prompt.passages)
    text, finish = "", None
    async with aclosing(chat_model.stream(prompt.messages)) as deltas:
        async for delta in deltas:
            if delta.retracts:  # what was sent so far turned out to be thinking
                text, resolver = "", CitationResolver(prompt.passages)
            text += resolver.feed(delta.text)
            finish = delta.finish or finish
            yield shown.answer(text.strip(), resolver.citations, model, "streaming")
    text = (text + resolver.finish()).strip()
    ended = _finish(text, finish, resolver.citations)
    notices = [SHORTENED.format(count=prompt.dropped_messages)] if prompt.dropped_messages else []
    notices += {"length": [CUT], "interrupted": [INTERRUPTED], "complete": _complaints(text, resolver.citations)}.get(ended, [])
    if ended == "not_found":
        words, nearest = _nearest(shown.passages)
        yield shown.answer(f"{text}\n\n{words}", nearest, model, ended, " ".join(notices))
        return
    if ended == "complete" and not await is_answered():
        notices.append(DOUBTFUL)
    yield shown.answer(text, with_quotes(text, resolver.citations), model, ended, " ".join(notices))


def _nearest(passages: Sequence[Passage]) -> tuple[str, list[Citation]]:
    """What is shown where the documents do not say."""
    nearest = [Citation.of_words(number, passage) for number, passage in enumerate(passages[:NEAREST], start=1)]
    return f"{NEAREST_ARE} {''.join(f'[{citation.number}]' for citation in nearest)}", nearest


def _complaints(text: str, citations: Sequence[Citation]) -> list[str]:
    """What a reader should know about an answer that the model thinks complete."""
    if not text:
        return [SILENT]
    return [] if citations else [UNCITED]


def _finish(text: str, finish: str | None, citations: Sequence[Citation]) -> Finish:
    if finish == "length":
        return "length"
    if finish in {None, "interrupted"}:
        return "interrupted"
    return "not_found" if not citations and text.startswith(NOT_FOUND.rstrip(".")) else "complete"
