"""What is shown where the documents do not say."""

from collections.abc import Sequence

from rag.types import Citation, Passage

NEAREST_ARE = "The passages nearest to the question are these:"

MOST = 3
"""Passages shown."""


def with_nearest(text: str, passages: Sequence[Passage]) -> tuple[str, tuple[Citation, ...]]:
    """Put the passages nearest to the question after a refusal.

    Args:
        text: The refusal, not empty.
        passages: Best first; at least one.

    Returns:
        The text with a footnote for each, and these.
    """
    text = f"{text} {NEAREST_ARE} "
    citations = []
    for number, passage in enumerate(passages[:MOST], start=1):
        citations.append(Citation.of_words(number, passage, position=len(text)))
        text += f"[{number}]"
    return text, tuple(citations)
