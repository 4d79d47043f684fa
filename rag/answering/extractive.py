"""An answer without a chat model: the documents' own sentences, word for word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.embedding.protocol import Embedder
from rag.sentences import content_words, sentence_spans
from rag.types import Passage

MAX_QUOTES = 3
"""Sentences quoted, at most."""

LEAST_SHARE = 0.8
"""A further sentence is quoted when its score is at least this share of the best one's."""

WORDS_WEIGHT = 0.3
"""Of the share of the question's words that a sentence has, added to its cosine."""

PASSAGE_WEIGHT = 0.4
"""Of its passage's cosine, added to a sentence's: a good sentence stands in a passage on the subject."""

NO_STOP_PENALTY = 0.15
"""Taken off what does not end as a statement does: headings, scraps of tables, questions."""

MIN_WORDS = 4
"""Shorter ones are headings and scraps."""

MAX_SENTENCES = 80
"""Sentences weighed, at most: more take seconds to embed."""

_WORD = re.compile(r"\w+")
_STOP = re.compile(r"[.!…。！:|]['\"”’)\]]*\Z")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a passage: `passages[index].text[start:end]`."""

    index: int
    start: int
    end: int
    score: float


def best_quotes(question: str, passages: Sequence[Passage], embedder: Embedder) -> list[Quote]:
    """Choose the sentences that answer a question best.

    Args:
        question: Not empty.
        passages: Best first.
        embedder: Compares sentences with the question.

    Returns:
        At most `MAX_QUOTES`, best first, no two with the same words; none if no passage has a sentence.
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
    words = content_words(question)
    scores = [
        float(cosine)
        + WORDS_WEIGHT * len(words & content_words(text)) / max(len(words), 1)
        + PASSAGE_WEIGHT * passages[index].cosine
        - (0.0 if _STOP.search(text) else NO_STOP_PENALTY)
        for cosine, text, (index, _, _) in zip(cosines, texts, candidates, strict=True)
    ]
    quotes: list[Quote] = []
    seen: set[str] = set()
    for i in np.argsort(-np.asarray(scores), kind="stable"):
        plain = " ".join(texts[i].split())
        if len(quotes) == MAX_QUOTES or scores[i] < LEAST_SHARE * max(scores):
            break
        if plain not in seen:
            seen.add(plain)
            index, start, end = candidates[i]
            quotes.append(Quote(index, start, end, scores[i]))
    return quotes
