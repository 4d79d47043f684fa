"""How a server of a cluster follows the one that writes: its records, and with them its keyword index, change within about a second.

Each second it reads the changes after the last version that it has seen, takes them into the store's snapshot, and puts the words of these
documents into the keyword index, with the text of their chunks from Chroma. While the database or Chroma is away it answers with what it
has. A change whose chunks cannot be read, or not all of them, is tried again: the record is followed at once, the words when they can be.

`Words` notes beside the keyword index up to which version it has them: written after what it speaks of, so it may be behind, never ahead.
"""

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LibraryClosedError, RagError, StorageError
from rag.storing.cluster.membership import Membership, awake
from rag.storing.cluster.rows import Change, SharedRows
from rag.storing.cluster.store import SharedStore
from rag.storing.entries import entries, entries_of
from rag.storing.lexical import LexicalIndex
from rag.storing.lexical_files import FOLLOWED
from rag.storing.protocol import READ_BATCH
from rag.storing.record_rows import Row
from rag.types import Chunk, ChunkKey

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_TRIES = 5.0  # to open what could not be opened
MOST_TRIES = 30  # looks in which a document's chunks may still be missing, before its words are what is there
CHUNKS_A_TURN = 4 * READ_BATCH  # chunks whose words are put before what was put can be searched


@dataclass(frozen=True, slots=True)
class FollowingState:
    """How far a server has followed the one that writes.

    Attributes:
        records: Documents whose changes it has not taken in completely, as far as it knows.
        seconds: Since it last had all there was, as far as it knows; None if it never had.
        is_open: Whether its index is open.
        problem: Why the last look was of no use, or "".
    """

    records: int
    seconds: float | None
    is_open: bool
    problem: str


def followed_version(folder: Path, library_id: str) -> int:
    """Up to which version of a library's record the keyword index in a folder has its words; 0 where that is not known."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        stored = json.loads((folder / FOLLOWED).read_text(encoding="utf-8"))
        if stored["library"] == library_id:
            return int(stored["version"])
    return 0


class Words:
    """Up to which version of the record the keyword index in a folder has its words."""

    def __init__(self, lexical: LexicalIndex, folder: Path, library_id: str) -> None:
        self._lexical = lexical
        self._file = folder / FOLLOWED
        self._library_id = library_id
        self.version = followed_version(folder, library_id)
        """0 where it is not known: all words are then to be put again."""
        self._saved = self.version or -1

    def reached(self, version: int) -> None:
        """Note that the words of all changes up to this version have been put."""
        self.version = version

    def save(self) -> int:
        """Make what was put durable, and say so in the file; returns the version."""
        version = self.version
        self._lexical.commit()
        if version != self._saved:
            with suppress(OSError):  # they are put again
                unfinished = self._file.with_suffix(".partial")
                unfinished.write_text(json.dumps({"library": self._library_id, "version": version}), encoding="utf-8")
                unfinished.replace(self._file)
                self._saved = version
        return version


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A document whose words are to be put: those of its chunks from `begin` on, or all in place of what is there; or to be removed."""

    row: Row | None
    begin: int = 0
    tries: int = 0


class Follower:
    """Follows the record of one open index."""

    def __init__(
        self, store: SharedStore, rows: SharedRows, lexical: LexicalIndex, words: Words, drop_copy: Callable[[str], None] = lambda _: None
    ) -> None:
        """Begin where the keyword index was left: what has changed since is to be put. `drop_copy` is told of documents that are gone."""
        self._drop_copy = drop_copy
        self._store = store
        self._rows = rows
        self._lexical = lexical
        self._words = words
        self._seen = rows.version  # what is in the store's snapshot
        self._waiting: dict[str, _Waiting] = {}
        there = lexical.document_ids
        changed = {change.document_id for change in rows.changes(words.version)} if words.version else there
        for id_ in there - store.records.keys():
            self._waiting[id_] = _Waiting(None)
        for id_ in store.records:
            if id_ not in there or id_ in changed:
                self._waiting[id_] = _Waiting(store.row(id_))

    @property
    def behind(self) -> int:
        """How many documents' words are still to be put."""
        return len(self._waiting)

    @property
    def chunks_behind(self) -> int:
        """How many chunks they have."""
        return sum(each.row.record.chunks - each.begin for each in self._waiting.values() if each.row)

    def look(self) -> bool:
        """Take in what has changed, some of it; whether there is more. Raises `StorageError`."""
        library = self._rows.library()
        if library.version != self._seen:
            changes = self._rows.changes(self._seen)
            if library.forgotten > self._seen:
                changes += self._gone()
            for change in changes:
                if waiting := self._wanted(change):
                    self._waiting[change.document_id] = waiting
            self._store.follow(changes)
            for change in changes:
                if change.row is None:
                    self._drop_copy(change.document_id)
            self._seen = max([library.version, *(change.version for change in changes)])
        return self._put_words()

    def catch_up(self) -> None:
        """Take in all there is by now."""
        while self.look():
            pass

    def _wanted(self, change: Change) -> _Waiting | None:
        """What is to be put of a document, whose row was another one until now."""
        now, before = change.row, self._store.row(change.document_id)
        if now is None or before is None or change.document_id in self._waiting:
            return _Waiting(now)
        old, new = before.record, now.record
        if (old.name, old.title) != (new.name, new.title) or now.stamps[: len(before.stamps)] != before.stamps or new.chunks < old.chunks:
            return _Waiting(now)
        if new.chunks == old.chunks:
            return None if now.stamps == before.stamps else _Waiting(now)
        return _Waiting(now, begin=old.chunks)

    def _gone(self) -> list[Change]:
        """The documents that have gone without a trace: this server was cut off for days."""
        there = {row.record.id for row in self._rows.read()}
        return [Change(id_, 0, None) for id_ in self._store.records if id_ not in there]

    def _put_words(self) -> bool:
        """Put the words of some documents, or of one long one; whether there is more to do at once."""
        self._lexical.remove([id_ for id_, each in self._waiting.items() if each.row is None])
        self._waiting = {id_: each for id_, each in self._waiting.items() if each.row}
        turn, chunks = dict[str, _Waiting](), 0
        for id_, each in self._waiting.items():
            if chunks < CHUNKS_A_TURN and each.row:
                turn[id_] = each
                chunks += each.row.record.chunks - each.begin
        read = _CountingReader(self._store)
        self._lexical.put(entries_of([each.row.record for each in turn.values() if each.row and not each.begin], read))
        for each in turn.values():
            if each.row and each.begin:
                self._lexical.extend(entries(each.row.record, read, each.begin))
        self._lexical.commit()
        lacking = {
            id_: _Waiting(each.row, tries=each.tries + 1)
            for id_, each in turn.items()
            if each.row and read.counts[id_] < each.row.record.chunks - each.begin
        }
        for id_, each in lacking.items():
            if each.tries == MOST_TRIES:
                log.warning("The Chroma server lacks chunks of the document %s. `rag doctor` says more.", id_)
        lacking = {id_: each for id_, each in lacking.items() if each.tries < MOST_TRIES}
        self._waiting = {id_: each for id_, each in self._waiting.items() if id_ not in turn} | lacking  # which wait behind the others
        if not self._waiting:
            self._words.reached(self._seen)
            self._words.save()
        return len(self._waiting) > len(lacking)


class _CountingReader:
    """Reads chunks, and counts those found of each document."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self.counts = Counter[str]()

    def __call__(self, keys: Sequence[ChunkKey]) -> Mapping[ChunkKey, Chunk]:
        found = self._store.chunks(keys)
        self.counts.update(document_id for document_id, _ in found)
        return found


class Following:
    """Has this server follow the one that writes, as long as it lives: the index may be closed and opened meanwhile. Thread-safe."""

    def __init__(self, membership: Membership) -> None:
        """Begin with `start`."""
        self._membership = membership
        self._follower: Follower | None = None
        self._is_open = False
        self._had_all: float | None = None
        self._behind = 0
        self._problem = ""
        self._turn = threading.RLock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._tasks: list[Callable[[], None]] = []

    def start(self, open_index: Callable[[], object], reopen: Callable[[], None]) -> None:
        """Look each second from now on; what is closed is opened with `open_index`, and with `reopen` where the role has changed."""

        def change(_: bool) -> None:
            try:
                reopen()
            except RagError as error:  # the index is closed then, and opened by the thread
                self._tell(str(error))

        self._membership.on_change(change)
        self._thread = threading.Thread(target=self._follow, args=(open_index,), name="following", daemon=True)
        self._thread.start()

    def later(self, call: Callable[[], None]) -> None:
        """Have the thread do something; at once, where there is none."""
        if self._thread:
            self._tasks.append(call)
        else:
            call()

    def attach(self, follower: Follower | None) -> None:
        """An index was opened: to be followed, or, without a follower, as the writer's own."""
        with self._turn:
            self._follower = follower
            self._is_open = True
            self._note()

    def detach(self) -> None:
        """The index is closed, or is going to be another one; returns when nothing of it is in use here."""
        with self._turn:
            self._follower = None
            self._is_open = False

    def state(self) -> FollowingState:
        """How far it has come; asks nobody."""
        seconds = None if self._had_all is None else awake() - self._had_all
        if self._is_open and self._follower is None:  # the writer
            seconds = 0.0
        return FollowingState(self._behind, seconds, self._is_open, self._problem)

    def look(self) -> None:
        """Follow now what has changed by now, as far as that is possible."""
        with self._turn:
            follower = self._follower
            if follower is None:
                return
            try:
                while follower.look() and not self._ended.is_set():
                    self._behind = follower.behind
            except StorageError as error:
                self._behind = follower.behind
                self._tell(str(error))
            else:
                self._note()

    def close(self) -> None:
        """Stop. Doing so twice is harmless."""
        self._ended.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _note(self) -> None:
        self._behind = self._follower.behind if self._follower else 0
        self._problem = ""
        if not self._behind:
            self._had_all = awake()

    def _follow(self, open_index: Callable[[], object]) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            pause = SECONDS_BETWEEN_LOOKS
            try:
                if not self._is_open:
                    open_index()
                while self._tasks:
                    self._tasks.pop(0)()
            except LibraryClosedError:
                return
            except RagError as error:
                pause = SECONDS_BETWEEN_TRIES
                self._tell(str(error))
            else:
                self.look()

    def _tell(self, problem: str) -> None:
        if problem != self._problem:
            log.warning("The library cannot be followed at present: %s", problem)
        self._problem = problem
