"""Export of conversations."""

from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response

from rag.errors import RagError
from ui.chats.conversations import Conversations
from ui.chats.exporting import file_name, to_html, to_markdown

FORMATS = {"md": (to_markdown, "text/markdown; charset=utf-8"), "html": (to_html, "text/html; charset=utf-8")}


def conversation_routes(conversations: Conversations) -> APIRouter:
    """`/conversations/{id}/export.md` and `/conversations/{id}/export.html`."""
    router = APIRouter(tags=["conversations"])

    @router.get("/conversations/{conversation_id}/export.{kind}", summary="A conversation as one file")
    def export(conversation_id: str, kind: str) -> Response:
        turns = conversations.turns(conversation_id)
        if not turns or kind not in FORMATS:
            raise HTTPException(404, "No such conversation.")
        try:
            title = conversations.title(conversation_id)
        except RagError as error:
            raise HTTPException(503, str(error)) from error
        write, media_type = FORMATS[kind]
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name(title))}.{kind}", "Cache-Control": "no-store"}
        return Response(write(title, turns), media_type=media_type, headers=headers)

    return router
