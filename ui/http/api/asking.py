"""Routes that search and answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, fields
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rag.errors import RagError
from rag.library import Library
from rag.remote.wire import QuestionToAnswer, QuestionToSearch, TextToCheck, changes, encoded, event, problem
from rag.types import Answer, Passage
from ui import text
from ui.http.api.answers import shown, status_of, streamed, wants_events, worked
from ui.http.api.describing import verb
from ui.limits import checkable
from ui.people.limits import ACCOUNT, Waiting, answered, in_turn


@dataclass(frozen=True, slots=True)
class Read:
    """A question, and passages that may answer it."""

    question: str
    passages: tuple[Passage, ...]


def asking_api(library: Library) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["questions"])

    @router.post("/search", response_model=list[Passage], summary="The passages that answer best", openapi_extra=verb(Library.retrieve))
    def search(request: QuestionToSearch) -> Response:
        return shown(library.retrieve(**_arguments(request)), list[Passage])

    @router.post(
        "/confidence", response_model=float, summary="The probability that passages answer", openapi_extra=verb(Library.confidence)
    )
    def confidence(read: Read) -> float:
        return library.confidence(read.question, read.passages)

    @router.post("/check", response_model=Answer, summary="A text with each sentence checked", openapi_extra=verb(Library.check))
    async def check(request: Request, given: TextToCheck) -> Response:
        if not wants_events(request):
            checkable(given.text, text.CHECK_BY_EVENTS)
        account = ACCOUNT.get()  # not known to the thread

        def work(tell: Callable[[float], None]) -> Answer:
            with account.turn_in_thread(library):
                return library.check(given.text, top_k=given.top_k, documents=given.documents, where=given.where, progress=tell)

        return await worked(request, work)

    @router.post(
        "/ask", response_model=Answer, summary="An answer with its footnotes", description=ABOUT_ANSWERS, openapi_extra=verb(Library.ask)
    )
    async def ask(request: Request, asked: QuestionToAnswer) -> Response:
        if wants_events(request):
            return streamed(_growing(library, asked))
        answer: Answer | None = None
        async with aclosing(answered(library, library.stream(**_arguments(asked)))) as answers:
            async for each in answers:
                answer = each
        return shown(answer, Answer)

    return router


async def _growing(library: Library, asked: QuestionToAnswer) -> AsyncIterator[bytes]:
    last: dict[str, Any] = {}
    try:
        async with aclosing(in_turn(library, library.stream(**_arguments(asked)))) as answers:
            async for answer in answers:
                if isinstance(answer, Waiting):
                    yield event("waiting", encoded(answer))
                    continue
                plain = encoded(answer)
                yield event("answer", changes(last, plain))
                last = plain
    except (RagError, ValueError) as error:
        yield event("problem", problem(error, status_of(error)))


def _arguments(request: QuestionToSearch) -> dict[str, Any]:
    return {each.name: getattr(request, each.name) for each in fields(request)}


ABOUT_ANSWERS = """With `Accept: text/event-stream` the answer grows: each `answer` event has the fields that have changed
since the one before. Where many are asking, `waiting` events
come first, with the question's `place` in the queue; a `problem` event ends it where it fails."""
