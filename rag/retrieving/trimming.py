"""The chunks of a passage -> the sentences of it that matter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.text.sentences import sentence_spans

CONSTANT, SHARE, RANK, BEHIND = -4.28, 1.74, 1.76, -6.65
"""Of the odds that a sentence answers: fitted by `tests/benchmarks/trimming.py`."""

WORTH = 0.008
"""A sentence is kept for its own sake when its probability to answer is above this; more makes passages shorter."""


LEAST_CHARACTERS = 25
"""Of a trimmed passage, where it has as many: a page number or a heading alone says nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk of a passage, to be trimmed.

    Attributes:
        start: Offset in the page's text.
        text: Its words.
        rank: Its place in the ranking, 1 for the best.
        behind: How much less its score is than the best one's, at least 0.
    """

    start: int
    text: str
    rank: int
    behind: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what speaks for its answering the question.

    Attributes:
        start: Offset in the page's text.
        end: Offset after it.
        share: The weight of the question's words that it has, as a share of what the best sentence of its chunk has, in [0, 1].
        rank: Of its chunk.
        behind: Of its chunk.
    """

    start: int
    end: int
    share: float
    rank: int
    behind: float

    @property
    def probability(self) -> float:
        """That it answers: logistic in its share of the words, in 1 / rank and in how far its chunk is behind the best one."""
        return 1 / (1 + math.exp(-(CONSTANT + SHARE * self.share + RANK / self.rank + BEHIND * self.behind)))


def sentences(part: Part, weigh: Callable[[str], float]) -> list[Sentence]:
    """Find the sentences of a part.

    Args:
        part: A chunk.
        weigh: The weight of the question's words that a text has, at least 0.
    """
    spans = sentence_spans(part.text)
    weights = [weigh(part.text[start:end]) for start, end in spans]
    most = max(weights, default=0.0) or 1.0
    return [
        Sentence(part.start + start, part.start + end, weight / most, part.rank, part.behind)
        for (start, end), weight in zip(spans, weights, strict=True)
    ]


def trimmed(candidates: Sequence[Sentence]) -> tuple[int, int]:
    """Find the run of sentences most worth reading: that with the greatest sum of (probability - `WORTH`) * length, if not too short.

    Args:
        candidates: The sentences of a passage, in reading order; at least one.

    Returns:
        `(start, end)` in the page's text.
    """
    values = [(sentence.probability - WORTH) * (sentence.end - sentence.start) for sentence in candidates]
    least = min(LEAST_CHARACTERS, candidates[-1].end - candidates[0].start)
    best = (-math.inf, 0, 0)
    for first in range(len(values)):
        total = 0.0
        for last in range(first, len(values)):
            total += values[last]
            if total > best[0] and candidates[last].end - candidates[first].start >= least:
                best = total, first, last
    return candidates[best[1]].start, candidates[best[2]].end
