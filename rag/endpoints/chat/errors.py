"""What goes wrong at the chat endpoint, in words for a person: the one place where openai's errors become ours."""

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.endpoints.addresses import quoted, without_secrets
from rag.endpoints.chat.endpoint import CONNECT_SECONDS, checked_key
from rag.errors import (
    ChatAuthenticationError,
    ChatConnectionError,
    ChatError,
    ChatModelNotFoundError,
    ChatNotConfiguredError,
    ChatProtocolError,
    ChatRateLimitError,
    ChatRequestError,
    ChatServerError,
)
from rag.settings import ChatEndpoint

if TYPE_CHECKING:
    import openai

TOO_LONG = re.compile(r"context|too long|too many tokens|maximum.{0,20}tokens", re.IGNORECASE)

UNKNOWN = re.compile(r"not (found|valid|a valid|available|supported|exist)|unknown|invalid|no such|requested", re.IGNORECASE)
"""What is said of a model that a server does not have."""


def server_words(error: "openai.OpenAIError") -> str:
    """Everything the server said about a refusal, for looking at, not for showing."""
    body = getattr(error, "body", None)
    return f"{getattr(error, 'param', None) or ''} {body if isinstance(body, str) else json.dumps(body, default=str)}"


def chat_error(error: Exception, endpoint: ChatEndpoint, model: str, timeout_seconds: float) -> ChatError:
    """Translate an error of the openai client, or of decoding what it received.

    Args:
        error: Any `openai.OpenAIError`, or the `ValueError` of broken JSON or UTF-8.
        endpoint: Who was asked.
        model: The model asked for, or "".
        timeout_seconds: How long its next words were waited for.
    """
    import openai

    url = without_secrets(endpoint.base_url)
    if isinstance(error, openai.APIConnectionError):
        return _connection_error(error, url, timeout_seconds)
    if isinstance(error, openai.APIResponseValidationError | ValueError):
        return not_the_protocol(endpoint, "something that is not its JSON")
    if isinstance(error, openai.APIStatusError):
        return _status_error(error, endpoint, model)
    if isinstance(error, openai.APIError):
        return ChatServerError(f"{url} broke off with an error.{_quoted(error, endpoint)} Try again, or look at the server's log.")
    return ChatError(f"The request to {url} failed: {_redacted(str(error), endpoint)}")


def not_the_protocol(endpoint: ChatEndpoint, received: str) -> ChatProtocolError:
    """The error for an answer of another kind."""
    url = without_secrets(endpoint.base_url)
    return ChatProtocolError(f"{url} answered with {received}, not with an OpenAI-compatible stream. {_address_hint(url)}")


def _connection_error(error: "openai.APIConnectionError", url: str, timeout_seconds: float) -> ChatConnectionError:
    import httpx2
    import openai

    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectTimeout):
        return ChatConnectionError(
            f"Nothing answers at {url} within {CONNECT_SECONDS:g} seconds. Start the server, or set RAG_CHAT_BASE_URL."
        )
    if isinstance(error, openai.APITimeoutError):
        return ChatConnectionError(
            f"{url} sent nothing for {timeout_seconds:g} seconds. Its model may be loading, or slow: try again, or raise RAG_CHAT_SECONDS."
        )
    if "CERTIFICATE" in str(cause).upper():
        return ChatConnectionError(f"The certificate of {url} is not trusted ({cause}). Correct RAG_CHAT_BASE_URL, or set SSL_CERT_FILE.")
    if isinstance(cause, httpx2.ConnectError):
        return ChatConnectionError(f"Nothing answers at {url}. Start the server, or set RAG_CHAT_BASE_URL.")
    return ChatConnectionError(f"{url} closed the connection before its first word. Try again, or look at the server's log.")


def _status_error(error: "openai.APIStatusError", endpoint: ChatEndpoint, model: str) -> ChatError:
    url, status, said = without_secrets(endpoint.base_url), error.status_code, _quoted(error, endpoint)
    if status in {401, 403}:
        # not quoted: some servers repeat a part of the key here
        which = "refused the key" if checked_key(endpoint) else "wants a key"
        return ChatAuthenticationError(f"{url} {which} ({status}). Set RAG_CHAT_API_KEY, or OPENAI_API_KEY where OPENAI_BASE_URL is used.")
    if _is_about_the_model(status, server_words(error), model):
        return ChatModelNotFoundError(f"{url} does not know the model {model!r}.{said} Set RAG_CHAT_MODEL to one that it has.")
    if status == 404:
        return ChatModelNotFoundError(f"{url} has nothing at this path (404).{said} {_address_hint(url)}")
    if status == 429:
        after = error.response.headers.get("retry-after", "")
        wait = f"Wait {after} seconds" if after.isdigit() else "Wait a little"
        return ChatRateLimitError(f"{url} takes no more requests now (429).{said} {wait} and ask again, or check the account's quota.")
    if status >= 500:
        return ChatServerError(f"{url} failed ({status}).{said} Try again, or look at the server's log.")
    return _refusal(error, endpoint, model)


def _refusal(error: "openai.APIStatusError", endpoint: ChatEndpoint, model: str) -> ChatError:
    url, status = without_secrets(endpoint.base_url), error.status_code
    if 300 <= status < 400:
        there = without_secrets(error.response.headers.get("location", "another address"))
        return ChatNotConfiguredError(f"{url} sends requests on to {there}. If that is right, set RAG_CHAT_BASE_URL to the new address.")
    hint = " Lower RAG_CHAT_CONTEXT_TOKENS or RAG_TOP_K to send less." if TOO_LONG.search(server_words(error)) else ""
    asked = f"the request to {model!r}" if model else "the request"
    return ChatRequestError(f"{url} refused {asked} ({status}).{_quoted(error, endpoint)}{hint}")


def _is_about_the_model(status: int, words: str, model: str) -> bool:
    """Whether a refusal means an unknown model: 404 by most servers, 400 by some, which then name it."""
    if status == 404:
        return bool(model) and "model" in words.lower()
    return status == 400 and bool(model) and model in words and bool(UNKNOWN.search(words))


def _address_hint(url: str) -> str:
    if urlsplit(url).path.rstrip("/").endswith("/v1"):
        return "Check RAG_CHAT_BASE_URL."
    return f"Most addresses end in /v1: try RAG_CHAT_BASE_URL={url.rstrip('/')}/v1."


def _quoted(error: "openai.APIError", endpoint: ChatEndpoint) -> str:
    """The server's own words as a sentence with a space before it, or "" where it said nothing in plain words."""
    body = error.body
    named = [body.get(name) for name in ("message", "detail", "error")] if isinstance(body, dict) else [body]
    said = next((words for words in named if isinstance(words, str)), "")
    return quoted(said, _key(endpoint))


def _redacted(text: str, endpoint: ChatEndpoint) -> str:
    key = _key(endpoint)
    return text.replace(key, "***") if key else text


def _key(endpoint: ChatEndpoint) -> str:
    return endpoint.api_key.get_secret_value().strip() if endpoint.api_key else ""
