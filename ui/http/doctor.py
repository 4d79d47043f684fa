"""What `rag doctor` asks the page that holds a library."""

import threading
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException

from rag.errors import LibraryClosedError
from rag.library import Library
from ui.doctor import diagnose, mend


def doctor_routes(library: Library) -> APIRouter:
    """`GET /doctor` looks, `POST /doctor` repairs; both answer with findings, one at a time."""
    router = APIRouter()
    turn = threading.Lock()

    @router.get("/doctor")
    def look() -> list[dict[str, Any]]:
        with turn:
            try:
                return [asdict(finding) for finding in diagnose(library)]
            except LibraryClosedError as error:
                raise HTTPException(503, str(error)) from error

    @router.post("/doctor")
    def repair() -> list[dict[str, Any]]:
        with turn:
            try:
                return [asdict(finding) for finding in mend(library)]
            except LibraryClosedError as error:
                raise HTTPException(503, str(error)) from error

    return router
