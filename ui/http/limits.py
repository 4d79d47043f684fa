"""Requests that are too large are refused before they fill the memory or the disk."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.remote.wire import PROBLEM

TOO_LARGE = "The request is larger than {megabytes:,.0f} MB. Send less at a time."


def with_limit(app: ASGIApp, *, most_bytes: float) -> ASGIApp:
    """ASGI middleware that reads no longer bodies; 413 for those that say their length, and for others once they have sent so much."""
    told = TOO_LARGE.format(megabytes=most_bytes / 1_000_000)

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isdecimal() and int(length) > most_bytes:
            about = {"type": "about:blank", "title": told, "status": 413, "detail": told, "error": {"message": told}}  # for either API
            await JSONResponse(about, 413, media_type=PROBLEM)(scope, receive, send)
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
