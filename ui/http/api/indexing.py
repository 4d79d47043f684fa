"""How far indexing is: files that wait to be read, and documents that are not fully indexed yet."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from rag.library import Library
from rag.remote.wire import encoded, event
from rag.types import DocumentState
from ui.http.api.answers import shown, streamed, wants_events

SECONDS_BETWEEN_LOOKS = 0.5


class QueuedFile(Protocol):
    """A file on its way into the library; `ui.uploading` has them."""

    @property
    def id(self) -> str:
        """Names it in the queue."""

    @property
    def name(self) -> str:
        """Its file's name."""

    @property
    def state(self) -> DocumentState:
        """How far it is."""

    @property
    def fraction(self) -> float | None:
        """How much is read, in [0, 1]; None while it is queued."""

    @property
    def message(self) -> str:
        """Why it failed, or ""."""


class Queue(Protocol):
    """What reads files in the background."""

    problem: str

    @property
    def jobs(self) -> Sequence[QueuedFile]:
        """The files."""

    @property
    def is_busy(self) -> bool:
        """Whether any file is not ready yet, and has not failed."""

    def wake(self) -> None:
        """See whether there is anything to do."""


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file or document that is not fully indexed, or could not be read.

    Attributes:
        id: Of the document, once it has been read; until then, of its place in the queue.
        name: Its name.
        state: How far it is.
        fraction: How much of this step is done, in [0, 1].
        message: Why it failed, or "".
    """

    id: str
    name: str
    state: DocumentState
    fraction: float
    message: str


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far indexing is.

    Attributes:
        is_busy: Whether anything is left to do.
        problem: Why indexing fails at present, or ""; it is tried again.
        files: Uploads of the page that wait, are being read or failed, then documents that are being embedded or read by OCR.
    """

    is_busy: bool
    problem: str
    files: tuple[IndexedFile, ...]


def indexing_api(library: Library, queue: Queue) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["documents"])

    @router.get("/indexing", response_model=Indexing, summary="How far indexing is", description=ABOUT_INDEXING)
    async def indexing(request: Request) -> Response:
        if wants_events(request):
            return streamed(_followed(library, queue))
        return shown(await run_in_threadpool(_looked, library, queue))

    return router


def _looked(library: Library, queue: Queue) -> Indexing:
    is_busy, jobs = queue.is_busy, [job for job in queue.jobs if job.state != "keyword_ready"]
    waiting = [IndexedFile(job.id, job.name, job.state, job.fraction or 0.0, job.message) for job in jobs]
    unfinished = [record for record in library.documents() if record.indexed < 1 or (record.ocr_waiting and not library.ocr_cure)]
    growing = [IndexedFile(each.id, each.name, each.state, each.indexed if each.indexed < 1 else each.ocr_share, "") for each in unfinished]
    return Indexing(is_busy or bool(unfinished), queue.problem, (*waiting, *growing))


async def _followed(library: Library, queue: Queue) -> AsyncIterator[bytes]:
    last: Indexing | None = None
    while last is None or last.is_busy:
        if last:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        now = await run_in_threadpool(_looked, library, queue)
        if now != last:
            yield event("indexing", encoded(now))
        last = now


ABOUT_INDEXING = """With `Accept: text/event-stream`, an `indexing` event for each change, until nothing is left to do."""
