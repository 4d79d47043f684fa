"""Gradio's routes that the page needs; all others of its some seventy are closed."""

import re
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

API = "/gradio_api"


@dataclass(frozen=True, slots=True)
class Route:
    """What may be asked of Gradio.

    Attributes:
        method: The HTTP method.
        path: A regular expression that the whole path fits.
        why: What the page needs it for.
    """

    method: str
    path: str
    why: str


NEEDED = (
    Route("GET", "/", "the page"),
    Route("HEAD", "/", "whether the page is there, which some programs ask before they open it"),
    Route("GET", r"/assets/[\w.-]+", "the page's scripts and styles, as Gradio ships them"),
    Route("GET", r"/static/(js|fonts|img)/[\w./-]+", "a script that the page starts with, and fonts and pictures of its components"),
    Route("GET", r"/theme\.css", "the page's colours"),
    Route("GET", r"/favicon\.ico", "the picture on the browser's tab"),
    Route("GET", r"/manifest\.json", "the page's name, where a browser asks for it"),
    Route("POST", f"{API}/upload", "files for the list of documents, Compare and Classify"),
    Route("GET", f"{API}/upload_progress", "how far an upload is"),
    Route("POST", f"{API}/queue/join", "begins an event that waits its turn: a question, a view of Explore"),
    Route("GET", f"{API}/queue/data", "what these events show, as it comes"),
    Route("POST", f"{API}/run/predict", "an event that is done at once: a click in a list"),
    Route("POST", f"{API}/cancel", "ends an event: Stop, New conversation"),
    Route("POST", f"{API}/reset", "told of an event that was ended; does nothing, and the page complains where it is missing"),
    Route("GET", rf"{API}/heartbeat/\w+", "tells the server that a tab was closed"),
    Route("GET", f"{API}/app_id", "whether the server was restarted meanwhile, where the connection was lost"),
)


def is_needed(method: str, path: str) -> bool:
    """Whether a route is open."""
    return any(route.method == method and re.fullmatch(route.path, path) for route in NEEDED)


class NeededRoutesOnly:
    """ASGI middleware around Gradio's app: what is not `NEEDED` is not there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what the page needs."""
        is_open = scope["type"] == "http" and is_needed(scope["method"], scope["path"])
        await (self._app if is_open else PlainTextResponse("Not found", 404))(scope, receive, send)
