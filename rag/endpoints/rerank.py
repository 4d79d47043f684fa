"""Scores by a rerank endpoint: what Cohere, Jina, Voyage, vLLM, llama.cpp, LocalAI and text-embeddings-inference have in common.

Sent is `{"query", "documents"}`, and "model" where one is set. text-embeddings-inference takes "texts" in place of "documents";
a server that asks for them is sent them from then on. Read is a list of `{"index", "relevance_score" or "score"}` in any order:
bare, or under "results" or "data".
"""

import json
import re
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from rag.endpoints.client import Endpoint, Service
from rag.endpoints.errors import Reply, all_words, not_the_protocol, refusal, too_slow, translate
from rag.errors import RerankingError

if TYPE_CHECKING:
    import httpx2

RERANK = Service(
    name="rerank endpoint",
    kind="a rerank endpoint",
    nobody="No reranker",
    example="http://localhost:8080/v1",
    path="",
    url_setting="RAG_RERANKER",
    key_setting="RAG_RERANKER_API_KEY",
    model_setting="RAG_RERANKER_MODEL",
    slow="did not rank the passages within",
    patience="try again, lower RAG_RERANK_DEPTH, or unset RAG_RERANKER",
    shorten="Lower RAG_RERANK_DEPTH to send fewer texts at once.",
    correct="Check RAG_RERANKER and RAG_RERANKER_MODEL.",
    error=RerankingError,
)

QUESTION_CHARACTERS = 2000  # what is sent of a question: servers refuse one that leaves no room for a passage
ANSWER_BYTES = 20_000_000  # longest answer that is read: some servers send every text back with its score
SCORE_NAMES = ("relevance_score", "score")
LIST_NAMES = ("results", "data")

BELOW_THE_LEAST = 1.0  # how far below the least score the texts are put that a server left out


class EndpointReranker:
    """A model behind a rerank endpoint, whose address may lack /v1 or /rerank; a wrong one is reported at first use."""

    def __init__(self, url: str, model: str | None, api_key: SecretStr | None, timeout_seconds: float) -> None:
        self._endpoint = Endpoint(RERANK, url, api_key, model or "", timeout_seconds)
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
        model = self._endpoint.model
        for address in [self._address] if self._address else _addresses(self._endpoint.checked_url()):
            reply = self._ask(address, question, texts)
            if reply.status not in {404, 405} or reply.is_about(model):
                break
        if reply.status != 200:
            raise refusal(reply, self._endpoint, model)
        try:
            scores = _read_scores(reply.body, len(texts))
        except ValueError as error:
            media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower() or "no media type"
            raise not_the_protocol(f"{media_type}: {error}", self._endpoint) from error
        self._address = address
        return scores

    def _ask(self, address: str, question: str, texts: Sequence[str]) -> Reply:
        """One answer; a server that may want the texts by their other name is asked once more."""
        reply = self._send(address, self._request(question, texts, self._takes_texts))
        if self._takes_texts or reply.status not in {400, 422} or not re.search(r"\btexts\b", all_words(reply.body)):
            return reply
        second = self._send(address, self._request(question, texts, takes_texts=True))
        self._takes_texts = second.status == 200
        return second if self._takes_texts else reply

    def _request(self, question: str, texts: Sequence[str], takes_texts: bool) -> bytes:
        """The request's body, as little as a server needs. A lone surrogate, as a shell may pass one, cannot be sent."""
        # only text-embeddings-inference has to be told that it may cut what is too long
        body: dict[str, Any] = {"texts": list(texts), "truncate": True} if takes_texts else {"documents": list(texts)}
        body["query"] = question[:QUESTION_CHARACTERS]
        if self._endpoint.model:
            body["model"] = self._endpoint.model
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    def _send(self, address: str, request: bytes) -> Reply:
        import httpx2

        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            # a client for each request: one kept would meet connections that the server has closed meanwhile
            with self._endpoint.open_http() as http, http.stream("POST", address, content=request, headers=headers) as response:
                return Reply(response.status_code, _decoded(self._read(response)), response.headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise translate(error, self._endpoint) from error

    def _read(self, response: "httpx2.Response") -> bytes:
        """The whole answer, in time and within bounds: an endless stream would keep the question waiting for ever."""
        until = time.monotonic() + self._endpoint.timeout_seconds
        answer = bytearray()
        for piece in response.iter_bytes():
            answer += piece
            if len(answer) > ANSWER_BYTES:
                raise not_the_protocol(f"more than {ANSWER_BYTES // 1_000_000} MB", self._endpoint)
            if time.monotonic() > until:
                raise too_slow(self._endpoint)
        return bytes(answer)


def _addresses(base: str) -> list[str]:
    """Where an endpoint may answer, the likeliest first."""
    if base.endswith(("/rerank", "/reranking")):
        return [base]
    if re.search(r"[^/]/v\d+$", base):  # text-embeddings-inference has the path without the version alone
        return [f"{base}/rerank", f"{base.rpartition('/')[0]}/rerank"]
    return [f"{base}/v1/rerank", f"{base}/rerank"]


def _decoded(answer: bytes) -> Any:
    """JSON, or text where it is none."""
    text = answer.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _read_scores(body: Any, texts: int) -> list[float]:
    """A finite score for each of so many texts, in their order. ValueError says in a few words what came instead."""
    results = next((body[name] for name in LIST_NAMES if name in body), None) if isinstance(body, dict) else body
    if type(results) is not list:
        raise ValueError("no list of results")
    scores: dict[int, float] = {}
    for result in results:
        index = result.get("index") if isinstance(result, dict) else None
        if type(index) is not int:  # which a bool is not
            raise ValueError("a result without an index")
        if not 0 <= index < texts:
            raise ValueError(f"index {index}, where {texts} texts were sent")
        if index in scores:
            raise ValueError(f"text {index} is scored twice")
        scores[index] = _score(result)
    if not scores:
        raise ValueError("no text is scored")
    left_out = min(scores.values()) - BELOW_THE_LEAST
    return [scores.get(index, left_out) for index in range(texts)]


def _score(result: dict[str, Any]) -> float:
    score: Any = next((result[name] for name in SCORE_NAMES if name in result), None)
    if type(score) not in {int, float}:
        raise ValueError("a result without a score")
    if not -sys.float_info.max <= score <= sys.float_info.max:  # NaN and integers that no float can hold, too
        raise ValueError("a score that is no finite number")
    return float(score)
