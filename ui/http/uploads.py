"""Uploads: their limits, and which browser uploaded which file. An event may take only files of its own browser."""

import json
import logging
import shutil
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.http.clients import client_of
from ui.http.gradio_routes import API, whole_response
from ui.http.paths import path_of

log = logging.getLogger(__name__)

UPLOAD = f"{API}/upload"
SECONDS_KEPT = 7200  # Gradio deletes uploads that no event took after one to two hours
MOST_NOTED = 20_000
NO_ROOM = "Free some disk space on the server and try again."
WHAT_TO_DO = "Upload fewer files, or use `rag add`."
FILE_KEYS = {"path", "url", "meta"}
"""Keys of Gradio's description of a file. Any one of them makes a value a file: Gradio fills in the others."""


class Uploads:
    """Which browser uploaded which file, in memory: after a restart, as after a reload, files are uploaded again."""

    def __init__(self) -> None:
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, session: str, paths: Iterable[str]) -> None:
        """Note a browser's uploads."""
        now = time.monotonic()
        for path in paths:
            self._noted[session, path] = now
            self._noted.move_to_end((session, path))
        while self._noted and (len(self._noted) > MOST_NOTED or next(iter(self._noted.values())) < now - SECONDS_KEPT):
            self._noted.popitem(last=False)

    def has(self, session: str, path: object) -> bool:
        """Whether this browser uploaded this file."""
        return isinstance(path, str) and (session, path) in self._noted


def files_in(data: Any) -> Iterator[dict[str, Any]]:
    """The descriptions of files anywhere in an event's data."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if FILE_KEYS & value.keys():
                yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def with_uploads_noted(app: ASGIApp, uploads: Uploads, *, most_files: int, most_bytes: int) -> ASGIApp:
    """ASGI middleware around Gradio's app that limits files and bytes a request, and notes the browser."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        is_upload = scope["type"] == "http" and path_of(scope) == UPLOAD
        await (await answer(scope, receive) if is_upload else app)(scope, receive, send)

    async def answer(scope: Scope, receive: Receive) -> Response:
        length = Headers(scope=scope).get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            return PlainTextResponse("An upload needs a Content-Length.", 411)
        if int(length) > most_bytes:
            while (await receive()).get("more_body"):  # a browser shows no answer before it has sent everything
                pass
            return PlainTextResponse(f"At most {most_bytes / 1e6:,.0f} MB can be uploaded at a time. {WHAT_TO_DO}", 413)
        try:
            response = await whole_response(app, scope, receive)
        except OSError as error:  # while Gradio writes it down
            log.warning("an upload could not be stored: %s", error)
            return PlainTextResponse(f"The upload could not be stored: {error.strerror}. {NO_ROOM}", 507)
        if response.status_code == 200:
            paths: list[str] = json.loads(bytes(response.body))
            if len(paths) > most_files:
                for path in paths:
                    shutil.rmtree(Path(path).parent, ignore_errors=True)  # a folder for each content
                message = f"At most {most_files} files can be uploaded at a time; these were {len(paths)}. {WHAT_TO_DO}"
                return PlainTextResponse(message, 413)
            uploads.note(client_of(scope).session, paths)
        return response

    return limited
