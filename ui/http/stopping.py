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
        self._is_ending = False

    def end(self) -> None:
        """End them all, and refuse later ones."""
        self._is_ending = True
        for task in self._tasks:
            task.cancel()

    def _begin(self) -> None:
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stoppable(self, app: ASGIApp) -> ASGIApp:
        """ASGI middleware, the outermost: a request that is ended gets a proper response, not a broken connection and a traceback."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            last: Message = {}

            async def send_noted(message: Message) -> None:
                last.update(type=message["type"], more_body=message.get("more_body", False))
                await send(message)

            self._begin()
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
                    await PlainTextResponse("Footnote is stopping.", 503)(scope, receive, send)
                elif last["type"] == "http.response.start" or last["more_body"]:
                    await send({"type": "http.response.body", "body": b""})

        return counted
