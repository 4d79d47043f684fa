"""Passages and gold -> which passage hits what, and at which rank."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.evaluating.golds import Gold
from rag.evaluating.placing import Span
from rag.types import Passage

LEAST_SHARE = 0.5
"""A passage that covers this much of a gold text's characters has hit it."""


@dataclass(frozen=True, slots=True)
class TextOverlap:
    """Characters of the gold texts against characters of the passages; each in [0, 1].

    Attributes:
        precision: Share of the passages' characters that are gold.
        recall: Share of the gold characters that stand in a passage.
        iou: Characters in both, of those in either.
    """

    precision: float
    recall: float
    iou: float


def is_hit(passage: Passage, gold: Gold) -> bool:
    """Whether a passage is relevant to a gold item.

    It is of the same document, and where words are wanted it covers half of one of their places, else where a page is
    wanted it is of that page.
    """
    if passage.document_id != gold.document_id:
        return False
    if gold.places:
        spans = [Span(passage.page, passage.start, passage.end)]
        return any(_common(place, spans) >= LEAST_SHARE * _length(place) for place in gold.places)
    return gold.page in {None, passage.page}


def first_ranks(passages: Sequence[Passage], gold: Sequence[Gold]) -> tuple[int | None, ...]:
    """For each gold item the rank of the first passage that hits it, 1-based; None where none does."""
    return tuple(next((rank for rank, passage in enumerate(passages, start=1) if is_hit(passage, item)), None) for item in gold)


def page_rank(passages: Sequence[Passage], gold: Sequence[Gold]) -> int | None:
    """The rank of the first passage on the page of any gold item, or on the page after it.

    A gold text's pages are those it stands on; a gold item that is a whole document has none.
    """
    pages = {(item.document_id, page + step) for item in gold for page in _pages(item) for step in (0, 1)}
    return next((rank for rank, passage in enumerate(passages, start=1) if (passage.document_id, passage.page) in pages), None)


def has_pages(gold: Iterable[Gold]) -> bool:
    """Whether any gold item is of a known page."""
    return any(_pages(item) for item in gold)


def text_overlap(passages: Sequence[Passage], gold: Sequence[Gold]) -> TextOverlap | None:
    """Compare the union of the passages with the union of the gold texts, character by character.

    As the token-wise metrics of Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), on
    characters. Of a text that stands in several places, the one best covered counts.

    Returns:
        None where not all the gold is text.
    """
    if not gold or not all(item.places for item in gold):
        return None
    wanted: dict[str, list[Span]] = {}
    found: dict[str, list[Span]] = {}
    for passage in passages:
        found.setdefault(passage.document_id, []).append(Span(passage.page, passage.start, passage.end))
    found = {document: _union(spans) for document, spans in found.items()}
    for item in gold:
        covering = found.get(item.document_id, [])
        wanted.setdefault(item.document_id, []).extend(max(item.places, key=lambda place: _common(place, covering) / _length(place)))
    wanted = {document: _union(spans) for document, spans in wanted.items()}
    gold_characters = sum(map(_length, wanted.values()))
    found_characters = sum(map(_length, found.values()))
    common = sum(_common(spans, found.get(document, [])) for document, spans in wanted.items())
    precision = common / found_characters if found_characters else 0.0
    return TextOverlap(precision, common / gold_characters, common / (gold_characters + found_characters - common))


def _pages(gold: Gold) -> set[int]:
    if gold.page is not None:
        return {gold.page}
    return {span.page for place in gold.places for span in place}


def _length(spans: Iterable[Span]) -> int:
    return sum(span.end - span.start for span in spans)


def _common(some: Iterable[Span], others: Sequence[Span]) -> int:
    """Characters in both; neither overlaps itself."""
    return sum(
        max(0, min(span.end, other.end) - max(span.start, other.start)) for span in some for other in others if span.page == other.page
    )


def _union(spans: Iterable[Span]) -> list[Span]:
    """The same characters, each once."""
    union: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.page, span.start)):
        if union and union[-1].page == span.page and span.start <= union[-1].end:
            union[-1] = Span(span.page, union[-1].start, max(union[-1].end, span.end))
        else:
            union.append(span)
    return union
