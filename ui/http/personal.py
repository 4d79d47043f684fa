"""What the server has of one person, as a file for that person alone: administrators read nobody's conversations."""

import tempfile
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response, StreamingResponse

from rag.errors import RagError
from rag.storing.places import Places
from ui.chats.exporting import file_name
from ui.http.access import caller_of
from ui.people.store import People
from ui.personal import export_person

PIECE = 1 << 16  # bytes


def personal_routes(people: People, server: Places) -> APIRouter:
    """`/account/export`; `server` is where the server's tables are."""
    router = APIRouter()

    @router.get("/account/export")
    def export(request: Request) -> Response:
        person = caller_of(request.scope).person
        assert person
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
        try:
            export_person(file, people, person, server)
        except RagError as error:
            file.close()
            raise HTTPException(503, str(error)) from error
        name = f"attachment; filename*=UTF-8''{quote(file_name(person.name))}.zip"
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)

    return router


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
