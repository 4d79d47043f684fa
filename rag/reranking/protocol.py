"""What the library needs of a reranker, and the one place that builds the real ones."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

TIMEOUT_SECONDS = 30.0
"""Longest wait for an endpoint, unless another is given: a person is waiting."""


class Reranker(Protocol):
    """Reads a question and a passage together, and says how well the one answers the other. Any thread may call it."""

    @property
    def identity(self) -> str:
        """What makes its scores what they are: the model, its weights' hash or its address. Known without loading the model."""

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
    """Choose the reranker that a setting means. Nothing is loaded, and nothing asked, before its first use.

    Args:
        reranker: The http(s) address of a rerank endpoint; else a cross-encoder's folder, or its name if it was downloaded before.
        model: The model's name at the endpoint, where that needs one.
        api_key: The endpoint's key, where it wants one.
        timeout_seconds: Longest wait for the endpoint.
    """
    if reranker.strip().lower().startswith(("http://", "https://")):
        from rag.endpoints.rerank import EndpointReranker

        return EndpointReranker(reranker.strip(), model, api_key, timeout_seconds)
    from rag.reranking.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(reranker)
