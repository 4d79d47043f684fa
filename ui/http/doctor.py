"""The library's health, for `rag doctor` while the page holds the library."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException

from rag.errors import LibraryClosedError
from rag.library import Library
from rag.types import Finding
from ui.diagnosis import diagnose, mend


def doctor_routes(library: Library) -> APIRouter:
    """`GET /doctor` checks, `POST /doctor` repairs; one at a time."""
    router = APIRouter()
    checking = threading.Lock()

    def findings(check: Callable[[Library], list[Finding]]) -> list[dict[str, Any]]:
        if not checking.acquire(blocking=False):
            raise HTTPException(503, "The library is already being checked. Try again when the check is done.", {"Retry-After": "10"})
        try:
            return [asdict(finding) for finding in check(library)]
        except LibraryClosedError as error:
            raise HTTPException(503, str(error)) from error
        finally:
            checking.release()

    @router.get("/doctor")
    def examine() -> list[dict[str, Any]]:
        return findings(diagnose)

    @router.post("/doctor")
    def repair() -> list[dict[str, Any]]:
        return findings(mend)

    return router
