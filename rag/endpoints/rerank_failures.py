"""What goes wrong at a rerank endpoint, in words for a person."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlunsplit

from rag.endpoints.addresses import AddressError, checked_address, is_sendable, quoted, without_secrets
from rag.errors import RerankingError

WANTED = "Set RAG_RERANKER to an address such as http://localhost:8080/v1."

ADVICE = {
    404: f"has no rerank endpoint at this address. {WANTED}",
    405: f"has no rerank endpoint at this address. {WANTED}",
    413: "takes only fewer or shorter texts at once. Lower RAG_RERANK_DEPTH.",
    429: "takes no more requests now. Wait a little and ask again, or check the account's quota.",
}
SERVER_FAILED = "failed. Try again, or look at the server's log."
REFUSED = "refused the request. Check RAG_RERANKER and RAG_RERANKER_MODEL."


@dataclass(frozen=True, slots=True)
class RerankEndpoint:
    """Where to ask, for what, and how long to wait; `key` is "" where there is none."""

    url: str = field(repr=False)
    model: str
    key: str = field(repr=False)
    timeout_seconds: float

    @property
    def shown(self) -> str:
        """The address without anything secret."""
        return without_secrets(self.url)

    def addresses(self) -> list[str]:
        """Where it may answer, the likeliest first.

        Raises:
            RerankingError: The address is no http(s) one with a host, or holds a password or a query, or the key cannot be sent.
        """
        try:
            parts = checked_address(self.url)
        except AddressError as error:
            if error.reason == "form":
                raise RerankingError(f"The reranker's address {self.shown!r} is not of the form http://HOST/PATH. {WANTED}") from error
            said = f"The reranker's address {self.shown!r} has more to it than host and path."
            raise RerankingError(f"{said} A key goes into RAG_RERANKER_API_KEY. {WANTED}") from error
        if not is_sendable(self.key):
            raise RerankingError(f"The key for {self.shown} has characters that keys do not have. Copy RAG_RERANKER_API_KEY again.")
        return [urlunsplit((parts.scheme, parts.netloc, path, "", "")) for path in _paths(parts.path.rstrip("/"))]


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: its HTTP status, its kind, where it sends on to (or ""), and what it says."""

    status: int
    media_type: str
    location: str
    text: str

    @property
    def names_the_model(self) -> bool:
        """Whether it is a refusal of the model, and not of the path or the request."""
        return self.status in {400, 404, 422} and self.media_type == "application/json" and "model" in self.words.lower()

    @property
    def wants_texts(self) -> bool:
        """Whether it may be a refusal of a request whose documents are not called "texts"."""
        return self.status in {400, 422} and re.search(r"\btexts\b", self.text) is not None

    @property
    def words(self) -> str:
        """What it says of an error, in any of the usual places."""
        try:
            body = json.loads(self.text)
        except (ValueError, RecursionError):
            return self.text
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            body = body["error"]
        named = [body.get(name) for name in ("message", "detail", "error")] if isinstance(body, dict) else [body]
        return next((words for words in named if isinstance(words, str)), "")


def refusal(reply: Reply, endpoint: RerankEndpoint) -> RerankingError:
    """The error for an answer whose status is not 200."""
    url, status = endpoint.shown, reply.status
    if 300 <= status < 400:
        there = without_secrets(reply.location) or "another address"
        return RerankingError(f"{url} sends requests on to {there}. If that is right, set RAG_RERANKER to the new address.")
    if status in {401, 403}:  # not quoted: some servers repeat a part of the key here
        return RerankingError(f"{url} {'refused the key' if endpoint.key else 'wants a key'} ({status}). Set RAG_RERANKER_API_KEY.")
    said = quoted(reply.words, endpoint.key)
    if reply.names_the_model:
        model = endpoint.model or "(none is set)"
        return RerankingError(f"{url} refused the model {model} ({status}).{said} Set RAG_RERANKER_MODEL to one that it has.")
    what, _, to_do = ADVICE.get(status, SERVER_FAILED if status >= 500 else REFUSED).partition(". ")
    return RerankingError(f"{url} {what} ({status}).{said} {to_do}")


def failure(error: Exception, endpoint: RerankEndpoint) -> RerankingError:
    """The error for an answer that did not come, or not whole.

    Args:
        error: Any `httpx2.HTTPError`.
        endpoint: Who was asked.
    """
    import httpx2

    url = endpoint.shown
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) and "CERTIFICATE" not in str(error).upper():
        return RerankingError(f"No reranker answers at {url}. Start the server, correct RAG_RERANKER, or unset it to go on without.")
    if isinstance(error, httpx2.ConnectError):
        return RerankingError(f"The certificate of {url} is not trusted ({error}). Correct RAG_RERANKER, or set SSL_CERT_FILE.")
    if isinstance(error, httpx2.TimeoutException):
        return too_slow(endpoint)
    return RerankingError(f"{url} closed the connection before its answer was whole. Try again, or look at the server's log.")


def too_slow(endpoint: RerankEndpoint) -> RerankingError:
    """The error for an answer that takes too long."""
    return RerankingError(
        f"{endpoint.shown} did not rank the passages within {endpoint.timeout_seconds:g} seconds. "
        "Its model may be loading: try again, lower RAG_RERANK_DEPTH, or unset RAG_RERANKER."
    )


def not_scores(what: object, reply: Reply, endpoint: RerankEndpoint) -> RerankingError:
    """The error for an answer of another kind.

    Args:
        what: In a few words, what it is.
        reply: The answer.
        endpoint: Who gave it.
    """
    kind = reply.media_type or "no media type"
    return RerankingError(f"{endpoint.shown} does not answer as a rerank endpoint does ({kind}: {what}). Check the address. {WANTED}")


def _paths(path: str) -> list[str]:
    if path.endswith(("/rerank", "/reranking")):
        return [path]
    if re.search(r"/v\d+$", path):  # text-embeddings-inference has the path without the version alone
        return [f"{path}/rerank", f"{path.rpartition('/')[0]}/rerank"]
    return [f"{path}/v1/rerank", f"{path}/rerank"]
