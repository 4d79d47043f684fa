"""Routes of the conversations that the page keeps; `ui.http.conversations` exports them."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ui.chats.conversations import Conversations, SharingError
from ui.chats.store import Summary
from ui.chats.turns import Turn
from ui.http.api.answers import shown
from ui.http.api.describing import told

UNKNOWN = "There is no conversation {id!r}."
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: told("There is no such conversation.")}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with its turns.

    Attributes:
        id: Names it.
        title: Its name, else its first question.
        turns: Questions with their answers, oldest first.
    """

    id: str
    title: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Renaming:
    """A new name.

    Attributes:
        title: The name; an empty one gives the conversation its first question's again.
    """

    title: str


@dataclass(frozen=True, slots=True)
class SharedAt:
    """Where a conversation is shared.

    Attributes:
        url: The address that shows it to whoever signs in and may read the library.
    """

    url: str


def conversation_api(conversations: Conversations) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["conversations"])

    def found(conversation_id: str) -> Conversation:
        if not (turns := conversations.turns(conversation_id)):
            raise HTTPException(404, UNKNOWN.format(id=conversation_id))
        return Conversation(conversation_id, conversations.title(conversation_id), turns)

    @router.get("/conversations", response_model=list[Summary], summary="List the conversations, the last changed first")
    def listed(
        query: Annotated[str, Query(description="Words that must all be in a conversation; all conversations if empty.")] = "",
    ) -> Response:
        return shown(conversations.listed(query), list[Summary])

    @router.get("/conversations/{conversation_id}", response_model=Conversation, summary="Read a conversation", responses=NOT_FOUND)
    def read(conversation_id: str) -> Response:
        return shown(found(conversation_id))

    @router.patch("/conversations/{conversation_id}", response_model=Conversation, summary="Rename a conversation", responses=NOT_FOUND)
    def rename(conversation_id: str, named: Renaming) -> Response:
        found(conversation_id)
        conversations.rename(conversation_id, named.title)
        return shown(found(conversation_id))

    @router.delete("/conversations/{conversation_id}", response_model=Conversation, summary="Delete a conversation", responses=NOT_FOUND)
    def delete(conversation_id: str) -> Response:
        gone = found(conversation_id)
        conversations.delete(conversation_id)
        return shown(gone)

    @router.post(
        "/conversations/{conversation_id}/share", response_model=SharedAt, summary="Share a conversation by a link", responses=NOT_FOUND
    )
    def share(request: Request, conversation_id: str) -> Response:
        found(conversation_id)
        try:
            return shown(SharedAt(f"{request.base_url}shared/{conversations.share(conversation_id)}"))
        except SharingError as error:
            raise HTTPException(409, str(error)) from error

    @router.delete("/conversations/{conversation_id}/share", response_model=Conversation, summary="Take a link back", responses=NOT_FOUND)
    def unshare(conversation_id: str) -> Response:
        conversations.unshare(conversation_id)
        return shown(found(conversation_id))

    return router
