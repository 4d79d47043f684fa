"""Opens the index of a cluster's library on one of its servers: to write, or to follow the one that does.

Chunks are on a Chroma server, records in the database, files in what all servers share; the library's folder has what can be made again:

lexical/           the keyword index, with `followed.json`: up to which version of the record it has the words
pending.sqlite3    drafts and keyword-ready documents, of the one that writes. `pending.json` says in which term: whoever writes next goes
                   on with its own if nobody else has written since; else they are dropped: who wrote made them again, from their files
"""

import json
import logging
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.endpoints.addresses import without_secrets
from rag.errors import LibraryDamagedError, LibraryLockedError, StorageError, UnavailableError, storage_errors
from rag.storing.chroma_client import connect, disconnect, make_shared, open_shared, translated
from rag.storing.cluster.bucket import Bucket
from rag.storing.cluster.following import Follower, Following, Words, followed_version
from rag.storing.cluster.membership import Membership, Term
from rag.storing.cluster.moving import collection_name, is_library, move_in
from rag.storing.cluster.rows import SharedIndex, SharedLibrary, SharedRows
from rag.storing.cluster.snapshots import Snapshots
from rag.storing.cluster.store import SharedStore
from rag.storing.entries import entries_of
from rag.storing.integrity import database_problem
from rag.storing.keyword_ready import FILE as KEYWORD_READY_FILE
from rag.storing.keyword_ready import KeywordReady
from rag.storing.lexical import LexicalIndex, identity_of
from rag.storing.opening import CHUNKS_A_SECOND, MANY_CHUNKS, Opened, fingerprint_of
from rag.storing.originals import Originals, Orphan

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

    from rag.storing.database import Database

log = logging.getLogger(__name__)

CURE = "If the server has lost its data, `rag doctor --repair` rebuilds the index from the files."
NO_FILE = Path(":memory:")  # of who only follows
TERM_FILE = "pending.json"


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """Where the servers of a cluster keep the index of a library.

    Attributes:
        database: It has the noun "library".
        chroma_url: The Chroma server.
        token: It opens that server.
        bucket: It has snapshots of the keyword index; None where there are none.
    """

    database: "Database"
    chroma_url: str
    token: str = ""
    bucket: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What else an open index has here; see `rag.storing.opening.SharedParts`."""

    term: Term | None
    membership: Membership
    store: SharedStore
    lexical: LexicalIndex
    words: Words
    following: Following

    @property
    def is_current(self) -> bool:
        """Whether it was opened as what this process is now."""
        return self.term is self.membership.term

    def put_words(self) -> None:
        """Note that the keyword index has the words of all that the store has: of the writer's own changes."""
        if self.term:
            self.words.reached(self.store.version)

    def save_words(self) -> int:
        """Make these words durable; returns the version of the record whose words they are."""
        return self.words.save()

    def later(self, call: Callable[[], None]) -> None:
        """Have something done by the thread that keeps the index up to date."""
        self.following.later(call)

    def survives(self, error: StorageError) -> bool:
        """Whether what is open is of use after this error: who only reads waits for a server that is away."""
        return self.term is None and isinstance(error, UnavailableError)

    def detach(self) -> None:
        """Stop following, before the index is closed."""
        self.following.detach()
        with suppress(StorageError):
            self.words.save()


class ClusterOpener:
    """Opens the index of a cluster's library; see `rag.storing.opening.Opener`."""

    def __init__(
        self,
        folder: Path,
        place: SharedPlace,
        originals: Originals,
        describe: Callable[[], str],
        membership: Membership,
        following: Following,
    ) -> None:
        """Open nothing yet. What `describe` returns names the index, as in `IndexName`; `following` is told what is opened."""
        self.folder = folder
        self.may_rebuild = False
        self._place = place
        self._originals = originals
        self._describe = describe
        self._membership = membership
        self._following = following

    def open(self, before: Opened | None = None) -> tuple[Opened, list[Orphan]]:
        """Open all parts; also returns the files of documents that are to be added again.

        Of what was opened before for another role, the keyword index and the connection to the Chroma server go on.

        Raises as `Opener.open` does, and `StorageError` where nobody has opened the library to write yet.
        """
        term = self._membership.term
        try:
            return self._open(term, before)
        except LibraryLockedError:
            if self._membership.term is term:
                raise
            return self._open(self._membership.term, before)  # another process took over meanwhile

    def _open(self, term: Term | None, before: Opened | None) -> tuple[Opened, list[Orphan]]:
        description = self._describe()
        with ExitStack() as on_failure:
            if before and isinstance(before.store, SharedStore):
                client, lexical = before.store.client, before.lexical
            else:
                client, lexical = connect(self.folder, self._place.chroma_url, self._place.token), None
                on_failure.callback(disconnect, client)
            rows = SharedRows(self._place.database, fingerprint_of(description), term, client)
            library = rows.library()
            if term and not library.is_begun and is_library(self.folder):
                self._originals.move_in()
            is_moved = term is not None and not library.is_begun and move_in(client, rows, library.id, self.folder)
            chunks = self._collection(client, rows, library.id, description, term)
            keyword_ready = self._keyword_ready(rows, library, term)
            on_failure.callback(keyword_ready.close)
            store = SharedStore(client, chunks, rows, lambda: keyword_ready.records, term)
            lost = self._lost(store, rows, keyword_ready, is_begun=library.is_begun) if term else []
            if lexical is None:
                self._fetch_words(rows.fingerprint, library)
                lexical = LexicalIndex(self.folder / "lexical", rows.fingerprint)
                on_failure.callback(lexical.close)
            words = Words(lexical, self.folder / "lexical", library.id)
            if is_moved:
                words.reached(store.version)  # as they were on the one machine
            follower = Follower(store, rows, lexical, words, self._originals.drop_copy)
            _announce(follower)
            follower.catch_up()
            lexical.put(entries_of(keyword_ready.records.values(), keyword_ready.chunks))
            if term:
                rows.begin()
                rows.forget_removed()
            on_failure.pop_all()
        self._following.attach(None if term else follower)
        shared = Shared(term, self._membership, store, lexical, words, self._following)
        return Opened(store, lexical, keyword_ready, None, shared), lost

    def _fetch_words(self, fingerprint: str, library: SharedLibrary) -> None:
        """Begin with a snapshot of the keyword index where this server has none of this library."""
        folder = self.folder / "lexical"
        if self._place.bucket and not followed_version(folder, library.id):
            Snapshots(self._place.bucket, folder, identity_of(fingerprint)).fetch(library.version)

    def _collection(self, client: "ClientAPI", rows: SharedRows, library_id: str, description: str, term: Term | None) -> "Collection":
        """The collection of chunks; who writes makes it, unless it should be there."""
        indexes = rows.indexes()
        index = next((each for each in indexes if each.fingerprint == rows.fingerprint), None)
        identity = rows.identity()
        is_writer = term is not None
        with translated("opened"):
            if index and (
                found := open_shared(client, index.collection, description, identity, is_writer=is_writer, may_take=self.may_rebuild)
            ):
                return found
            if index and not (is_writer and self.may_rebuild):
                raise LibraryDamagedError(
                    f"The Chroma server at {without_secrets(self._place.chroma_url)} has nothing of this library, although its database "
                    f"says so. Check RAG_CHROMA_URL. {CURE}"
                )
            if term:
                name = collection_name(library_id, rows.fingerprint, term.next_stamp())
                made = make_shared(client, name, description, identity)
                rows.add_indexes([SharedIndex(rows.fingerprint, name, description)])
                return made
        if indexes:
            raise StorageError(
                f"The library is indexed with another embedding model or chunk size ({indexes[0].description}) than this server's "
                f"({description}). All servers of a cluster need the same settings."
            )
        raise StorageError("No server has written to this library yet. Start one without --replica.")

    def _keyword_ready(self, rows: SharedRows, library: SharedLibrary, term: Term | None) -> KeywordReady:
        """The keyword-ready documents that this process goes on with; all are embedded from their first chunks on."""
        if term is None:
            return KeywordReady(NO_FILE, rows.fingerprint)
        file, note = self.folder / KEYWORD_READY_FILE, self.folder / TERM_FILE
        last = None
        with suppress(OSError, ValueError, TypeError, KeyError):
            stored = json.loads(note.read_text(encoding="utf-8"))
            last = int(stored["epoch"]) if stored["library"] == library.id else None
        is_mine = last in {term.epoch, term.epoch - 1} or (last is None and not library.is_begun)
        with storage_errors("The list of what is being indexed cannot be used"):
            if not is_mine or database_problem(file):
                for each in self.folder.glob(f"{KEYWORD_READY_FILE}*"):
                    each.unlink()
            keyword_ready = KeywordReady(file, rows.fingerprint)
            note.write_text(json.dumps({"library": library.id, "epoch": term.epoch}), encoding="utf-8")
        keyword_ready.remove([row.record.id for row in rows.read()])  # committed before a crash
        for id_ in keyword_ready.records:
            keyword_ready.advance(id_, 0)
            if last is None:
                rows.expect(id_)
        return keyword_ready

    def _lost(self, store: SharedStore, rows: SharedRows, keyword_ready: KeywordReady, *, is_begun: bool) -> list[Orphan]:
        """The files of documents that are to be added again; what never was a document goes to the quarantine."""
        self._drop_incomplete(store)
        awaited, removed = rows.without_record()
        others = [*store.other_records(), *keyword_ready.other_records()]
        known = {**store.records, **keyword_ready.records, **{record.id: record for record in others}}
        orphans = self._originals.orphans(known, awaited - known.keys())
        if orphans and not known and not is_begun and not self.may_rebuild:
            raise LibraryDamagedError(
                f"The database has nothing of this library, but the files of {len(orphans)} documents are stored. Check RAG_DATABASE_URL "
                f"and RAG_ORIGINALS_URL. {CURE}"
            )
        lost = []
        for orphan in orphans:
            if orphan.id in removed:
                self._originals.discard(orphan.id)
            elif orphan.id in awaited or (orphan.is_known and not known):  # else its adding failed, and was told so
                lost.append(orphan)
            else:
                log.warning("%s has no record in the library. It was moved to %s.", orphan.path.name, self._originals.isolate(orphan))
        self._originals.describe_missing(known)
        self._originals.tidy_quarantine(known)
        if lost:
            log.warning("%d documents are not indexed. Reading the library's copies of the files again.", len(lost))
        return lost

    def _drop_incomplete(self, store: SharedStore) -> None:
        """Have documents made again that lack chunks on the Chroma server, as after it was restored from a backup."""
        if not store.incomplete:
            return
        if not self.may_rebuild and all(id_ in store.incomplete for id_, record in store.records.items() if record.chunks):
            raise LibraryDamagedError(
                f"The Chroma server at {without_secrets(self._place.chroma_url)} lacks chunks of all documents. Check RAG_CHROMA_URL. "
                + CURE
            )
        log.warning("The Chroma server lacks chunks of %d documents, which are read again.", len(store.incomplete))
        for id_ in store.incomplete:
            if not self._originals.problem(store.records[id_]):
                store.remove(id_, is_awaited=True)


def _announce(follower: Follower) -> None:
    """Say what someone waits for."""
    if (chunks := follower.chunks_behind) >= MANY_CHUNKS:
        seconds = chunks // CHUNKS_A_SECOND
        log.warning("Rebuilding the keyword index of %d documents; this may take %d seconds.", follower.behind, seconds)
