"""Question and passages -> how sure it is that they answer it."""

import math
from collections.abc import Sequence

import numpy as np

from rag.answering.extractive import Weighed
from rag.types import Passage
from rag.wording import Wording

CONSTANT, NEAREST, COVERED, BEST_SENTENCE, THREE_SENTENCES = -7.31, 11.41, 2.37, -2.19, 1.93
"""Of the odds that a question is answered: fitted on ClapNQ by `tests/benchmarks/confidence.py`."""

BEST_SENTENCES = 3


def evidence(passages: Sequence[Passage], weighed: Sequence[Weighed], wording: Wording, subject: str) -> tuple[float, float, float, float]:
    """What speaks for the passages answering the question.

    Args:
        passages: Best first, at least one.
        weighed: Their sentences.
        wording: The question's.
        subject: What the first passage's document is about: its title, its name, the headings above the passage.

    Returns:
        The best cosine of a passage; how much of the question the first passage covers beyond its subject; the best cosine of a
        sentence; the mean cosine of the three best. A question about a subject that is there, but about something that is not said of
        it, is near in meaning and has the subject's words alone.
    """
    cosines = sorted((sentence.cosine for sentence in weighed), reverse=True) or [-1.0]
    nearest = max(passage.cosine for passage in passages)
    return nearest, wording.coverage(passages[0].chunk_text, subject), cosines[0], float(np.mean(cosines[:BEST_SENTENCES]))


def confidence(passages: Sequence[Passage], weighed: Sequence[Weighed], wording: Wording, subject: str) -> float:
    """The probability that the passages answer the question, where as many questions are answered as are not.

    Args:
        passages: Best first.
        weighed: Their sentences.
        wording: The question's.
        subject: See `evidence`.

    Returns:
        In [0, 1]; 0 without passages. Logistic in what `evidence` returns.
    """
    if not passages:
        return 0.0
    weights = (NEAREST, COVERED, BEST_SENTENCE, THREE_SENTENCES)
    odds = CONSTANT + sum(weight * value for weight, value in zip(weights, evidence(passages, weighed, wording, subject), strict=True))
    return 1 / (1 + math.exp(-odds))
