"""Documents' chunks -> what the keyword index has of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rag.storing.lexical import Entry
from rag.storing.protocol import READ_BATCH
from rag.types import Chunk, ChunkKey, DocumentRecord

ReadChunks = Callable[[Sequence[ChunkKey]], Mapping[ChunkKey, Chunk]]
"""Reads chunks; missing ones are left out."""


def entries(record: DocumentRecord, read: ReadChunks, begin: int = 0) -> Iterator[Entry]:
    """What is indexed of a document: its title, or name, headings and the header of a table are found as if they stood in the chunk."""
    title = record.title or Path(record.name).stem.replace("_", " ")
    for first in range(begin, record.chunks, READ_BATCH):
        keys = [(record.id, ordinal) for ordinal in range(first, min(first + READ_BATCH, record.chunks))]
        found = read(keys)
        for chunk in (found[key] for key in keys if key in found):
            yield Entry(*chunk.key, chunk.text, f"{title}\n{chunk.heading}\n{chunk.header}", f"{Path(record.name).stem}\n{record.title}")


def entries_of(records: Iterable[DocumentRecord], read: ReadChunks) -> Iterator[Entry]:
    """What is indexed of documents, one after another; their chunks are read many at a time, of several documents where these are small."""
    batch: list[DocumentRecord] = []
    size = 0
    for record in records:
        if batch and size + record.chunks > READ_BATCH:
            yield from _entries(batch, read)
            batch, size = [], 0
        batch.append(record)
        size += record.chunks
    yield from _entries(batch, read)


def _entries(records: Sequence[DocumentRecord], read: ReadChunks) -> Iterator[Entry]:
    if len(records) > 1:
        found = read([(record.id, ordinal) for record in records for ordinal in range(record.chunks)])

        def read_found(keys: Sequence[ChunkKey]) -> Mapping[ChunkKey, Chunk]:
            return {key: found[key] for key in keys if key in found}

        for record in records:
            yield from entries(record, read_found)
    else:
        for record in records:
            yield from entries(record, read)
