"""Routes of the library as a whole."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response

from rag.library import Library
from rag.remote.packing import packed
from rag.remote.wire import LibraryState
from rag.types import Chunk, ChunkKey, Finding, Report
from ui.http.api.answers import shown, worked

MOST_CHUNKS = 10_000  # in one request


def state_api(library: Library, version: str) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["library"])

    @router.get("/library", response_model=LibraryState, summary="The library as a whole")
    def state() -> Response:
        found = LibraryState(
            version,
            str(library.folder.absolute()),
            library.index_identity,
            library.min_confidence,
            library.is_read_only,
            library.is_erasing,
            library.ocr_cure,
            library.embedding_model,
            library.is_model_fixed,
            library.model_switch,
        )
        return shown(found)

    @router.get("/vectors", summary="All vectors, as NumPy's .npz", response_class=Response)
    def vectors(request: Request) -> Response:
        found = library.vectors()
        tag = f'"{found.fingerprint}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(packed(found), media_type="application/octet-stream", headers={"ETag": tag})

    @router.post("/chunks", response_model=list[Chunk], summary="Chunks by their keys")
    def chunks(keys: Annotated[list[ChunkKey], Body(max_length=MOST_CHUNKS)]) -> Response:
        return shown(list(library.chunks(keys).values()), list[Chunk])

    @router.post("/reindex", response_model=Report, summary="Index again what another model has indexed")
    async def reindex(request: Request) -> Response:
        return await worked(request, library.reindex)

    @router.get("/findings", response_model=list[Finding], summary="Check every part")
    def findings() -> Response:
        return shown(library.examine(), list[Finding])

    @router.post("/repair", response_model=Report, summary="Rebuild what is damaged")
    async def repair(request: Request) -> Response:
        return await worked(request, lambda tell: Report(tuple(library.repair(tell))))

    @router.post("/erase", response_model=bool, summary="Overwrite what removed documents left in the library's files")
    def erase() -> bool:
        return library.erase()

    return router
