"""Ranked chunks -> passages: neighbours together, copies once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.sentences import words_of
from rag.types import Chunk

MOST_JOINED = 3
"""Chunks in one passage, at most."""

SAME_WORDS = 0.9
"""Two chunks of different documents that share this share of their words, and all numbers, are copies (Jaccard index)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chunk with what it was ranked by.

    Attributes:
        chunk: The chunk.
        score: Higher is better.
        cosine: Of question and chunk, in [-1, 1].
    """

    chunk: Chunk
    score: float
    cosine: float


def chosen(ranked: Iterable[Ranked], top_k: int) -> list[list[Ranked]]:
    """Choose the passages to show, and join neighbours that were found both.

    Args:
        ranked: Best first.
        top_k: How many passages, at most.

    Returns:
        The chunks of each passage, best first; those of one follow each other on one page.
    """
    passages: list[list[Ranked]] = []
    seen: list[tuple[str, frozenset[str]]] = []
    for each in ranked:
        beside = next((passage for passage in passages if _is_beside(each.chunk, passage)), None)
        if beside is not None:
            beside.append(each)
            continue
        words = words_of(each.chunk.text)
        if any(document_id != each.chunk.document_id and _is_copy(words, others) for document_id, others in seen):
            continue
        if len(passages) == top_k:
            break
        passages.append([each])
        seen.append((each.chunk.document_id, words))
    return passages


def _is_beside(chunk: Chunk, passage: Sequence[Ranked]) -> bool:
    first = min((each.chunk for each in passage), key=lambda each: each.ordinal)
    last = max((each.chunk for each in passage), key=lambda each: each.ordinal)
    return len(passage) < MOST_JOINED and (_follows(chunk, last) or _follows(first, chunk))


def _follows(chunk: Chunk, before: Chunk) -> bool:
    """Whether a chunk comes right after another on its page, and the space between them is known."""
    same = (chunk.document_id, chunk.page, chunk.ordinal) == (before.document_id, before.page, before.ordinal + 1)
    return same and chunk.start == before.end + len(chunk.gap)


def _is_copy(words: frozenset[str], others: frozenset[str]) -> bool:
    different = words ^ others
    return len(words & others) >= SAME_WORDS * len(words | others) and not any(map(str.isdigit, different))
