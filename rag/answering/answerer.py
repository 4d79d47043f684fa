"""A question -> its answer as it grows: rewritten where it is a follow-up, searched, answered, checked."""

import asyncio
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from rag.answering.extractive import answer_by_quoting, compare_sentences
from rag.answering.growing import answer_by_model
from rag.answering.notices import NOTHING_SELECTED, SELECTION_GONE, nothing_found, still_indexing
from rag.answering.question import EXTRACTIVE, RetrievedQuestion
from rag.embedding.protocol import Embedder
from rag.endpoints.chat.model import ChatModel
from rag.retrieving.rewriting import standalone_question
from rag.retrieving.search import Search, SearchRequest
from rag.settings import Settings
from rag.storing.index import Index
from rag.types import Answer
from rag.verifying.protocol import Verifier


class Answerer:
    """Answers questions about a library."""

    def __init__(
        self, search: Search, index: Index, embedder: Embedder, verifier: Verifier, chat_model: ChatModel | None, settings: Settings
    ) -> None:
        self._search = search
        self._index = index
        self._embedder = embedder
        self._verifier = verifier
        self._chat_model = chat_model
        self._settings = settings

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
        searched = await standalone_question(request.question, request.history, self._chat_model)
        passages = await asyncio.to_thread(self._search.passages, request, searched)
        question = RetrievedQuestion(
            request.question, searched.text, tuple(passages), request.history, began, self._still_indexing(request)
        )
        if not passages:
            yield question.answer(self._why_nothing(request), (), EXTRACTIVE, "not_found")
            return
        weighing = asyncio.create_task(asyncio.to_thread(self._search.confidence, searched.text, passages))

        async def is_answered() -> bool:
            return await weighing >= self._settings.min_confidence

        try:
            if self._chat_model is None:
                answering = passages if await is_answered() else []
                sentences = await asyncio.to_thread(compare_sentences, searched.text, answering, self._embedder)
                yield answer_by_quoting(question, sentences)
                return
            async with aclosing(answer_by_model(question, self._chat_model, self._settings, is_answered, self._verifier)) as answers:
                async for answer in answers:
                    yield answer
        finally:
            weighing.cancel()

    def _still_indexing(self, request: SearchRequest) -> str:
        """What to say of documents that are not ready; nothing where chunks are chosen: all of those are compared."""
        if request.chunks is not None:
            return ""
        return still_indexing(sum(record.state != "ready" for record in self._index.documents(request.documents)))

    def _why_nothing(self, request: SearchRequest) -> str:
        if () in (request.documents, request.chunks):
            return NOTHING_SELECTED
        if request.chunks is not None:
            return SELECTION_GONE
        return nothing_found(len(self._index.documents()), len(self._index.left_behind()))
