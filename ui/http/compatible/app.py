"""The routes of `/v1`, and errors as its clients know them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.responses import Response as HTTPResponse
from starlette.exceptions import HTTPException

from rag.errors import RagError
from rag.library import Library
from ui.http.api.answers import later, status_of, streamed
from ui.http.compatible.chat import Completion, data
from ui.http.compatible.conversation import MODEL, RequestError, asked
from ui.http.compatible.embeddings import embedded
from ui.http.compatible.responses import Response
from ui.http.limits import with_limit

ROUTES = "{}: /v1 has models, chat/completions, responses and embeddings."
MOST_BYTES = 64_000_000  # of a request
KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}

JsonBody = Annotated[dict[str, Any], Body()]


def build_compatible(library: Library) -> FastAPI:
    """Put the routes together."""
    app = FastAPI(title="Footnote, OpenAI-compatible", docs_url=None, redoc_url=None)
    _add_errors(app)
    app.add_middleware(with_limit, most_bytes=MOST_BYTES)

    @app.get("/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(MODEL), _model(library.embedder.identity)]}

    @app.get("/models/{name:path}")
    def model(name: str) -> dict[str, Any]:
        kind, _, document = name.partition(":")
        if name != library.embedder.identity and kind != MODEL:
            raise HTTPException(404, f"There is no model {name!r}.")
        if kind == MODEL and document:
            library.document(document)
        return _model(name)

    @app.post("/chat/completions")
    async def chat(request: Request, body: JsonBody) -> HTTPResponse:
        wanted = asked(body, body.get("messages"), "messages")
        completion = Completion(library, str(body.get("model", MODEL)), str(request.base_url).rstrip("/"))
        if not body.get("stream"):
            return JSONResponse(await completion.completed(wanted))
        options = body.get("stream_options")
        with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        return streamed(_with_errors(completion.streamed(wanted, with_usage=with_usage)))

    @app.post("/responses")
    async def respond(request: Request, body: JsonBody) -> HTTPResponse:
        given = body.get("input")
        if body.get("previous_response_id") or body.get("conversation"):
            raise RequestError("Earlier responses are not kept here: send the whole conversation as input.", "previous_response_id")
        wanted = asked(body, [{"role": "user", "content": given}] if isinstance(given, str) else given, "input")
        response = Response(library, str(body.get("model", MODEL)), str(request.base_url).rstrip("/"))
        return streamed(_with_errors(response.streamed(wanted))) if body.get("stream") else JSONResponse(await response.completed(wanted))

    @app.post("/embeddings")
    def embed(body: JsonBody) -> dict[str, Any]:
        return embedded(library, body)

    return app


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "footnote"}


def _add_errors(app: FastAPI) -> None:
    async def ours(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(_plain(error), status_of(error), later(error))

    async def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = ROUTES.format(error.detail) if error.detail in {"Not Found", "Method Not Allowed"} else error.detail
        return JSONResponse(_said(said, error.status_code), error.status_code, error.headers)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return JSONResponse(_said(f"The body is not as expected: {error.errors()[0]['msg']}", 400), 400)

    app.add_exception_handler(RagError, ours)
    app.add_exception_handler(ValueError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, malformed)


def _plain(error: Exception) -> dict[str, Any]:
    return _said(str(error), status_of(error), error.param if isinstance(error, RequestError) else "")


def _said(message: str, status: int, param: str = "") -> dict[str, Any]:
    kind = KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param or None, "code": None}}


async def _with_errors(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Events, and the error that ends them, if one does."""
    try:
        async for each in events:
            yield each
    except (RagError, ValueError) as error:
        yield data(_plain(error))
