"""The server as one app: what is the server's, and the apps of its libraries."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from rag.storing.places import Places
from ui.chats.keeping import Keeping
from ui.hosting.hosting import Hosting
from ui.hosting.library_app import Parts, add_library, recorded
from ui.http.access import Access, with_access
from ui.http.addresses import own_addresses_only
from ui.http.administration import administration_routes
from ui.http.agents import Agents
from ui.http.clients import with_clients
from ui.http.health import health_routes
from ui.http.libraries import library_routes
from ui.http.logs import log_request
from ui.http.metrics import Metrics, metrics_routes
from ui.http.paths import with_base_path
from ui.http.people import people_routes
from ui.http.personal import personal_routes
from ui.http.protection import with_protection
from ui.http.proxies import behind_proxies
from ui.http.requests import with_requests, with_route


def build_app(
    main: Parts,
    access: Access,
    *,
    hosts: Collection[str] = ("127.0.0.1", "localhost", "::1"),
    code: str = "",
    url: str = "",
    is_draining: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """Put together what is the server's, and the apps of its libraries: the main one's at its root; it answers to the names `hosts` alone.

    `access` is what opens it; `code` makes the first administrator; `url` is told to other programs on this machine; `is_draining` tells
    whether it has been told to stop.
    """
    library, settings = main.library, main.library.settings
    metrics = Metrics(access.people.open_sessions, access.records_lost)
    parts = recorded(main, metrics)
    agents, hosting = Agents(parts.library), Hosting(library, access.people, metrics, url, access.desk)
    places = Places(library.folder, settings.database_url)
    keeping = Keeping(
        places,
        lambda: [main.conversations, *hosting.conversations()],
        access.people.removed,
        settings.conversation_days,
        lambda: [each.id for each in access.people.libraries()],
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with agents.lifespan(app), hosting.lifespan():
            keeping.start()
            try:
                yield
            finally:
                keeping.close()

    app = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(with_route)
    app.add_middleware(CORSMiddleware)  # allows no other site; without it Gradio adds one that allows all
    app.add_middleware(hosting.before)
    app.add_middleware(with_access, access=access)
    app.add_middleware(with_clients)
    app.add_middleware(own_addresses_only, names=hosts)
    if settings.base_path:
        app.add_middleware(with_base_path, base=settings.base_path)
    app.add_middleware(with_protection)
    app.add_middleware(with_requests, tell=(metrics.request, log_request))
    app.add_middleware(
        behind_proxies, trusted=settings.proxy_networks, user_header=access.sign_on.header
    )  # the last one added is the outermost
    for router in (
        health_routes(library, access.records_lost, is_draining),
        metrics_routes(metrics),
        people_routes(access, code),
        personal_routes(access.people, places),
        administration_routes(access, library.folder, hosting.remove),
        library_routes(hosting.remove),
    ):
        app.include_router(router)
    add_library(app, parts, agents, may_connect=access.is_local or not access.no_login)
    return app
