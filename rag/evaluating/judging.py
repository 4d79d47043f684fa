"""Passages and gold -> which passage is relevant to what, and at which rank."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.evaluating.gold import Gold
from rag.evaluating.text_spans import Span
from rag.types import Passage

LEAST_SHARE = 0.5
"""A passage that covers this share of a gold text's characters hits it."""


@dataclass(frozen=True, slots=True)
class TextOverlap:
    """Characters of the gold texts against characters of the passages: precision, recall, intersection over union; in [0, 1]."""

    precision: float
    recall: float
    iou: float


def is_hit(passage: Passage, gold: Gold) -> bool:
    """Whether a passage is relevant: it covers half of an occurrence of the gold text, else is of the gold page, else of the document."""
    if passage.document_id != gold.document_id:
        return False
    if gold.occurrences:
        span = [Span(passage.page, passage.start, passage.end)]
        return any(_common(each, span) >= LEAST_SHARE * _length(each) for each in gold.occurrences)
    return gold.page in {None, passage.page}


def first_ranks(passages: Sequence[Passage], gold: Sequence[Gold]) -> tuple[int | None, ...]:
    """For each gold item the rank of the first passage that hits it, 1-based; None where none does."""
    return tuple(next((rank for rank, passage in enumerate(passages, start=1) if is_hit(passage, item)), None) for item in gold)


def page_rank(passages: Sequence[Passage], gold: Sequence[Gold]) -> int | None:
    """The rank of the first passage on a gold page or the page after it; a gold text is on every page that it occurs on."""
    pages = {(item.document_id, page + step) for item in gold for page in _pages(item) for step in (0, 1)}
    return next((rank for rank, passage in enumerate(passages, start=1) if (passage.document_id, passage.page) in pages), None)


def has_pages(gold: Iterable[Gold]) -> bool:
    """Whether the page of any gold item is known."""
    return any(_pages(item) for item in gold)


def text_overlap(passages: Sequence[Passage], gold: Sequence[Gold]) -> TextOverlap | None:
    """Compare the union of the passages with the union of the gold texts; None where not all the gold is text.

    The token-wise metrics of Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), on characters.
    Of a text with several occurrences, the one best covered counts.
    """
    if not gold or not all(item.occurrences for item in gold):
        return None
    found: defaultdict[str, list[Span]] = defaultdict(list)
    wanted: defaultdict[str, list[Span]] = defaultdict(list)
    for passage in passages:
        found[passage.document_id].append(Span(passage.page, passage.start, passage.end))
    retrieved = {document: _union(spans) for document, spans in found.items()}
    for item in gold:
        covering = retrieved.get(item.document_id, [])
        wanted[item.document_id].extend(max(item.occurrences, key=lambda each: _common(each, covering) / _length(each)))
    relevant = {document: _union(spans) for document, spans in wanted.items()}
    relevant_characters, retrieved_characters = (sum(map(_length, spans.values())) for spans in (relevant, retrieved))
    common = sum(_common(spans, retrieved.get(document, [])) for document, spans in relevant.items())
    precision = common / retrieved_characters if retrieved_characters else 0.0
    return TextOverlap(precision, common / relevant_characters, common / (relevant_characters + retrieved_characters - common))


def _pages(gold: Gold) -> set[int]:
    if gold.page is not None:
        return {gold.page}
    return {span.page for spans in gold.occurrences for span in spans}


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
