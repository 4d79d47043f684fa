"""What checks an answer: claims and passages in, a verdict on each claim and the words that it rests on out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.types import Gap, Passage, Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, without markers and Markdown; `cited` are the indexes of the passages that it cites, in order."""

    text: str
    cited: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """What one passage, known by its index, does for a claim.

    `text[start:end]` of the passage are the words that the claim rests on, perhaps none. `verdict` is on this passage alone, `score` the
    probability that the words support the claim, in [0, 1].
    """

    index: int
    start: int
    end: int
    verdict: Verdict
    score: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the passages do for a claim together: its facts may be spread over them.

    `supports` has one for each cited passage, in order; for a claim that cites none, the passage that supports it best, if any does.
    `gaps` are what of a claim that is not supported the passages do not say. `better` is a passage that supports the claim where none of
    those does that it cites.
    """

    verdict: Verdict
    supports: tuple[Support, ...]
    gaps: tuple[Gap, ...] = ()
    better: Support | None = None


class Verifier(Protocol):
    """Checks claims against passages."""

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """A judgement for each sentence of an answer, in order, on the passages that it was written from.

        Raises:
            EmbeddingError: The model that it needs cannot be used.
        """
