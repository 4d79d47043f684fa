"""The chunks of a passage -> the run of its sentences most worth reading."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.text.sentences import sentence_spans

CONSTANT, SHARE, RANK, BEHIND = -4.28, 1.74, 1.76, -6.65
"""Of the odds that a sentence answers: fitted by `tests/benchmarks/trimming.py`."""

WORTH = 0.008  # a sentence adds to a passage when its probability to answer is above this; a greater value makes passages shorter
LEAST_CHARACTERS = 25  # least length of a trimmed passage, if it has as much text: a page number or a heading alone says nothing


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, from `start` to `end` in its page's text.

    `rank` is that of its chunk, from 1 on, `behind` how much lower its chunk's score is than the best one's, at least 0, and `share`
    is the weight of the question's words in it, divided by that of the best sentence of its chunk, in [0, 1].
    """

    start: int
    end: int
    share: float
    rank: int
    behind: float

    @property
    def probability(self) -> float:
        """The probability that it answers: logistic in its share, in 1 / rank and in how far its chunk is behind."""
        return 1 / (1 + math.exp(-(CONSTANT + SHARE * self.share + RANK / self.rank + BEHIND * self.behind)))


def sentences(start: int, text: str, rank: int, behind: float, weigh: Callable[[str], float]) -> list[Sentence]:
    """The sentences of a chunk at `start` on its page; `weigh` gives the weight of the question's words in a text, at least 0."""
    spans = sentence_spans(text)
    weights = [weigh(text[first:last]) for first, last in spans]
    most = max(weights, default=0.0) or 1.0
    return [
        Sentence(start + first, start + last, weight / most, rank, behind) for (first, last), weight in zip(spans, weights, strict=True)
    ]


def trimmed(candidates: Sequence[Sentence]) -> tuple[int, int]:
    """The span of the run of sentences with the greatest sum of (probability - `WORTH`) * length, at least `LEAST_CHARACTERS` long.

    Where no sentence is worth so much, those count that are at least half as likely as the best one.
    """
    worth = min(WORTH, max(sentence.probability for sentence in candidates) / 2)
    values = [(sentence.probability - worth) * (sentence.end - sentence.start) for sentence in candidates]
    least = min(LEAST_CHARACTERS, candidates[-1].end - candidates[0].start)
    best = (-math.inf, 0, 0)
    for first in range(len(values)):
        total = 0.0
        for last in range(first, len(values)):
            total += values[last]
            if total > best[0] and candidates[last].end - candidates[first].start >= least:
                best = total, first, last
    return candidates[best[1]].start, candidates[best[2]].end
