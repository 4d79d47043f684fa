"""An answer without a chat model: the documents' own sentences, word for word."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.embedding.protocol import Embedder
from rag.text.sentences import content_words, sentence_spans
from rag.types import Passage

MAX_QUOTES = 3
"""Sentences quoted, at most."""

LEAST_SHARE = 0.8
"""A further sentence is quoted when its score is at least this share of the best one's."""

WORDS_WEIGHT = 0.3
"""Of the share of the question's words that a sentence has, added to its cosine."""

PASSAGE_WEIGHT = 0.4
"""Of its passage's cosine, added to a sentence's: a good sentence stands in a passage on the subject."""

NO_STATEMENT_PENALTY = 0.15
"""Taken off what is no statement by its looks: headings, scraps of tables, questions."""

MIN_WORDS = 4
"""Shorter ones are headings and scraps."""

MAX_SENTENCES = 80
"""Sentences weighed, at most: more take seconds to embed."""

_WORD = re.compile(r"\w+")
_QUESTION = re.compile(r"[?？؟]['\"”’)\]]*\Z")
_STATEMENT = re.compile(r"(?!\s*#)(?s:.*)[.!…。！:|]['\"”’)\]]*\Z")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence of a passage, compared with the question: `passages[index].text[start:end]`."""

    index: int
    start: int
    end: int
    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a passage: `passages[index].text[start:end]`."""

    index: int
    start: int
    end: int
    score: float


def weighed_sentences(question: str, passages: Sequence[Passage], embedder: Embedder) -> list[Weighed]:
    """Compare the sentences of passages with a question.

    Args:
        question: Not empty.
        passages: Best first; of very long ones, the first `MAX_SENTENCES` sentences.
        embedder: Compares.

    Returns:
        In the order of the passages.

    Raises:
        EmbeddingError: The model cannot be used.
    """
    candidates = [
        (index, start, end)
        for index, passage in enumerate(passages)
        for start, end in sentence_spans(passage.text)
        if len(_WORD.findall(passage.text[start:end])) >= MIN_WORDS or end - start == len(passage.text)
    ][:MAX_SENTENCES]
    if not candidates:
        return []
    texts = [passages[index].text[start:end] for index, start, end in candidates]
    cosines = embedder.embed_documents(texts) @ embedder.embed_query(question)
    return [Weighed(*place, text, float(cosine)) for place, text, cosine in zip(candidates, texts, cosines, strict=True)]


def best_quotes(question: str, passages: Sequence[Passage], weighed: Sequence[Weighed]) -> list[Quote]:
    """Choose the sentences that answer a question best.

    Args:
        question: Not empty.
        passages: Best first.
        weighed: Their sentences.

    Returns:
        At most `MAX_QUOTES`, best first, no two with the same words; none if no passage has a sentence.
    """
    words = content_words(question)
    scores = [
        sentence.cosine
        + WORDS_WEIGHT * len(words & content_words(sentence.text)) / max(len(words), 1)
        + PASSAGE_WEIGHT * passages[sentence.index].cosine
        - (0.0 if _STATEMENT.match(sentence.text) else NO_STATEMENT_PENALTY)
        for sentence in weighed
    ]
    for i in range(len(scores)):
        if _QUESTION.search(weighed[i].text) and content_words(weighed[i].text) <= words:  # what follows a question is its answer
            if i + 1 < len(scores) and weighed[i + 1].index == weighed[i].index:
                scores[i + 1] = max(scores[i], scores[i + 1])
            scores[i] = -math.inf
    quotes: list[Quote] = []
    seen: set[str] = set()
    for i in np.argsort(-np.asarray(scores), kind="stable"):
        plain = " ".join(weighed[i].text.split())
        if len(quotes) == MAX_QUOTES or scores[i] < LEAST_SHARE * max(scores) or scores[i] == -math.inf:
            break
        if plain not in seen:
            seen.add(plain)
            quotes.append(Quote(weighed[i].index, weighed[i].start, weighed[i].end, scores[i]))
    return quotes
