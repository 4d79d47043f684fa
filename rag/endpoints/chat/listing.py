"""Which models an endpoint has."""

from collections.abc import Sequence

from rag.endpoints.chat.endpoint import open_client
from rag.endpoints.chat.errors import chat_error, not_the_protocol
from rag.settings import ChatEndpoint

LIST_SECONDS = 10.0
"""Longest wait for the list."""

NO_LIST = {404, 405, 500, 501}
"""What servers that answer chats, but keep no list, say to the request for one."""

MODELS_NAMED = 10
"""Models named in a message."""


async def list_models(endpoint: ChatEndpoint, timeout_seconds: float) -> tuple[str, ...] | None:
    """The names of the endpoint's models, sorted, or None if it answers but keeps no list.

    Args:
        endpoint: Whom to ask.
        timeout_seconds: Longest wait for its next words; less than that is waited for a list.

    Raises:
        ChatError: It does not answer as it should.
    """
    import openai

    seconds = min(LIST_SECONDS, timeout_seconds)
    async with open_client(endpoint, seconds) as client:
        try:
            # not `client.models.list()`: it raises AttributeError where a web page answers
            listed = await client.get("/models", cast_to=object)
        except (openai.OpenAIError, ValueError) as error:
            if isinstance(error, openai.APIStatusError) and error.status_code in NO_LIST:
                return None
            raise chat_error(error, endpoint, "", seconds) from error
    entries = listed.get("data") if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        raise not_the_protocol(endpoint, "something else than its list of models")
    return tuple(sorted(str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry))


def only_chat_model(models: Sequence[str]) -> str:
    """The one model that can chat, or "" where there is none or a choice; servers list their embedding models too."""
    chatting = [model for model in models if "embed" not in model.lower()]
    return chatting[0] if len(chatting) == 1 else ""


def how_to_choose(url: str, models: Sequence[str] | None) -> str:
    """What to tell a person who has to name the model.

    Args:
        url: The endpoint's address.
        models: What it lists, or None if it keeps no list.
    """
    if models is None:
        return f"{url} answers, but its list of models is not available. Set RAG_CHAT_MODEL; and check the address, most end in /v1."
    if not models:
        return f"{url} answers, but has no model. Load one there, or set RAG_CHAT_MODEL."
    more = f" and {len(models) - MODELS_NAMED} more" if len(models) > MODELS_NAMED else ""
    return f"{url} answers. Set RAG_CHAT_MODEL to one of its models: {', '.join(models[:MODELS_NAMED])}{more}."
