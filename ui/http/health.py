"""Whether the server lives and is ready, for programs that watch it: without a word about the library."""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException

from rag.errors import RagError
from rag.library import Library


def health_routes(library: Library, lost: Callable[[], int] = lambda: 0) -> APIRouter:
    """`/healthz` answers while the process lives, `/readyz` while questions can be: also where records of the audit log are `lost`."""
    router = APIRouter()

    @router.get("/healthz")
    def lives() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    def is_ready() -> dict[str, str]:
        try:
            library.documents()
        except RagError as error:
            raise HTTPException(503, "The library cannot be read: see the server's log.") from error
        return {"status": "ok"} | ({"audit": "cannot be written"} if lost() else {})

    return router
