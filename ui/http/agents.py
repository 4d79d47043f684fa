"""`/mcp`: the Model Context Protocol over HTTP. It is loaded with the first request: most servers never get one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from rag.library import Library

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class Agents:
    """An ASGI app that takes POST; `lifespan` ends it with the server.

    There are no sessions, so a stream of the server's own messages (GET) would stay open with none: clients take 405 for "no such stream".
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._address = ""  # of this server, as clients call it
        self._running: asyncio.Task[None] | None = None
        self._manager: asyncio.Future[StreamableHTTPSessionManager] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self._address = str(Request(scope).base_url)
        if self._manager is None:
            self._manager = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._manager))
        manager = await asyncio.shield(self._manager)
        await manager.handle_request(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:  # noqa: ARG002 - what FastAPI calls it with
        """End what runs when the server ends."""
        yield
        if self._running:
            self._running.cancel()

    async def _run(self, started: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        try:
            manager = await asyncio.to_thread(self._built)
            async with manager.run():
                started.set_result(manager)
                await asyncio.Event().wait()
        except Exception as error:
            if started.done():
                raise
            self._manager = None  # the next request tries again
            started.set_exception(error)

    def _built(self) -> "StreamableHTTPSessionManager":
        from mcp.server.transport_security import TransportSecuritySettings

        from ui.mcp import build_mcp

        mcp = build_mcp(self._library, lambda: self._address)
        guarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # `addresses` guards the whole server
        mcp.streamable_http_app(json_response=True, stateless_http=True, transport_security=guarded)
        return mcp.session_manager
