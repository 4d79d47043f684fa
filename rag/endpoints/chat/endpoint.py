"""The chat endpoint: what messages call it, a client for one request, and which models it has."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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

CONNECTED = replace(
    CHAT,
    url_setting="the address under Settings",
    key_setting="the key under Settings",
    model_setting="the model under Settings",
    patience="try again",
    shorten="Lower the context size or the passages per question under Settings to send less.",
)
"""The same of an endpoint that was connected on the page."""

LIST_SECONDS = 10.0  # longest wait for the list
NO_LIST = {404, 405, 500, 501}  # how servers that answer chats, but keep no list, refuse the request for one
MODELS_NAMED = 10  # models named in a message
NOTHING = object()  # in the place of a list


def open_client(endpoint: Endpoint) -> "openai.AsyncOpenAI":
    """A client for one request; one kept for longer would be tied to this event loop."""
    import openai

    base_url, http = endpoint.checked_url(), endpoint.open_async_http()
    # the client insists on some key; the endpoint decides what is sent
    return openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=http.timeout, http_client=http)


async def list_models(endpoint: Endpoint) -> tuple[str, ...] | None:
    """The names of the endpoint's models, sorted, or None if it answers but keeps no list; raises `ChatError` where it does not answer."""
    entries = await list_entries(endpoint)
    return None if entries is None else tuple(sorted(str(entry["id"]) for entry in entries))


async def list_entries(endpoint: Endpoint) -> list[dict[str, Any]] | None:
    """The same with all that the endpoint says of each model; each has an "id"."""
    listed = await get_json(replace(endpoint, timeout_seconds=min(LIST_SECONDS, endpoint.timeout_seconds)), "/models")
    if listed is NOTHING:
        return None
    entries = listed.get("data") if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        raise not_the_protocol("no list of models", endpoint)
    return [entry for entry in entries if isinstance(entry, dict) and "id" in entry]


async def get_json(endpoint: Endpoint, path: str) -> Any:
    """What the endpoint says at a path below its address, or `NOTHING` where it has nothing there; raises `ChatError` otherwise."""
    import openai

    async with open_client(endpoint) as client:
        try:
            # not `client.models.list()`: it raises AttributeError where a web page answers
            return await client.get(path, cast_to=object)
        except (openai.OpenAIError, ValueError) as error:
            if isinstance(error, openai.APIStatusError) and error.status_code in NO_LIST:
                return NOTHING
            raise translate(error, endpoint) from error


def chat_models(models: Sequence[str]) -> tuple[str, ...]:
    """Those that can chat, sorted; servers list their embedding models too."""
    return tuple(sorted(model for model in models if "embed" not in model.lower()))


def only_chat_model(models: Sequence[str]) -> str:
    """The one model that can chat, or "" where there is none or a choice."""
    chatting = chat_models(models)
    return chatting[0] if len(chatting) == 1 else ""


def how_to_choose(endpoint: Endpoint, models: Sequence[str] | None) -> str:
    """What to tell a person who has to name the model; None where the endpoint keeps no list."""
    url, setting = endpoint.shown, endpoint.service.model_setting
    if models is None:
        return f"{url} answers, but its list of models is not available. Set {setting}, and check the address: most end in /v1."
    if not models:
        return f"{url} answers, but has no model. Load one there, or set {setting}."
    more = f" and {len(models) - MODELS_NAMED} more" if len(models) > MODELS_NAMED else ""
    return f"{url} answers. Set {setting} to one of its models: {', '.join(models[:MODELS_NAMED])}{more}."
