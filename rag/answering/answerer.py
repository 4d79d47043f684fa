"""A question -> its answer as it grows: rewritten where it is a follow-up, searched, answered, checked."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import Self

from rag.answering.extractive import answer_by_quoting
from rag.answering.growing import answer_by_model
from rag.answering.metering import METER, Meter, MeteredChatModel
from rag.answering.notices import NOTHING_SELECTED, OCR_WAITING, SELECTION_GONE, WIDENED, in_language, nothing_found, still_indexing
from rag.answering.page_breaks import completed
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.answering.quoting import MARGIN, best_units, quotes_of
from rag.answering.repairing import corrected
from rag.answering.several import read_parts
from rag.answering.whole import WholeDocuments
from rag.endpoints.chat.model import ChatModel
from rag.formats.recogniser import how_to_get_ocr
from rag.retrieving.follow_up import StandaloneQuestion
from rag.retrieving.rewriting import standalone_question
from rag.retrieving.search import Search, SearchRequest
from rag.settings import Settings
from rag.storing.index import Index
from rag.text.languages import likely_language
from rag.tracing import span
from rag.types import Answer, Way
from rag.verifying.protocol import Verifier


class Answerer:
    """Answers questions about a library."""

    def __init__(self, search: Search, index: Index, verifier: Verifier, chat_model: ChatModel | None, settings: Settings) -> None:
        self._search = search
        self._index = index
        self._verifier = verifier
        self._chat_model = chat_model
        self._settings = settings
        self._whole_documents = WholeDocuments(index, verifier, chat_model, settings)

    def answer(self, request: SearchRequest) -> Answer:
        """The finished answer; `stream` shows it grow."""

        async def last() -> Answer:
            async with aclosing(self.stream(request)) as answers:
                async for answer in answers:
                    whole = answer
            return whole

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(last())
        with ThreadPoolExecutor(1) as executor:  # in a notebook a loop is running already
            return executor.submit(asyncio.run, last()).result()

    async def corrected(self, answer: Answer, way: Way) -> Answer:
        """An answer that was shown, with its unsupported sentences written anew, put in a passage's words, or dropped."""
        return await corrected(answer, way, self._verifier, self._chat_model)

    async def stream(self, request: SearchRequest) -> AsyncGenerator[Answer, None]:
        """The answer so far, each time whole, with what it cost so far; errors as for `Library.ask`."""
        meter = METER.get() or Meter()
        metered = self if self._chat_model is None else self._counted_by(self._chat_model, meter)
        with span("answer") as step:
            async with aclosing(metered.growing(request)) as answers:
                async for answer in answers:
                    yield replace(answer, usage=meter.usage) if meter.usage else answer
            step.note(finish=answer.finish, passages=len(answer.passages))

    def _counted_by(self, chat_model: ChatModel, meter: Meter) -> Self:
        return type(self)(self._search, self._index, self._verifier, MeteredChatModel(chat_model, meter), self._settings)

    async def growing(self, request: SearchRequest) -> AsyncGenerator[Answer, None]:
        """The same without the cost."""
        began = time.monotonic()
        if whole := await asyncio.to_thread(self._whole_documents.read, request):
            async with aclosing(self._whole_documents.stream(request, whole, self._still_indexing(request))) as answers:
                async for answer in answers:
                    yield answer
            return
        documents = self._search.divisible(request)
        searched = await standalone_question(request.question, request.history, self._chat_model, documents=documents)
        only = await asyncio.to_thread(self._search.only, request, searched)
        if only:
            question = await asyncio.to_thread(self._retrieved, replace(request, documents=only.documents), searched, began)
            if question.passages and question.confidence >= self._settings.min_confidence:
                async with aclosing(self._answered(replace(question, only=only.label))) as answers:
                    async for answer in answers:
                        if answer.finish == "not_found":
                            break  # by the chat model
                        yield answer
                    else:
                        return
        question = await asyncio.to_thread(self._retrieved, request, searched, began)
        if only:
            widened = in_language(WIDENED, question.language).format(names=only.label)
            question = replace(question, notice=f"{widened} {question.notice}".strip())
        if not question.passages:
            yield question.answer(self._why_nothing(request), (), EXTRACTIVE, "not_found")
            return
        async with aclosing(self._answered(question)) as answers:
            async for answer in answers:
                yield answer

    async def _answered(self, question: RetrievedQuestion) -> AsyncGenerator[Answer, None]:
        """The answer to a question whose passages were read, each time whole."""
        if self._chat_model is None:
            yield answer_by_quoting(question, self._settings.min_confidence)
            return
        async with aclosing(answer_by_model(question, self._chat_model, self._settings, self._verifier)) as answers:
            async for answer in answers:
                yield answer

    def _retrieved(self, request: SearchRequest, searched: StandaloneQuestion, began: float) -> RetrievedQuestion:
        """The question with its passages, as the reader reads them."""
        found, notice = self._search.passages(request, searched), self._still_indexing(request)
        question = RetrievedQuestion(request.question, searched.text, tuple(found.passages), request.history, began, notice)
        question = replace(question, parts=found.parts, wordings=found.wordings)
        return self._read(question) if found.passages else question

    def _read(self, question: RetrievedQuestion) -> RetrievedQuestion:
        """The question with what the reader finds in its passages, which are widened to have it."""
        least = self._settings.min_confidence
        if any(part.documents for part in question.parts):  # else one passage may well answer all of them
            read = read_parts(question, self._search, least)
        else:
            reading = self._search.read(question.searched, question.passages, question.question)
            margin = MARGIN if reading.confidence >= least else math.inf  # a refusal shows what is nearest
            quotes, passages = quotes_of(best_units(reading.units, question.passages, margin), question.passages)
            parts = tuple(replace(part, confidence=reading.confidence) for part in question.parts)
            read = replace(question, passages=tuple(passages), quotes=tuple(quotes), confidence=reading.confidence, parts=parts)
        if self._chat_model is None:
            quotes, passages = completed(read.quotes, read.passages, self._index)
            read = replace(read, passages=tuple(passages), quotes=tuple(quotes))
        return read

    def _still_indexing(self, request: SearchRequest) -> str:
        """What to say of documents that are not ready; nothing where chunks are chosen: all of those are compared."""
        if request.chunks is not None:
            return ""
        records, language = self._index.documents(request.documents), likely_language(request.question)
        notice = still_indexing(sum(record.state != "ready" for record in records), language)
        pages = 0 if how_to_get_ocr(is_wanted=self._settings.ocr) else sum(len(record.ocr_waiting) for record in records)
        return f"{notice} {in_language(OCR_WAITING, language).format(count=pages)}".strip() if pages else notice

    def _why_nothing(self, request: SearchRequest) -> str:
        if () in (request.documents, request.chunks):
            return NOTHING_SELECTED
        if request.chunks is not None:
            return SELECTION_GONE
        return nothing_found(len(self._index.documents()), len(self._index.left_behind()))
