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

import numpy as np
from numpy.typing import NDArray

from rag.embedding.built_in_tokens import BuiltInTokens
from rag.embedding.catalogue import NO_PROMPTS, family_prompts
from rag.embedding.protocol import Embeddings
from rag.endpoints.client import Endpoint, Service
from rag.endpoints.errors import not_the_protocol, translate
from rag.errors import EmbeddingError
from rag.settings import EmbeddingEndpoint

if TYPE_CHECKING:
    import httpx2
    import openai

EMBEDDINGS = Service(
    name="embedding endpoint",
    kind="an OpenAI-compatible embedding endpoint",
    nobody="No embedding model",
    example="http://localhost:11434/v1",
    path="/embeddings",
    url_setting="RAG_EMBEDDING_BASE_URL",
    key_setting="RAG_EMBEDDING_API_KEY, or OPENAI_API_KEY where OPENAI_BASE_URL is used",
    model_setting="RAG_EMBEDDING_MODEL",
    slow="did not embed the texts within",
    patience="try again",
    shorten="Lower RAG_EMBEDDING_MAX_TOKENS or RAG_CHUNK_TOKENS.",
    correct="Check the model and RAG_EMBEDDING_DIMENSIONS.",
    error=EmbeddingError,
)

BATCH_TEXTS, BATCH_CHARACTERS = 32, 60_000
"""What is sent at once, at most: text-embeddings-inference takes no more texts, and other servers limit the tokens of a request."""

RETRIES, RETRIES_FOR_A_QUESTION = 4, 1
"""After a dropped connection, 429 or 5xx, after the pause that the server asks for, else 0.5 to 8 seconds."""

LONGEST_PAUSE_SECONDS = 20.0  # a server that asks for a longer one gets no retry: a person is waiting
TIMEOUT_SECONDS = 60.0

MARGIN = 2  # the server's tokens for one of the built-in model's, at most


class EndpointEmbedder(BuiltInTokens):
    """A model behind an OpenAI-compatible endpoint; a wrong address is reported at first use."""

    def __init__(self, model: str, endpoint: EmbeddingEndpoint, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._endpoint = Endpoint(EMBEDDINGS, endpoint.base_url, endpoint.api_key, model, timeout_seconds)
        self._prompts = family_prompts(model)  # servers add none
        self._dimensions = endpoint.dimensions
        self._server_tokens = endpoint.max_tokens

    @property
    def identity(self) -> str:
        """Address, model, dimensions asked for, the limit that texts are cut at, and the prompts if there are any."""
        prompts = f":{tuple(self._prompts)}" if self._prompts != NO_PROMPTS else ""
        return f"openai:{self._endpoint.shown}:{self._endpoint.model}:{self._dimensions or 'own'}:{self._server_tokens}{prompts}"

    @property
    def max_tokens(self) -> int:
        """Half of what the server reads: its tokens are not ours."""
        return self._server_tokens // MARGIN

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        rows = [self._embed(batch, RETRIES) for batch in _batches([self._prompts.passage + self._fitted(text) for text in texts])]
        if len({batch.shape[1] for batch in rows}) > 1:
            raise not_the_protocol("vectors of several lengths", self._endpoint)
        return np.concatenate(rows) if rows else np.empty((0, self._dimensions or 0), dtype=np.float32)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        row: Embeddings = self._embed([self._prompts.query + self._fitted(text)], RETRIES_FOR_A_QUESTION)[0]
        return row

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    def _fitted(self, text: str) -> str:
        """What of a text is sent: servers refuse a longer one, an empty one, and half of a surrogate pair."""
        text = text.encode("utf-8", "replace").decode()
        if len(text) > self.max_tokens and len(spans := self.token_spans(text)) > self.max_tokens:
            text = text[: spans[self.max_tokens - 1][1]]
        return text or " "

    def _embed(self, texts: list[str], retries: int) -> Embeddings:
        import openai

        options: dict[str, Any] = {"dimensions": self._dimensions} if self._dimensions else {}
        model = self._endpoint.model
        try:
            answer = self._client.with_options(max_retries=retries).embeddings.create(
                model=model, input=texts, encoding_format="float", **options
            )
        except (openai.OpenAIError, ValueError) as error:
            raise translate(error, self._endpoint, model) from error
        try:
            rows = _rows(answer, len(texts))
        except (ValueError, TypeError, AttributeError, binascii.Error) as error:
            raise not_the_protocol(str(error), self._endpoint) from error
        if self._dimensions and rows.shape[1] != self._dimensions:
            raise not_the_protocol(
                f"{rows.shape[1]} numbers in a vector where RAG_EMBEDDING_DIMENSIONS asks for {self._dimensions}", self._endpoint
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise not_the_protocol("a vector without a direction: zeros, or something that is no number", self._endpoint)
        unit: Embeddings = (rows / lengths).astype(np.float32)
        return unit

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        def limit_pause(response: "httpx2.Response") -> None:
            asked = response.headers.get("retry-after", "0")
            if not asked.replace(".", "", 1).isdigit() or float(asked) > LONGEST_PAUSE_SECONDS:
                response.headers["x-should-retry"] = "false"

        base_url, http = self._endpoint.checked_url(), self._endpoint.open_http()
        http.event_hooks = {"response": [limit_pause]}
        # the client insists on some key; the endpoint decides what is sent
        return openai.OpenAI(base_url=base_url, api_key="none", timeout=http.timeout, http_client=http)


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
    """The vectors of an answer in the order of the texts, `(count, dimensions)`; what else it may hold raises many kinds of errors."""
    by_index = {each.index: each.embedding for each in answer.data}
    if len(answer.data) != count or by_index.keys() != set(range(count)):
        raise ValueError(f"{len(answer.data)} vectors for {count} texts, or wrongly numbered")
    rows = np.array([_numbers(by_index[index]) for index in range(count)], dtype=np.float64)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError("rows that are not vectors of one length")
    return rows


def _numbers(row: Any) -> Any:
    """Numbers; some servers send base64 whatever is asked for."""
    return np.frombuffer(base64.b64decode(row, validate=True), "<f4") if isinstance(row, str) else row
