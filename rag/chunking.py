"""Document -> chunks: cut by the embedder's tokens at the best break in reach, never across a page, with exact offsets."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from rag.embedding.protocol import Embedder
from rag.types import Chunk, Document

VERSION = 1
"""Part of the index fingerprint: raise it when the same text would be cut otherwise."""

MAX_CHARACTERS_A_TOKEN = 12
"""Bounds a chunk's characters: tokenizers take white space for nothing, and a long run without any for one unknown token."""

LEAST_FILL = 0.5
"""A break is taken only when the chunk before it holds at least this share of the tokens allowed."""

_BREAKS = (
    re.compile(r"\n(?=#{1,6} )"),  # before a Markdown heading
    re.compile(r"\n[^\S\n]*\n\s*"),  # after a paragraph
    re.compile(r"[.!?。！？]['\"”’)\]]*\n|[。！？]"),
    re.compile(r"[.!?;:]['\"”’)\]]*\s+"),
    re.compile(r"\n"),
    re.compile(r"\s+"),
)
"""Where text may be cut, best first. A cut is made at the end of a match."""

_INK = re.compile(r"\S")


def chunk_document(document: Document, embedder: Embedder, chunk_tokens: int) -> Iterator[Chunk]:
    """Cut a document into chunks that the embedder reads whole.

    Args:
        document: What to cut; pages without text give no chunk.
        embedder: Its tokenizer counts.
        chunk_tokens: The most tokens a chunk may have; the embedder's own limit counts too.

    Yields:
        Chunks in reading order: `page.text[start:end] == text`, no chunk begins or ends with white space.
    """
    limit = min(chunk_tokens, embedder.max_tokens)
    ordinal = 0
    for page in document.pages:
        for start, end in _spans(page.text, embedder, limit):
            yield Chunk(document.id, ordinal, page.number, start, end, page.text[start:end])
            ordinal += 1


def _spans(text: str, embedder: Embedder, limit: int) -> Iterator[tuple[int, int]]:
    """The `(start, end)` of each chunk of a page."""
    tokens = embedder.token_spans(text)
    starts = [start for start, _ in tokens]
    breaks = [sorted({match.end() for match in pattern.finditer(text)}) for pattern in _BREAKS]
    position = 0
    while True:
        ink = _INK.search(text, position)
        if ink is None:
            return
        cut = _cut(text, ink.start(), starts, breaks, limit)
        yield from _fitting(text, ink.start(), cut, embedder, limit)
        position = cut


def _cut(text: str, position: int, starts: list[int], breaks: list[list[int]], limit: int) -> int:
    """Where the chunk that begins at `position` ends: the last break of the best kind in reach, or the limit itself."""
    first = bisect_left(starts, position)
    furthest = min(starts[first + limit] if first + limit < len(starts) else len(text), position + limit * MAX_CHARACTERS_A_TOKEN)
    if furthest >= len(text):
        return len(text)
    least = first + int(limit * LEAST_FILL)
    nearest = min(max(starts[least], position + 1), furthest) if least < len(starts) else furthest
    for candidates in breaks:
        index = bisect_right(candidates, furthest) - 1
        if index >= 0 and candidates[index] >= nearest:
            return candidates[index]
    return furthest


def _fitting(text: str, start: int, end: int, embedder: Embedder, limit: int) -> Iterator[tuple[int, int]]:
    """The span without white space around it; halved where the tokenizer makes more of it alone than it did within the page."""
    part = text[start:end]
    end -= len(part) - len(part.rstrip())
    start += len(part) - len(part.lstrip())
    if end <= start:
        return
    tokens = embedder.token_spans(text[start:end])
    if len(tokens) <= limit or end - start == 1:
        yield start, end
        return
    middle = start + (tokens[len(tokens) // 2][0] or (end - start) // 2)
    yield from _fitting(text, start, middle, embedder, limit)
    yield from _fitting(text, middle, end, embedder, limit)
