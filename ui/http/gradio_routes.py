"""The routes of Gradio that the page needs; all others of its seventy or so are closed."""

import re
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

API = "/gradio_api"


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a regular expression that the whole path matches, and what the page needs the route for."""

    method: str
    path: str
    why: str


NEEDED = (
    Route("GET", "/", "the page"),
    Route("HEAD", "/", "programs that look whether the page is there before they open it"),
    Route("GET", r"/assets/[\w.-]+", "the page's scripts and styles, as Gradio ships them"),
    Route("GET", r"/static/(js|fonts|img)/[\w./-]+", "a script that the page starts with, and fonts and pictures of its components"),
    Route("GET", r"/theme\.css", "the page's colours"),
    Route("GET", r"/favicon\.ico", "the picture on the browser's tab"),
    Route("GET", r"/manifest\.json", "the page's name for a browser"),
    Route("POST", f"{API}/upload", "files for the list of documents, Compare and Classify"),
    Route("GET", f"{API}/upload_progress", "the progress of an upload"),
    Route("POST", f"{API}/queue/join", "starts a queued event: a question, a view of Explore"),
    Route("GET", f"{API}/queue/data", "the results of queued events, as a stream"),
    Route("POST", f"{API}/run/predict", "an event without a queue: a click in a list"),
    Route("POST", f"{API}/cancel", "ends an event: Stop, New conversation"),
    Route("POST", f"{API}/reset", "called when an event was ended; does nothing, but the page complains where it is missing"),
    Route("GET", rf"{API}/heartbeat/\w+", "tells the server when a tab is closed"),
    Route("GET", f"{API}/app_id", "whether the server was restarted while the connection was lost"),
)


def is_needed(method: str, path: str) -> bool:
    """Whether a route is open."""
    return any(route.method == method and re.fullmatch(route.path, path) for route in NEEDED)


class NeededRoutesOnly:
    """ASGI middleware around Gradio's app that answers 404 for all but `NEEDED`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests that the page needs."""
        is_open = scope["type"] == "http" and is_needed(scope["method"], scope["path"])
        await (self._app if is_open else PlainTextResponse("Not found", 404))(scope, receive, send)
