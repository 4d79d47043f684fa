"""Question and passages -> the probability that they answer it."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rag.embedding.protocol import Embedder
from rag.reading.reader import ReadUnit
from rag.text.term_weights import TermWeights
from rag.types import Passage

CODES = 3.0
"""Added where the first passage has the codes asked for: "E-17" means little to an embedding model. Not fitted: few have codes."""


NOTHING = -10.0  # stands for the greatest value where there are no units


class AnswerFeatures(NamedTuple):
    """What the probability is logistic in.

    A question about a known subject that asks for something unknown is near in meaning and shares the subject's words. So what counts is
    how well the best unit answers, how near the passages are, how many of its other words they have, and how much of the nearness the
    subject alone explains.

    Attributes:
        value: The greatest value of a unit.
        best_cosine: The best one of a passage.
        coverage: How much of the question the first passage covers beyond its document's title and name and the headings above it.
        subject_cosine: The mean cosine of the question and the documents' titles, or names where they have no title.
    """

    value: float
    best_cosine: float
    coverage: float
    subject_cosine: float


@dataclass(frozen=True, slots=True)
class Odds:
    """The odds that a question is answered: fitted by `tests/benchmarks/confidence.py`."""

    constant: float
    weights: AnswerFeatures


ENGLISH = Odds(-4.40, AnswerFeatures(0.38, 5.55, 1.24, -3.48))
OTHER = Odds(-2.59, AnswerFeatures(0.51, 0.29, 2.40, 0.37))
"""For questions in other languages: the built-in model's cosines say less of them."""


def answer_features(
    question: str, passages: Sequence[Passage], titles: Sequence[str], units: Sequence[ReadUnit], weights: TermWeights, embedder: Embedder
) -> AnswerFeatures:
    """The features of a question, at least one passage, best first, and its weighed units; `titles`: of the documents, or ""."""
    first = passages[0]
    subjects = [title or _words_of(passage.document) for passage, title in zip(passages, titles, strict=True)]
    return AnswerFeatures(
        max((unit.value for unit in units), default=NOTHING),
        max(passage.cosine for passage in passages),
        weights.coverage(first.headed_text, f"{titles[0]}\n{_words_of(first.document)}\n{first.heading}"),
        float((embedder.embed_documents(subjects) @ embedder.embed_query(question)).mean()),
    )


def confidence(features: AnswerFeatures, *, is_english: bool, has_codes: bool = False) -> float:
    """The probability that passages answer a question, in [0, 1], where as many questions are answered as are not.

    `has_codes`: the question names codes, and the first passage has them.
    """
    fitted = ENGLISH if is_english else OTHER
    odds = fitted.constant + sum(weight * feature for weight, feature in zip(fitted.weights, features, strict=True)) + CODES * has_codes
    return 1 / (1 + math.exp(-odds))


def _words_of(name: str) -> str:
    """A file's name as words."""
    return re.sub(r"[\W_]+", " ", Path(name).stem)
