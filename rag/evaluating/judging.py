"""Passages and gold -> which passage is relevant to what, and at which rank."""

from collections.abc import Iterable, Sequence

from rag.evaluating.gold import Gold
from rag.evaluating.text_spans import Span
from rag.types import Passage

LEAST_SHARE = 0.5  # a passage that covers this share of a gold text's characters hits it

Characters = set[tuple[str, int, int]]
"""The document, the page and the offset of each character."""


def is_hit(passage: Passage, gold: Gold) -> bool:
    """Whether a passage is relevant: it covers half of an occurrence of the gold text, else is of the gold page, else of the document."""
    if passage.document_id != gold.document_id:
        return False
    if gold.occurrences:
        held = _characters(passage.document_id, [passage])
        return any(len(text & held) >= LEAST_SHARE * len(text) for text in _texts(gold))
    return gold.page in {None, passage.page}


def first_ranks(passages: Sequence[Passage], gold: Sequence[Gold]) -> tuple[int | None, ...]:
    """For each gold item the rank of the first passage that hits it, 1-based; None where none does."""
    return tuple(next((rank for rank, passage in enumerate(passages, start=1) if is_hit(passage, item)), None) for item in gold)


def page_rank(passages: Sequence[Passage], gold: Sequence[Gold]) -> int | None:
    """The rank of the first passage on a gold page or the page after it; a gold text is on every page that it occurs on."""
    pages = {(item.document_id, page + step) for item in gold for page in item.pages for step in (0, 1)}
    return next((rank for rank, passage in enumerate(passages, start=1) if (passage.document_id, passage.page) in pages), None)


def text_overlap(passages: Sequence[Passage], gold: Sequence[Gold]) -> tuple[float, float, float] | None:
    """Compare the union of the passages with the union of the gold texts, character by character.

    Returns precision, recall, and intersection over union, each in [0, 1]; None where not all the gold is text. Of a text with several
    occurrences, the one best covered counts. These are the token-wise metrics of Smith and Troynikov, "Evaluating Chunking Strategies for
    Retrieval" (Chroma, 2024), on characters.
    """
    if not gold or not all(item.occurrences for item in gold):
        return None
    retrieved = Characters().union(*(_characters(passage.document_id, [passage]) for passage in passages))
    relevant = Characters().union(*(max(_texts(item), key=lambda text: len(text & retrieved) / len(text)) for item in gold))
    common = len(relevant & retrieved)
    return common / len(retrieved) if retrieved else 0.0, common / len(relevant), common / len(relevant | retrieved)


def _texts(gold: Gold) -> Iterable[Characters]:
    return (_characters(gold.document_id, occurrence) for occurrence in gold.occurrences)


def _characters(document: str, spans: Iterable[Span | Passage]) -> Characters:
    return {(document, span.page, offset) for span in spans for offset in range(span.start, span.end)}
