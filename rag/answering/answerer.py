"""A question -> its answer as it grows: rewritten where it is a follow-up, searched, answered, checked."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace

from rag.answering.extractive import answer_by_quoting
from rag.answering.growing import answer_by_model
from rag.answering.notices import NOTHING_SELECTED, SELECTION_GONE, nothing_found, still_indexing
from rag.answering.page_breaks import completed
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.answering.quoting import MARGIN, best_units, quotes_of
from rag.answering.whole import WholeDocuments
from rag.endpoints.chat.model import ChatModel
from rag.retrieving.rewriting import standalone_question
from rag.retrieving.search import Search, SearchRequest
from rag.settings import Settings
from rag.storing.index import Index
from rag.text.languages import likely_language
from rag.types import Answer
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

    async def stream(self, request: SearchRequest) -> AsyncGenerator[Answer, None]:
        """The answer so far, each time whole; errors as for `Library.ask`."""
        began = time.monotonic()
        if whole := await asyncio.to_thread(self._whole_documents.read, request):
            async with aclosing(self._whole_documents.stream(request, whole, self._still_indexing(request))) as answers:
                async for answer in answers:
                    yield answer
            return
        searched = await standalone_question(request.question, request.history, self._chat_model)
        passages = await asyncio.to_thread(self._search.passages, request, searched)
        notice = self._still_indexing(request)
        question = RetrievedQuestion(request.question, searched.text, tuple(passages), request.history, began, notice)
        if not passages:
            yield question.answer(self._why_nothing(request), (), EXTRACTIVE, "not_found")
            return
        question = await asyncio.to_thread(self._read, question)
        if self._chat_model is None:
            yield answer_by_quoting(question, self._settings.min_confidence)
            return
        async with aclosing(answer_by_model(question, self._chat_model, self._settings, self._verifier)) as answers:
            async for answer in answers:
                yield answer

    def _read(self, question: RetrievedQuestion) -> RetrievedQuestion:
        """The question with what the reader finds in its passages, which are widened to have it."""
        reading = self._search.read(question.searched, question.passages, question.question)
        margin = MARGIN if reading.confidence >= self._settings.min_confidence else math.inf  # a refusal shows what is nearest
        quotes, passages = quotes_of(best_units(reading.units, question.passages, margin), question.passages)
        if self._chat_model is None:
            quotes, passages = completed(quotes, passages, self._index)
        return replace(question, passages=tuple(passages), quotes=tuple(quotes), confidence=reading.confidence)

    def _still_indexing(self, request: SearchRequest) -> str:
        """What to say of documents that are not ready; nothing where chunks are chosen: all of those are compared."""
        if request.chunks is not None:
            return ""
        unready = sum(record.state != "ready" for record in self._index.documents(request.documents))
        return still_indexing(unready, likely_language(request.question))

    def _why_nothing(self, request: SearchRequest) -> str:
        if () in (request.documents, request.chunks):
            return NOTHING_SELECTED
        if request.chunks is not None:
            return SELECTION_GONE
        return nothing_found(len(self._index.documents()), len(self._index.left_behind()))
