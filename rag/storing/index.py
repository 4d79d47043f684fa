"""The index of one library: the record, the words of its chunks, and what waits for its vectors.

Opened when first needed, and anew after a failure. What is damaged is set aside then, and what has a file but no record is told to the
library, which makes it again.

Locks are taken in this order: `Library`'s for writing, then the index's, then those of its parts.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag.embedding.protocol import Embeddings
from rag.errors import LibraryClosedError, StorageError
from rag.storing.chunks import ChunkStore
from rag.storing.erasing import Erasing
from rag.storing.gate import Gate
from rag.storing.lexical import LexicalIndex
from rag.storing.lexical_files import reset_folder
from rag.storing.opening import Opened, Opener, entries
from rag.storing.originals import Originals, Orphan
from rag.storing.pending import Draft, Pending
from rag.storing.reserve import Reserve
from rag.types import Chunk, ChunkKey, DocumentRecord

log = logging.getLogger(__name__)

SECONDS_TO_BE_ALONE = 1.0
"""That erasing waits for those who use the index; then it is put off."""


class Index:
    """Opens and closes what a library stores; may be used from several threads."""

    def __init__(self, opener: Opener, originals: Originals) -> None:
        """Open nothing yet.

        Args:
            opener: Opens its parts.
            originals: The library's files; each goes with its document.
        """
        self._opener = opener
        self._originals = originals
        self._restore: Callable[[Sequence[Orphan]], None] | None = None
        self._reserve = Reserve(opener.folder)
        self._erasing = Erasing(opener.folder, originals.quarantine)
        self._lock = threading.RLock()
        self._gate = Gate()
        self._opened: Opened | None = None
        self._is_closed = False

    def on_lost(self, restore: Callable[[Sequence[Orphan]], None]) -> None:
        """Have documents whose records were lost made again by `restore`, in the thread that opens the index."""
        self._restore = restore

    def stored_dimensions(self) -> int | None:
        """How long the stored vectors are; None where there are none."""
        with self.guarded():
            return self.store.dimensions

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
        self._originals.describe([record])
        opened.lexical.put(entries(record, opened.pending.chunks))
        self._retire(record, opened.pending.records)
        self._reserve.fill()

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
        part = opened.store if record.id in opened.store.records else opened.pending
        is_renamed = part.records[record.id].name != record.name
        part.update(record)
        self._originals.describe([record])
        if is_renamed:
            opened.lexical.put(entries(record, part.chunks))
        self._retire(record, self.records)

    def remove(self, document_id: str) -> None:
        """Delete a document, its file and what other indexes have of it. `erase` overwrites its words in the library's files afterwards.

        Raises:
            StorageError: The disk or the database refused.
        """
        opened = self._open()
        self._reserve.release()
        self._erasing.plan()
        with _told_of_files():
            self._originals.set_aside(document_id)
        opened.pending.remove([document_id])
        opened.pending.drop_others(document_id)
        opened.store.remove(document_id)
        opened.lexical.remove([document_id])
        with _told_of_files():
            self._originals.discard(document_id)

    def forget(self, document_id: str) -> None:
        """Delete all that is indexed of a document, and keep its file: it is to be added again.

        Raises:
            StorageError: The disk or the database refused.
        """
        opened = self._open()
        opened.store.remove(document_id)
        opened.lexical.remove([document_id])

    def rebuild_words(self) -> None:
        """Make the keyword index anew from the record.

        Raises:
            StorageError: The disk refused.
        """
        with self._gate.alone(SECONDS_TO_BE_ALONE) as is_alone, self._lock:
            if not is_alone:
                raise StorageError("The keyword index cannot be rebuilt while the library is busy. Try again in a moment.")
            self._let_go(is_sound=True)
            with _told_of_files():
                reset_folder(self._opener.folder / "lexical")

    def allow_rebuilding(self) -> None:
        """Take a record that is empty although there are files for lost, on a Chroma server too."""
        self._opener.may_rebuild = True

    @property
    def is_erasing(self) -> bool:
        """Whether words of removed documents are still to be erased from the library's files."""
        return self._erasing.is_planned

    def erase(self) -> bool:
        """Overwrite in the library's files what removed documents left there. Nothing can be searched meanwhile: some seconds.

        Returns:
            Whether there was anything to erase. Where others were busy with the index, it still is: call again.

        Raises:
            StorageError: The disk has no room for it, or refused; it is tried again by the next call.
        """
        if not self._erasing.is_planned:
            return False
        self._erasing.check_room()
        opened = self._open()
        with self._gate.alone(SECONDS_TO_BE_ALONE) as is_alone, self._lock:
            if is_alone:
                seal = (self._opened or opened).seal
                self._let_go(is_sound=True)
                self._erasing.carry_out()
                if seal:
                    seal.close()
        return True

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks, with their vectors or without; those that are not there are left out.

        Raises:
            StorageError: The index cannot be read.
        """
        opened, wanted = self._open(), list(keys)
        # First those that wait: what leaves them meanwhile is stored by then.
        waiting = opened.pending.chunks(wanted) if opened.pending.records else {}
        return waiting | opened.store.chunks(key for key in wanted if key not in waiting)

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
        """Keep the index open for what is done within; close it when that fails: a Chroma client that could not write may wait for ever.

        Raises:
            StorageError: What was raised within; said plainly where the disk is full.
        """
        with self._gate.entered(), self._closed_on_failure():
            yield

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            with self._lock:
                self._let_go(is_sound=False)
            if not self._reserve.is_needed:
                raise
            raise StorageError("The disk is full. Free some space and try again.") from error

    def check_open(self) -> None:
        """See that it was not closed.

        Raises:
            LibraryClosedError: It was.
        """
        if self._is_closed:
            raise LibraryClosedError("The library is closed. Open it again.")

    def close(self) -> None:
        """Let go of the store for good. Doing so twice is harmless."""
        with self._lock:
            self._is_closed = True
            self._let_go(is_sound=True)

    def _let_go(self, *, is_sound: bool) -> None:
        """Close the store; it is opened again when it is next needed, and looked at more closely where it may not be sound."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close(is_sound=is_sound)

    def _retire(self, record: DocumentRecord, among: Mapping[str, DocumentRecord]) -> None:
        """Take a document's places from others; one that has none left is removed."""
        for other in list(among.values()):
            if other.id != record.id and (left := tuple(each for each in other.sources if each not in record.sources)) != other.sources:
                if left:
                    self.update(replace(other, sources=left, name=Path(left[0].removeprefix("upload:")).name))
                else:
                    self.remove(other.id)

    def _open(self) -> Opened:
        with self._lock:
            self.check_open()
            if self._opened is not None:
                return self._opened
            with self._closed_on_failure():
                self._reserve.release()
                self._opened, orphans = self._opener.open()
            opened = self._opened
        if opened.store.records or opened.pending.records:
            self._reserve.fill()
        if orphans and self._restore:
            self._restore(orphans)
        return opened


@contextmanager
def _told_of_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The library's copy of the file could not be deleted: {error.strerror}. See that the disk works, and try again."
        ) from error
