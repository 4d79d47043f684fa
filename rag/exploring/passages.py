"""Chunks as passages, so that the result of a view is shown and opened like a search result."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.exploring.vectors import READ_BATCH, Progress, no_progress
from rag.types import Chunk, ChunkKey, DocumentRecord, Passage

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A whole chunk that a view found, as a passage, and its 0-based position among its document's chunks."""

    passage: Passage
    ordinal: int


def passage_of(chunk: Chunk, record: DocumentRecord, rank: int = 1, cosine: float = 1.0) -> Passage:
    """Turn a whole chunk into a passage whose score is its cosine."""
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
        header=chunk.header,
    )


def found_passage(chunk: Chunk, record: DocumentRecord, rank: int = 1, cosine: float = 1.0) -> FoundPassage:
    """As `passage_of`, with the chunk's ordinal."""
    return FoundPassage(passage_of(chunk, record, rank, cosine), chunk.ordinal)


def best_passages(corpus: "Corpus", cosines: Mapping[ChunkKey, float]) -> list[FoundPassage]:
    """Rank chunks by cosine, best first; chunks that have been removed meanwhile are left out."""
    records = {record.id: record for record in corpus.documents()}
    chunks = corpus.chunks(cosines)
    ranked = sorted((key for key in cosines if key in chunks and key[0] in records), key=lambda key: (-cosines[key], key))
    return [found_passage(chunks[key], records[key[0]], rank, cosines[key]) for rank, key in enumerate(ranked, start=1)]


def read_chunks(corpus: "Corpus", keys: Collection[ChunkKey], progress: Progress = no_progress) -> dict[ChunkKey, Chunk]:
    """Read many chunks in batches; those that have been removed meanwhile are missing."""
    chunks: dict[ChunkKey, Chunk] = {}
    wanted = list(keys)
    for first in range(0, len(wanted), READ_BATCH):
        chunks |= corpus.chunks(wanted[first : first + READ_BATCH])
        progress(min(1.0, (first + READ_BATCH) / len(wanted)))
    return chunks
