"""The server: one app of our routes and the page, and a process that serves it until it is told to stop."""

import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.files import find_files
from rag.formats.registry import format_named
from rag.library import Library

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from ui.chats.conversations import Conversations
    from ui.uploading.indexer import Indexer

SECONDS_TO_END = 3  # after this long a stop no longer waits for what still runs


class ServeError(RagError):
    """The page's address cannot be used."""


def build_app(
    library: Library,
    indexer: "Indexer",
    conversations: "Conversations",
    *,
    hosts: Collection[str] = ("127.0.0.1", "localhost", "::1"),
    is_local: bool = True,
) -> "FastAPI":
    """Put together the routes of `ui.http` and the page of `ui.web`, which is mounted last; it answers to the names `hosts` alone.

    `is_local`: whether only this machine reaches it, so that the API needs no token where none is set.
    """
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware
    from starlette.routing import Route

    from ui.http.addresses import own_addresses_only
    from ui.http.agents import Agents
    from ui.http.api.access import Access
    from ui.http.api.app import build_api
    from ui.http.clients import with_clients
    from ui.http.compatible.app import build_compatible
    from ui.http.conversations import conversation_routes
    from ui.http.doctor import doctor_routes
    from ui.http.documents import document_routes
    from ui.http.figures import figure_routes
    from ui.http.models import model_routes
    from ui.http.protection import with_protection
    from ui.web.app import build_page
    from ui.web.exploring.figures import Figures
    from ui.web.mounting import mount

    token = library.settings.api_token.get_secret_value() if library.settings.api_token else ""
    access = Access(token, library.holder_token, is_local)
    agents = Agents(library, access)
    app = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None, lifespan=agents.lifespan)
    app.add_middleware(CORSMiddleware)  # allows no other site; without it Gradio adds one that allows all
    app.add_middleware(with_clients)
    app.add_middleware(own_addresses_only, names=hosts)
    app.add_middleware(with_protection)  # the last one added is the outermost
    figures = Figures()
    for router in (
        document_routes(library),
        conversation_routes(conversations),
        doctor_routes(library),
        figure_routes(figures.find),
        model_routes(library, indexer.wake),
    ):
        app.include_router(router)
    app.router.routes.append(Route("/mcp", agents, methods=["GET", "POST", "DELETE"]))
    app.mount("/api", build_api(library, access, indexer, conversations))
    app.mount("/v1", build_compatible(library, access))
    mount(app, build_page(library, indexer, conversations, figures, may_connect=is_local), library.settings)
    return app


def serve(library: Library, *, host: str, port: int, samples: Path | None, tell: Callable[[str], None]) -> None:
    """Serve the page until the process is told to stop.

    Port 0 takes a free one. `samples` is a folder to index where the library is empty; `tell` hears the page's address and its end. Raises
    ServeError where the address is in use or not this machine's, StorageError where the library cannot be opened.
    """
    host = host.strip().strip("[]")
    bound = listen(host, port)
    keep_to_itself(library.scratch)
    gc.disable()  # while Gradio is imported and the page is built: a sixth of the time is spent looking for garbage, and there is none
    from ui.chats import CONVERSATIONS_FILE
    from ui.chats.conversations import Conversations
    from ui.chats.store import ConversationStore
    from ui.uploading.indexer import Indexer

    indexer = Indexer(library)
    conversations = Conversations(ConversationStore.open(library.folder / CONVERSATIONS_FILE))
    try:
        _queue_samples(library, indexer, samples)
        url = _url(host, bound.getsockname()[1])
        server = _build_server(library, indexer, conversations, host, tell)
        tell(f"Footnote is at {url} (Ctrl-C stops it).")
        library.announce(url)
        gc.freeze()  # what is there by now stays
        gc.enable()
        indexer.start()  # not before: loading the model would keep the page waiting
        library.pages.start()  # so that the first footnote need not wait for the process that draws
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it again at its end, before ours
        with suppress(KeyboardInterrupt):  # the usual way to stop
            server.run(sockets=[bound])
    finally:
        gc.enable()
        conversations.close()
        indexer.close()
        bound.close()


def _queue_samples(library: Library, indexer: "Indexer", samples: Path | None) -> None:
    is_empty = not library.documents()  # also tells at once if the library cannot be opened
    if samples and is_empty and not indexer.jobs:  # else an earlier run has queued them
        for path in find_files([samples]):
            if isinstance(path, Path) and format_named(path.name):
                indexer.submit(path, path.name, keep=True)


def _build_server(
    library: Library, indexer: "Indexer", conversations: "Conversations", host: str, tell: Callable[[str], None]
) -> "uvicorn.Server":
    import uvicorn

    from ui.http.addresses import LOOPBACK, answered_names, is_loopback
    from ui.http.stopping import Requests

    names = answered_names(host, library.settings.allowed_names)
    app, requests = build_app(library, indexer, conversations, hosts=names, is_local=is_loopback(host)), Requests()
    app.add_middleware(requests.stoppable)
    if not is_loopback(host):
        others = ", ".join(sorted(names - LOOPBACK))
        tell("Everyone who can reach this address can read and change the library and its conversations: there is no login.")
        tell(f"The page answers to this machine's addresses and to the names {others}; RAG_ALLOWED_HOSTS adds others.")
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=SECONDS_TO_END,
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,  # else who asks is who is connected: a header can say anything
    )

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            tell("Footnote is stopping.")
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it would complain of requests that run in threads
            requests.end()
            await super().shutdown(sockets)

    return Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises ServeError where the address is in use or not this machine's."""
    if not host:
        raise ServeError("The page needs an address to listen on: 127.0.0.1 for this machine, 0.0.0.0 to accept connections from others.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle's wait of 40 ms on
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen()
    except OSError as error:
        bound.close()
        raise ServeError(f"The page cannot be served at {_url(host, port)}: {error.strerror}. Choose another port with --port.") from error
    return bound


def _url(host: str, port: int) -> str:
    """An address that a browser on this machine can open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def keep_to_itself(folder: Path) -> None:
    """Before Gradio is imported: switch its telemetry off, and keep uploads in the library's own folder."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # statistics that Gradio works out after each event, for a page of its that is closed
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
    os.environ["GRADIO_TEMP_DIR"] = str((folder / "uploads").resolve())
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
