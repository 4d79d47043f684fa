"""Values, errors and long work as HTTP."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag import errors
from rag.errors import RagError
from rag.remote.wire import EVENTS, VERSION, encoded, event, problem
from ui.http.requests import ProblemResponse

ROUTES = "{}: /api/docs lists the routes and their methods."
SECONDS_BETWEEN_SIGNS = 15.0  # a comment is sent where nothing else was for so long

STATUSES: dict[type[Exception], int] = {
    errors.DocumentNotFoundError: 404,
    errors.EmptyQuestionError: 400,
    errors.QuestionTooLongError: 400,
    errors.LimitReachedError: 429,
    errors.TooManyRequestsError: 503,
    errors.LibraryClosedError: 503,
    errors.LibraryLockedError: 503,
    errors.UnavailableError: 503,
    errors.ServerError: 503,
    errors.TextTooLongError: 413,
    errors.DocumentError: 422,
    errors.ExploringError: 422,
    errors.EvaluationError: 422,
    errors.StorageError: 500,
    errors.ChatError: 502,
    RagError: 500,
    ValueError: 400,
}
"""The status of an error: that of the first of its classes that is here."""


def shown(value: Any, kind: Any = None, status: int = 200) -> JSONResponse:
    """A value as JSON."""
    return JSONResponse(encoded(value, kind), status)


def with_version(app: ASGIApp, *, version: str) -> ASGIApp:
    """ASGI middleware that tells clients of another version which one answers."""

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[VERSION] = version
            await send(message)

        await app(scope, receive, send_told)

    return told


async def known(request: Request) -> None:
    """Refuse parameters and form fields that a route does not know: they must not be passed over as if they had been obeyed."""
    dependant = request.scope["route"].dependant
    given, names = set(request.query_params), {each.alias for each in dependant.query_params}
    if request.headers.get("content-type", "").startswith("multipart/"):
        given |= set(await request.form())
        names |= {each.alias for each in dependant.body_params}
    if unknown := sorted(given - names):
        raise RequestValidationError([{"loc": (unknown[0],), "msg": "there is no such field"}])


def add_problems(app: FastAPI) -> None:
    """Answer errors as problems (RFC 9457)."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        return refusal(error)

    async def plain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = ROUTES.format(error.detail) if error.detail in {"Not Found", "Method Not Allowed"} else error.detail
        about = {"type": "about:blank", "title": error.detail, "status": error.status_code, "detail": said}
        return ProblemResponse(about, error.status_code, error.headers)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return refusal(ValueError(f"{where or 'The body'}: {first['msg'].removeprefix('Value error, ')}"), 422)

    app.add_exception_handler(RagError, ours)
    app.add_exception_handler(ValueError, ours)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, malformed)


def refusal(error: Exception, status: int = 0) -> JSONResponse:
    """An error as a problem."""
    status = status or status_of(error)
    return ProblemResponse(problem(error, status), status, later(error))


def later(error: Exception) -> dict[str, str]:
    """When a request may be sent again, as a header, where it is refused only for now."""
    if isinstance(error, errors.LimitReachedError):
        return {"Retry-After": str(error.retry_seconds)}
    return {"Retry-After": "5"} if status_of(error) == 503 else {}


def status_of(error: Exception) -> int:
    """The status of an error."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def wants_events(request: Request) -> bool:
    """Whether a client wants to follow the work, not only to have its result."""
    return EVENTS in request.headers.get("accept", "")


class _LeftError(Exception):
    """The client has left: the work is given up where it can be."""


async def worked(request: Request, work: Callable[[Callable[[Any], None]], Any]) -> StreamingResponse | JSONResponse:
    """Do long work in a thread: its result, or, where the client wants them, events as it goes on. It ends with the connection."""
    if not wants_events(request):
        return shown(await run_in_threadpool(work, lambda _: None))
    return streamed(_steps(work))


async def _steps(work: Callable[[Callable[[Any], None]], Any]) -> AsyncIterator[bytes]:
    loop, steps = asyncio.get_running_loop(), asyncio.Queue[bytes | None]()
    has_left = threading.Event()

    def tell(step: bytes | None) -> None:
        loop.call_soon_threadsafe(steps.put_nowait, step)

    def on_progress(step: Any) -> None:
        if has_left.is_set():
            raise _LeftError
        tell(event("progress", encoded(step)))

    def run() -> None:
        with suppress(_LeftError, RuntimeError):  # the latter where the loop has ended meanwhile
            try:
                tell(event("report", encoded(work(on_progress))))
            except (RagError, ValueError) as error:
                tell(event("problem", problem(error, status_of(error))))
            finally:
                tell(None)

    mine = contextvars.copy_context()  # of who has asked for it
    threading.Thread(target=mine.run, args=(run,), name="api", daemon=True).start()  # not the loop's: it has few, and this may take an hour
    try:
        while (step := await steps.get()) is not None:
            yield step
    finally:
        has_left.set()


def streamed(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Events, with a comment where none comes for long: neither side takes the other for gone."""
    return StreamingResponse(_with_signs(events), media_type=EVENTS, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _with_signs(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    iterator = aiter(events)
    coming: asyncio.Task[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(iterator))
            done, _ = await asyncio.wait({coming}, timeout=SECONDS_BETWEEN_SIGNS)
            if not done:
                yield b": working\n\n"
                continue
            step, coming = coming, None
            try:
                yield step.result()
            except StopAsyncIteration:
                return
    finally:
        if coming:
            coming.cancel()
