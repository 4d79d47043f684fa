"""Pages and files of the library's documents, and the health check."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from rag.errors import DocumentError, DocumentNotFoundError, RagError, TooManyRequestsError
from rag.formats.registry import format_of
from rag.library import Library
from rag.viewing import SCALES

KEEP = {"Cache-Control": "private, max-age=86400"}  # a document's id is the hash of its bytes, so what is served under it never changes
HARMLESS = frozenset({"application/pdf", "text/plain", "image/png", "image/jpeg", "image/tiff", "image/webp", "image/gif"})
"""What a browser may show under this address: nothing in it can run as the page."""
SCALE_STEPS = 8  # pictures for a pixel a point: those for windows of nearly one width are one


def document_routes(library: Library) -> APIRouter:
    """`/documents/{id}/pages/{page}.png`, `/documents/{id}/original` and `/health`."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:  # noqa: ARG001 - what FastAPI calls it with
        yield
        library.pages.close()  # a page that is being drawn does not hold up the end

    router = APIRouter(lifespan=lifespan, tags=["documents"])
    _add_pictures(router, library)

    @router.get("/documents/{document_id}/original", summary="A document's file")
    def original(document_id: str) -> FileResponse:
        try:
            record = library.document(document_id)
            path: Path = library.pages.original(document_id)
        except DocumentNotFoundError as error:
            raise HTTPException(404, str(error)) from error
        inline = format_of(record.media_type).inline_type
        shown, media_type = ("inline", inline) if inline in HARMLESS else ("attachment", "application/octet-stream")
        return FileResponse(path, media_type=media_type, filename=record.name, content_disposition_type=shown, headers=KEEP)

    @router.get("/health", summary="Whether the server works, and how many documents it has")
    def health() -> dict[str, object]:
        try:
            return {"status": "ok", "documents": len(library.documents())}
        except RagError as error:
            raise HTTPException(503, str(error)) from error

    return router


def _add_pictures(router: APIRouter, library: Library) -> None:
    @router.get("/documents/{document_id}/pages/{page}.png", summary="A page, drawn")
    async def page_image(
        request: Request, document_id: str, page: int, scale: Annotated[float, Query(ge=SCALES[0], le=SCALES[1])] = 2.0
    ) -> Response:
        try:
            scale = math.ceil(scale * SCALE_STEPS) / SCALE_STEPS
            drawing = asyncio.wrap_future(await run_in_threadpool(library.pages.drawing, document_id, page, scale=scale))
            if not await _is_waited_for(request, drawing):
                return Response(status_code=503)
            return Response(drawing.result(), media_type="image/png", headers=KEEP)
        except DocumentNotFoundError as error:
            raise HTTPException(404, str(error)) from error
        except DocumentError as error:
            raise HTTPException(422, str(error)) from error
        except TooManyRequestsError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from error


async def _is_waited_for(request: Request, work: asyncio.Future[Any]) -> bool:
    """Wait until work is done, or is given up because the client has left or the server ends."""
    leaving: asyncio.Future[Any] = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return work.done()
    except asyncio.CancelledError:
        return False  # quietly: uvicorn would log a page of traceback for each
    finally:
        leaving.cancel()
        work.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
