"""Routes that change the embedding model."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from fastapi.responses import Response

from rag.library import Library
from rag.types import ModelOffer
from ui.http.access import is_owner
from ui.http.api.answers import shown
from ui.http.api.describing import verb
from ui.models import use_listed


def model_api(library: Library, wake: Callable[[], None]) -> APIRouter:
    """The routes; `wake` is called where there is something to do in the background."""
    router = APIRouter(tags=["library"])

    @router.get("/model-offer", response_model=ModelOffer | None, summary="A better model", openapi_extra=verb(Library.model_offer))
    def offer() -> Response:
        return shown(library.model_offer(), ModelOffer | None)

    @router.delete("/model-offer", response_model=None, summary="Offer no model again", openapi_extra=verb(Library.dismiss_offer))
    def dismiss() -> None:
        library.dismiss_offer()

    @router.post("/model", response_model=None, summary="Use another embedding model", openapi_extra=verb(Library.use_model))
    def use(model: Annotated[str, Body(description="As `rag models` lists it.")], owns: Annotated[bool, Depends(is_owner)]) -> None:
        library.use_model(model) if owns else use_listed(library, model)  # others than those of the list may run code
        wake()

    @router.delete("/model", response_model=None, summary="Keep the present model", openapi_extra=verb(Library.cancel_model))
    def keep() -> None:
        library.cancel_model()

    return router
