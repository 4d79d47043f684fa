"""Pages and files of the library's documents, and the health check."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import FileResponse

from rag.errors import DocumentError, DocumentNotFoundError, RagError
from rag.library import Library

KEEP = {"Cache-Control": "private, max-age=86400"}
"""A document's id is the hash of its bytes, so what is served under it never changes."""


def document_routes(library: Library) -> APIRouter:
    """`/documents/{id}/pages/{page}.png`, `/documents/{id}/original` and `/health`."""
    router = APIRouter()

    @router.get("/documents/{document_id}/pages/{page}.png")
    def page_image(document_id: str, page: int, scale: Annotated[float, Query(gt=0, le=8)] = 2.0) -> Response:
        try:
            png = library.pages.image(document_id, page, scale=scale)
        except DocumentNotFoundError as error:
            raise HTTPException(404, str(error)) from error
        except DocumentError as error:
            raise HTTPException(422, str(error)) from error
        return Response(png, media_type="image/png", headers=KEEP)

    @router.get("/documents/{document_id}/original")
    def original(document_id: str) -> FileResponse:
        try:
            record = library.document(document_id)
            path: Path = library.pages.original(document_id)
        except DocumentNotFoundError as error:
            raise HTTPException(404, str(error)) from error
        media_type = "application/pdf" if record.media_type == "application/pdf" else "text/plain"
        return FileResponse(path, media_type=media_type, filename=record.name, content_disposition_type="inline", headers=KEEP)

    @router.get("/health")
    def health() -> dict[str, object]:
        try:
            return {"status": "ok", "documents": len(library.documents())}
        except RagError as error:
            raise HTTPException(503, str(error)) from error

    return router
