"""Whether the server lives and is ready, for programs that watch it: without a word about the library."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import JSONResponse

from rag.errors import RagError
from rag.library import Library
from ui.http.standing import standing_of


def health_routes(library: Library, lost: Callable[[], int] = lambda: 0, is_draining: Callable[[], bool] = lambda: False) -> APIRouter:
    """`/healthz` answers while the process lives, `/readyz` while questions can be: also where records of the audit log are `lost`.

    In a cluster it says the server's role; a replica is not ready before its index is open, nor far behind the writer, and no server is
    once it `is_draining`.
    """
    router = APIRouter()

    @router.get("/healthz")
    def lives() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    def is_ready() -> JSONResponse:
        standing = standing_of(library)
        problem = "The server is stopping." if is_draining() else standing.problem if standing else ""
        if not problem:  # else the index may be waited for
            try:
                library.documents()
            except RagError:
                problem = "The library cannot be read: see the server's log."
        about = {"role": standing.membership.role} if standing else {}
        if problem:
            return JSONResponse({"detail": problem, **about}, 503)
        return JSONResponse({"status": "ok", **about} | ({"audit": "cannot be written"} if lost() else {}))

    return router
