"""What goes wrong at an embedding endpoint, in words for a person."""

import re
from typing import TYPE_CHECKING

from rag.endpoints.addresses import quoted, without_secrets
from rag.errors import EmbeddingError
from rag.settings import EmbeddingEndpoint

if TYPE_CHECKING:
    import openai

WANTED = "Set RAG_EMBEDDING_BASE_URL to an address such as http://localhost:11434/v1."

LESS = "Lower RAG_EMBEDDING_MAX_TOKENS or RAG_CHUNK_TOKENS."

TOO_LONG = re.compile(r"context|too long|too large|too many|maximum", re.IGNORECASE)


def failure(error: Exception, endpoint: EmbeddingEndpoint, model: str, timeout_seconds: float) -> EmbeddingError:
    """The error for what the openai client raised.

    Args:
        error: Any `openai.OpenAIError`, or the `ValueError` of broken JSON.
        endpoint: Who was asked.
        model: For what.
        timeout_seconds: How long an answer was waited for.
    """
    import openai

    url = without_secrets(endpoint.base_url)
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, endpoint, model)
    if isinstance(error, openai.APITimeoutError):
        return EmbeddingError(f"{url} did not embed the texts within {timeout_seconds:g} seconds. Its model may be loading: try again.")
    if isinstance(error, openai.APIConnectionError):
        if "CERTIFICATE" in str(error.__cause__).upper():
            return EmbeddingError(
                f"The certificate of {url} is not trusted ({error.__cause__}). Correct RAG_EMBEDDING_BASE_URL, or set SSL_CERT_FILE."
            )
        return EmbeddingError(f"No embedding model answers at {url}. Start the server, or correct RAG_EMBEDDING_BASE_URL.")
    return not_vectors("something that is not its JSON", endpoint)


def not_vectors(what: str, endpoint: EmbeddingEndpoint) -> EmbeddingError:
    """The error for an answer of another kind.

    Args:
        what: In a few words, what it is.
        endpoint: Who gave it.
    """
    return EmbeddingError(f"{without_secrets(endpoint.base_url)} does not answer as an embedding endpoint does ({what}). {WANTED}")


def _refusal(error: "openai.APIStatusError", endpoint: EmbeddingEndpoint, model: str) -> EmbeddingError:
    url, status = without_secrets(endpoint.base_url), error.status_code
    key = endpoint.api_key.get_secret_value().strip() if endpoint.api_key else ""
    if 300 <= status < 400:
        there = without_secrets(error.response.headers.get("location", "another address"))
        return EmbeddingError(f"{url} sends requests on to {there}. If that is right, set RAG_EMBEDDING_BASE_URL to the new address.")
    if status in {401, 403}:  # not quoted: some servers repeat a part of the key here
        which = "refused the key" if key else "wants a key"
        return EmbeddingError(f"{url} {which} ({status}). Set RAG_EMBEDDING_API_KEY, or OPENAI_API_KEY where OPENAI_BASE_URL is used.")
    words = _words(error.body)
    said = quoted(words, key)
    if status == 404:
        return EmbeddingError(f"{url} has no embeddings, or not of the model {model!r} (404).{said} Most addresses end in /v1. {WANTED}")
    if status == 429:
        return EmbeddingError(f"{url} takes no more requests now (429).{said} Wait a little and go on, or check the account's quota.")
    if status >= 500:
        return EmbeddingError(f"{url} failed ({status}).{said} Try again, or look at the server's log.")
    advice = LESS if TOO_LONG.search(words) else "Check the model and RAG_EMBEDDING_DIMENSIONS."
    return EmbeddingError(f"{url} refused the request to {model!r} ({status}).{said} {advice}")


def _words(body: object) -> str:
    """What a server says of an error, in any of the usual places."""
    named = [body.get(name) for name in ("message", "detail", "error")] if isinstance(body, dict) else [body]
    return next((words for words in named if isinstance(words, str)), "")
