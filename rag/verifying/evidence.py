"""What speaks for a claim in the words of a passage, in numbers, and the odds that follow; `joined.py` adds a model's opinion."""

import math
from dataclasses import astuple, dataclass

CONSTANT, WEIGHTS = -7.33, (3.38, 3.36, 3.36, -0.4)
"""Of the odds that words support a claim, with a weight for each field of `Evidence`;
chosen by judgement after fits to one half of `tests/benchmarks/verdicts.py`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a claim.

    Attributes:
        nearness: Cosine of its nearest sentence, in [-1, 1].
        covered: Share of its content words that the nearest run of sentences has, in [0, 1].
        gathered: Share that sentences from all over the passages have together.
        spread: How many sentences more than the run has it took to gather them, by four.
    """

    nearness: float = 0.0
    covered: float = 0.0
    gathered: float = 0.0
    spread: float = 0.0


def features(evidence: Evidence) -> tuple[float, ...]:
    """The numbers that odds are made of."""
    return astuple(evidence)


def odds(evidence: Evidence) -> float:
    """The logarithm of the odds that words support a claim, by the rules alone."""
    return CONSTANT + sum(weight * value for weight, value in zip(WEIGHTS, features(evidence), strict=True))


def probability(log_odds: float) -> float:
    """In [0, 1]."""
    return 1 / (1 + math.exp(-log_odds))
