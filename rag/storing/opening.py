"""Opens the parts of a library's index: checked first, set aside where damaged, and made one with each other."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.endpoints.addresses import without_secrets
from rag.errors import LibraryDamagedError, StorageError
from rag.storing.chunks import READ_BATCH, ChunkStore, adopt, connect, disconnect
from rag.storing.hnsw import blank_unused
from rag.storing.integrity import Seal, database_problem, set_aside
from rag.storing.lease import Lease
from rag.storing.lexical import Entry, LexicalIndex
from rag.storing.originals import Originals, Orphan
from rag.storing.pending import Pending
from rag.types import Chunk, ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

log = logging.getLogger(__name__)

MANY_CHUNKS = 5_000
"""Of so many and more, it is said that their words are indexed again: a person waits."""

CHUNKS_A_SECOND = 1_500
"""About how many chunks' words are indexed in a second on two cores."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The parts of an open index.

    Attributes:
        store: The record.
        lexical: The words of all chunks.
        pending: The documents that wait for their vectors.
        lease: The right to write, where the record is on a server.
        seal: Of the record's files, where they are in the library's folder.
    """

    store: ChunkStore
    lexical: LexicalIndex
    pending: Pending
    lease: Lease | None
    seal: Seal | None

    def close(self, *, is_sound: bool) -> None:
        """Let go of all of them; files that may not be sound are not sealed."""
        with suppress(StorageError):  # the words are made anew from the record
            self.lexical.close()
        if self.lease:
            with suppress(StorageError):  # it expires
                self.lease.release()
        self.store.close()
        self.pending.close()
        if self.seal and is_sound:
            blank_unused(self.seal.folder)
            self.seal.close()


class Opener:
    """Opens a library's index."""

    def __init__(
        self, folder: Path, chroma_url: str | None, originals: Originals, describe: Callable[[], str], *, is_read_only: bool
    ) -> None:
        """Open nothing yet.

        Args:
            folder: The library's, or a copy of it where that cannot be written.
            chroma_url: A Chroma server that keeps the record, or None for the folder itself.
            originals: The library's files.
            describe: Says all that makes its vectors what they are; another description is another store.
            is_read_only: Whether nothing of the library may be changed.
        """
        self.folder = folder
        self._chroma_url = chroma_url
        self._originals = originals
        self._describe = describe
        self._is_read_only = is_read_only
        self.may_rebuild = chroma_url is None
        """Whether a record that is empty although there are files is taken for lost; a server may only be the wrong one."""

    def open(self) -> tuple[Opened, list[Orphan]]:
        """Open all parts.

        Returns:
            The parts, and the files of documents whose records are lost: to be added again.

        Raises:
            LibraryDamagedError: A server has nothing of a library that has files.
            LibraryLockedError: Another process writes to the library on the same server.
            StorageError: It cannot be opened.
        """
        description = self._describe()
        fingerprint = hashlib.sha256(description.encode()).hexdigest()[:16]
        seal = None if self._chroma_url else Seal(self.folder / "chroma")
        self._set_damage_aside(seal)
        with ExitStack() as on_failure:
            pending = Pending(self.folder / "pending.sqlite3", fingerprint)
            on_failure.callback(pending.close)
            client = connect(self.folder / "chroma", self._chroma_url)
            on_failure.callback(disconnect, client)
            lease, library_id = self._lease(client)
            if lease:
                on_failure.callback(lease.release)
            store = ChunkStore(
                client,
                fingerprint,
                description,
                lambda: pending.records,
                library_id=library_id,
                hold=None if self._is_read_only else lease.hold if lease else lambda: None,
            )
            pending.remove(store.records)  # committed before a crash
            lost = self._agree_with_files(store, pending)
            lexical = LexicalIndex(self.folder / "lexical", fingerprint)
            on_failure.callback(lexical.close)
            _catch_up(lexical, store, pending)
            on_failure.pop_all()
        return Opened(store, lexical, pending, lease, seal), lost

    def _set_damage_aside(self, seal: Seal | None) -> None:
        pending = self.folder / "pending.sqlite3"
        for part, problem in ((pending, database_problem(pending)), (self.folder / "chroma", seal.break_open() if seal else "")):
            if problem:
                try:
                    where = set_aside(part, self._originals.quarantine) if part.exists() else None
                except OSError as error:
                    message = f"The library's index is damaged ({problem}), and could not be moved away: {error.strerror}."
                    raise StorageError(
                        f"{message} Move {part} away yourself; it is made again from the library's copies of the files."
                    ) from error
                moved = f"It was moved to {where} and" if where else "It"
                log.warning("The library's index is damaged: %s. %s is made again from the library's files.", problem, moved)

    def _lease(self, client: "ClientAPI") -> tuple[Lease | None, str]:
        """The right to write on a server, and the id that names the library there."""
        if self._chroma_url is None:
            return None, ""
        file = self.folder / "library.json"
        try:
            if file.exists():
                library_id = str(json.loads(file.read_text(encoding="utf-8"))["id"])
            elif self._is_read_only:
                raise StorageError("This library has no name on its Chroma server yet. Open it once where its folder can be written.")
            else:
                library_id = secrets.token_hex(8)
                adopt(client, library_id, self._originals.ids())
                file.write_text(json.dumps({"schema": 1, "id": library_id}), encoding="utf-8")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{file}, which names the library on its Chroma server, cannot be used: {error}.") from error
        return None if self._is_read_only else Lease(client, library_id), library_id

    def _agree_with_files(self, store: ChunkStore, pending: Pending) -> list[Orphan]:
        """Tell which documents have lost their records; what never was a document goes to the quarantine."""
        others = [*store.other_records(), *pending.other_records()]
        known = {**store.records, **pending.records, **{record.id: record for record in others}}
        orphans = self._originals.orphans(known)
        is_lost = bool(orphans) and not known
        if is_lost and not self.may_rebuild:
            raise LibraryDamagedError(
                f"The Chroma server at {without_secrets(self._chroma_url or '')} has nothing of this library, "
                f"but the files of {len(orphans)} documents are here. Check RAG_CHROMA_URL. "
                "If the server has lost its data, `rag doctor --repair` rebuilds the index there."
            )
        lost = [orphan for orphan in orphans if orphan.is_known or (is_lost and not self._originals.are_described)]
        for orphan in orphans:
            if orphan not in lost:
                log.warning("%s has no record in the library. It was moved to %s.", orphan.path.name, self._originals.isolate(orphan))
        self._originals.describe_missing(known)
        self._originals.tidy_quarantine(known)
        if lost:
            log.warning("The records of %d documents are missing. Rebuilding them from the library's copies of the files.", len(lost))
        return lost


def _catch_up(lexical: LexicalIndex, store: ChunkStore, pending: Pending) -> None:
    """Make the words those of the documents."""
    records = {**store.records, **pending.records}
    lexical.remove(lexical.document_ids - records.keys())
    missing = records.keys() - lexical.document_ids
    if (chunks := sum(records[id_].chunks for id_ in missing)) >= MANY_CHUNKS:
        log.warning("Rebuilding the keyword index of %d documents; this may take %d seconds.", len(missing), chunks // CHUNKS_A_SECOND)
    for id_ in missing:
        lexical.put(entries(records[id_], (store if id_ in store.records else pending).chunks))
    lexical.commit()


def entries(record: DocumentRecord, read: Callable[[Sequence[ChunkKey]], Mapping[ChunkKey, Chunk]]) -> Iterator[Entry]:
    """What is indexed of a document: its title, or name, and the headings are found as if they stood in each chunk."""
    title = record.title or Path(record.name).stem.replace("_", " ")
    for first in range(0, record.chunks, READ_BATCH):
        keys = [(record.id, ordinal) for ordinal in range(first, min(first + READ_BATCH, record.chunks))]
        found = read(keys)
        yield from (Entry(*key, found[key].text, f"{title}\n{found[key].heading}") for key in keys if key in found)
