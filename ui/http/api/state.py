"""Routes of the library as a whole."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from rag.library import Library
from rag.remote.packing import packed
from rag.remote.wire import STATED, ExportFile, LibraryState
from rag.types import BackupPart, Chunk, ChunkKey, Finding, ProgressCallback, Report
from ui.http.access import is_owner
from ui.http.api.answers import shown, worked
from ui.http.api.describing import verb

MOST_CHUNKS = 10_000  # in one request
ABOUT_KEYS = f"At most {MOST_CHUNKS:,} keys: the id of a document, and the ordinal of a chunk in it."
NOT_YOURS = "A library is exported and imported by programs of the same user on its own machine alone: run `rag export` there."


def state_api(library: Library, version: str) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["library"])
    _add_exporting(router, library)

    @router.get("/library", response_model=LibraryState, summary="The library as a whole")
    def state() -> Response:
        stated = {name: getattr(library, name) for name in STATED}
        return shown(LibraryState(version, str(library.folder.absolute()), **stated))

    @router.get("/vectors", summary="All vectors, as NumPy's .npz", response_class=Response, openapi_extra=verb(Library.vectors))
    def vectors(request: Request) -> Response:
        found = library.vectors()
        tag = f'"{found.fingerprint}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(packed(found), media_type="application/octet-stream", headers={"ETag": tag})

    @router.post("/chunks", response_model=list[Chunk], summary="Chunks by their keys", openapi_extra=verb(Library.chunks))
    def chunks(keys: Annotated[list[ChunkKey], Body(max_length=MOST_CHUNKS, description=ABOUT_KEYS)]) -> Response:
        return shown(list(library.chunks(keys).values()), list[Chunk])

    @router.post("/reindex", response_model=Report, summary="Re-index documents indexed otherwise", openapi_extra=verb(Library.reindex))
    async def reindex(request: Request) -> Response:
        return await worked(request, library.reindex)

    @router.get("/findings", response_model=list[Finding], summary="Check every part", openapi_extra=verb(Library.examine))
    def findings() -> Response:
        return shown(library.examine(), list[Finding])

    @router.post("/repair", response_model=Report, summary="Rebuild what is damaged", openapi_extra=verb(Library.repair))
    async def repair(request: Request) -> Response:
        return await worked(request, lambda tell: Report(tuple(library.repair(tell))))

    @router.post("/erase", response_model=bool, summary="Overwrite removed text", openapi_extra=verb(Library.erase))
    def erase() -> bool:
        return library.erase()

    return router


def _add_exporting(router: APIRouter, library: Library) -> None:
    @router.post("/export", response_model=Report, summary="Write the library to a file", openapi_extra=verb(Library.export))
    async def export(request: Request, given: ExportFile, owns: Annotated[bool, Depends(is_owner)]) -> Response:
        _check_owner(owns)

        def write(tell: ProgressCallback) -> Report:
            library.export(given.path, progress=tell)
            return Report(())

        return await worked(request, write)

    @router.post("/backup", response_model=list[BackupPart], summary="Keep the parts of a backup", openapi_extra=verb(Library.back_up))
    async def back_up(request: Request, given: ExportFile, owns: Annotated[bool, Depends(is_owner)]) -> Response:
        _check_owner(owns)
        return await worked(request, lambda _: library.back_up(given.path))

    @router.post("/import", response_model=Report, summary="Add what such a file has", openapi_extra=verb(Library.import_))
    async def import_(request: Request, given: ExportFile, owns: Annotated[bool, Depends(is_owner)]) -> Response:
        _check_owner(owns)
        return await worked(request, lambda tell: library.import_(given.path, merge=given.merge, progress=tell))


def _check_owner(owns: bool) -> None:
    if not owns:
        raise HTTPException(403, NOT_YOURS)
