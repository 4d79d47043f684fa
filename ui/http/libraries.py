"""The libraries of the server, for programs: which there are for the caller, and removing one."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request

from rag.errors import RagError
from ui.http.access import NOT_ADMINISTRATOR, caller_of, libraries_of
from ui.http.callers import NOT_HERE
from ui.people.file import PersonError


def library_routes(remove: Callable[[str], Awaitable[bool]]) -> APIRouter:
    """`GET /api/libraries`, and `DELETE /api/libraries/{id}`, which `remove` does."""
    router = APIRouter()

    @router.get("/api/libraries")
    def listed(request: Request) -> list[dict[str, str]]:
        return [
            {"id": each.id, "name": each.name, "right": right, "url": f"{request.base_url}{f'libraries/{each.id}' if each.id else ''}"}
            for each, right in libraries_of(request.scope)
        ]

    @router.delete("/api/libraries/{library_id}")
    async def removed(request: Request, library_id: str) -> None:
        account = caller_of(request.scope).account
        if account and account.role != "administrator":  # who was only given the right to administer the main library
            raise HTTPException(403, NOT_ADMINISTRATOR)
        try:
            found = await remove(library_id)
        except PersonError as error:
            raise HTTPException(422, str(error)) from error
        except RagError as error:
            raise HTTPException(503, str(error)) from error
        if not found:
            raise HTTPException(404, NOT_HERE)

    return router
