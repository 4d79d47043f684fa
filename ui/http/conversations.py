"""Export of conversations."""

import re
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response

from rag.errors import RagError
from ui.chats.conversations import Conversations
from ui.chats.exporting import to_html, to_markdown

MOST_NAME_CHARACTERS = 60
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
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(_file_name(title))}.{kind}", "Cache-Control": "no-store"}
        return Response(write(title, turns), media_type=media_type, headers=headers)

    return router


def _file_name(title: str) -> str:
    """A title as a file name for any system."""
    return re.sub(r"[^\w\- ]+", "", " ".join(title.split()))[:MOST_NAME_CHARACTERS].strip() or "conversation"
