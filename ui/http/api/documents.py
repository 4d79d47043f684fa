"""Routes of documents: listed, added, removed, and their pages."""

import asyncio
import json
import shutil
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from rag.fetching.addresses import is_address
from rag.filters import Filters
from rag.formats.protocol import PageView
from rag.library import Library
from rag.remote.wire import Paths, decoded
from rag.types import DocumentRecord, ProgressCallback, RemovedDocument, Report
from ui.http.api.access import checked, checked_owner
from ui.http.api.answers import shown, worked

ABOUT_WHERE = 'Filters as JSON, such as `{"kinds": ["pdf"], "since": "2022"}`.'
ABOUT_UPLOADS = """`name`: else the file's own. `passwords`: tried where it is encrypted. `wait`: whether to embed it before the answer.
`replace`: whether it takes the place of the earlier upload of that name. With `Accept: text/event-stream` the answer is `progress` events,
then `report` or `problem`."""


def document_api(library: Library) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["documents"])
    _add_adding(router, library)

    @router.get("/documents", response_model=list[DocumentRecord], summary="List the documents")
    def documents(where: Annotated[str, Query(description=ABOUT_WHERE)] = "") -> Response:
        filters = decoded(Filters, json.loads(where)) if where else None
        return shown(library.documents(filters), list[DocumentRecord])

    @router.get("/documents/{name_or_id}/pages/{page:int}", response_model=PageView, summary="A page's text, and where words of it stand")
    async def page(name_or_id: str, page: int, start: int = 0, end: int = 0) -> Response:
        looking = await asyncio.to_thread(library.pages.looking, name_or_id, page, start, end)
        return shown(await asyncio.wrap_future(looking))

    @router.get("/documents/{name_or_id:path}", response_model=DocumentRecord, summary="Find a document")
    def document(name_or_id: str) -> Response:
        return shown(library.document(name_or_id))

    @router.delete("/documents/{name_or_id:path}", response_model=DocumentRecord, summary="Remove a document; with `keep`, for a day")
    def remove(name_or_id: str, *, keep: bool = False) -> Response:
        return shown(library.remove(name_or_id, keep=keep))

    @router.get("/left-behind", response_model=list[DocumentRecord], summary="Documents indexed with another model or setting")
    def left_behind() -> Response:
        return shown(library.left_behind(), list[DocumentRecord])

    @router.get("/damaged", response_model=list[tuple[DocumentRecord, str]], summary="Documents whose file is missing or cut")
    def damaged() -> Response:
        return shown(library.damaged_copies(), list[tuple[DocumentRecord, str]])

    @router.get("/removed", response_model=list[RemovedDocument], summary="Documents that can be restored")
    def removed() -> Response:
        return shown(library.removed(), list[RemovedDocument])

    @router.get("/left-out", response_model=list[RemovedDocument], summary="Removed documents that watched folders leave out")
    def left_out() -> Response:
        return shown(library.left_out(), list[RemovedDocument])

    @router.post("/removed/{name_or_id}/restore", response_model=Report, summary="Restore a removed document")
    async def restore(request: Request, name_or_id: str, *, wait: bool = True) -> Response:
        return await worked(request, lambda tell: Report((library.restore(name_or_id, progress=tell, wait=wait),)))

    return router


def _add_adding(router: APIRouter, library: Library) -> None:
    @router.post("/documents", response_model=Report, summary="Upload a file", description=ABOUT_UPLOADS)
    async def upload(  # noqa: PLR0913 - each is one field of the form
        request: Request,
        file: Annotated[UploadFile, File()],
        name: Annotated[str, Form()] = "",
        passwords: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
        metadata: Annotated[str, Form()] = "",
        *,
        wait: Annotated[bool, Form()] = True,
        replace: Annotated[bool, Form()] = False,
    ) -> Response:
        called = name or file.filename or ""
        said = {"metadata": json.loads(metadata)} if metadata else {}

        def add(tell: ProgressCallback) -> Report:
            with TemporaryDirectory(prefix="upload-", dir=library.scratch) as folder:
                path = Path(folder) / "file"
                with path.open("wb") as copy:
                    shutil.copyfileobj(file.file, copy)
                outcome = library.add_upload(path, called, passwords=passwords, progress=tell, wait=wait, replace=replace, **said)
            return Report((outcome,))

        return await worked(request, add)

    @router.post("/paths", response_model=Report, summary="Add web addresses; for programs of the same user, paths too")
    async def paths(request: Request, given: Paths, owns: Annotated[bool, Depends(checked)]) -> Response:
        if not owns and not all(map(is_address, given.paths)):
            checked_owner(owns=False)
        taken = {each.name: getattr(given, each.name) for each in fields(given)}
        return await worked(request, lambda tell: library.add(progress=tell, **taken))
