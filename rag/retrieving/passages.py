"""Ranked chunks -> the chunks of each passage: neighbours joined, copies dropped."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from rag.text.sentences import words_of
from rag.types import Chunk

MOST_JOINED = 3  # chunks in one passage, at most
SAME_WORDS = 0.9
"""Jaccard index of words from which chunks of different documents are copies, if they have the same numbers in the same order."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class RankedChunk:
    """A chunk with its score, higher is better, and its cosine to the question."""

    chunk: Chunk
    score: float
    cosine: float


def distinct(ranked: Iterable[RankedChunk]) -> list[RankedChunk]:
    """Drop chunks that are copies of better ones in other documents; `ranked` is best first."""
    kept: list[RankedChunk] = []
    by_numbers: defaultdict[tuple[str, ...], list[Chunk]] = defaultdict(list)
    words = cache(words_of)  # of the few whose numbers are those of another
    for each in ranked:
        chunk = each.chunk
        others = by_numbers[tuple(_NUMBER.findall(chunk.text))]
        if not any(other.document_id != chunk.document_id and _are_alike(words(other.text), words(chunk.text)) for other in others):
            kept.append(each)
            others.append(chunk)
    return kept


def joined(ranked: Iterable[RankedChunk], top_k: int) -> list[list[RankedChunk]]:
    """Group the best chunks into at most `top_k` passages, best first; the chunks of one follow each other on one page."""
    passages: list[list[RankedChunk]] = []
    for each in ranked:
        beside = next((passage for passage in passages if _is_beside(each.chunk, passage)), None)
        if beside is not None:
            beside.append(each)
        elif len(passages) < top_k:
            passages.append([each])
        else:
            break
    return passages


def _is_beside(chunk: Chunk, passage: Sequence[RankedChunk]) -> bool:
    first = min((each.chunk for each in passage), key=lambda each: each.ordinal)
    last = max((each.chunk for each in passage), key=lambda each: each.ordinal)
    return len(passage) < MOST_JOINED and (_follows(chunk, last) or _follows(first, chunk))


def _follows(chunk: Chunk, before: Chunk) -> bool:
    """Whether a chunk comes right after another on its page, the space between them is known, and one header does for both."""
    same = (chunk.document_id, chunk.page, chunk.ordinal) == (before.document_id, before.page, before.ordinal + 1)
    has_header = not chunk.header or chunk.header == before.header or (not before.header.strip() and "\n" in chunk.gap)
    return same and has_header and chunk.start == before.end + len(chunk.gap)


def _are_alike(words: frozenset[str], others: frozenset[str]) -> bool:
    if min(len(words), len(others)) < SAME_WORDS * max(len(words), len(others)):
        return False  # most pairs, without comparing them
    shared = len(words & others)
    return shared >= SAME_WORDS * (len(words) + len(others) - shared)
