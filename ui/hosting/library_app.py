"""One library as an app: its page, and its routes for browsers and programs."""

from dataclasses import dataclass, replace

from fastapi import FastAPI
from starlette.routing import Route

from rag.library import Library
from ui.chats.conversations import Conversations
from ui.http.administration.rights import rights_routes
from ui.http.agents import Agents
from ui.http.api.app import build_api
from ui.http.compatible.app import build_compatible
from ui.http.conversations import conversation_routes
from ui.http.doctor import doctor_routes
from ui.http.documents import document_routes
from ui.http.figures import figure_routes
from ui.http.metrics import Metrics
from ui.http.models import model_routes
from ui.http.requests import with_route
from ui.http.sharing import sharing_routes
from ui.people.recording import recorded_library, recorded_queue
from ui.uploading.indexer import Indexer
from ui.web.app import build_page
from ui.web.exploring.figures import Figures
from ui.web.mounting import mount


@dataclass(frozen=True, slots=True)
class Parts:
    """What an app of a library is made of; `id` is "" for the main one of a server."""

    library: Library
    indexer: Indexer
    conversations: Conversations
    id: str = ""

    def close(self) -> None:
        """Close all of it."""
        self.conversations.close()
        self.indexer.close()
        self.library.close()


def recorded(parts: Parts, metrics: Metrics) -> Parts:
    """The same parts; what is done with them is recorded and counted."""
    metrics.watch(parts.id, parts.library, parts.indexer)
    return replace(parts, library=recorded_library(parts.library, metrics.asked), indexer=recorded_queue(parts.indexer))


def add_library(app: FastAPI, parts: Parts, agents: Agents, *, may_connect: bool) -> None:
    """Add a library's routes to an app, and its page, which is mounted last; `may_connect`: whether chat models may be connected on it."""
    library, indexer, conversations, figures = parts.library, parts.indexer, parts.conversations, Figures()
    for router in (
        document_routes(library),
        conversation_routes(conversations),
        doctor_routes(library),
        figure_routes(figures.find),
        model_routes(library, indexer.wake),
        rights_routes(),
        sharing_routes(library, conversations),
    ):
        app.include_router(router)
    app.router.routes.append(Route("/mcp", agents, methods=["POST"]))
    app.mount("/api", build_api(library, indexer, conversations))
    app.mount("/v1", build_compatible(library))
    page = build_page(library, indexer, conversations, figures, may_connect=may_connect, library_id=parts.id)
    mount(app, page, library.settings)


def library_app(parts: Parts) -> FastAPI:
    """An app of its own for a library; chat models are connected in the server's main library alone."""
    agents = Agents(parts.library)
    app = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None, lifespan=agents.lifespan)
    app.add_middleware(with_route)
    add_library(app, parts, agents, may_connect=False)
    return app
