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

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.http.protection import CSP, policy

SCRIPTS = "/assets/footnote.js"
COMPONENT = r"HTML-[\w-]+\.js"
"""The file of Gradio's HTML component in its folder of assets."""

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


class PageScripts:
    """ASGI middleware around Gradio's app that serves the changed component, our scripts, and the page with a policy of its own."""

    def __init__(self, app: ASGIApp, assets: Path, scripts: Collection[str]) -> None:
        self._app = app
        (component,) = (path for path in assets.iterdir() if re.fullmatch(COMPONENT, path.name))
        self._files = {
            f"/assets/{component.name}": without_eval(component.read_text(encoding="utf-8")).encode(),
            SCRIPTS: as_file(scripts).encode(),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path in self._files:
            await self._file(scope, self._files[path])(scope, receive, send)
        elif path == "/":
            await self._page(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @staticmethod
    def _file(scope: Scope, content: bytes) -> Response:
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
        if Headers(scope=scope).get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/javascript", headers=headers)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        started: Message = {}
        page = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
                return
            page.extend(message.get("body", b""))
            if not message.get("more_body"):
                body = bytes(page).replace(b"<head>", f'<head><script src="{SCRIPTS}"></script>'.encode(), 1)
                headers = MutableHeaders(scope=started)
                headers["content-length"] = headers.get("content-length", "") if scope["method"] == "HEAD" else str(len(body))
                headers[CSP] = policy(
                    f"sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}" for script in _INLINE.findall(body)
                )
                await send(started)
                await send({"type": "http.response.body", "body": body})

        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]  # its text is read here
        await self._app({**scope, "headers": plain}, receive, collect)
