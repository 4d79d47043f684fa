"""Conversations in memory: those used last, and what the disk or the database has refused so far.

In a cluster other servers write the same conversations. What is in memory is used only while the store has no newer version of it, and an
answer that grows here is written every two seconds: others see it grow, and a server that ended without a word is noticed.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rag.errors import StorageError
from rag.storing.database import DamagedDatabaseError
from ui.chats.store import ConversationKey, ConversationStore
from ui.chats.turns import Turn, from_row, to_row

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_OPEN = 100  # conversations kept in memory besides the file; the least recently used goes first
MOST_OPEN_TURNS = 2_000  # in all of them
SECONDS_BETWEEN_BEATS = 2.0  # two writings of what grows, in a cluster
UNKNOWN = -1  # the version of a conversation that is to be read again


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """What is still to be written of a turn: whether it is not in the store yet, and the ids of the turns that it replaces."""

    is_new: bool = False
    gone: tuple[str, ...] = ()


class ConversationCache:
    """Turns by conversation; all but `use` needs its `lock`. A turn that cannot be written stays here, and is written when it can be."""

    def __init__(self, store: Callable[[], ConversationStore]) -> None:
        """`store` is called with the first use: to load the adapter of databases takes a quarter of a second."""
        self.lock = threading.RLock()
        self.problem = ""  # why the last turn could not be written, and what to do; "" where it could
        self._open_store = store
        self._store: ConversationStore | None = None
        self.open: OrderedDict[ConversationKey, tuple[Turn, ...]] = OrderedDict()  # the most recently used last
        self.growing: dict[tuple[ConversationKey, str], Turn | None] = {}  # here, each as it was written last
        self._versions: dict[ConversationKey, int | None] = {}  # of those that are open, as they were read or written
        self._unwritten: dict[tuple[ConversationKey, str], _Unwritten] = {}
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    @property
    def store(self) -> ConversationStore:
        """Where they are kept."""
        with self.lock:
            if self._store is None:
                self._store = self._open_store()
            return self._store

    def turns(self, key: ConversationKey) -> tuple[Turn, ...] | None:
        """A conversation's turns, from memory, else from the store; None for one that is not known."""
        if key in self.open and self._is_current(key):
            self.open.move_to_end(key)
            return self.open[key]
        try:
            version = self.use(lambda store: store.version(key)) if self.store.is_shared else None
            rows = self.use(lambda store: store.rows(key))
        except StorageError as error:
            log.warning("a conversation cannot be read: %s", error)
            return self.open.get(key)
        here = {turn.id: turn for turn in self.open.get(key, ())}
        mine = {id_: turn for id_, turn in here.items() if (key, id_) in self._unwritten}
        growing = {id_: turn for id_, turn in here.items() if (key, id_) in self.growing}
        grows = {row.id for row in rows if row.seconds_left is not None}
        self._forget_growing(key, growing.keys() - grows - mine.keys())  # ended or deleted by another server
        newest = mine | {id_: turn for id_, turn in growing.items() if id_ in grows}
        known = {row.id for row in rows}
        turns = [newest.get(row.id) or from_row(row) for row in rows] + [turn for id_, turn in mine.items() if id_ not in known]
        if not turns:
            self._close(key)
            return None
        self.keep(key, tuple(turns))
        self._versions[key] = version
        return self.open[key]

    def keep(self, key: ConversationKey, turns: tuple[Turn, ...]) -> None:
        """Keep a conversation in memory; others go, but not those that grow or are not written yet."""
        self.open[key] = turns
        self.open.move_to_end(key)
        count = sum(map(len, self.open.values()))
        for other, others in list(self.open.items())[:-1]:
            if len(self.open) <= MOST_OPEN and count <= MOST_OPEN_TURNS:
                break
            if not self.is_busy(other):
                count -= len(others)
                self._close(other)

    def is_busy(self, key: ConversationKey) -> bool:
        """Whether something of a conversation grows, or is not in the file yet."""
        return any(unwritten == key for unwritten, _ in self._unwritten) or any(turn.state == "growing" for turn in self.open.get(key, ()))

    def delete(self, keys: Collection[ConversationKey]) -> None:
        """Delete conversations in the file and in memory. Raises StorageError."""
        with self.lock:
            if keys:
                self.use(lambda store: store.delete(keys))
            for key in keys:
                self._close(key)

    def add(self, key: ConversationKey, turns: Sequence[Turn], gone: tuple[str, ...] = ()) -> None:
        """Add turns behind the others, and write them; those with the ids in `gone` go."""
        self.keep(key, (*(old for old in self.open.get(key, ()) if old.id not in gone), *turns))
        for turn in turns:
            self._unwritten[key, turn.id] = _Unwritten(is_new=True, gone=gone)
            if turn.state == "growing":
                self.growing[key, turn.id] = None
        if self.growing and self.store.is_shared and self._beating is None:
            self._beating = threading.Thread(target=self._beat_repeatedly, name="conversations", daemon=True)
            self._beating.start()
        for turn in turns:
            self.write(key, turn.id)

    def write(self, key: ConversationKey, turn_id: str) -> None:
        """Write a turn, after those that could not be written before."""
        self._unwritten.setdefault((key, turn_id), _Unwritten())
        try:
            self.use(self._write_all)
            self.problem = ""
        except StorageError as error:
            log.warning("a turn cannot be written: %s", error)
            self.problem = str(error)

    def use(self, use: Callable[[ConversationStore], T]) -> T:
        """Use the store; where its file is damaged, a new one with the conversations in memory. Raises StorageError."""
        with self.lock:
            try:
                return use(self.store)
            except DamagedDatabaseError as error:
                log.warning("%s", error)
                self._store = self.store.replaced()
                self._unwritten = {(key, turn.id): _Unwritten(is_new=True) for key, turns in self.open.items() for turn in turns}
                self._write_all(self.store)
                return use(self.store)

    def close(self) -> None:
        """Write what can be written, and close the store."""
        self._ended.set()
        if self._beating:
            self._beating.join()
        if self._store:
            self._store.close()

    def _is_current(self, key: ConversationKey) -> bool:
        if not self.store.is_shared:
            return True
        try:
            return self.store.version(key) == self._versions.get(key)
        except StorageError as error:  # what is in memory is better than nothing
            log.warning("a conversation cannot be read: %s", error)
            return True

    def _write_all(self, store: ConversationStore) -> None:
        for (key, turn_id), unwritten in list(self._unwritten.items()):
            turn = next((turn for turn in self.open.get(key, ()) if turn.id == turn_id), None)
            if turn:
                self._write(store, key, turn, unwritten)
            del self._unwritten[key, turn_id]

    def _write(self, store: ConversationStore, key: ConversationKey, turn: Turn, unwritten: _Unwritten) -> None:
        grew = store.is_shared and (key, turn.id) in self.growing
        version = store.put(key, to_row(turn), gone=unwritten.gone, how="new" if unwritten.is_new else "grown" if grew else "again")
        is_next = version is not None and version == (self._versions.get(key) or 0) + 1
        self._versions[key] = version if is_next else UNKNOWN
        if turn.state == "growing" and version is not None:
            self.growing[key, turn.id] = turn
        else:
            self.growing.pop((key, turn.id), None)

    def _close(self, key: ConversationKey) -> None:
        self.open.pop(key, None)
        self._versions.pop(key, None)
        self._forget_growing(key, {turn_id for other, turn_id in self.growing if other == key})

    def _forget_growing(self, key: ConversationKey, turn_ids: Collection[str]) -> None:
        for turn_id in turn_ids:
            self.growing.pop((key, turn_id), None)

    def _beat_repeatedly(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_BEATS):
            try:
                self._beat()
            except StorageError as error:  # the database may come back
                log.warning("answers that grow cannot be written: %s", error)
            except Exception:
                log.exception("answers that grow cannot be written")

    def _beat(self) -> None:
        """Write what has grown since the last time, and say of the rest that it still grows; the store is used without the lock."""
        with self.lock:
            growing = dict(self.growing)
            turns = {(key, turn.id): turn for key, _ in growing for turn in self.open.get(key, ())}
        for (key, turn_id), written in growing.items():
            turn = turns.get((key, turn_id))
            if turn is None or written is None or turn.state != "growing":  # ending at this moment, or not in the store yet
                continue
            if turn is written:
                is_there, version = self.store.touch(key, turn_id), None
            else:
                version = self.store.put(key, to_row(turn), how="grown")
                is_there = version is not None
            self._note_beat(key, turn, version, is_there=is_there)
        with self.lock:
            if self._unwritten:
                self.use(self._write_all)
                self.problem = ""

    def _note_beat(self, key: ConversationKey, turn: Turn, version: int | None, *, is_there: bool) -> None:
        with self.lock:
            if version is not None:
                self._versions[key] = version if version == (self._versions.get(key) or 0) + 1 else UNKNOWN
            if is_there and (key, turn.id) in self.growing:
                self.growing[key, turn.id] = turn
            elif not is_there:  # ended or deleted by another server
                self.growing.pop((key, turn.id), None)
                self._versions[key] = UNKNOWN
