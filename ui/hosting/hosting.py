"""The other libraries of a server: opened with the first request for each, closed with the server or when others need the room."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import LibraryError, RagError
from rag.library import Library
from rag.storing.places import Places
from rag.storing.table_copies import take_in
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore
from ui.hosting.library_app import Parts, library_app, recorded
from ui.http.access import caller_of, refused
from ui.http.metrics import Metrics
from ui.http.paths import path_of, root_of, split_library
from ui.people.folders import folder_of, put_away
from ui.people.libraries import is_library_id
from ui.people.limits import Account, Desk
from ui.people.store import People
from ui.uploading.shared_indexer import indexer_of

MOST_OPEN = 40  # libraries at a time; beyond, the one that nobody has used for longest is closed
SECONDS_BETWEEN_LOOKS = 20  # whether another server has removed a library
GONE = "This library has been removed."
log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Hosted:
    """A library that is open, or is being opened; `ready` has its app."""

    ready: asyncio.Future[ASGIApp] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.Task[None] | None = None
    conversations: Conversations | None = None
    requests: int = 0
    used: float = 0.0

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Not closed for others' sake meanwhile."""
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1
            self.used = time.monotonic()


class Hosting:
    """An ASGI app for what is below `/libraries/ID`; `lifespan` closes everything.

    Args:
        main: The server's own library; the others are opened as it was.
        people: Knows which there are.
        metrics: Counts what is done with them.
        url: The server's address, for programs on this machine.
        desk: Counts what people do.
    """

    def __init__(self, main: Library, people: People, metrics: Metrics, url: str = "", desk: Desk | None = None) -> None:
        self._main = main
        self._people = people
        self._metrics = metrics
        self._url = url
        self._desk = desk
        self._hosted: dict[str, _Hosted] = {}
        self._building = threading.Lock()  # what Gradio builds is known to all threads while it is built

    def before(self, app: ASGIApp) -> ASGIApp:
        """ASGI middleware within `with_access` that takes the requests for these libraries."""

        async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
            await (self if scope["type"] == "http" and caller_of(scope).library else app)(scope, receive, send)

        return chosen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the library's app, which sees the path within it."""
        library_id, path = split_library(path_of(scope))
        root = f"{root_of(scope)}/libraries/{library_id}"
        if not path:
            await RedirectResponse(f"{root}/", 303)(scope, receive, send)
            return
        hosted = await self._get(library_id)
        with hosted.in_use():
            try:
                app = await asyncio.shield(hosted.ready)
            except RagError as error:
                log.warning("the library %s cannot be opened: %s", library_id, error)
                await refused(path, 503, str(error))(scope, receive, send)
                return
            await app({**scope, "root_path": root, "app_root_path": root}, receive, send)

    def conversations(self) -> list[Conversations]:
        """Those of the libraries that are open."""
        return [each.conversations for each in [*self._hosted.values()] if each.conversations and not each.ending.is_set()]

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Close all libraries at the end."""
        yield
        await asyncio.gather(*map(self.close, [*self._hosted]))

    async def close(self, library_id: str) -> None:
        """Close a library, if it is open."""
        if (hosted := self._hosted.get(library_id)) and hosted.running:
            hosted.ending.set()
            await asyncio.wait([hosted.running])

    async def remove(self, library_id: str) -> bool:
        """Remove a library for everybody, close it, and move its folder aside; whether there was one.

        Raises PersonError for the main one, LibraryLockedError where another process holds it, StorageError.
        """
        known = await asyncio.to_thread(self._people.remove_library, library_id)
        await self.close(library_id)
        return bool(is_library_id(library_id) and await asyncio.to_thread(put_away, self._main.folder, library_id)) or known

    async def _get(self, library_id: str) -> _Hosted:
        while (hosted := self._hosted.get(library_id)) and hosted.ending.is_set():
            await self.close(library_id)
        if hosted is None:
            hosted = self._hosted[library_id] = _Hosted()
            hosted.running = asyncio.create_task(self._run(library_id, hosted))
            self._make_room()
        return hosted

    def _make_room(self) -> None:
        idle = [each for each in self._hosted.values() if not each.requests and each.ready.done() and not each.ending.is_set()]
        for each in sorted(idle, key=lambda one: one.used)[: max(0, len(self._hosted) - MOST_OPEN)]:
            each.ending.set()

    async def _run(self, library_id: str, hosted: _Hosted) -> None:
        """Open a library, and close it when it is to end."""
        try:
            parts, app = await asyncio.to_thread(self._opened, library_id)
            hosted.conversations = parts.conversations
            try:
                async with app.router.lifespan_context(app):
                    hosted.ready.set_result(app)
                    await self._ending(library_id, hosted)
            finally:
                self._metrics.forget(library_id)
                await asyncio.to_thread(parts.close)
        except Exception as error:
            if hosted.ready.done():
                log.exception("the library %s was not closed well", library_id)
            else:
                hosted.ready.set_exception(error)
                hosted.ready.exception()  # whoever asked may have left
        finally:
            self._hosted.pop(library_id, None)  # the next request opens it

    async def _ending(self, library_id: str, hosted: _Hosted) -> None:
        """Wait until a library is to be closed: in a cluster, also because another server has removed it."""
        while self._main.cluster:
            with suppress(TimeoutError):
                await asyncio.wait_for(hosted.ending.wait(), SECONDS_BETWEEN_LOOKS)
                return
            with suppress(RagError):  # the database may come back
                if await asyncio.to_thread(self._people.library, library_id) is None:
                    hosted.ending.set()
        await hosted.ending.wait()

    def _opened(self, library_id: str) -> tuple[Parts, FastAPI]:
        if self._people.library(library_id) is None:
            raise LibraryError(GONE)
        library = self._main.open_beside(folder_of(self._main.folder, library_id))
        try:
            indexer = indexer_of(library, Account(self._desk, library=library_id))
            places = Places(library.folder, library.settings.database_url, library_id)
            take_in(places, "conversations")
            parts = Parts(library, indexer, Conversations(partial(ConversationStore.of, places)), library_id)
            parts = recorded(parts, self._metrics)
            with self._building:
                app = asyncio.run(_built(parts))
        except BaseException:
            library.close()
            raise
        if self._url:
            library.announce(f"{self._url}/libraries/{library_id}", self._main.holder_token)
        indexer.start()
        return parts, app


async def _built(parts: Parts) -> FastAPI:
    """In a loop of its own: where none runs, Gradio makes several, and closes none."""
    return library_app(parts)
