"""Opens the parts of a library's index: checks them, sets damage aside, brings older ones up to date, and makes them agree."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.endpoints.addresses import without_secrets
from rag.errors import LibraryDamagedError, NewerSchemaError, StorageError, storage_errors
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import adopt, check_schemas, connect, disconnect
from rag.storing.entries import entries, entries_of
from rag.storing.hnsw import blank_unused
from rag.storing.integrity import Seal, database_problem, set_aside
from rag.storing.keyword_ready import FILE as KEYWORD_READY_FILE
from rag.storing.keyword_ready import KeywordReady
from rag.storing.lease import Lease
from rag.storing.lexical import LexicalIndex
from rag.storing.originals import Originals, Orphan
from rag.storing.protocol import IndexName, RecordStore
from rag.storing.schema import check_version

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

log = logging.getLogger(__name__)

LIBRARY_SCHEMA = 1  # of library.json, which names a library on its Chroma server
MANY_CHUNKS = 5_000  # rebuilding the keyword index of this many or more is logged: someone is waiting
CHUNKS_A_SECOND = 1_500  # about how many chunks are added to the keyword index in a second on two cores


class SharedParts(Protocol):
    """What else an open index of a cluster's library has: see `rag.storing.cluster.opening`."""

    @property
    def is_current(self) -> bool:
        """Whether it was opened as what this process is now: the one that writes, or not."""
        ...

    def put_words(self) -> None:
        """Note that the keyword index has the words of all that the store has."""
        ...

    def save_words(self) -> int:
        """Make these words durable; returns the version of the record whose words they are."""
        ...

    def later(self, call: Callable[[], None]) -> None:
        """Have something done by the thread that keeps the index up to date."""
        ...

    def survives(self, error: StorageError) -> bool:
        """Whether what is open is of use after this error."""
        ...

    def detach(self) -> None:
        """Stop following, before the index is closed."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """The parts of an open index; `seal` is None where the record is on a server, `shared` where no other server uses it."""

    store: RecordStore
    lexical: LexicalIndex
    keyword_ready: KeywordReady
    seal: Seal | None
    shared: "SharedParts | None" = None

    def close(self, *, is_sound: bool) -> None:
        """Close all of them; files that may not be sound are not sealed."""
        if self.shared:
            self.shared.detach()
        with suppress(StorageError):  # it is rebuilt from the record
            self.lexical.close()
        self.store.close()
        self.keyword_ready.close()
        if self.seal and is_sound:
            blank_unused(self.seal.folder)
            self.seal.close()


class Opener:
    """Opens a library's index."""

    def __init__(
        self,
        folder: Path,
        chroma_url: str | None,
        originals: Originals,
        describe: Callable[[], str],
        *,
        is_read_only: bool,
        chroma_token: str = "",
    ) -> None:
        """Open nothing yet. `folder` may be a copy, if read-only; what `describe` returns names the index, as in `IndexName`."""
        self._chroma_token = chroma_token
        self.folder = folder
        self._chroma_url = chroma_url
        self._originals = originals
        self._describe = describe
        self._is_read_only = is_read_only
        self.may_rebuild = chroma_url is None
        """Whether a record that is empty although there are files is taken for lost; a server may only be the wrong one."""

    def open(self) -> tuple[Opened, list[Orphan]]:
        """Open all parts; also returns the files of documents whose records are lost, to be added again.

        Raises `LibraryDamagedError` where a server has nothing of a library that has files, `LibraryLockedError` where another process
        writes to it there, `NewerSchemaError`, and `StorageError`.
        """
        seal = None if self._chroma_url else Seal(self.folder / "chroma")
        file = self.folder / KEYWORD_READY_FILE
        self._set_damage_aside(file, database_problem(file))
        if seal:
            self._set_damage_aside(seal.folder, seal.break_open())
        try:
            return self._open_parts(seal)
        except NewerSchemaError:
            if seal:
                seal.close()
            raise
        except LibraryDamagedError:
            if seal is None:
                raise
            self._set_damage_aside(seal.folder, "its schema version is damaged")
            return self._open_parts(seal)

    def _open_parts(self, seal: Seal | None) -> tuple[Opened, list[Orphan]]:
        description = self._describe()
        fingerprint = fingerprint_of(description)
        with ExitStack() as on_failure:
            client = connect(self.folder / "chroma", self._chroma_url, self._chroma_token)
            on_failure.callback(disconnect, client)
            library_id = self._library_id(client)
            lease = None if self._chroma_url is None or self._is_read_only else Lease(client, library_id)
            if lease:
                on_failure.callback(lease.release)
            check_schemas(client, library_id)
            keyword_ready = KeywordReady(self.folder / KEYWORD_READY_FILE, fingerprint)
            on_failure.callback(keyword_ready.close)
            store = ChromaStore(
                client,
                IndexName(library_id, fingerprint, description),
                lambda: keyword_ready.records,
                lease=lease,
                is_read_only=self._is_read_only,
            )
            keyword_ready.remove(store.records)  # committed before a crash
            _restart_incomplete(keyword_ready, store)
            lost = self._match_files(store, keyword_ready)
            lexical = LexicalIndex(self.folder / "lexical", fingerprint)
            on_failure.callback(lexical.close)
            _catch_up(lexical, store, keyword_ready)
            on_failure.pop_all()
        return Opened(store, lexical, keyword_ready, seal), lost

    def _set_damage_aside(self, part: Path, problem: str) -> None:
        if not problem:
            return
        cure = f"Move {part} away yourself; it is rebuilt from the library's copies of the files."
        with storage_errors(f"The library's index is damaged ({problem}), and could not be moved away", cure=cure):
            where = set_aside(part, self._originals.quarantine) if part.exists() else None
        moved = f"It was moved to {where} and" if where else "It"
        log.warning("The library's index is damaged: %s. %s is rebuilt from the library's files.", problem, moved)

    def _library_id(self, client: "ClientAPI") -> str:
        """The id that names the library on its server; "" in a folder. An interrupted adoption is resumed."""
        if self._chroma_url is None:
            return ""
        file = self.folder / "library.json"
        try:
            if file.exists():
                library = json.loads(file.read_text(encoding="utf-8"))
                check_version(library.get("schema"), LIBRARY_SCHEMA, f"{file}, which names the library on its Chroma server,")
            elif self._is_read_only:
                raise StorageError("This library has no name on its Chroma server yet. Open it once where its folder can be written.")
            else:
                library = {"schema": LIBRARY_SCHEMA, "id": secrets.token_hex(8), "is_adopting": True}
                file.write_text(json.dumps(library), encoding="utf-8")
            library_id = str(library["id"])
            if library.get("is_adopting") and not self._is_read_only:
                adopt(client, library_id, self._originals.ids())
                file.write_text(json.dumps({**library, "is_adopting": False}), encoding="utf-8")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"{file}, which names the library on its Chroma server, cannot be used: {error}.") from error
        return library_id

    def _match_files(self, store: RecordStore, keyword_ready: KeywordReady) -> list[Orphan]:
        """Find the documents that have lost their records; what never was a document goes to the quarantine."""
        others = [*store.other_records(), *keyword_ready.other_records()]
        known = {**store.records, **keyword_ready.records, **{record.id: record for record in others}}
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


class SideOpener:
    """Opens an index that is made beside the one that answers, in the same database; the rest of it is in a folder of its own."""

    def __init__(self, folder: Path, store: Callable[[], RecordStore], describe: Callable[[], str]) -> None:
        """Open nothing yet. `folder` is there; `store` returns the record of the index that answers; `describe` is as for `Opener`."""
        self.folder = folder
        self.may_rebuild = False
        self._store = store
        self._describe = describe

    def open(self) -> tuple[Opened, list[Orphan]]:
        """Open all parts; no file is an orphan. Raises as `Opener.open` does."""
        description = self._describe()
        fingerprint = fingerprint_of(description)
        with ExitStack() as on_failure:
            keyword_ready = KeywordReady(self.folder / KEYWORD_READY_FILE, fingerprint)
            on_failure.callback(keyword_ready.close)
            store = self._store().beside(fingerprint, description, lambda: keyword_ready.records)
            keyword_ready.remove(store.records)
            _restart_incomplete(keyword_ready, store)
            lexical = LexicalIndex(self.folder / "lexical", fingerprint)
            on_failure.callback(lexical.close)
            _catch_up(lexical, store, keyword_ready)
            on_failure.pop_all()
        return Opened(store, lexical, keyword_ready, seal=None), []


def fingerprint_of(description: str) -> str:
    """What stands for an index in the names of its collections."""
    return hashlib.sha256(description.encode()).hexdigest()[:16]


def _restart_incomplete(keyword_ready: KeywordReady, store: RecordStore) -> None:
    """Embed documents again from their first chunk of whose vectors some were lost."""
    for id_ in keyword_ready.records:
        if (stored := keyword_ready.stored(id_)) and store.count(id_) < stored:
            keyword_ready.advance(id_, 0)


def _catch_up(lexical: LexicalIndex, store: RecordStore, keyword_ready: KeywordReady) -> None:
    """Make the keyword index hold the documents that there are."""
    records = {**store.records, **keyword_ready.records}
    lexical.remove(lexical.document_ids - records.keys())
    missing = records.keys() - lexical.document_ids
    if (chunks := sum(records[id_].chunks for id_ in missing)) >= MANY_CHUNKS:
        log.warning("Rebuilding the keyword index of %d documents; this may take %d seconds.", len(missing), chunks // CHUNKS_A_SECOND)
    for part in (store, keyword_ready):
        lexical.put(entries_of([records[id_] for id_ in missing if (id_ in store.records) == (part is store)], part.chunks))
    if lexical.count != sum(record.chunks for record in records.values()):  # a crash came between a page that OCR read and its words
        for id_ in [record.id for record in store.records.values() if record.ocr_pages]:
            lexical.put(entries(records[id_], store.chunks))
    lexical.commit()
