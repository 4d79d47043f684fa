"""The page, served in this process by a thread, and browsers of it without a screen."""

import asyncio
import gc
import json
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.routing import Route

from rag import Library
from ui.chats.conversations import Conversations
from ui.hosting.library_app import Parts
from ui.hosting.server_app import build_app
from ui.http.access import access_to, with_access
from ui.http.agents import Agents
from ui.http.api.app import build_api
from ui.http.compatible.app import build_compatible
from ui.people import PEOPLE_FILE
from ui.people.ledger import Ledger
from ui.people.limits import USAGE_FILE, Account, Desk
from ui.people.store import People
from ui.server import HTTP, keep_to_itself, listen
from ui.uploading.indexer import Indexer

SECONDS = 20


class PageServer:
    """The page of a library, on a free port of 127.0.0.1; a context manager."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.people = People(library.folder / PEOPLE_FILE, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.desk = Desk(Ledger(library.folder / USAGE_FILE), self.people, library.settings)
        self.conversations = Conversations()
        self.indexer = Indexer(library, Account(self.desk))
        self._socket = listen("127.0.0.1", 0)
        with loops_let_go():
            self.app = self._built(library)
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, http=HTTP, log_level="critical", timeout_graceful_shutdown=1, proxy_headers=False)
        )
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._socket])), daemon=True)

    def _built(self, library: Library) -> FastAPI:
        keep_to_itself(library.folder)
        parts = Parts(library, self.indexer, self.conversations)
        return build_app(parts, access_to(library, self.people, self.desk), url=self.url)

    def __enter__(self) -> Self:
        self._thread.start()
        until = time.monotonic() + SECONDS
        while not self._server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(SECONDS)
        self._socket.close()
        self.people.close()
        self.desk.ledger.close()
        with loops_let_go():
            del self.app, self._server, self._thread

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def gradio(self) -> Any:
        """Gradio's own app, without what stands before it."""
        return self.app.routes[-1]._base_app  # type: ignore[attr-defined]

    def event(self, name: str) -> int:
        """The number of the first event whose handler has this name."""
        events: dict[int, Any] = self.gradio.get_blocks().fns
        return next(number for number, event in events.items() if event.api_name == name)


class ApiServer(PageServer):
    """The HTTP API alone, which is built in no time."""

    is_local = True
    """Whether only this machine reaches it."""

    def _built(self, library: Library) -> FastAPI:
        agents = Agents(library)
        app = FastAPI(lifespan=agents.lifespan)
        app.router.routes.append(Route("/mcp", agents, methods=["POST"]))
        app.mount("/api", build_api(library, self.indexer, self.conversations))
        app.mount("/v1", build_compatible(library))
        app.add_middleware(with_access, access=access_to(library, self.people, self.desk, is_local=self.is_local))
        return app


@contextmanager
def loops_let_go() -> Iterator[None]:
    """Gradio makes event loops, sets them for the thread, and closes none: they are let go here, before another test is blamed for them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        asyncio.set_event_loop(None)
        gc.collect()


class Visitor:
    """A browser's requests; a context manager.

    Args:
        server: The page.
        tab: What names its tab.
        headers: Sent with each request.
    """

    def __init__(self, server: PageServer, tab: str = "tab0123456", **headers: str) -> None:
        self.server = server
        self.tab = tab
        self.http = httpx2.Client(base_url=server.url, headers=headers, timeout=SECONDS, verify=False)
        self.http.get("/theme.css")  # brings the cookie

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.http.close()

    def upload(self, files: dict[str, bytes]) -> httpx2.Response:
        """Upload files, by name."""
        return self.http.post("/gradio_api/upload", files=[("files", (name, data)) for name, data in files.items()])

    def call(self, event: int, data: list[Any], *, route: str = "run/predict", **more: Any) -> httpx2.Response:
        """Call an event; a route of the queue only says that it waits."""
        body = {"fn_index": event, "data": data, "session_hash": self.tab, "event_data": None, "trigger_id": None} | more
        return self.http.post(f"/gradio_api/{route}", json=body)

    def ends(self) -> Iterator[dict[str, Any]]:
        """The ends of this tab's waiting events, as they come."""
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.tab}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    yield message


def config_of(http: httpx2.Client, path: str = "/") -> dict[str, Any]:
    """The page's components and events, as its own script is told them."""
    return config_in(http.get(path).raise_for_status().text)


def config_in(page: str) -> dict[str, Any]:
    """The same of a page that is here."""
    config, _ = json.JSONDecoder().raw_decode(page, page.index("{", page.index("window.gradio_config")))
    return dict(config)


def file_data(path: str | Path, **more: Any) -> dict[str, Any]:
    """How the page names a file to an event."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}} | more


def routes_in(routes: Any, prefix: str = "") -> set[tuple[str, str]]:
    """Method and path of each route, included and mounted ones too."""
    found: set[tuple[str, str]] = set()
    for route in routes:
        if included := getattr(route, "original_router", None):
            found |= routes_in(included.routes, prefix)
            continue
        path = prefix + route.path
        found |= {(method, path) for method in getattr(route, "methods", None) or ()}
        found |= routes_in(getattr(route, "routes", None) or (), path)
    return found
