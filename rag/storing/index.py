"""The index of one library: its record, its keyword index, and the documents that are keyword-ready.

Opened when first needed, and again after a failure. Opening sets aside what is damaged, and passes files without a record to the library,
which adds them again.

Locks, in the order they are taken; none is waited for by who holds a later one:

1. the embedding queue's turn (rag.ingesting.embedding_queue)
2. the library's write lock, and the gate: either first. Many pass the gate together; who wants to be alone within holds no lock
   and gives up after `SECONDS_TO_BE_ALONE`
3. the index's own, while it is opened or closed; in a cluster before it the one of reopening, after it following's turn
4. the one of a change that is to be seen as a whole: a record and its words
5. the keyword index's, then one of the parts it reads from: the record store's, the keyword-ready documents', the lease's
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embeddings
from rag.errors import DocumentNotFoundError, LibraryClosedError, RagError, StorageError, storage_errors
from rag.origins import name_of
from rag.storing.entries import entries
from rag.storing.erasing import Erasing
from rag.storing.gate import Gate
from rag.storing.keyword_ready import Draft, KeywordReady
from rag.storing.lexical import LexicalIndex
from rag.storing.lexical_files import reset_folder
from rag.storing.opening import Opened, Opener, SideOpener
from rag.storing.originals import Originals, Orphan
from rag.storing.protocol import RecordStore
from rag.storing.reserve import Reserve
from rag.text.printable import composed_name
from rag.types import Chunk, ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from rag.storing.cluster.opening import ClusterOpener
    from rag.storing.cluster.snapshots import Snapshots

log = logging.getLogger(__name__)

SECONDS_TO_BE_ALONE = 1.0  # how long erasing waits until nobody uses the index, before it is put off
LEAST_ID_DIGITS = 8  # the fewest digits that an id may be shortened to


class Index:
    """Opens and closes what a library stores. Thread-safe; whatever opens or uses a part raises `StorageError`."""

    def __init__(self, opener: "Opener | SideOpener | ClusterOpener", originals: Originals) -> None:
        """Open nothing yet."""
        self._opener = opener
        self._originals = originals
        self._restore: Callable[[Sequence[Orphan]], None] | None = None
        self._reserve = Reserve(opener.folder)
        self._erasing = Erasing(opener.folder, originals.quarantine)
        self._lock = threading.RLock()
        self._reopening = threading.Lock()
        self._change = threading.RLock()
        self._changes = 0  # within one another
        self._gate = Gate()
        self._opened: Opened | None = None
        self._is_closed = False
        # The keyword-ready records and those of the store, and both in one.
        self._merged: tuple[object, object, Mapping[str, DocumentRecord]] = (None, None, {})

    def on_lost(self, restore: Callable[[Sequence[Orphan]], None]) -> None:
        """Have documents whose records were lost made again by `restore`, in the thread that opens the index."""
        self._restore = restore

    def stored_dimensions(self) -> int | None:
        """How long the stored vectors are; None where there are none."""
        with self.guarded():
            return self.store.dimensions

    @property
    def store(self) -> RecordStore:
        """The record."""
        return self._open().store

    @property
    def lexical(self) -> LexicalIndex:
        """The keyword index of all documents."""
        return self._open().lexical

    @property
    def keyword_ready(self) -> KeywordReady:
        """The documents that are not completely embedded."""
        return self._open().keyword_ready

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """All documents by id, oldest first, the keyword-ready ones at the end."""
        opened = self._open()
        # Keyword-ready ones first: what leaves them meanwhile is in the store by then.
        keyword_ready, records = opened.keyword_ready.records, opened.store.records
        if not keyword_ready:
            return records
        merged = self._merged
        if merged[0] is not keyword_ready or merged[1] is not records:
            added = {id_: record for id_, record in keyword_ready.items() if id_ not in records}
            merged = self._merged = keyword_ready, records, {**records, **added}
        return merged[2]

    def put_keyword_ready(self, record: DocumentRecord, draft: Draft) -> None:
        """Make a new document keyword-ready, whose draft has all its chunks; it takes its sources from documents that had them before."""
        opened = self._open()
        self._originals.describe([record])  # first: whoever makes it again then knows its name
        opened.store.expect(record.id)
        opened.keyword_ready.put(record, draft)
        opened.lexical.put(entries(record, opened.keyword_ready.chunks))
        self._take_sources(record, opened.keyword_ready.records)
        if not record.chunks:  # a scan that OCR has not read yet: there is nothing to embed
            self.commit([record])
        self._reserve.fill()

    def commit(self, records: Sequence[DocumentRecord]) -> None:
        """Make documents ready, all of whose chunks are embedded; they take their sources from documents that had them before."""
        with self._changing() as opened:
            opened.store.commit(records)
            opened.keyword_ready.remove(record.id for record in records)
            self._originals.settle(record.id for record in records)
            for record in records:
                self._take_sources(record, opened.store.records)

    def grow(self, record: DocumentRecord, chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        """Add chunks to a ready document, after those it has: the last of those that `record` counts."""
        with self._changing() as opened:
            opened.store.put(chunks, embeddings)
            opened.store.commit([record])
            opened.lexical.extend(entries(record, opened.store.chunks, record.chunks - len(chunks)))

    def put_whole(self, records: Sequence[DocumentRecord], chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        """Add documents that are ready, whose files are kept; they take their sources from documents that had them before."""
        with self._changing() as opened:
            opened.store.put(chunks, embeddings)
            opened.store.commit(records)
            self._originals.describe(records)
            self._originals.settle(record.id for record in records)
            for record in records:
                opened.lexical.put(entries(record, opened.store.chunks))
                self._take_sources(record, opened.store.records)
        self._reserve.fill()

    def update(self, record: DocumentRecord) -> None:
        """Replace a document's record; it takes its sources from documents that had them before."""
        with self._changing() as opened:
            part: RecordStore | KeywordReady = opened.store if record.id in opened.store.records else opened.keyword_ready
            is_renamed = part.records[record.id].name != record.name
            if part is opened.store:
                opened.store.commit([record])
            else:
                opened.keyword_ready.update(record)
            self._originals.describe([record])
            if is_renamed:
                opened.lexical.remove([record.id])  # also what is not committed yet
                opened.lexical.put(entries(record, part.chunks))
            self._take_sources(record, self.records)

    def remove(self, document_id: str) -> None:
        """Delete a document, its file and what other indexes have of it. `erase` overwrites its text in the library's files later."""
        with self._changing() as opened:
            self._reserve.release()
            self._erasing.plan()
            with storage_errors("The library's copy of the file could not be deleted"):
                self._originals.set_aside(document_id)
            opened.keyword_ready.remove([document_id])
            opened.keyword_ready.drop_others(document_id)
            opened.store.remove(document_id)
            opened.lexical.remove([document_id])
        opened.store.check_writer()  # just before: in a cluster another process may have added the document again
        with storage_errors("The library's copy of the file could not be deleted"):
            self._originals.discard(document_id)

    def forget(self, document_id: str) -> None:
        """Delete all that is indexed of a document, and keep its file: it is to be added again."""
        with self._changing() as opened:
            opened.keyword_ready.remove([document_id])
            opened.store.remove(document_id, is_awaited=True)
            opened.lexical.remove([document_id])

    def rebuild_keyword_index(self) -> None:
        """Rebuild the keyword index from the record."""
        with self.alone() as is_alone:
            if not is_alone:
                raise StorageError("The keyword index cannot be rebuilt while the library is busy. Try again in a moment.")
            self.let_go()
            with storage_errors("The keyword index could not be deleted"):
                reset_folder(self._opener.folder / "lexical")

    def commit_words(self) -> int:
        """Make the keyword index on the disk that of the record as it is; in a cluster, returns the version of the record, else 0."""
        opened = self._open()
        with self._change:
            if opened.shared:
                return opened.shared.save_words()
            opened.lexical.commit()
            return 0

    def store_words(self, snapshots: "Snapshots", known: int) -> int:
        """In a cluster, store the keyword index unless `known` is the version of the record whose words it has; returns that version."""
        version = self.commit_words()
        if version != known:
            snapshots.store(self.lexical, version)
        return version

    @contextmanager
    def _changing(self) -> Iterator[Opened]:
        """Change a record and the words that follow from it."""
        opened = self._open()
        with self._change:
            self._changes += 1
            try:
                yield opened
            finally:
                self._changes -= 1
            if opened.shared and not self._changes:
                opened.shared.put_words()

    def allow_rebuilding(self) -> None:
        """Take a record that is empty although there are files for lost, on a Chroma server too."""
        self._opener.may_rebuild = True

    @property
    def is_erasing(self) -> bool:
        """Whether text of removed documents is still to be erased from the library's files."""
        return self._erasing.is_planned

    def erase(self) -> bool:
        """Overwrite what removed documents left in the library's files. Nothing can be searched meanwhile: some seconds.

        Returns whether there was anything to erase; where others were busy with the index, it still is. A disk without room is a
        `StorageError`, and the next call tries again.
        """
        if not self._erasing.is_planned:
            return False
        self._erasing.check_room()
        opened = self._open()
        with self.alone() as is_alone:
            if is_alone:
                seal = (self._opened or opened).seal
                self.let_go()
                self._erasing.carry_out()
                if seal:
                    seal.close()
        return True

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks, embedded or not; missing ones are left out."""
        opened, wanted = self._open(), list(keys)
        # Keyword-ready ones first: what leaves them meanwhile is in the store by then.
        found = opened.keyword_ready.chunks(wanted) if opened.keyword_ready.records else {}
        return found | opened.store.chunks(key for key in wanted if key not in found)

    def documents(self, names: Sequence[str] | None = None) -> list[DocumentRecord]:
        """The documents with these names, ids or patterns, each once; all, in the order they were added, where `names` is None."""
        records = self.records
        if names is None:
            return list(records.values())
        found: dict[str, DocumentRecord] = {}
        with suppress(KeyError):  # ids, and quickly: a filter may leave thousands
            return [records[name] for name in dict.fromkeys(names)]
        for name in names:
            for record in [records[name]] if name in records else self._named(name, records):
                found[record.id] = record
        return list(found.values())

    def _named(self, name: str, records: Mapping[str, DocumentRecord]) -> list[DocumentRecord]:
        """The documents of a pattern such as "*.pdf"; else the one of a name."""
        wanted = composed_name(name)
        if not set(name) & set("*?[") or any(composed_name(record.name) == wanted for record in records.values()):
            return [self.find(name)]
        if matching := [each for each in records.values() if fnmatchcase(composed_name(each.name).casefold(), wanted.casefold())]:
            return matching
        raise DocumentNotFoundError(f"No document matches {name!r}. `rag list` shows what there is.")

    def find(self, name_or_id: str) -> DocumentRecord:
        """The document of a name, an id, or the beginning of an id; `DocumentNotFoundError` where there is none, or several."""
        records, wanted = self.records.values(), composed_name(name_or_id)
        found = [record for record in records if name_or_id in {record.name, record.id}]
        found = found or [record for record in records if composed_name(record.name) == wanted]
        if not found and len(name_or_id) >= LEAST_ID_DIGITS:
            found = [record for record in records if record.id.startswith(name_or_id)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise DocumentNotFoundError(f"There is no document {name_or_id!r} in the library. `rag list` shows what there is.")
        ids = ", ".join(record.id[:12] for record in found)
        raise DocumentNotFoundError(f"{len(found)} documents are called {name_or_id!r}. Give the id instead: {ids}.")

    def left_behind(self) -> list[DocumentRecord]:
        """The documents that need to be re-indexed: they were indexed with another model or setting."""
        with self.guarded():
            opened = self._open()
            others = {record.id: record for record in [*opened.keyword_ready.other_records(), *opened.store.other_records()]}
            return [record for id_, record in others.items() if id_ not in self.records]

    def drop_other_indexes(self) -> None:
        """Delete every other index of this library."""
        opened = self._open()
        opened.keyword_ready.drop_others()
        opened.store.drop_other_indexes()

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self._opener.folder

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Let nobody else use the index; yields whether nobody does."""
        with self._gate.alone(SECONDS_TO_BE_ALONE) as is_alone, self._lock:
            yield is_alone

    def let_go(self) -> None:
        """Close the parts until they are next needed; only within `alone`."""
        self._let_go(is_sound=True)

    def reopen(self) -> None:
        """In a cluster, have the parts be as this process's role is now. What uses those from before goes on; it cannot write any more."""
        with self._reopening:
            with self._lock:  # after an opening that has begun
                before = self._opened
            if self._is_closed or before is None or before.shared is None or before.shared.is_current:
                return
            before.shared.detach()
            try:
                opened, orphans = self._opener.open(before)  # type: ignore[call-arg]
            except RagError:
                with self._lock:
                    if self._opened is before:
                        self._let_go(is_sound=False)
                raise
            with self._lock:
                if self._opened is not before:  # it was closed meanwhile
                    opened.close(is_sound=False)
                    return
                self._opened = opened
            before.keyword_ready.close()
        self._restore_lost(opened, orphans)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Keep the index open for what is done within; close it when that fails: a Chroma client that could not write may wait for ever.

        Raises what is raised within, or a `StorageError` that says so where the disk is full.
        """
        with self._gate.entered(), self._closed_on_failure():
            yield

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            with self._lock:
                opened = self._opened
                if opened and opened.shared and (opened.shared.survives(error) or not opened.shared.is_current):
                    raise  # what is not current is about to be opened again, and some of it goes on
                self._let_go(is_sound=False)
            if not self._reserve.is_needed:
                raise
            raise StorageError("The disk is full. Free some space and try again.") from error

    def check_open(self) -> None:
        """Raise `LibraryClosedError` after `close`."""
        if self._is_closed:
            raise LibraryClosedError("The library is closed. Open it again.")

    def close(self) -> None:
        """Close the index for good. Doing so twice is harmless."""
        self._is_closed = True
        with self._reopening, self._lock:
            self._let_go(is_sound=True)

    def _let_go(self, *, is_sound: bool) -> None:
        """Close the parts until they are next needed; files that may not be sound are then examined more closely."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close(is_sound=is_sound)

    def _take_sources(self, record: DocumentRecord, among: Mapping[str, DocumentRecord]) -> None:
        """Take a document's sources from others; one that has none left is removed."""
        sources = frozenset(record.sources)
        for other in [each for each in among.values() if not sources.isdisjoint(each.sources) and each.id != record.id]:
            if left := tuple(each for each in other.sources if each not in sources):
                self.update(replace(other, sources=left, name=name_of(left[0])))
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
        if opened.store.records or opened.keyword_ready.records:
            self._reserve.fill()
        self._restore_lost(opened, orphans)
        return opened

    def _restore_lost(self, opened: Opened, orphans: Sequence[Orphan]) -> None:
        if not orphans or not self._restore:
            return
        if not opened.shared:
            self._restore(orphans)
            return

        def restore() -> None:
            with self.guarded():  # what fails is tried again with the next opening
                if self._restore:
                    self._restore(orphans)

        opened.shared.later(restore)
