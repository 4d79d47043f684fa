"""Scores by a rerank endpoint: what Cohere, Jina, Voyage, vLLM, llama.cpp, LocalAI and text-embeddings-inference have in common.

Sent is `{"query", "documents"}`, and "model" where one is set. text-embeddings-inference takes "texts" in place of "documents";
a server that asks for them is sent them from then on. Read is a list of `{"index", "relevance_score" or "score"}` in any order:
bare, or under "results" or "data".
"""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag.endpoints.rerank_failures import WANTED, Reply, RerankEndpoint, failure, not_scores, refusal, too_slow
from rag.endpoints.rerank_results import read_scores
from rag.errors import RerankingError

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
"""Longest wait for a connection."""

QUESTION_CHARACTERS = 2000
"""What is sent of a question: servers refuse one that leaves no room for a passage."""

ANSWER_BYTES = 20_000_000
"""Longest answer that is read: some servers send every text back with its score."""


class EndpointReranker:
    """A model behind a rerank endpoint. The documents' words and the key go to its address alone: redirects are not followed.

    Args:
        url: With or without /v1 or /rerank at its end. A wrong one is reported at first use.
        model: The model's name there, or None for the server's own.
        api_key: The key for that address, or None.
        timeout_seconds: Longest wait for the answer.
    """

    def __init__(self, url: str, model: str | None, api_key: SecretStr | None, timeout_seconds: float) -> None:
        key = api_key.get_secret_value().strip() if api_key else ""
        self._endpoint = RerankEndpoint(url, model or "", key, timeout_seconds)
        self._address = ""  # what answered, once something did
        self._takes_texts = False

    @property
    def identity(self) -> str:
        """Address and model."""
        return f"endpoint:{self._endpoint.shown}:{self._endpoint.model}"

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker.scores`. Texts that the server leaves out get less than the least score it gave."""
        if not texts:
            return []
        for address in [self._address] if self._address else self._endpoint.addresses():
            reply = self._asked(address, question, texts)
            if reply.status not in {404, 405} or reply.names_the_model:
                break
        if reply.status != 200:
            raise refusal(reply, self._endpoint)
        try:
            scores = read_scores(reply.text, len(texts))
        except ValueError as error:
            raise not_scores(error, reply, self._endpoint) from error
        self._address = address
        return scores

    def _asked(self, address: str, question: str, texts: Sequence[str]) -> Reply:
        """One answer; a server that may want the texts by their other name is asked once more."""
        reply = self._sent(address, self._body(question, texts, self._takes_texts))
        if self._takes_texts or not reply.wants_texts:
            return reply
        second = self._sent(address, self._body(question, texts, takes_texts=True))
        if second.status != 200:
            return reply
        self._takes_texts = True
        return second

    def _body(self, question: str, texts: Sequence[str], takes_texts: bool) -> bytes:
        """The request, as little as a server needs. A lone surrogate, as a shell may pass one, cannot be sent."""
        # only text-embeddings-inference has to be told that it may cut what is too long
        body: dict[str, Any] = {"texts": list(texts), "truncate": True} if takes_texts else {"documents": list(texts)}
        body["query"] = question[:QUESTION_CHARACTERS]
        if self._endpoint.model:
            body["model"] = self._endpoint.model
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    def _sent(self, address: str, body: bytes) -> Reply:
        import httpx2

        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        seconds = self._endpoint.timeout_seconds
        timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        try:
            with (
                httpx2.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream("POST", address, content=body, headers=headers) as response,
            ):
                kind, location = response.headers.get("content-type", ""), response.headers.get("location", "")
                said = self._read(response).decode("utf-8", "replace")
                return Reply(response.status_code, kind.partition(";")[0].strip().lower(), location, said)
        except httpx2.HTTPError as error:
            raise failure(error, self._endpoint) from error

    def _read(self, response: "httpx2.Response") -> bytes:
        """The whole answer, in time and within bounds: a stream without an end would keep the question waiting for ever."""
        until = time.monotonic() + self._endpoint.timeout_seconds
        said = bytearray()
        for piece in response.iter_bytes():
            said += piece
            if len(said) > ANSWER_BYTES:
                raise RerankingError(f"{self._endpoint.shown} sends an answer without an end. Check the address. {WANTED}")
            if time.monotonic() > until:
                raise too_slow(self._endpoint)
        return bytes(said)
