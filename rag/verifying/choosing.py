"""A setting -> the model that checks claims beside the rules."""

from typing import TYPE_CHECKING

from rag.endpoints.chat.model import OpenAIChatModel
from rag.reranking import build_reranker
from rag.settings import ChatEndpoint
from rag.verifying.judges import MOST_TOKENS, TIMEOUT_SECONDS, ChatJudge, ScoringJudge
from rag.verifying.model import ClaimModel

if TYPE_CHECKING:
    from pydantic import SecretStr


def build_model(verifier: str, model: str | None = None, api_key: "SecretStr | None" = None) -> ClaimModel:
    """For an address a server, which scores pairs if it ends in /rerank, and is a chat model otherwise; else a cross-encoder.

    Nothing is loaded, and nothing asked, before its first use. `model` and `api_key` are the endpoint's, where it needs them.
    """
    if verifier.lower().startswith(("http://", "https://")):
        if verifier.rstrip("/").endswith(("/rerank", "/reranking")):
            return ScoringJudge(build_reranker(verifier, model, api_key, TIMEOUT_SECONDS))
        endpoint = ChatEndpoint(verifier, api_key, model)
        return ChatJudge(OpenAIChatModel(endpoint, max_tokens=MOST_TOKENS, temperature=0.0, timeout_seconds=TIMEOUT_SECONDS))
    from rag.verifying.cross_encoder import CrossEncoderModel

    return CrossEncoderModel(verifier)
