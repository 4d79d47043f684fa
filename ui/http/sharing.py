"""Conversations that their owners have shared: read by whoever has the link and may read the library, and copied to ask on.

What is shown is the conversation as it stands, not as it stood when it was shared: what its owner deletes or asks again is gone from it.
"""

from contextlib import suppress

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rag.errors import RagError
from rag.library import Library
from ui import text
from ui.chats.conversations import Conversations, SharedConversation
from ui.chats.exporting import Sharing, to_html
from ui.http.access import caller_of, people_of
from ui.people.file import PersonError
from ui.people.rights import includes
from ui.rendering.html import render

NO_STORE = {"Cache-Control": "no-store"}


def sharing_routes(library: Library, conversations: Conversations) -> APIRouter:
    """`/shared/{link}`: GET shows, POST copies it and leads to the copy."""
    router = APIRouter()

    def found(request: Request, link: str) -> tuple[SharedConversation, str] | None:
        """What a link leads to, and who has shared it and may still read the library."""
        people = people_of(request.scope)
        if shared := conversations.shared(link):
            with suppress(PersonError):
                person = people.person(shared.owner)
                if people.right_in(person, caller_of(request.scope).library):
                    return shared, person.name
        return None

    @router.get("/shared/{link}")
    def show(request: Request, link: str) -> Response:
        try:
            if (opened := found(request, link)) is None:
                return HTMLResponse(render("no_conversation.html"), 404, NO_STORE)
            documents = {record.id for record in library.documents()}
        except RagError as error:
            raise HTTPException(503, str(error)) from error
        shared, name = opened
        sharing = Sharing(text.SHARED_BY.format(name=name), documents, includes(caller_of(request.scope).right, "ask"))
        return HTMLResponse(to_html(shared.title, shared.turns, sharing), headers=NO_STORE)

    @router.post("/shared/{link}")
    def copy(request: Request, link: str) -> Response:
        try:
            if (opened := found(request, link)) is None:
                return HTMLResponse(render("no_conversation.html"), 404, NO_STORE)
            copied = conversations.copied(opened[0])
        except RagError as error:
            raise HTTPException(503, str(error)) from error
        return RedirectResponse(f"../#conversation={copied}", 303)

    return router
