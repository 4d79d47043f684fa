"""What the library needs of a reranker: implement `Reranker` to add one, and name it in `build_reranker`."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

TIMEOUT_SECONDS = 30.0
"""Longest wait for an endpoint: a person is waiting."""


class Reranker(Protocol):
    """Reads a question and a passage together, and says how well the one answers the other. Any thread may call it."""

    @property
    def identity(self) -> str:
        """All that its scores depend on: the model, the hash of its weights or its address. Quick to tell: nothing is loaded for it."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Score texts against a question.

        Args:
            question: In words. A very long one is cut.
            texts: Those to compare. What is too long for the model is cut at the end.

        Returns:
            One for each text, in their order; higher is better, on any scale, finite. Only scores of one call can be compared.

        Raises:
            RerankingError: The model or the endpoint cannot be used.
        """


def build_reranker(
    reranker: str, model: str | None = None, api_key: SecretStr | None = None, timeout_seconds: float = TIMEOUT_SECONDS
) -> Reranker:
    """The reranker that a setting names: an endpoint's http(s) address, else a cross-encoder's folder or the name of a downloaded one.

    Nothing is loaded, and nothing asked, before its first use. `model` and `api_key` are the endpoint's, where it needs them.
    """
    if reranker.strip().lower().startswith(("http://", "https://")):
        from rag.endpoints.rerank import EndpointReranker

        return EndpointReranker(reranker.strip(), model, api_key, timeout_seconds)
    from rag.reranking.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(reranker)
