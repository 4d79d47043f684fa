"""Embeddings by an OpenAI-compatible endpoint.

Its tokenizer is not known here: texts are cut by the built-in model's tokens, and only half of what the server reads is used, since
its own tokens may be more. What the vectors depend on cannot be hashed: the identity is the address, the model's name and the
dimensions, so a server that changes a model under its name must be given another name.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlunsplit

import numpy as np
from numpy.typing import NDArray

from rag.embedding.built_in_tokens import built_in_token_spans
from rag.embedding.protocol import Embeddings
from rag.endpoints.addresses import HEADERS_SENT, AddressError, checked_address, is_sendable, without_secrets
from rag.endpoints.embedding_failures import WANTED, failure, not_vectors
from rag.errors import EmbeddingError
from rag.settings import EmbeddingEndpoint

if TYPE_CHECKING:
    import httpx2
    import openai

BATCH_TEXTS, BATCH_CHARACTERS = 32, 60_000
"""What is sent at once, at most: text-embeddings-inference takes no more texts, and other servers limit the tokens of a request."""

TRIES_AGAIN, TRIES_AGAIN_FOR_A_QUESTION = 4, 1
"""After a dropped connection, 429 or 5xx, after the pause that the server asks for, else 0.5 to 8 seconds."""

LONGEST_PAUSE_SECONDS = 20.0
"""A server that asks for a longer one is not tried again: a person is waiting."""

TIMEOUT_SECONDS, CONNECT_SECONDS = 60.0, 5.0

MARGIN = 2
"""The server's tokens for one of the built-in model's, at most."""


class EndpointEmbedder:
    """A model behind an OpenAI-compatible endpoint. Texts and key go to its address alone: redirects are not followed."""

    def __init__(self, model: str, endpoint: EmbeddingEndpoint, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Ask nothing yet; a wrong address is reported at first use.

        Args:
            model: Its name there.
            endpoint: Where it answers, and what is asked of it.
            timeout_seconds: Longest wait for an answer.
        """
        self._model = model
        self._endpoint = endpoint
        self._timeout_seconds = timeout_seconds

    @property
    def identity(self) -> str:
        """Address, model, dimensions asked for, and the limit that texts are cut at."""
        dimensions = self._endpoint.dimensions or "own"
        return f"openai:{without_secrets(self._endpoint.base_url)}:{self._model}:{dimensions}:{self._endpoint.max_tokens}"

    @property
    def max_tokens(self) -> int:
        """Half of what the server reads: its tokens are not ours."""
        return self._endpoint.max_tokens // MARGIN

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Those of the built-in model."""
        return built_in_token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        rows = [self._asked(batch, TRIES_AGAIN) for batch in _batches([self._fitted(text) for text in texts])]
        if len({made.shape[1] for made in rows}) > 1:
            raise not_vectors("vectors of several lengths", self._endpoint)
        return np.concatenate(rows) if rows else np.empty((0, self._endpoint.dimensions or 0), dtype=np.float32)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        row: Embeddings = self._asked([self._fitted(text)], TRIES_AGAIN_FOR_A_QUESTION)[0]
        return row

    def _fitted(self, text: str) -> str:
        """What of a text is sent: servers refuse a longer one, an empty one, and half of a surrogate pair."""
        text = text.encode("utf-8", "replace").decode()
        if len(text) > self.max_tokens and len(spans := self.token_spans(text)) > self.max_tokens:
            text = text[: spans[self.max_tokens - 1][1]]
        return text or " "

    def _asked(self, texts: list[str], tries_again: int) -> Embeddings:
        import openai

        wanted: dict[str, Any] = {"dimensions": self._endpoint.dimensions} if self._endpoint.dimensions else {}
        try:
            answer = self._client.with_options(max_retries=tries_again).embeddings.create(
                model=self._model, input=texts, encoding_format="float", **wanted
            )
        except (openai.OpenAIError, ValueError) as error:
            raise failure(error, self._endpoint, self._model, self._timeout_seconds) from error
        try:
            rows = _rows(answer, len(texts))
        except (ValueError, TypeError, AttributeError, binascii.Error) as error:
            raise not_vectors(str(error), self._endpoint) from error
        if self._endpoint.dimensions and rows.shape[1] != self._endpoint.dimensions:
            raise not_vectors(f"{rows.shape[1]} numbers in a vector where RAG_EMBEDDING_DIMENSIONS asks for other ones", self._endpoint)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise not_vectors("a vector without a direction: zeros, or something that is no number", self._endpoint)
        unit: Embeddings = (rows / lengths).astype(np.float32)
        return unit

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        base_url, key = _checked(self._endpoint)

        def strip(request: "httpx2.Request") -> None:
            for name in set(request.headers) - HEADERS_SENT:
                del request.headers[name]
            if key:
                request.headers["Authorization"] = f"Bearer {key}"

        def limit(response: "httpx2.Response") -> None:
            asked = response.headers.get("retry-after", "0")
            if not asked.replace(".", "", 1).isdigit() or float(asked) > LONGEST_PAUSE_SECONDS:
                response.headers["x-should-retry"] = "false"

        timeout = openai.Timeout(self._timeout_seconds, connect=min(CONNECT_SECONDS, self._timeout_seconds))
        http = openai.DefaultHttpxClient(timeout=timeout, follow_redirects=False, event_hooks={"request": [strip], "response": [limit]})
        # the client insists on some key; `strip` decides what is sent
        return openai.OpenAI(base_url=base_url, api_key="none", timeout=timeout, http_client=http)


def _checked(endpoint: EmbeddingEndpoint) -> tuple[str, str]:
    """Address, forgiven "/embeddings" at its end, and key.

    Raises:
        EmbeddingError: One of them cannot be used.
    """
    shown = without_secrets(endpoint.base_url)
    try:
        parts = checked_address(endpoint.base_url)
    except AddressError as error:
        more = "has more to it than host and path. A key goes into RAG_EMBEDDING_API_KEY."
        wrong = "is not of the form http://HOST/PATH." if error.reason == "form" else more
        raise EmbeddingError(
            f"The embedding endpoint's address {shown!r} {wrong} A key goes into RAG_EMBEDDING_API_KEY. {WANTED}"
        ) from error
    key = endpoint.api_key.get_secret_value().strip() if endpoint.api_key else ""
    if not is_sendable(key):
        raise EmbeddingError(f"The key for {shown} has characters that keys do not have. Copy it again.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/embeddings"), "", "")), key


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, few enough at a time."""
    batch: list[str] = []
    for text in texts:
        if batch and (len(batch) == BATCH_TEXTS or sum(map(len, batch)) + len(text) > BATCH_CHARACTERS):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


def _rows(answer: Any, count: int) -> NDArray[np.float64]:
    """The vectors of an answer, in the order of the texts, as float64 of shape `(count, dimensions)`.

    Raises:
        ValueError, TypeError, AttributeError, binascii.Error: It holds something else.
    """
    found = {each.index: each.embedding for each in answer.data}
    if len(answer.data) != count or found.keys() != set(range(count)):
        raise ValueError(f"{len(answer.data)} vectors for {count} texts, or wrongly numbered")
    rows = np.array([_row(found[index]) for index in range(count)], dtype=np.float64)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError("rows that are not vectors of one length")
    return rows


def _row(given: Any) -> Any:
    """Numbers; some servers send base64 whatever is asked for."""
    return np.frombuffer(base64.b64decode(given, validate=True), "<f4") if isinstance(given, str) else given
