"""Chunks as passages, so that what a view finds can be shown and opened as what a question finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types import Chunk, ChunkKey, DocumentRecord, Passage

if TYPE_CHECKING:
    from rag.library import Library


@dataclass(frozen=True, slots=True)
class Found:
    """A whole chunk that a view found.

    Attributes:
        passage: The chunk as a passage.
        ordinal: Its place among its document's chunks, 0-based.
    """

    passage: Passage
    ordinal: int


def found_of(chunk: Chunk, record: DocumentRecord, cosine: float = 1.0, rank: int = 1) -> Found:
    """A chunk as what a view found."""
    return Found(passage_of(chunk, record, rank, cosine), chunk.ordinal)


def best_of(library: "Library", cosines: Mapping[ChunkKey, float]) -> list[Found]:
    """Make what a view shows of chunks, best first; those that are no longer there are left out.

    Raises:
        StorageError: The index cannot be read.
    """
    records = {record.id: record for record in library.documents()}
    chunks = library.chunks(cosines)
    best: Iterable[ChunkKey] = sorted(cosines, key=lambda key: (-cosines[key], key))
    there = [key for key in best if key in chunks and key[0] in records]
    return [found_of(chunks[key], records[key[0]], cosines[key], rank) for rank, key in enumerate(there, start=1)]


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
