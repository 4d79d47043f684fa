"""The chat endpoint's address and key, and a client that sends them there and nowhere else."""

from typing import TYPE_CHECKING
from urllib.parse import urlunsplit

from rag.endpoints.addresses import HEADERS_SENT, AddressError, checked_address, is_sendable, without_secrets
from rag.errors import ChatNotConfiguredError
from rag.settings import ChatEndpoint

if TYPE_CHECKING:
    import httpx2
    import openai

CONNECT_SECONDS = 5.0
"""Longest wait for a connection."""

WANTED = "Set RAG_CHAT_BASE_URL to an address such as http://localhost:11434/v1."


def open_client(endpoint: ChatEndpoint, timeout_seconds: float) -> "openai.AsyncOpenAI":
    """Make a client for one request; one kept for longer would be tied to this event loop.

    Redirects are not followed: the documents' words would go with them to a place that nobody has chosen.

    Raises:
        ChatNotConfiguredError: The address or the key cannot be used.
    """
    import openai

    base_url, key = checked_base_url(endpoint.base_url), checked_key(endpoint)

    async def strip(request: "httpx2.Request") -> None:
        for name in set(request.headers) - HEADERS_SENT:
            del request.headers[name]
        if key:
            request.headers["Authorization"] = f"Bearer {key}"

    timeout = openai.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
    http = openai.DefaultAsyncHttpxClient(timeout=timeout, follow_redirects=False, event_hooks={"request": [strip]})
    # the client insists on some key; `strip` decides what is sent
    return openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=timeout, http_client=http)


def checked_base_url(base_url: str) -> str:
    """The address, fit for requests: "/chat/completions" at its end is forgiven.

    Raises:
        ChatNotConfiguredError: It is no http(s) address with a host, or holds a password or a query.
    """
    shown = without_secrets(base_url)
    try:
        parts = checked_address(base_url)
    except AddressError as error:
        if error.reason == "form":
            raise ChatNotConfiguredError(f"The chat endpoint's address {shown!r} is not of the form http://HOST/PATH. {WANTED}") from error
        raise ChatNotConfiguredError(
            f"The chat endpoint's address {shown!r} has more to it than host and path. A key goes into RAG_CHAT_API_KEY. {WANTED}"
        ) from error
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/chat/completions"), "", ""))


def checked_key(endpoint: ChatEndpoint) -> str | None:
    """The endpoint's key, or None.

    Raises:
        ChatNotConfiguredError: It has characters that no request can carry.
    """
    key = endpoint.api_key.get_secret_value().strip() if endpoint.api_key else ""
    if not is_sendable(key):
        raise ChatNotConfiguredError(
            f"The key for {without_secrets(endpoint.base_url)} has characters that keys do not have. Copy it again."
        )
    return key or None
