"""Question and passages -> how sure it is that they answer it."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rag.embedding.protocol import Embedder
from rag.text.term_weights import Wording
from rag.types import Passage

CONSTANT, NEAREST, COVERED, SUBJECTS = -6.68, 12.04, 2.13, -4.38
"""Of the odds that a question is answered: fitted on ClapNQ by `tests/benchmarks/confidence.py`."""

CODES = 3.0
"""Added where the first passage has the codes asked for: "E-17" says little to a model of meaning. Not fitted: ClapNQ has no codes."""


class Evidence(NamedTuple):
    """What speaks for passages answering a question.

    A question about a subject that is there, but about something that is not said of it, is near in meaning and shares the subject's
    words. So what counts is how near the passages are, how many of its words they have that the subject has not, and how much of the
    nearness the subjects alone explain.

    Attributes:
        nearest: The best cosine of a passage.
        covered: How much of the question the first passage covers beyond its document's title and name and the headings above it.
        subjects: The mean cosine of the question and the documents' titles, or names where they have no title.
        has_codes: Whether the question names codes and the first passage has them.
    """

    nearest: float
    covered: float
    subjects: float
    has_codes: bool


def evidence(question: str, passages: Sequence[Passage], titles: Sequence[str], wording: Wording, embedder: Embedder) -> Evidence:
    """Gather what speaks for passages answering a question.

    Args:
        question: Not empty.
        passages: Best first, at least one.
        titles: Of each passage's document; "" where it has none.
        wording: The question's.
        embedder: Compares.

    Raises:
        EmbeddingError: The model cannot be used.
    """
    first = passages[0]
    subjects = [title or _words_of(passage.document) for passage, title in zip(passages, titles, strict=True)]
    return Evidence(
        max(passage.cosine for passage in passages),
        wording.coverage(first.chunk_text, f"{titles[0]}\n{_words_of(first.document)}\n{first.heading}"),
        float((embedder.embed_documents(subjects) @ embedder.embed_query(question)).mean()),
        wording.has_codes(first.chunk_text),
    )


def confidence(of: Evidence) -> float:
    """The probability that passages answer a question, where as many questions are answered as are not.

    Args:
        of: What speaks for it; the probability is logistic in this.

    Returns:
        In [0, 1].
    """
    odds = CONSTANT + NEAREST * of.nearest + COVERED * of.covered + SUBJECTS * of.subjects + CODES * of.has_codes
    return 1 / (1 + math.exp(-odds))


def _words_of(name: str) -> str:
    """A file's name as words."""
    return re.sub(r"[\W_]+", " ", Path(name).stem)
