"""All vectors of a library at one moment."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.storing.index import Index
from rag.types import ChunkKey, DocumentRecord

READ_BATCH = 2_000
"""Vectors in one reading: about 0.06 s, in which others can work."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """All chunks of a library that have vectors, at one moment. Row i of `embeddings` is that of `keys[i]`.

    Attributes:
        fingerprint: Another one where documents, model or chunks are others; 64 hexadecimal digits.
        records: The documents whose vectors are all made, oldest first.
        keys: The chunks, document by document as in `records`, in reading order.
        owners: int, `(len(keys),)`: the index in `records` of each chunk's document.
        embeddings: float32, `(len(keys), dimensions)`, rows of unit length.
        waiting: Documents left out, since their vectors are still being made.
    """

    fingerprint: str
    records: tuple[DocumentRecord, ...]
    keys: tuple[ChunkKey, ...]
    owners: NDArray[np.intp]
    embeddings: Embeddings
    waiting: int

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def documents(self) -> Embeddings:
        """float32, `(len(records), dimensions)`: each document's vector, the mean of its chunks', of unit length."""
        sums = np.zeros((len(self.records), self.embeddings.shape[1]), dtype=np.float32)
        np.add.at(sums, self.owners, self.embeddings)
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return sums

    @cached_property
    def places(self) -> dict[ChunkKey, int]:
        """The row of each chunk."""
        return {key: row for row, key in enumerate(self.keys)}

    def require(self, chunks: int = 1, documents: int = 1) -> None:
        """See that there is enough to look at.

        Args:
            chunks: So many at least.
            documents: So many at least.

        Raises:
            ExploringError: There is less; it says what to do.
        """
        if len(self.keys) >= chunks and len(self.records) >= documents:
            return
        wait = f" {self.waiting} more are still being indexed: wait for them." if self.waiting else " Add documents first."
        if len(self.records) < documents:
            raise ExploringError(f"This needs {_counted(documents, 'document')}, and there are {len(self.records)}.{wait}")
        raise ExploringError(f"This needs {_counted(chunks, 'passage')}, and the library has {len(self.keys)}.{wait}")


class VectorReader:
    """Reads the vectors of an index, and keeps what it read until the index changes."""

    def __init__(self, index: Index, describe: Callable[[], str]) -> None:
        """Read nothing yet.

        Args:
            index: Whose.
            describe: As for `Index`.
        """
        self._index = index
        self._describe = describe
        self._lock = threading.Lock()
        self._last: Vectors | None = None

    def read(self) -> Vectors:
        """The vectors as they are now; about 3 s for 100,000 chunks where they have changed.

        Raises:
            StorageError: The index cannot be read.
            ExploringError: A vector has no direction.
        """
        with self._lock:
            store = self._index.store
            records = tuple(store.records.values())
            parts = [self._describe(), *(f"{record.id} {record.name}" for record in records)]
            fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()
            waiting = len(self._index.records) - len(records)
            if self._last is None or (self._last.fingerprint, self._last.waiting) != (fingerprint, waiting):
                keys = [(record.id, ordinal) for record in records for ordinal in range(record.chunks)]
                self._last = _put_together(fingerprint, records, self._read(keys), waiting)
            return self._last

    def _read(self, keys: Sequence[ChunkKey]) -> dict[ChunkKey, Embeddings]:
        found: dict[ChunkKey, Embeddings] = {}
        for first in range(0, len(keys), READ_BATCH):
            found |= dict(zip(*self._index.store.embeddings(keys[first : first + READ_BATCH]), strict=True))
        return {key: found[key] for key in keys if key in found}


def _put_together(fingerprint: str, records: tuple[DocumentRecord, ...], found: dict[ChunkKey, Embeddings], waiting: int) -> Vectors:
    numbers = {record.id: number for number, record in enumerate(records)}
    owners = np.array([numbers[document_id] for document_id, _ in found], dtype=np.intp)
    embeddings = np.stack(list(found.values())) if found else np.empty((0, 0), dtype=np.float32)
    if not np.isfinite(embeddings).all() or (np.abs(np.linalg.norm(embeddings, axis=1) - 1) > 0.01).any():
        raise ExploringError("Some vectors of this library are not of unit length. Its embedding model is broken: choose another.")
    return Vectors(fingerprint, records, tuple(found), owners, embeddings, waiting)


def _counted(count: int, what: str) -> str:
    return f"at least {count} {what}{'s' if count != 1 else ''}"
