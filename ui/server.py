"""The server: a process that serves the app of `ui.hosting.server_app` until it is told to stop."""

import gc
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from contextlib import closing as closes
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import RagError
from rag.files import find_files
from rag.formats.registry import format_named
from rag.library import Library
from rag.settings import Settings

if TYPE_CHECKING:
    import ssl
    from types import FrameType

    import uvicorn

    from ui.hosting.library_app import Parts
    from ui.http.access import Access
    from ui.people.store import People
    from ui.uploading.indexer import Indexer

SECONDS_TO_END = 3  # after this long a stop no longer waits for what was ended and still runs
HTTP = "h11"  # it takes 64 kB of headers at most; httptools, which uvicorn would choose, takes any amount from anybody


NO_LOGIN_WITH_USERS = "There are users, so all have to sign in. Leave --no-login out, or remove them: `rag user list` names them."
NO_LOGIN_WITH_SIGN_ON = (
    "Single sign-on is set, so all have to sign in. Leave --no-login out, or the settings RAG_OIDC_ and RAG_PROXY_USER_HEADER."
)
HALF_TLS = "A certificate and its key belong together. Set both RAG_TLS_CERTIFICATE and RAG_TLS_KEY, or neither."
NO_ADMINISTRATOR = "Nobody can sign in yet. This adds the first administrator: rag user add NAME --single-sign-on"


class ServeError(RagError):
    """The page's address cannot be used."""


def serve(library: Library, *, host: str, port: int, samples: Path | None, tell: Callable[[str], None], no_login: bool = False) -> None:
    """Serve the page until the process is told to stop.

    Port 0 takes a free one. `samples` is a folder to index where the library is empty; `tell` hears the page's address and its end. With
    `no_login` others than this machine need none either, where there are no users. Raises ServeError where the address is in use or not
    this machine's, or no login is wanted and there are users, CertificateError where TLS files cannot be used, SettingsError where settings
    contradict each other, StorageError where the library cannot be opened.
    """
    from rag.storing.places import Places
    from rag.storing.table_copies import take_in
    from ui.people.store import People

    host = host.strip().strip("[]")
    with ExitStack() as closing:
        places = Places(library.folder, library.settings.database_url)
        for noun in ("people", "usage", "conversations") if places.are_shared else ():
            take_in(places, noun)
        people = closing.enter_context(People(places.database("people")))
        _check(library.settings, people, no_login)
        bound = closing.enter_context(listen(host, port))
        keep_to_itself(library.scratch)
        closing.callback(gc.enable)
        gc.disable()  # while Gradio is imported and the page is built: a sixth of the time is spent looking for garbage, and there is none
        parts, access = _parts(library, people, host, closing, no_login=no_login)
        _queue_samples(library, parts.indexer, samples)
        url = _url(host, bound.getsockname()[1], "https" if library.settings.tls_certificate else "http")
        shared_url = _shared_url(library, host, url)
        code = secrets.token_urlsafe(24) if access.needs_login and access.sign_on.passwords and not people.exist() else ""
        server = _build_server(parts, access, host, tell, code=code, url=shared_url)
        tell(f"Footnote is at {url} (Ctrl-C stops it).")
        for line in _about_access(library, access, host, f"{url}/first-administrator?code={code}" if code else ""):
            tell(line)
        library.announce(shared_url)
        gc.freeze()  # what is there by now stays
        gc.enable()
        parts.indexer.start()  # not before: loading the model would keep the page waiting
        library.pages.start()  # so that the first footnote need not wait for the process that draws
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it again at its end, before ours
        with suppress(KeyboardInterrupt):  # the usual way to stop
            server.run(sockets=[bound])


def _parts(library: Library, people: "People", host: str, closing: ExitStack, *, no_login: bool) -> "tuple[Parts, Access]":
    """What the app of the main library is made of, and what opens the server; `closing` closes all but the library."""
    from rag.storing.places import Places
    from ui.chats.conversations import Conversations
    from ui.chats.store import ConversationStore
    from ui.hosting.library_app import Parts
    from ui.http.access import access_to
    from ui.http.addresses import is_loopback
    from ui.http.logs import configure_logs
    from ui.people.ledger import Ledger
    from ui.people.limits import Account, Desk
    from ui.people.recording import recorded_library
    from ui.uploading.shared_indexer import indexer_of

    settings, places = library.settings, Places(library.folder, library.settings.database_url)
    configure_logs(settings.log_format, settings.log_level)
    desk = Desk(closing.enter_context(closes(Ledger(places.database("usage")))), people, settings)
    access = access_to(library, people, desk, is_local=is_loopback(host) and not settings.proxy_networks, no_login=no_login)
    indexer = closing.enter_context(closes(indexer_of(recorded_library(library, trail=access.own_trail), Account(desk))))
    conversations = closing.enter_context(closes(Conversations(partial(ConversationStore.of, places))))
    return Parts(library, indexer, conversations), access


def _check(settings: Settings, people: "People", no_login: bool) -> None:
    """Tell at once what would keep the server from starting."""
    from ui.people.sign_on import sign_on_of

    if people.exist() and no_login:
        raise ServeError(NO_LOGIN_WITH_USERS)
    if sign_on_of(settings).is_on and no_login:
        raise ServeError(NO_LOGIN_WITH_SIGN_ON)
    _tls(settings)


def _queue_samples(library: Library, indexer: "Indexer", samples: Path | None) -> None:
    is_empty = not library.documents()  # also tells at once if the library cannot be opened
    if samples and is_empty and library.role == "writer" and not indexer.jobs:  # else an earlier run has queued them
        for path in find_files([samples]):
            if isinstance(path, Path) and format_named(path.name):
                indexer.submit(path, path.name, keep=True)


def _about_access(library: Library, access: "Access", host: str, link: str) -> Iterator[str]:
    """Who may come in; `link` makes the first administrator, where there is nobody."""
    from ui.http.addresses import LOOPBACK, answered_names

    if access.needs_login and not link and not access.people.exist():
        yield NO_ADMINISTRATOR
    if link:
        yield f"Nobody can sign in yet. This link makes the first administrator, once: {link}"
    if access.is_local:
        return
    if access.no_login:
        yield "Everyone who can reach this address can read and change the library and its conversations: there is no login."
    others = ", ".join(sorted(answered_names(host, library.settings.allowed_names) - LOOPBACK))
    yield f"The page answers to this machine's addresses and to the names {others}; RAG_ALLOWED_HOSTS adds others."


def _build_server(parts: "Parts", access: "Access", host: str, tell: Callable[[str], None], *, code: str, url: str) -> "uvicorn.Server":
    import uvicorn

    from ui.hosting.server_app import build_app
    from ui.http.addresses import answered_names
    from ui.http.stopping import Requests

    settings = parts.library.settings
    tls, requests = _tls(settings), Requests()
    hosts = answered_names(host, [*settings.allowed_names, urlsplit(url).hostname or ""])
    app = build_app(parts, access, hosts=hosts, code=code, url=url, is_draining=lambda: requests.is_draining)
    app.add_middleware(requests.stoppable)
    config = uvicorn.Config(
        app,
        http=HTTP,
        log_level="warning",
        log_config=None,  # as `configure_logs` says
        access_log=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
        proxy_headers=False,  # see `ui.http.proxies`
        ssl_context_factory=(lambda *_: tls) if tls else None,
    )

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: "FrameType | None") -> None:
            if not requests.is_draining or requests.is_hurried:  # the second signal shortens the wait, and all is closed well
                super().handle_exit(sig, frame)
            requests.drain()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            tell("Footnote is stopping.")
            threading.Thread(target=parts.indexer.close, daemon=True).start()  # it finishes its file or gives it up meanwhile
            await requests.drained(settings.drain_seconds)
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it would complain of requests that run in threads
            requests.end()
            await super().shutdown(sockets)

    return Server(config)


def _tls(settings: Settings) -> "ssl.SSLContext | None":
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate and key:
        from ui.http.certificates import tls_context

        return tls_context(certificate, key)
    if certificate or key:
        raise ServeError(HALF_TLS)
    return None


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


def _shared_url(library: Library, host: str, url: str) -> str:
    """An address that programs on this machine can use, and the other servers of a cluster too."""
    if library.cluster and library.settings.server_url:
        return library.settings.server_url.rstrip("/")
    is_everywhere = host in {"0.0.0.0", "::"}
    return url.replace(urlsplit(url).netloc.rpartition(":")[0], socket.gethostname()) if library.cluster and is_everywhere else url


def _url(host: str, port: int, scheme: str = "http") -> str:
    """An address that a browser on this machine can open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://[{shown}]:{port}" if ":" in shown else f"{scheme}://{shown}:{port}"


def keep_to_itself(folder: Path) -> None:
    """Before Gradio is imported: switch its telemetry off, and keep uploads in the library's own folder."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # statistics that Gradio works out after each event, for a page of its that is closed
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
    os.environ["GRADIO_TEMP_DIR"] = str((folder / "uploads").resolve())
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
