"""All vectors of a library at one moment: what every view starts from."""

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

READ_BATCH = 2_000  # vectors read at a time: about 0.06 s, between which other readers get their turn
Progress = Callable[[float], None]  # called with the share of the work that is done, in [0, 1]


def no_progress(_: float) -> None:
    """Report nothing."""


def unit(vectors: Embeddings) -> Embeddings:
    """Scale vectors (or one vector) to unit length; a zero vector stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Vectors:
    """All embedded chunks of a library at one moment. Row i of `embeddings` belongs to `keys[i]`.

    Attributes:
        fingerprint: Changes with the documents, the model and the chunks; 64 hexadecimal digits.
        records: The documents that are fully embedded, oldest first.
        keys: The chunks, document by document as in `records`, in reading order.
        owners: int, `(len(keys),)`: the index in `records` of each chunk's document.
        embeddings: float32, `(len(keys), dimensions)`, rows of unit length.
        waiting: Number of documents left out because they are still being indexed.
    """

    fingerprint: str
    records: tuple[DocumentRecord, ...]
    keys: tuple[ChunkKey, ...]
    owners: NDArray[np.intp]
    embeddings: Embeddings
    waiting: int

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def state(self) -> tuple[str, int]:
        """Changes whenever a view of the library would."""
        return self.fingerprint, self.waiting

    @cached_property
    def documents(self) -> Embeddings:
        """float32, `(len(records), dimensions)`: each document's vector, the mean of its chunks' vectors, of unit length."""
        sums = np.zeros((len(self.records), self.embeddings.shape[1]), dtype=np.float32)
        np.add.at(sums, self.owners, self.embeddings)
        return unit(sums)

    def rows_of(self, record: DocumentRecord) -> NDArray[np.intp]:
        """The rows of a document's chunks, in reading order.

        Raises:
            ExploringError: The document is still being indexed.
        """
        number = next((number for number, other in enumerate(self.records) if other.id == record.id), -1)
        rows = np.flatnonzero(self.owners == number)
        if not len(rows):
            raise ExploringError(f"{record.name} is still being indexed. Try again when it is ready.")
        return rows

    def require(self, chunks: int = 1, documents: int = 1) -> None:
        """Check that the library holds enough for a view.

        Args:
            chunks: The least number of chunks.
            documents: The least number of documents.

        Raises:
            ExploringError: It holds fewer; the message says what to do.
        """
        wait = f"{self.waiting} more are still being indexed: wait for them." if self.waiting else "Add documents first."
        held = (("document", documents, len(self.records), "there are"), ("passage", chunks, len(self.keys), "the library has"))
        for noun, least, count, has in held:
            if count < least:
                raise ExploringError(f"This needs at least {least} {noun}{'s' if least != 1 else ''}, and {has} {count}. {wait}")


class VectorReader:
    """Reads the vectors of an index and caches them until the index changes. Safe to use from several threads."""

    def __init__(self, index: Index, describe: Callable[[], str]) -> None:
        """Take `describe` as `Index` does: it names the model and the chunker."""
        self._index = index
        self._describe = describe
        self._lock = threading.Lock()
        self._last: Vectors | None = None

    def read(self) -> Vectors:
        """Return the present vectors; re-reading 100,000 chunks after a change takes about 3 s."""
        with self._lock:
            store = self._index.store
            records = tuple(record for record in store.records.values() if record.chunks)
            parts = [self._describe(), *(f"{record.id} {record.chunks} {record.name}" for record in records)]
            fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()
            waiting = len(self._index.records) - len(records)
            if self._last is None or self._last.state != (fingerprint, waiting):
                keys = [(record.id, ordinal) for record in records for ordinal in range(record.chunks)]
                self._last = _assembled(fingerprint, records, self._read(keys), waiting)
            return self._last

    def _read(self, keys: Sequence[ChunkKey]) -> dict[ChunkKey, Embeddings]:
        found: dict[ChunkKey, Embeddings] = {}
        for first in range(0, len(keys), READ_BATCH):
            found |= dict(zip(*self._index.store.embeddings(keys[first : first + READ_BATCH]), strict=True))
        return {key: found[key] for key in keys if key in found}


def _assembled(fingerprint: str, records: tuple[DocumentRecord, ...], found: dict[ChunkKey, Embeddings], waiting: int) -> Vectors:
    numbers = {record.id: number for number, record in enumerate(records)}
    owners = np.array([numbers[document_id] for document_id, _ in found], dtype=np.intp)
    embeddings = np.stack(list(found.values())) if found else np.empty((0, 0), dtype=np.float32)
    if not np.isfinite(embeddings).all() or (np.abs(np.linalg.norm(embeddings, axis=1) - 1) > 0.01).any():
        raise ExploringError("Some vectors of this library are not of unit length. Its embedding model is broken: choose another.")
    return Vectors(fingerprint, records, tuple(found), owners, embeddings, waiting)
