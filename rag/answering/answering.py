"""Passages -> an answer with footnotes, as it grows."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from rag.answering.asked import Asked
from rag.answering.extractive import Weighed, best_quotes
from rag.answering.footnoting import Check, footnoted
from rag.answering.growing import GrowingAnswer
from rag.answering.nearest import with_nearest
from rag.answering.notices import CONNECT, CUT, DOUBTFUL, INTERRUPTED, SERVER_CUT, SHORTENED, SILENT, UNCITED, UNSUPPORTED
from rag.answering.prompt import NOT_FOUND, Prompt, build_prompt
from rag.endpoints.chat.model import ChatModel
from rag.settings import Settings
from rag.types import Answer, CheckedSentence, Citation, Passage, Sent

EXTRACTIVE = "extractive"


def answer_by_quoting(asked: Asked, weighed: Sequence[Weighed]) -> Answer:
    """Answer with sentences of the passages, word for word.

    Args:
        asked: The question and its passages, at least one.
        weighed: The passages' sentences, compared with the question; none where the documents do not say.
    """
    passages = asked.passages
    quotes = best_quotes(asked.searched, passages, weighed)
    if not quotes:
        return asked.answer(*with_nearest(NOT_FOUND, passages), EXTRACTIVE, "not_found", CONNECT)
    text, citations, sentences = "", list[Citation](), list[CheckedSentence]()
    numbers: dict[int, int] = {}
    for index, quote in enumerate(quotes):
        words = " ".join(passages[quote.index].text[quote.start : quote.end].split())
        text += "\n\n" if text else ""
        start = len(text)
        text += f"“{words}” "
        number = numbers.setdefault(quote.index, len(numbers) + 1)
        cited = Citation.of_words(number, passages[quote.index], quote.start, quote.end, position=len(text))
        citations.append(replace(cited, verdict="supported", sentence=words))
        text += f"[{number}]"
        sentences.append(CheckedSentence(start, len(text), "supported", (index,)))
    return replace(asked.answer(text, citations, EXTRACTIVE, "complete", CONNECT), sentences=tuple(sentences))


async def answer_by_model(
    asked: Asked, chat_model: ChatModel, settings: Settings, is_answered: Callable[[], Awaitable[bool]], check: Check
) -> AsyncGenerator[Answer, None]:
    """Answer in prose.

    Args:
        asked: The question and its passages, at least one.
        chat_model: Who writes.
        settings: Limits of what is sent.
        is_answered: Whether the passages seem to answer; if not, a complete answer says that it is doubtful.
        check: Says what passages do for the finished answer's sentences.

    Yields:
        The answer as it grows, each one whole; the last one says how it finished, and is checked.

    Raises:
        ChatError: The endpoint did not answer as it should.
        EmbeddingError: The model that checks cannot be used.
    """
    prompt = build_prompt(asked.question, asked.passages, asked.history, settings.chat_context_tokens, settings.chat_max_tokens)
    growing = GrowingAnswer(replace(asked, passages=prompt.passages), await chat_model.resolve(), _sent(prompt, asked.passages))
    async with aclosing(chat_model.stream(prompt.messages)) as deltas:
        async for delta in deltas:
            yield growing.read(delta)
    answer = growing.end()
    notices = [SHORTENED.format(count=prompt.dropped_messages)] if prompt.dropped_messages else []
    notices += [SERVER_CUT] if answer.sent and answer.sent.was_cut else []
    if answer.finish != "not_found":
        answer = await asyncio.to_thread(footnoted, answer, check)
        notices += {"length": [CUT], "interrupted": [INTERRUPTED]}.get(answer.finish, _complaints(answer))
        if answer.finish == "complete" and not await is_answered():
            notices.append(DOUBTFUL)
    yield replace(answer, notice=" ".join([*notices, answer.notice]).strip())


def _sent(prompt: Prompt, found: Sequence[Passage]) -> Sent:
    return Sent(prompt.messages, prompt.tokens, prompt.room, prompt.dropped_messages, tuple(found[len(prompt.passages) :]))


def _complaints(answer: Answer) -> list[str]:
    """What a reader should know about an answer that the model thinks complete."""
    if not answer.text:
        return [SILENT]
    if not answer.citations:
        return [UNCITED]
    return [UNSUPPORTED] if all(sentence.verdict == "unsupported" for sentence in answer.sentences) else []
