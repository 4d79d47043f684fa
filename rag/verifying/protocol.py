"""What checks an answer: claims and passages in, a verdict on each claim and the words that it rests on out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.types import Passage, Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, without markers and Markdown.

    Attributes:
        text: Its words.
        cited: Indexes of the passages that it cites, in order; may be empty.
    """

    text: str
    cited: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """What one passage does for a claim.

    Attributes:
        index: The passage's.
        start: Offset in the passage's `text` of the words that the claim rests on.
        end: Offset after them; `start` where there are none.
        verdict: On this passage alone.
        score: How probable it is that the words support the claim, in [0, 1].
    """

    index: int
    start: int
    end: int
    verdict: Verdict
    score: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the passages do for a claim together.

    Attributes:
        verdict: On all cited passages together: a claim's facts may be spread over them.
        supports: One for each cited passage, in order; for a claim that cites none, the passage that supports it best, if any does.
    """

    verdict: Verdict
    supports: tuple[Support, ...]


class Verifier(Protocol):
    """Checks claims against passages."""

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """Check the sentences of an answer.

        Args:
            claims: Any number; `cited` are indexes in `passages`.
            passages: Those that the answer was written from.

        Returns:
            One for each claim, in order.

        Raises:
            EmbeddingError: The model that it needs cannot be used.
        """
        ...
