"""Question and passages -> the probability that they answer it."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rag.embedding.protocol import Embedder
from rag.text.term_weights import TermWeights
from rag.types import Passage

CONSTANT, COSINE, COVERAGE, SUBJECT = -6.68, 12.04, 2.13, -4.38
"""Of the odds that a question is answered: fitted on ClapNQ by `tests/benchmarks/confidence.py`."""

CODES = 3.0
"""Added where the first passage has the codes asked for: "E-17" means little to an embedding model. Not fitted: ClapNQ has no codes."""


class AnswerFeatures(NamedTuple):
    """What the probability is logistic in.

    A question about a known subject that asks for something unknown is near in meaning and shares the subject's words. So what counts is
    how near the passages are, how many of its other words they have, and how much of the nearness the subject alone explains.

    Attributes:
        best_cosine: The best one of a passage.
        coverage: How much of the question the first passage covers beyond its document's title and name and the headings above it.
        subject_cosine: The mean cosine of the question and the documents' titles, or names where they have no title.
        has_codes: Whether the question names codes and the first passage has them.
    """

    best_cosine: float
    coverage: float
    subject_cosine: float
    has_codes: bool


def answer_features(
    question: str, passages: Sequence[Passage], titles: Sequence[str], weights: TermWeights, embedder: Embedder
) -> AnswerFeatures:
    """The features of a question and at least one passage, best first; `titles` are those of their documents, or ""."""
    first = passages[0]
    subjects = [title or _words_of(passage.document) for passage, title in zip(passages, titles, strict=True)]
    return AnswerFeatures(
        max(passage.cosine for passage in passages),
        weights.coverage(first.chunk_text, f"{titles[0]}\n{_words_of(first.document)}\n{first.heading}"),
        float((embedder.embed_documents(subjects) @ embedder.embed_query(question)).mean()),
        weights.has_codes(first.chunk_text),
    )


def confidence(features: AnswerFeatures) -> float:
    """The probability that passages answer a question, in [0, 1], where as many questions are answered as are not."""
    odds = CONSTANT + COSINE * features.best_cosine + COVERAGE * features.coverage + SUBJECT * features.subject_cosine
    return 1 / (1 + math.exp(-(odds + CODES * features.has_codes)))


def _words_of(name: str) -> str:
    """A file's name as words."""
    return re.sub(r"[\W_]+", " ", Path(name).stem)
