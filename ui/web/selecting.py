"""Passages that a reader chose on the page: how they travel."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from rag.types import ChunkKey

MOST_ASKED = 2_000  # passages that a question can be asked of; of more, those that come first


def chunk_keys(sent: Any, most: int | None = MOST_ASKED) -> tuple[ChunkKey, ...]:
    """The chunks that the browser names as `{document_id: [ordinal, ...]}`, each once, at most so many; what names none is left out."""
    if not isinstance(sent, dict):
        return ()
    lists = ((str(document_id), ordinals) for document_id, ordinals in sent.items() if isinstance(ordinals, list))
    keys = [(document_id, ordinal) for document_id, ordinals in lists for ordinal in ordinals if type(ordinal) is int and ordinal >= 0]
    return tuple(dict.fromkeys(keys))[:most]


def by_document(keys: Iterable[ChunkKey]) -> dict[str, list[int]]:
    """Chunks as `chunk_keys` reads them."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for document_id, ordinal in keys:
        found[document_id].append(ordinal)
    return dict(found)
