"""The API as one app, with its description under `/api/openapi.json`, and for people under `/api/docs`."""

from functools import cache
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from rag.library import Library
from ui.chats.conversations import Conversations
from ui.http.api.answers import add_problems, known, with_version
from ui.http.api.asking import asking_api
from ui.http.api.conversations import conversation_api
from ui.http.api.describing import described
from ui.http.api.documents import document_api
from ui.http.api.evaluating import evaluating_api
from ui.http.api.indexing import Queue, indexing_api
from ui.http.api.models import model_api
from ui.http.api.settings import settings_api
from ui.http.api.state import state_api
from ui.http.conversations import conversation_routes
from ui.http.documents import document_routes
from ui.http.limits import with_limit

VERSION = "1"


def build_api(library: Library, queue: Queue, conversations: Conversations) -> FastAPI:
    """Put the routes together."""
    api = FastAPI(
        title="Footnote",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known)],
        separate_input_output_schemas=False,
    )
    add_problems(api)
    api.add_middleware(with_version, version=version("footnote"))
    api.add_middleware(with_limit, most_bytes=library.settings.max_upload_megabytes * 1_000_000)
    for router in (
        document_routes(library),
        document_api(library, queue.wake),
        indexing_api(library, queue),
        asking_api(library),
        evaluating_api(library),
        conversation_api(conversations),
        conversation_routes(conversations),
        state_api(library, VERSION),
        model_api(library, queue.wake),
        settings_api(library),
    ):
        api.include_router(router)
    describe = api.openapi
    api.openapi = cache(lambda: described(describe()))  # type: ignore[method-assign]
    api.add_route("/docs", _documentation)  # open to all, as the description is: it has nothing of the library
    return api


def _documentation(request: Request) -> HTMLResponse:
    from ui.http.api.documentation import documentation

    return HTMLResponse(documentation(request.app.openapi(), f"{request.base_url}api"))
