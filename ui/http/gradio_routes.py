"""The routes of Gradio that the page needs; all others of its seventy or so are closed."""

import re

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.http.paths import path_of

API = "/gradio_api"

NEEDED = {
    ("GET", "/"): "the page",
    ("HEAD", "/"): "programs that look whether the page is there before they open it",
    ("GET", r"/assets/[\w.-]+"): "the page's scripts and styles, as Gradio ships them",
    ("GET", r"/static/(js|fonts|img)/[\w./-]+"): "a script that the page starts with, and fonts and pictures of its components",
    ("GET", r"/theme\.css"): "the page's colours",
    ("GET", r"/favicon\.ico"): "the picture on the browser's tab",
    ("GET", r"/manifest\.json"): "the page's name for a browser",
    ("POST", f"{API}/upload"): "files for the list of documents, Compare and Classify",
    ("GET", f"{API}/upload_progress"): "the progress of an upload",
    ("POST", f"{API}/queue/join"): "starts a queued event: a question, a view of Explore",
    ("GET", f"{API}/queue/data"): "the results of queued events, as a stream",
    ("POST", f"{API}/run/predict"): "an event without a queue: a click in a list",
    ("POST", f"{API}/cancel"): "ends an event: Stop, New conversation",
    ("POST", f"{API}/reset"): "called when an event was ended; does nothing, but the page complains where it is missing",
    ("GET", rf"{API}/heartbeat/\w+"): "tells the server when a tab is closed",
    ("GET", f"{API}/app_id"): "whether the server was restarted while the connection was lost",
}
"""What the page needs a route for, by its method and a regular expression that the whole path matches."""


def is_needed(method: str, path: str) -> bool:
    """Whether a route is open."""
    return any(method == needed and re.fullmatch(pattern, path) for needed, pattern in NEEDED)


def needed_routes_only(app: ASGIApp) -> ASGIApp:
    """ASGI middleware around Gradio's app that answers 404 for all but `NEEDED`."""

    async def closed_off(scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] == "http" and is_needed(scope["method"], path_of(scope))
        await (app if is_open else PlainTextResponse("Not found", 404))(scope, receive, send)

    return closed_off


async def whole_response(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """An app's response, held back until it is complete."""
    response, body = Response(), bytearray()

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code, response.raw_headers = message["status"], [*message["headers"]]
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, collect)
    response.body = bytes(body)
    return response
