"""Security headers: a hostile document or model cannot make a browser run a script or talk to another server."""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = "Content-Security-Policy"


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
    """ASGI middleware that adds `HEADERS`, and a policy where there is none yet."""

    async def protected(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault(CSP, policy())
            await send(message)

        await app(scope, receive, send_protected if scope["type"] == "http" else send)

    return protected
