"""The index of one library: the record, the words of its chunks, and what waits for its vectors.

Opened when first needed, and anew after a failure.
"""

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rag.embedding.protocol import Embeddings
from rag.errors import StorageError
from rag.storing.chunks import READ_BATCH, ChunkStore, connect
from rag.storing.lexical import Entry, LexicalIndex
from rag.storing.originals import Originals
from rag.storing.pending import Draft, Pending
from rag.types import Chunk, ChunkKey, DocumentRecord

log = logging.getLogger(__name__)

MANY_CHUNKS = 5_000
"""Of so many and more, it is said that their words are indexed again: a person waits."""

CHUNKS_A_SECOND = 1_500
"""About how many chunks' words are indexed in a second on two cores."""

FULL_BYTES = 16_000_000
"""With less room than this on the disk, that is why a write failed."""


@dataclass(frozen=True, slots=True)
class _Opened:
    store: ChunkStore
    lexical: LexicalIndex
    pending: Pending


class Index:
    """Opens and closes what a library stores; may be used from several threads."""

    def __init__(self, folder: Path, chroma_url: str | None, originals: Originals, describe: Callable[[], str]) -> None:
        """Open nothing yet.

        Args:
            folder: The library's.
            chroma_url: A Chroma server that keeps the record, or None for the folder itself.
            originals: The library's files; each goes with its document, and those of none are swept when the store is opened.
            describe: Says all that makes its vectors what they are; another description is another store.
        """
        self._folder = folder
        self._chroma_url = chroma_url
        self._originals = originals
        self._describe = describe
        self._lock = threading.RLock()
        self._opened: _Opened | None = None

    @property
    def store(self) -> ChunkStore:
        """The record.

        Raises:
            StorageError: It cannot be opened.
        """
        return self._open().store

    @property
    def lexical(self) -> LexicalIndex:
        """The words of all documents' chunks.

        Raises:
            StorageError: It cannot be opened.
        """
        return self._open().lexical

    @property
    def pending(self) -> Pending:
        """The documents whose vectors are still to be made.

        Raises:
            StorageError: It cannot be opened.
        """
        return self._open().pending

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """All documents by id, oldest first, those whose vectors are still to be made at the end.

        Raises:
            StorageError: It cannot be opened.
        """
        opened = self._open()
        waiting, records = opened.pending.records, opened.store.records
        return {**records, **{id_: record for id_, record in waiting.items() if id_ not in records}} if waiting else records

    def stage(self, record: DocumentRecord, draft: Draft) -> None:
        """Take a document in: it is found by its words from now on, and waits for its vectors.

        Args:
            record: Of a document that is not there; it takes its places from others that wait.
            draft: All of its chunks.

        Raises:
            StorageError: The disk refused.
        """
        opened = self._open()
        opened.pending.put(record, draft)
        opened.lexical.put(_entries(record, opened.pending.chunks))
        self._retire(record, opened.pending.records)

    def commit(self, records: Sequence[DocumentRecord], embeddings: Embeddings) -> None:
        """Write the records of documents that have all their vectors; they take their places from the documents that had them before.

        Args:
            records: As for `ChunkStore.commit`; their words are indexed.
            embeddings: As for `ChunkStore.commit`.

        Raises:
            StorageError: The disk or the database refused.
        """
        opened = self._open()
        opened.store.commit(records, embeddings)
        opened.pending.remove(record.id for record in records)
        for record in records:
            self._retire(record, opened.store.records)

    def update(self, record: DocumentRecord) -> None:
        """Put a document's record in place of the one it has; it takes its places from the documents that had them before.

        Raises:
            StorageError: The disk or the database refused.
        """
        opened = self._open()
        (opened.store if record.id in opened.store.records else opened.pending).update(record)
        self._retire(record, self.records)

    def remove(self, document_id: str) -> None:
        """Delete a document, its file and what other indexes have of it.

        Raises:
            StorageError: The disk or the database refused.
        """
        opened = self._open()
        opened.pending.remove([document_id])
        opened.pending.drop_others(document_id)
        opened.store.remove(document_id)
        opened.lexical.remove([document_id])
        self._originals.discard(document_id)

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks, with their vectors or without; those that are not there are left out.

        Raises:
            StorageError: The index cannot be read.
        """
        opened, wanted = self._open(), list(keys)
        found = opened.store.chunks(wanted)
        return found | opened.pending.chunks(key for key in wanted if key not in found) if opened.pending.records else found

    def left_behind(self) -> list[DocumentRecord]:
        """The documents that other indexes hold, or were to hold, and this one does not.

        Raises:
            StorageError: The index cannot be read.
        """
        opened = self._open()
        others = {record.id: record for record in [*opened.pending.other_records(), *opened.store.other_records()]}
        return [record for id_, record in others.items() if id_ not in self.records]

    def drop_other_indexes(self) -> None:
        """Delete every other index of this library.

        Raises:
            StorageError: The disk or the database refused.
        """
        opened = self._open()
        opened.pending.drop_others()
        opened.store.drop_other_indexes()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Close the store when what is done within fails: a Chroma client that could not write may wait for itself for ever.

        Raises:
            StorageError: What was raised within; said plainly where the disk is full.
        """
        try:
            yield
        except StorageError as error:
            self.close()
            if shutil.disk_usage(self._folder).free > FULL_BYTES:
                raise
            raise StorageError("The disk is full. Make room and try again; what was stored before is unharmed.") from error

    def close(self) -> None:
        """Let go of the store; it is opened again when it is next needed."""
        with self._lock:
            opened, self._opened = self._opened, None
            if opened is not None:
                with suppress(StorageError):  # the words are made anew from the record
                    opened.lexical.close()
                opened.store.close()
                opened.pending.close()

    def _retire(self, record: DocumentRecord, among: Mapping[str, DocumentRecord]) -> None:
        """Take a document's places from others; one that has none left is removed."""
        for other in list(among.values()):
            if other.id != record.id and (left := tuple(each for each in other.sources if each not in record.sources)) != other.sources:
                if left:
                    self.update(replace(other, sources=left, name=Path(left[0].removeprefix("upload:")).name))
                else:
                    self.remove(other.id)

    def _open(self) -> _Opened:
        with self._lock, self.guarded():
            if self._opened is None:
                description = self._describe()
                fingerprint = hashlib.sha256(description.encode()).hexdigest()[:16]
                with ExitStack() as on_failure:
                    pending = Pending(self._folder / "pending.sqlite3", fingerprint)
                    on_failure.callback(pending.close)
                    client = connect(self._folder / "chroma", self._chroma_url)
                    on_failure.callback(client.close)  # type: ignore[attr-defined]
                    store = ChunkStore(client, fingerprint, description, lambda: pending.records)
                    pending.remove(store.records)  # committed before a crash
                    others = [*store.other_records(), *pending.other_records()]
                    self._originals.sweep({*store.records, *pending.records, *(record.id for record in others)})
                    lexical = LexicalIndex(self._folder / "lexical", fingerprint)
                    on_failure.callback(lexical.close)
                    _catch_up(lexical, store, pending)
                    on_failure.pop_all()
                self._opened = _Opened(store, lexical, pending)
            return self._opened


def _catch_up(lexical: LexicalIndex, store: ChunkStore, pending: Pending) -> None:
    """Make the words those of the documents."""
    records = {**store.records, **pending.records}
    lexical.remove(lexical.document_ids - records.keys())
    missing = records.keys() - lexical.document_ids
    if (chunks := sum(records[id_].chunks for id_ in missing)) >= MANY_CHUNKS:
        log.warning("The index of words is made again for %d documents; it may take %d seconds.", len(missing), chunks // CHUNKS_A_SECOND)
    for id_ in missing:
        lexical.put(_entries(records[id_], (store if id_ in store.records else pending).chunks))
    lexical.commit()


def _entries(record: DocumentRecord, read: Callable[[Sequence[ChunkKey]], Mapping[ChunkKey, Chunk]]) -> Iterator[Entry]:
    """What is indexed of a document: its title, or name, and the headings are found as if they stood in each chunk."""
    title = record.title or Path(record.name).stem.replace("_", " ")
    for first in range(0, record.chunks, READ_BATCH):
        keys = [(record.id, ordinal) for ordinal in range(first, min(first + READ_BATCH, record.chunks))]
        found = read(keys)
        yield from (Entry(*key, found[key].text, f"{title}\n{found[key].heading}") for key in keys if key in found)
