"""Where the server's pages lie: below a base path, where a proxy serves others beside them.

As ASGI has it, `path` is the whole path, and `root_path` the part of it that stands before the app's own.
"""

import re

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LIBRARY = re.compile(r"/libraries/([0-9a-f]{8})(?=/|\Z)", re.ASCII)


def path_of(scope: Scope) -> str:
    """A request's path within the app."""
    path: str = scope["path"]
    return path[len(scope.get("root_path", "")) :]


def root_of(scope: Scope) -> str:
    """What stands before the app's own paths in links: "" or "/base"."""
    root: str = scope.get("root_path", "")
    return root


def server_root_of(scope: Scope) -> str:
    """The same for the server's paths, within the app of any of its libraries."""
    return re.sub(r"/libraries/[0-9a-f]{8}\Z", "", root_of(scope))


def with_base_path(app: ASGIApp, base: str) -> ASGIApp:
    """ASGI middleware for a server below a base path, behind a proxy that takes it off a request's path or leaves it on."""

    async def based(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if path == base:
                await RedirectResponse(f"{base}/", 303)(scope, receive, send)
                return
            scope = {**scope, "root_path": base, "path": path if path.startswith(f"{base}/") else base + path}
        await app(scope, receive, send)

    return based


def split_library(path: str) -> tuple[str, str]:
    """The library that a path on the server names, "" for the main one, and the path within it."""
    found = _LIBRARY.match(path)
    return (found[1], path[found.end() :]) if found else ("", path)
