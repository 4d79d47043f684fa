"""Models behind an endpoint that judge claims: a chat model, or a server that scores pairs as rerankers do."""

import asyncio
import math
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

from rag.endpoints.chat.model import ChatModel
from rag.errors import ChatError, RerankingError, VerifierError
from rag.reranking import Reranker
from rag.types import Message
from rag.verifying.model import Evidence, Opinion

TIMEOUT_SECONDS = 30.0
MOST_AT_ONCE = 4  # requests: more would wait at a server on one machine
MOST_TOKENS = 1000  # of a reply: a model may think before the word
SYSTEM = (
    "You check claims against evidence. Answer with one word. supported: the evidence states or entails all that the claim says. "
    "contradicted: the evidence says otherwise. unknown: it says neither. Use nothing but the evidence."
)
WORDS = {"supported": Opinion(0.95, 0.02), "contradicted": Opinion(0.02, 0.95), "unknown": Opinion(0.05, 0.1)}
_WORD = re.compile(r"\b(?:un|not )?(?:supported|contradicted|unknown)\b", re.IGNORECASE)


class ChatJudge:
    """Asks a chat model about one claim at a time; a `ClaimModel`."""

    def __init__(self, chat_model: ChatModel) -> None:
        self._chat = chat_model

    def opinions(self, asked: Sequence[Evidence]) -> list[Opinion]:
        """See `ClaimModel.opinions`; a reply without one of the words is taken for "unknown"."""
        with ThreadPoolExecutor(MOST_AT_ONCE) as workers:
            try:
                return list(workers.map(lambda each: asyncio.run(self._opinion(each)), asked))
            except ChatError as error:
                raise VerifierError(f"The chat model that RAG_VERIFIER names failed: {error}") from error

    async def _opinion(self, asked: Evidence) -> Opinion:
        evidence = f"{asked.heading}\n{asked.text}" if asked.heading else asked.text
        messages = [Message("system", SYSTEM), Message("user", f"Evidence:\n{evidence}\n\nClaim:\n{asked.claim}")]
        said = ""
        async with aclosing(self._chat.stream(messages)) as deltas:
            async for delta in deltas:
                said = delta.text if delta.retracts else said + delta.text
        words = _WORD.findall(said)
        return WORDS.get(words[-1].casefold() if words else "", WORDS["unknown"])


class ScoringJudge:
    """Has a server score each evidence for its claim, as rerankers are asked: a probability, or its log-odds; a `ClaimModel`."""

    def __init__(self, server: Reranker) -> None:
        self._server = server

    def opinions(self, asked: Sequence[Evidence]) -> list[Opinion]:
        """See `ClaimModel.opinions`."""
        texts = dict[str, list[str]]()
        for each in asked:
            texts.setdefault(each.claim, []).append(each.text)
        try:
            scores = {claim: iter(self._server.scores(claim, of_claim)) for claim, of_claim in texts.items()}
        except RerankingError as error:
            raise VerifierError(f"The server that RAG_VERIFIER names failed: {error}") from error
        return [Opinion(_probability(next(scores[each.claim])), 0.0) for each in asked]


def _probability(score: float) -> float:
    return score if 0 <= score <= 1 else 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
