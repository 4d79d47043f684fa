"""The chat endpoint: what messages call it, a client for one request, and which models it has."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag import errors
from rag.endpoints.client import Endpoint, Service
from rag.endpoints.errors import not_the_protocol, translate

if TYPE_CHECKING:
    import openai

CHAT = Service(
    name="chat endpoint",
    kind="an OpenAI-compatible chat endpoint",
    nobody="Nothing",
    example="http://localhost:11434/v1",
    path="/chat/completions",
    url_setting="RAG_CHAT_BASE_URL",
    key_setting="RAG_CHAT_API_KEY, or OPENAI_API_KEY where OPENAI_BASE_URL is used",
    model_setting="RAG_CHAT_MODEL",
    slow="sent nothing for",
    patience="try again, or raise RAG_CHAT_SECONDS",
    shorten="Lower RAG_CHAT_CONTEXT_TOKENS or RAG_TOP_K to send less.",
    correct="",
    error=errors.ChatError,
    errors={
        "not_configured": errors.ChatNotConfiguredError,
        "connection": errors.ChatConnectionError,
        "key": errors.ChatAuthenticationError,
        "model": errors.ChatModelNotFoundError,
        "rate_limit": errors.ChatRateLimitError,
        "request": errors.ChatRequestError,
        "server": errors.ChatServerError,
        "protocol": errors.ChatProtocolError,
    },
)

LIST_SECONDS = 10.0  # longest wait for the list
NO_LIST = {404, 405, 500, 501}  # how servers that answer chats, but keep no list, refuse the request for one
MODELS_NAMED = 10  # models named in a message


def open_client(endpoint: Endpoint) -> "openai.AsyncOpenAI":
    """A client for one request; one kept for longer would be tied to this event loop."""
    import openai

    base_url, http = endpoint.checked_url(), endpoint.open_async_http()
    # the client insists on some key; the endpoint decides what is sent
    return openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=http.timeout, http_client=http)


async def list_models(endpoint: Endpoint) -> tuple[str, ...] | None:
    """The names of the endpoint's models, sorted, or None if it answers but keeps no list; raises `ChatError` where it does not answer."""
    import openai

    endpoint = replace(endpoint, timeout_seconds=min(LIST_SECONDS, endpoint.timeout_seconds))
    async with open_client(endpoint) as client:
        try:
            # not `client.models.list()`: it raises AttributeError where a web page answers
            listed = await client.get("/models", cast_to=object)
        except (openai.OpenAIError, ValueError) as error:
            if isinstance(error, openai.APIStatusError) and error.status_code in NO_LIST:
                return None
            raise translate(error, endpoint) from error
    entries = listed.get("data") if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        raise not_the_protocol("no list of models", endpoint)
    return tuple(sorted(str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry))


def only_chat_model(models: Sequence[str]) -> str:
    """The one model that can chat, or "" where there is none or a choice; servers list their embedding models too."""
    chatting = [model for model in models if "embed" not in model.lower()]
    return chatting[0] if len(chatting) == 1 else ""


def how_to_choose(url: str, models: Sequence[str] | None) -> str:
    """What to tell a person who has to name the model; None where the endpoint at `url` keeps no list."""
    if models is None:
        return f"{url} answers, but its list of models is not available. Set RAG_CHAT_MODEL, and check the address: most end in /v1."
    if not models:
        return f"{url} answers, but has no model. Load one there, or set RAG_CHAT_MODEL."
    more = f" and {len(models) - MODELS_NAMED} more" if len(models) > MODELS_NAMED else ""
    return f"{url} answers. Set RAG_CHAT_MODEL to one of its models: {', '.join(models[:MODELS_NAMED])}{more}."
