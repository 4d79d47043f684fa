"""Question and passages -> how sure it is that they answer it."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from rag.embedding.protocol import Embedder
from rag.types import Passage
from rag.wording import Wording

CONSTANT, NEAREST, COVERED, SUBJECTS = -6.68, 12.04, 2.13, -4.38
"""Of the odds that a question is answered: fitted on ClapNQ by `tests/benchmarks/confidence.py`."""

CODES = 3.0
"""Added where the first passage has the codes asked for: "E-17" says little to a model of meaning. Not fitted: ClapNQ has no codes."""


def evidence(
    question: str, passages: Sequence[Passage], titles: Sequence[str], wording: Wording, embedder: Embedder
) -> tuple[float, float, float]:
    """What speaks for the passages answering the question.

    A question about a subject that is there, but about something that is not said of it, is near in meaning and shares the subject's
    words. So what counts is how near the passages are, how many of its words they have that the subject has not, and how much of the
    nearness the subjects alone explain.

    Args:
        question: Not empty.
        passages: Best first, at least one.
        titles: Of each passage's document; "" where it has none.
        wording: The question's.
        embedder: Compares.

    Returns:
        The best cosine of a passage; how much of the question the first passage covers beyond its document's title and name and the
        headings above it; the mean cosine of the question and the documents' titles, or names where they have no title.

    Raises:
        EmbeddingError: The model cannot be used.
    """
    first = passages[0]
    subjects = [title or _words_of(passage.document) for passage, title in zip(passages, titles, strict=True)]
    nearest = max(passage.cosine for passage in passages)
    covered = wording.coverage(first.chunk_text, f"{titles[0]}\n{_words_of(first.document)}\n{first.heading}")
    return nearest, covered, float((embedder.embed_documents(subjects) @ embedder.embed_query(question)).mean())


def confidence(question: str, passages: Sequence[Passage], titles: Sequence[str], wording: Wording, embedder: Embedder) -> float:
    """The probability that the passages answer the question, where as many questions are answered as are not.

    Args:
        question: Not empty.
        passages: Best first, at least one.
        titles: Of each passage's document; "" where it has none.
        wording: The question's.
        embedder: Compares.

    Returns:
        In [0, 1]; logistic in what `evidence` returns, and in whether the first passage has the codes asked for.

    Raises:
        EmbeddingError: The model cannot be used.
    """
    values = evidence(question, passages, titles, wording, embedder)
    odds = CONSTANT + sum(weight * value for weight, value in zip((NEAREST, COVERED, SUBJECTS), values, strict=True))
    if wording.has_codes(passages[0].chunk_text):
        odds += CODES
    return 1 / (1 + math.exp(-odds))


def _words_of(name: str) -> str:
    """A file's name as words."""
    return re.sub(r"[\W_]+", " ", Path(name).stem)
