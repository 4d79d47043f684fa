"""Chunks as passages, so that what a view finds can be shown and opened as what a question finds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rag.types import Chunk, ChunkKey, DocumentRecord, Passage

if TYPE_CHECKING:
    from rag.library import Library


def passages_of(library: "Library", cosines: Mapping[ChunkKey, float]) -> list[Passage]:
    """Make passages of whole chunks.

    Args:
        library: Where they are.
        cosines: What each is ranked by, in [-1, 1].

    Returns:
        Best first, ranked from 1; chunks that are no longer there are left out.

    Raises:
        StorageError: The index cannot be read.
    """
    best = sorted(cosines, key=lambda key: (-cosines[key], key))
    records = {record.id: record for record in library.documents()}
    chunks = library.chunks(best)
    there: Sequence[ChunkKey] = [key for key in best if key in chunks and key[0] in records]
    return [passage_of(chunks[key], records[key[0]], rank, cosines[key]) for rank, key in enumerate(there, start=1)]


def passage_of(chunk: Chunk, record: DocumentRecord, rank: int = 1, cosine: float = 1.0) -> Passage:
    """A whole chunk as a passage; its score is its cosine."""
    return Passage(
        rank=rank,
        score=cosine,
        cosine=cosine,
        document=record.name,
        document_id=record.id,
        page=chunk.page,
        page_label=record.labels[chunk.page - 1],
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        heading=chunk.heading,
        chunk_start=chunk.start,
        chunk_text=chunk.text,
        sections=chunk.sections,
    )
