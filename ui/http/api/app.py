"""The API as one app, with its description under `/api/openapi.json`."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from rag.library import Library
from rag.remote.wire import SECRETS
from ui.http.api.access import Access, checked
from ui.http.api.answers import add_problems
from ui.http.api.asking import asking_api
from ui.http.api.documents import document_api
from ui.http.api.models import model_api
from ui.http.api.state import state_api

VERSION = "1"


def build_api(library: Library, access: Access, *others: APIRouter, wake: Callable[[], None]) -> FastAPI:
    """Put the routes together, with those of others that take the same access; `wake` has the work in the background looked at."""
    api = FastAPI(title="Footnote", version=VERSION, docs_url=None, redoc_url=None, dependencies=[Depends(checked)])
    api.state.access = access
    add_problems(api)
    for router in (*others, document_api(library), asking_api(library), state_api(library, VERSION), model_api(library, wake)):
        api.include_router(router)
    describe = api.openapi

    def without_secrets() -> dict[str, Any]:
        described = describe()
        for schema in described["components"]["schemas"].values():
            for secret in SECRETS & schema.get("properties", {}).keys():
                del schema["properties"][secret]
                if secret in schema.get("required", ()):
                    schema["required"].remove(secret)
        return described

    api.openapi = without_secrets  # type: ignore[method-assign]
    return api
