"""The server: one app of our routes and the page, and a process that serves it until it is told to stop."""

import gc
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
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
    from ui.http.access import Access
    from ui.uploading.indexer import Indexer

SECONDS_TO_END = 3  # after this long a stop no longer waits for what still runs


NO_LOGIN_WITH_USERS = "There are users, so all have to sign in. Leave --no-login out, or remove them: `rag user list` names them."


class ServeError(RagError):
    """The page's address cannot be used."""


def build_app(
    library: Library,
    indexer: "Indexer",
    conversations: "Conversations",
    access: "Access",
    *,
    hosts: Collection[str] = ("127.0.0.1", "localhost", "::1"),
    code: str = "",
) -> "FastAPI":
    """Put together the routes of `ui.http` and the page of `ui.web`, which is mounted last; it answers to the names `hosts` alone.

    `access` is what opens it; `code` makes the first administrator.
    """
    from fastapi import FastAPI
    from starlette.middleware.cors import CORSMiddleware
    from starlette.routing import Route

    from ui.http.access import with_access
    from ui.http.addresses import own_addresses_only
    from ui.http.agents import Agents
    from ui.http.api.app import build_api
    from ui.http.clients import with_clients
    from ui.http.compatible.app import build_compatible
    from ui.http.conversations import conversation_routes
    from ui.http.doctor import doctor_routes
    from ui.http.documents import document_routes
    from ui.http.figures import figure_routes
    from ui.http.health import health_routes
    from ui.http.models import model_routes
    from ui.http.people import people_routes
    from ui.http.protection import with_protection
    from ui.web.app import build_page
    from ui.web.exploring.figures import Figures
    from ui.web.mounting import mount

    agents = Agents(library)
    app = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None, lifespan=agents.lifespan)
    app.add_middleware(CORSMiddleware)  # allows no other site; without it Gradio adds one that allows all
    app.add_middleware(with_access, access=access)
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
        health_routes(library),
        people_routes(access, code),
    ):
        app.include_router(router)
    app.router.routes.append(Route("/mcp", agents, methods=["POST"]))
    app.mount("/api", build_api(library, indexer, conversations))
    app.mount("/v1", build_compatible(library))
    mount(app, build_page(library, indexer, conversations, figures, may_connect=access.is_local or not access.no_login), library.settings)
    return app


def serve(library: Library, *, host: str, port: int, samples: Path | None, tell: Callable[[str], None], no_login: bool = False) -> None:
    """Serve the page until the process is told to stop.

    Port 0 takes a free one. `samples` is a folder to index where the library is empty; `tell` hears the page's address and its end. With
    `no_login` others than this machine need none either, where there are no users. Raises ServeError where the address is in use or not
    this machine's, or no login is wanted and there are users, StorageError where the library cannot be opened.
    """
    from ui.people import PEOPLE_FILE
    from ui.people.store import People

    host = host.strip().strip("[]")
    people = People(library.folder / PEOPLE_FILE)
    if people.exist() and no_login:  # also tells at once if it cannot be known who may come in
        people.close()
        raise ServeError(NO_LOGIN_WITH_USERS)
    bound = listen(host, port)
    keep_to_itself(library.scratch)
    gc.disable()  # while Gradio is imported and the page is built: a sixth of the time is spent looking for garbage, and there is none
    from ui.chats import CONVERSATIONS_FILE
    from ui.chats.conversations import Conversations
    from ui.chats.store import ConversationStore
    from ui.http.access import access_to
    from ui.http.addresses import is_loopback
    from ui.uploading.indexer import Indexer

    access = access_to(library, people, is_local=is_loopback(host), no_login=no_login)
    indexer = Indexer(library)
    conversations = Conversations(ConversationStore.open(library.folder / CONVERSATIONS_FILE))
    try:
        _queue_samples(library, indexer, samples)
        url = _url(host, bound.getsockname()[1])
        code = secrets.token_urlsafe(24) if access.needs_login and not people.exist() else ""
        server = _build_server(library, indexer, conversations, host, access, code, tell)
        tell(f"Footnote is at {url} (Ctrl-C stops it).")
        for line in _about_access(library, access, host, f"{url}/first-administrator?code={code}" if code else ""):
            tell(line)
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
        people.close()
        bound.close()


def _queue_samples(library: Library, indexer: "Indexer", samples: Path | None) -> None:
    is_empty = not library.documents()  # also tells at once if the library cannot be opened
    if samples and is_empty and not indexer.jobs:  # else an earlier run has queued them
        for path in find_files([samples]):
            if isinstance(path, Path) and format_named(path.name):
                indexer.submit(path, path.name, keep=True)


def _about_access(library: Library, access: "Access", host: str, link: str) -> Iterator[str]:
    """Who may come in; `link` makes the first administrator, where there is nobody."""
    from ui.http.addresses import LOOPBACK, answered_names

    if link:
        yield f"Nobody can sign in yet. This link makes the first administrator, once: {link}"
    if access.is_local:
        return
    if access.no_login:
        yield "Everyone who can reach this address can read and change the library and its conversations: there is no login."
    others = ", ".join(sorted(answered_names(host, library.settings.allowed_names) - LOOPBACK))
    yield f"The page answers to this machine's addresses and to the names {others}; RAG_ALLOWED_HOSTS adds others."


def _build_server(  # noqa: PLR0913, PLR0917 - the parts of a server
    library: Library,
    indexer: "Indexer",
    conversations: "Conversations",
    host: str,
    access: "Access",
    code: str,
    tell: Callable[[str], None],
) -> "uvicorn.Server":
    import uvicorn

    from ui.http.addresses import answered_names
    from ui.http.stopping import Requests

    names = answered_names(host, library.settings.allowed_names)
    app, requests = build_app(library, indexer, conversations, access, hosts=names, code=code), Requests()
    app.add_middleware(requests.stoppable)
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
