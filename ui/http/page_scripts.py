"""The page's scripts as files, so that a content security policy can forbid all others.

Gradio's HTML component makes functions of text (`js_on_load`, templates), for which a policy must allow `unsafe-eval`. Here the component's
file is served with these two places changed: `js_on_load` is looked up among our own scripts, which are served as a file, and a template
is its value. The inline scripts that Gradio's page starts with are allowed by their hashes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.http.gradio_routes import whole_response
from ui.http.paths import path_of, server_root_of
from ui.http.protection import CSP, policy

SCRIPTS = "/assets/footnote.js"
COMPONENT = r"HTML-[\w-]+\.js"  # the file of Gradio's HTML component in its folder of assets
CHANGES = (
    (
        r"let \w+=\w+\.default\.compile\((\w+)\)\((\w+)\),(\w+)=Object\.keys\(\2\),(\w+)=Object\.values\(\2\),"
        r"(\w+)=Function\(\.\.\.\3,`return \\`\$\{\w+\}\\`;`\);",
        r"let \4=[],\5=()=>\1?`${\2.value??``}`:``;",
    ),
    (r"Function\(`element`,`trigger`,`props`,`server`,`upload`,`watch`,(\w+\(\))\)", r"window.footnoteScripts.get(\1)"),
)
"""Patterns in the file, and their replacements."""

_INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def without_eval(component: str) -> str:
    """The component's file without functions made of text. Raises RuntimeError where Gradio has changed the file."""
    for pattern, replacement in CHANGES:
        component, count = re.subn(pattern, replacement, component)
        if count != 1:
            raise RuntimeError("This version of Gradio has another HTML component than the known one: see ui/http/page_scripts.py.")
    return component


def as_file(scripts: Collection[str]) -> str:
    """The panels' scripts as one file: a map from each script's text to its function."""
    functions = ",\n".join(
        f"[{json.dumps(script)}, function (element, trigger, props, server, upload, watch) {{\n{script}\n}}]" for script in scripts
    )
    return f"window.footnoteScripts = new Map([{functions}]);\n"


def with_page_scripts(app: ASGIApp, assets: Path, scripts: Collection[str]) -> ASGIApp:
    """ASGI middleware around Gradio's app that serves the changed component, our scripts, and the page with a policy of its own."""
    (component,) = (path for path in assets.iterdir() if re.fullmatch(COMPONENT, path.name))
    files = {
        f"/assets/{component.name}": without_eval(component.read_text(encoding="utf-8")).encode(),
        SCRIPTS: as_file(scripts).encode(),
    }

    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope) if scope["type"] == "http" else ""
        response: ASGIApp = app
        if path in files:
            response = _file(scope, files[path])
        elif path == "/":
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]  # its text is read here
            response = _page(scope, await whole_response(app, {**scope, "headers": plain}, receive))
        await response(scope, receive, send)

    return changed


def _file(scope: Scope, content: bytes) -> Response:
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    if Headers(scope=scope).get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/javascript", headers=headers)


def _page(scope: Scope, page: Response) -> Response:
    body = bytes(page.body).replace(b"<head>", f'<head><script src=".{SCRIPTS}"></script>'.encode(), 1)
    body = body.replace(b'href="/manifest.json"', b'href="./manifest.json"')  # the only one of Gradio's that is not relative
    page.body = body.replace(b'"./assets/', f'"{server_root_of(scope)}/assets/'.encode())  # a browser loads them once for all libraries
    if scope["method"] != "HEAD":
        page.headers["content-length"] = str(len(page.body))
    hashes = (hashlib.sha256(script).digest() for script in _INLINE.findall(page.body))
    page.headers[CSP] = policy(f"sha256-{base64.b64encode(digest).decode()}" for digest in hashes)
    return page
