"""Changing a library's embedding model, for `rag models use` while the page holds the library."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException

from rag.errors import RagError
from rag.library import Library
from ui.models import use_listed


def model_routes(library: Library, wake: Callable[[], None]) -> APIRouter:
    """`POST /models` begins to re-index with another model of the catalogue; `wake` is called then."""
    router = APIRouter()

    @router.post("/models")
    def use(model: Annotated[str, Body(embed=True)]) -> dict[str, str]:
        try:
            use_listed(library, model)
        except RagError as error:
            raise HTTPException(409, str(error)) from error
        wake()
        return {"model": model}

    return router
