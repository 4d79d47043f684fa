"""What `rag doctor` asks the page that holds a library."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException

from rag.errors import LibraryClosedError
from rag.library import Library
from rag.types import Finding
from ui.commands.doctor import diagnose, mend


def doctor_routes(library: Library) -> APIRouter:
    """`GET /doctor` looks, `POST /doctor` repairs; both answer with findings, and are refused while another is at it."""
    router = APIRouter()
    turn = threading.Lock()

    def found(look: Callable[[Library], list[Finding]]) -> list[dict[str, Any]]:
        if not turn.acquire(blocking=False):
            raise HTTPException(503, "The library is being checked already. Try again when that is done.", {"Retry-After": "10"})
        try:
            return [asdict(finding) for finding in look(library)]
        except LibraryClosedError as error:
            raise HTTPException(503, str(error)) from error
        finally:
            turn.release()

    @router.get("/doctor")
    def examined() -> list[dict[str, Any]]:
        return found(diagnose)

    @router.post("/doctor")
    def repaired() -> list[dict[str, Any]]:
        return found(mend)

    return router
