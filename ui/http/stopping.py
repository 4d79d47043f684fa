"""Stopping the server without waiting for open pages."""

import asyncio
from contextlib import suppress
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Requests:
    """The requests in progress."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.is_ending = False

    def end(self) -> None:
        """End them all, and refuse later ones."""
        self.is_ending = True
        for task in self._tasks:
            task.cancel()

    def begin(self) -> None:
        """Add the running task."""
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class Stoppable:
    """ASGI middleware, the outermost: a request that is ended gets a proper response, not a broken connection and a traceback."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass requests on until the end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started: list[Message] = []

        async def send_noted(message: Message) -> None:
            started.append({"type": message["type"], "more_body": message.get("more_body", False)})
            del started[:-1]
            await send(message)

        self._requests.begin()
        try:
            if not self._requests.is_ending:
                await self._app(scope, receive, send_noted)
        except (asyncio.CancelledError, Exception):
            if not self._requests.is_ending:
                raise
        if self._requests.is_ending:
            with suppress(Exception):  # the other side may be gone
                if not started:
                    await PlainTextResponse("Footnote is stopping.", 503)(scope, receive, send)
                elif started[-1]["type"] == "http.response.start" or started[-1]["more_body"]:
                    await send({"type": "http.response.body", "body": b""})
