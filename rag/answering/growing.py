"""A chat model's reply -> the answer as it grows, checked when it is finished."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from rag.answering.citations import CitationResolver
from rag.answering.footnoting import footnoted
from rag.answering.notices import (
    ALL_DROPPED,
    CUT,
    DOUBTFUL,
    INTERRUPTED,
    NOT_FOUND,
    SERVER_CUT,
    SHORTENED,
    SILENT,
    UNCITED,
    UNSUPPORTED,
    in_language,
    refusals,
)
from rag.answering.prompt import Prompt, build_prompt
from rag.answering.question import RetrievedQuestion
from rag.answering.repairing import repaired
from rag.answering.several import nothing_about
from rag.endpoints.chat.model import ChatModel
from rag.endpoints.chat.reply import ChatDelta
from rag.settings import Settings
from rag.tracing import span
from rag.types import Answer, Change, Citation, Finish, Sent
from rag.verifying.protocol import Verifier


async def answer_by_model(
    question: RetrievedQuestion, chat_model: ChatModel, settings: Settings, verifier: Verifier
) -> AsyncGenerator[Answer, None]:
    """Answer in prose; the last answer is checked, and warns the reader where the passages may not answer."""
    prompt = build_prompt(question.question, question.passages, question.history, settings, question.parts)
    async with aclosing(answer_prompt(question, prompt, chat_model, settings, verifier)) as answers:
        async for answer in answers:
            yield answer


async def answer_prompt(
    question: RetrievedQuestion, prompt: Prompt, chat_model: ChatModel, settings: Settings, verifier: Verifier
) -> AsyncGenerator[Answer, None]:
    """The same from a prompt that is built: its passages are those that the answer may cite."""
    left_out = question.passages[len(prompt.passages) :]
    sent = Sent(prompt.messages, prompt.tokens, prompt.room, prompt.dropped_messages, left_out)
    with span("chat", kind="client"):
        growing = GrowingAnswer(replace(question, passages=prompt.passages), await chat_model.resolve(), sent)
        async with aclosing(chat_model.stream(prompt.messages)) as deltas:
            async for delta in deltas:
                yield growing.read(delta)
    answer = growing.end()
    language = question.language
    notices = [in_language(SHORTENED, language).format(count=prompt.dropped_messages)] if prompt.dropped_messages else []
    notices += [SERVER_CUT] if answer.sent and answer.sent.was_cut else []
    if answer.finish != "not_found":
        checked = await asyncio.to_thread(footnoted, answer, verifier)
        answer = await repaired(answer, checked, verifier, chat_model, settings.unsupported)
        if answer.changes and not answer.sentences:
            yield replace(growing.refused(answer.changes), notice=in_language(ALL_DROPPED, language))
            return
        notices += {"length": [CUT], "interrupted": [INTERRUPTED]}.get(answer.finish, _warnings(answer))
        if answer.finish == "complete" and question.confidence < settings.min_confidence:
            notices.append(DOUBTFUL)
        notices += nothing_about(question, settings.min_confidence, answer.citations)
    yield replace(answer, notice=" ".join([*(in_language(notice, language) for notice in notices), answer.notice]).strip())


class GrowingAnswer:
    """An answer that a model is writing."""

    def __init__(self, question: RetrievedQuestion, model: str, sent: Sent) -> None:
        self._question = question
        self._model = model
        self._sent = sent
        self._resolver = CitationResolver(question.passages)
        self._text = self._reasoning = ""
        self._finish: str | None = None

    def read(self, delta: ChatDelta) -> Answer:
        """Take the next piece; return the answer so far."""
        if delta.retracts:  # what was sent so far turned out to be thinking
            self._text, self._resolver = "", CitationResolver(self._question.passages)
        self._text += self._resolver.feed(delta.text)
        self._reasoning += delta.reasoning
        self._finish = delta.finish or self._finish
        if self._sent.seconds_to_first_word is None and delta.text.strip():
            self._sent = replace(self._sent, seconds_to_first_word=time.monotonic() - self._question.began)
        if delta.finish:
            self._sent = replace(self._sent, prompt_tokens=delta.prompt_tokens, finish_reason=delta.finish)
        return self._complete(self._question.answer(self._text.strip(), self._resolver.citations, self._model, "streaming"))

    def end(self) -> Answer:
        """The finished answer; after a refusal, with the closest passages."""
        self._text += self._resolver.finish()
        text, citations = self._text.strip(), self._resolver.citations
        finish = _finish(text, self._finish, citations)
        if finish == "not_found":
            return self._complete(self._question.refusal(text, self._model))
        return self._complete(self._question.answer(text, citations, self._model, finish))

    def refused(self, changes: Sequence[Change]) -> Answer:
        """A refusal in place of an answer that was dropped."""
        return replace(self._complete(self._question.refusal(NOT_FOUND, self._model)), changes=tuple(changes))

    def _complete(self, answer: Answer) -> Answer:
        return replace(answer, reasoning=self._reasoning.strip(), sent=self._sent)


def _finish(text: str, reason: str | None, citations: Sequence[Citation]) -> Finish:
    if reason == "length":
        return "length"
    if reason in {None, "interrupted"}:
        return "interrupted"
    return "not_found" if not citations and text.startswith(refusals()) else "complete"


def _warnings(answer: Answer) -> list[str]:
    """What a reader should know about an answer that the model thinks complete."""
    if not answer.text:
        return [SILENT]
    if not answer.citations:
        return [UNCITED]
    return [UNSUPPORTED] if all(sentence.verdict == "unsupported" for sentence in answer.sentences) else []
