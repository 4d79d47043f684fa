"""Requests that are too large are refused before they fill the memory or the disk."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.http.requests import ProblemResponse

TOO_LARGE = "The request is larger than {most}. Send less at a time."


def with_limit(app: ASGIApp, *, most_bytes: float) -> ASGIApp:
    """ASGI middleware that reads no longer bodies; 413 for those that say their length, and for others once they have sent so much."""
    told = TOO_LARGE.format(most=f"{most_bytes / 1e6:,.0f} MB" if most_bytes >= 1e6 else f"{most_bytes / 1e3:,.0f} kB")

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isdecimal() and int(length) > most_bytes:
            about = {"type": "about:blank", "title": told, "status": 413, "detail": told, "error": {"message": told}}  # for either API
            await ProblemResponse(about, 413)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most_bytes:
                raise HTTPException(413, told)
            return message

        await app(scope, counted, send)

    return limited
