"""Security headers: a hostile document or model cannot make a browser run a script or talk to another server."""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = "Content-Security-Policy"
PORT = re.compile(r":(?!443\Z)\d+\Z", re.ASCII)  # in `Host`, other than that of HTTPS
SECONDS_OF_TLS = 31_536_000


def policy(scripts: Iterable[str] = ()) -> str:
    """A content security policy: our own files, no `eval`, and no inline scripts but those with these hashes (`sha256-...`)."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *(f"'{script}'" for script in scripts))),
            "style-src 'self' 'unsafe-inline'",  # Gradio's components carry styles
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all, browsers send the origin of a form as "null"
    "Cross-Origin-Resource-Policy": "same-origin",  # where a browser does not say whose page an <img> is on, it keeps the picture from it
}


def with_protection(app: ASGIApp) -> ASGIApp:
    """ASGI middleware that adds `HEADERS`, and a policy where there is none yet.

    Nothing is kept by browsers but what says so, or says which version it is. Over HTTPS on its usual port, where the name's web server
    is this one, browsers are told to stay with HTTPS.
    """

    async def protected(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault(CSP, policy())
                if "etag" not in headers:
                    headers.setdefault("Cache-Control", "no-store")
                if scope.get("scheme") == "https" and PORT.search(Headers(scope=scope).get("host", "")) is None:
                    headers["Strict-Transport-Security"] = f"max-age={SECONDS_OF_TLS}"
            await send(message)

        await app(scope, receive, send_protected if scope["type"] == "http" else send)

    return protected
