"""Texts as numbered words, to tell which of them say the same in the same words."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")

SHINGLE = 3
"""Words in a row that are compared at once. A changed word breaks three of them."""

Words = NDArray[np.int64]
"""The numbers of a text's words, in order: equal where the words are equal but for capitals and punctuation."""


class Wording:
    """Numbers words in the order they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def words(self, text: str) -> Words:
        """The numbers of a text's words; a text without letters and digits is one word."""
        numbers = self._numbers
        return np.array([numbers.setdefault(word, len(numbers)) for word in _WORD.findall(text.casefold()) or [text]], dtype=np.int64)


def in_common(left: Words, right: Words, least: float = 0.0) -> float:
    """The share of words that two texts have in common, in order: twice their longest common subsequence / words of both; in [0, 1].

    Args:
        left: A text.
        right: Another.
        least: A smaller share is told as 0, which is found much faster.
    """
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(left.tolist(), right.tolist(), score_cutoff=least))


def shingles(words: Words) -> NDArray[Any]:
    """The distinct runs of three words, as numbers; of fewer words, all of them as one. Equal runs have equal numbers."""
    size = min(SHINGLE, len(words))
    runs = np.zeros(len(words) - size + 1, dtype=np.uint64)
    for place in range(size):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + words[place : len(words) - size + place + 1].astype(np.uint64)
    return np.unique(runs)


def contained(part: Words, whole: NDArray[Any]) -> float:
    """How much of a text stands in another: the share of its shingles that the other has, in [0, 1].

    Args:
        part: The text.
        whole: The other's shingles.

    Source: containment, A. Broder, On the resemblance and containment of documents, 1997.
    """
    return float(np.isin(shingles(part), whole, assume_unique=True).mean())


def joined(texts: Sequence[Words]) -> Words:
    """Several texts as one."""
    return np.concatenate(texts) if texts else np.empty(0, dtype=np.int64)
