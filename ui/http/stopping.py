"""Stopping the server: what is being answered goes on for a while, nothing new begins, and open pages are not waited for.

serving -> draining, from the first signal on -> ended
"""

import asyncio
import re
import time
from contextlib import suppress
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBES = re.compile(r"/(healthz|readyz)$")
WATCHES = re.compile(r"/(gradio_api/heartbeat/[^/]*|api/indexing)$")
"""Requests that last as long as a page is open, or a program looks on: nobody waits for an end of theirs."""
SECONDS_BETWEEN_LOOKS = 0.05


class Requests:
    """The requests in progress."""

    def __init__(self) -> None:
        self._paths: dict[asyncio.Task[Any], str] = {}
        self._is_draining = self._is_hurried = self._is_ending = False

    @property
    def is_draining(self) -> bool:
        """Whether the server has been told to stop."""
        return self._is_draining

    @property
    def is_hurried(self) -> bool:
        """Whether it has been told so twice."""
        return self._is_hurried

    def drain(self) -> None:
        """Refuse new requests, but for those that ask how the server is; a second time, wait no longer for those in progress."""
        self._is_hurried, self._is_draining = self._is_draining, True

    async def drained(self, seconds: float) -> None:
        """Wait until what is in progress has ended, `seconds` at most."""
        self._is_draining, until = True, time.monotonic() + seconds
        while self._are_answered() and time.monotonic() < until and not self._is_hurried:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def end(self) -> None:
        """End them all, and refuse later ones."""
        self._is_ending = True
        for task in self._paths:
            task.cancel()

    def _are_answered(self) -> bool:
        return not all(PROBES.search(path) or WATCHES.search(path) for path in self._paths.values())

    def _begin(self, path: str) -> None:
        if task := asyncio.current_task():
            self._paths[task] = path
            task.add_done_callback(lambda done: self._paths.pop(done, None))

    def stoppable(self, app: ASGIApp) -> ASGIApp:
        """ASGI middleware, the outermost: a request that is ended gets a proper response, not a broken connection and a traceback."""
        counted = self._counted(app)

        async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
            is_late = self._is_draining and scope["type"] == "http" and not PROBES.search(scope["path"])
            await (_refuse if is_late else counted)(scope, receive, send)

        return let_in

    def _counted(self, app: ASGIApp) -> ASGIApp:
        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            last: Message = {}

            async def send_noted(message: Message) -> None:
                last.update(type=message["type"], more_body=message.get("more_body", False))
                await send(message)

            self._begin(scope["path"])
            try:
                if not self._is_ending:
                    await app(scope, receive, send_noted)
            except (asyncio.CancelledError, Exception):
                if not self._is_ending:
                    raise
            if not self._is_ending:
                return
            with suppress(Exception):  # the other side may be gone
                if not last:
                    await _refuse(scope, receive, send)
                elif last["type"] == "http.response.start" or last["more_body"]:
                    await send({"type": "http.response.body", "body": b""})

        return counted


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Say so, and that the same request does elsewhere: another connection may lead to another server."""
    await PlainTextResponse("Footnote is stopping.", 503, {"Retry-After": "1", "Connection": "close"})(scope, receive, send)
