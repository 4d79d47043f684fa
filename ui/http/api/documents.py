"""Routes of documents: listed, added, removed, and their pages."""

import asyncio
import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, File, Form, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from rag.fetching.addresses import is_address
from rag.formats.protocol import PageView
from rag.library import Library
from rag.remote.wire import Conditions, Paths, read_json
from rag.types import DocumentRecord, MetadataValue, ProgressCallback, RemovedDocument, Report
from rag.viewing import Pages
from ui.http.access import checked_owner, is_owner
from ui.http.api.answers import shown, worked
from ui.http.api.describing import verb
from ui.people.limits import ACCOUNT, Account

ABOUT_WHERE = 'Filters as JSON, such as `{"kinds": ["pdf"], "since": "2022"}`.'
ABOUT_METADATA = 'What is known of the document from now on, such as `{"year": 2022}`.'
ABOUT_STEPS = """With `Accept: text/event-stream` the answer is `progress` events, then `report` or `problem`."""
ABOUT_UPLOADS = f"""`name` is the file's own if not given; `metadata` is a JSON object. `kind`: "text" and "bytes" add it as `add_text` and
`add_bytes` do in Python, where folders in the name belong to it. {ABOUT_STEPS}"""
ABOUT_PATHS = f"""Paths of files and folders on the server's machine are for programs of the same user there. {ABOUT_STEPS}"""


def document_api(library: Library, wake: Callable[[], None]) -> APIRouter:
    """The routes; `wake` is called where there is something to do in the background."""
    router = APIRouter(tags=["documents"])
    _add_adding(router, library, wake)
    _add_lists(router, library, wake)

    @router.get("/documents", response_model=list[DocumentRecord], summary="List the documents", openapi_extra=verb(Library.documents))
    def documents(where: Annotated[str, Query(description=ABOUT_WHERE)] = "") -> Response:
        filters = read_json(Conditions, where, "where") if where else None
        return shown(library.documents(filters), list[DocumentRecord])

    @router.get(
        "/documents/{name_or_id}/pages/{page:int}",
        response_model=PageView,
        summary="A page's text, and where words stand",
        openapi_extra=verb(Pages.look),
    )
    async def page(name_or_id: str, page: int, start: int = 0, end: int = 0) -> Response:
        looking = await asyncio.to_thread(library.pages.looking, name_or_id, page, start, end)
        return shown(await asyncio.wrap_future(looking))

    @router.get(
        "/documents/{name_or_id:path}", response_model=DocumentRecord, summary="Find a document", openapi_extra=verb(Library.document)
    )
    def document(name_or_id: str) -> Response:
        return shown(library.document(name_or_id))

    @router.delete(
        "/documents/{name_or_id:path}", response_model=DocumentRecord, summary="Remove a document", openapi_extra=verb(Library.remove)
    )
    def remove(name_or_id: str, *, keep: bool = False) -> Response:
        record = library.remove(name_or_id, keep=keep)
        wake()
        return shown(record)

    return router


def _add_lists(router: APIRouter, library: Library, wake: Callable[[], None]) -> None:
    @router.get(
        "/left-behind", response_model=list[DocumentRecord], summary="Documents indexed otherwise", openapi_extra=verb(Library.left_behind)
    )
    def left_behind() -> Response:
        return shown(library.left_behind(), list[DocumentRecord])

    @router.get(
        "/damaged",
        response_model=list[tuple[DocumentRecord, str]],
        summary="Documents whose file is missing or cut",
        openapi_extra=verb(Library.damaged_copies),
    )
    def damaged() -> Response:
        return shown(library.damaged_copies(), list[tuple[DocumentRecord, str]])

    @router.get(
        "/removed", response_model=list[RemovedDocument], summary="Documents that can be restored", openapi_extra=verb(Library.removed)
    )
    def removed() -> Response:
        return shown(library.removed(), list[RemovedDocument])

    @router.get(
        "/left-out", response_model=list[RemovedDocument], summary="Documents left out for good", openapi_extra=verb(Library.left_out)
    )
    def left_out() -> Response:
        return shown(library.left_out(), list[RemovedDocument])

    @router.post("/removed/{name_or_id}/restore", response_model=Report, summary="Restore a document", openapi_extra=verb(Library.restore))
    async def restore(request: Request, name_or_id: str, *, wait: bool = True) -> Response:
        def restored(tell: ProgressCallback) -> Report:
            return Report((library.restore(name_or_id, progress=tell, wait=wait),))

        return await worked(request, _waking(restored, wake))


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError("The text is not UTF-8.") from error


def _add_adding(router: APIRouter, library: Library, wake: Callable[[], None]) -> None:
    @router.put(
        "/documents/{name_or_id}/metadata",
        response_model=DocumentRecord,
        summary="Replace a document's metadata",
        openapi_extra=verb(Library.set_metadata),
    )
    def set_metadata(name_or_id: str, metadata: Annotated[dict[str, MetadataValue], Body(description=ABOUT_METADATA)]) -> Response:
        return shown(library.set_metadata(name_or_id, metadata))

    @router.post(
        "/documents", response_model=Report, summary="Upload a file", description=ABOUT_UPLOADS, openapi_extra=verb(Library.add_upload)
    )
    async def upload(  # noqa: PLR0913 - each is one field of the form
        request: Request,
        file: Annotated[UploadFile, File()],
        name: Annotated[str, Form()] = "",
        passwords: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
        metadata: Annotated[str, Form()] = "",
        kind: Annotated[Literal["file", "text", "bytes"], Form()] = "file",
        *,
        wait: Annotated[bool, Form()] = True,
        replace: Annotated[bool, Form()] = False,
    ) -> Response:
        called, account = name or file.filename or "", ACCOUNT.get()
        await run_in_threadpool(account.add_files, library, 1, file.size or 0)
        said = {"metadata": read_json(dict[str, MetadataValue], metadata, "metadata")} if metadata else {}

        def add(tell: ProgressCallback) -> Report:
            if kind == "text":
                return Report((library.add_text(_utf8(file.file.read()), called, progress=tell, wait=wait, **said),))
            if kind == "bytes":
                return Report((library.add_bytes(file.file.read(), called, progress=tell, wait=wait, **said),))
            with TemporaryDirectory(prefix="upload-", dir=library.scratch) as folder:
                path = Path(folder) / "file"
                with path.open("wb") as copy:
                    shutil.copyfileobj(file.file, copy)
                outcome = library.add_upload(path, called, passwords=passwords, progress=tell, wait=wait, replace=replace, **said)
            return Report((dataclasses.replace(outcome, path=called),))  # where it lay meanwhile is nobody's business

        return await worked(request, _waking(_noting(add, account, library), wake))

    @router.post("/paths", response_model=Report, summary="Add web addresses", description=ABOUT_PATHS, openapi_extra=verb(Library.add))
    async def paths(request: Request, given: Paths, owns: Annotated[bool, Depends(is_owner)]) -> Response:
        if not owns and not all(map(is_address, given.paths)):
            checked_owner(owned=False)
        taken, account = {each.name: getattr(given, each.name) for each in dataclasses.fields(given)}, ACCOUNT.get()
        await run_in_threadpool(account.add_files, library, len(given.paths), 0)
        return await worked(request, _waking(_noting(lambda tell: library.add(progress=tell, **taken), account, library), wake))


def _noting(work: Callable[[ProgressCallback], Report], account: Account, library: Library) -> Callable[[ProgressCallback], Report]:
    """Work, and a note of whose the documents are that it added."""

    def noting(tell: ProgressCallback) -> Report:
        report = work(tell)
        account.note_added(library, report.outcomes)
        return report

    return noting


def _waking(work: Callable[[ProgressCallback], Report], wake: Callable[[], None]) -> Callable[[ProgressCallback], Report]:
    """Work, and `wake` at its end, however it ends: what a client left half-done is finished in the background."""

    def waking(tell: ProgressCallback) -> Report:
        try:
            return work(tell)
        finally:
            wake()

    return waking
