"""What a library needs of the database that holds its record; `rag.storing.chroma` is the adapter that there is.

One database may hold several libraries, and of each library several indexes: one for each embedding model and way of chunking. The tests
in tests/integration/test_record_store.py hold for every adapter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.embedding.protocol import Embeddings
from rag.types import Chunk, ChunkKey, DocumentRecord

WRITE_BATCH = 32  # chunks in one write: Chroma holds Python's global lock meanwhile, for 0.04 s, at worst 0.1 s. Of 64: 0.06 and 0.12 s.
READ_BATCH = 500  # chunks in one read by their keys, which is twice as fast as by their document's id


@dataclass(frozen=True, slots=True)
class IndexName:
    """Names one index of one library.

    Attributes:
        library_id: Tells the library from others in the same database; "" where it has the database to itself.
        fingerprint: At most 40 characters of [a-z0-9]; another one is another index.
        description: What the fingerprint stands for: the embedding model and the way of chunking.
    """

    library_id: str
    fingerprint: str
    description: str


class WriteRight(Protocol):
    """What lets one process write, and says when it may no longer: a lease on the Chroma server, or a term of one in the database."""

    def check(self) -> None:
        """Raise `LibraryLockedError`, before a write, where another process has taken over."""
        ...

    def release(self) -> None:
        """Give it back. Doing so twice is harmless."""
        ...


class RecordStore(Protocol):
    """The record of one index: chunks with their vectors, and one record a document.

    What every adapter promises:

    - **It belongs to one library.** Nothing that another library has in the same database is read, changed or deleted.
    - **It has one writer.** Opening it for writing raises `LibraryLockedError` while another process holds the library, unless that one is
      dead or has not been heard of for a minute. A writer whose lease another has taken over gets `LibraryLockedError` from its next write,
      and nothing is written. `close` gives the lease back. In a folder, the library's lock is the lease.
    - **A document's record is its commit.** Chunks whose document has no record and is not keyword-ready are invisible; opening the store
      for writing deletes them. A write that fails half-way leaves nothing that is visible.
    - **It can be opened by a later program.** Opening brings what an earlier version stored up to date, without embedding anything;
      what a newer version stored raises `NewerSchemaError`, and nothing is changed.
    - **It is thread-safe**, and raises `StorageError` for whatever its database raises.
    """

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """The documents by id, oldest first. A snapshot: it is replaced, never changed."""
        ...

    @property
    def dimensions(self) -> int | None:
        """Length of the stored vectors; None where there are none."""
        ...

    def put(self, chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        """Store chunks in place of those with the same keys.

        Args:
            chunks: Any number, each with valid UTF-8 text.
            embeddings: float32 `(len(chunks), dimensions)`, unit length.
        """
        ...

    def commit(self, records: Sequence[DocumentRecord]) -> None:
        """Write documents' records, or replace those they have. Of each, `record.chunks` chunks must have been put."""
        ...

    def expect(self, document_id: str) -> None:
        """Note that a document is about to be keyword-ready; raises as `commit` does. Whoever takes over makes it again from its file."""
        ...

    def remove(self, document_id: str, *, is_awaited: bool = False) -> None:
        """Delete a document's record, then its chunks, from all indexes of the library. An unknown id is harmless.

        One that `is_awaited` is to be added again, from its file: should this process end, another does so.
        """
        ...

    def check_writer(self) -> None:
        """Raise `LibraryLockedError` where another process has taken over, StorageError where the store is read-only."""
        ...

    def count(self, document_id: str) -> int:
        """How many chunks of a document are stored, with a record or without."""
        ...

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks; missing ones are left out."""
        ...

    def embeddings(self, keys: Iterable[ChunkKey]) -> tuple[list[ChunkKey], Embeddings]:
        """Read vectors.

        Returns:
            The keys found, in any order, and float32 `(len(found), dimensions)`, a row for each.
        """
        ...

    def cosines(self, embedding: Embeddings, keys: Iterable[ChunkKey]) -> dict[ChunkKey, float]:
        """Cosines in [-1, 1] of chunks with a unit vector, float32 `(dimensions,)`; missing chunks are left out."""
        ...

    def nearest(self, embedding: Embeddings, top_k: int, document_ids: Sequence[str] | None) -> dict[ChunkKey, float]:
        """Find the visible chunks nearest to a vector.

        Args:
            embedding: float32 `(dimensions,)`, unit length.
            top_k: At most so many.
            document_ids: Documents to look in; all if None.

        Returns:
            Their cosines in [-1, 1], best first.
        """
        ...

    def other_records(self) -> list[DocumentRecord]:
        """The documents that other indexes of the library hold and this one does not, as after a change of model."""
        ...

    def drop_other_indexes(self) -> None:
        """Delete every other index of the library."""
        ...

    def beside(self, fingerprint: str, description: str, keyword_ready: Callable[[], Mapping[str, DocumentRecord]]) -> "RecordStore":
        """Open another index of this library, for writing, while this one is open: it is closed with this one.

        It changes nothing of this index, and deletes nothing from it. The arguments are those of `IndexName`; the chunks of documents
        that `keyword_ready` returns are visible without a record.
        """
        ...

    def close(self) -> None:
        """Give back the lease and the database. Doing so twice is harmless."""
        ...
