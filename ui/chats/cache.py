"""Conversations in memory: those used last, and what the disk has refused so far."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TypeVar

from rag.errors import StorageError
from ui.chats.store import ConversationKey, ConversationStore, DamagedFileError
from ui.chats.turns import Turn, from_row, to_row

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_OPEN = 100  # conversations kept in memory besides the file; the least recently used goes first
MOST_OPEN_TURNS = 2_000  # in all of them


class ConversationCache:
    """Turns by conversation; all but `use` needs its `lock`. A turn that cannot be written stays here, and is written when it can be."""

    def __init__(self, store: ConversationStore) -> None:
        self.lock = threading.RLock()
        self.problem = ""  # why the last turn could not be written, and what to do; "" where it could
        self.store = store
        self.open: OrderedDict[ConversationKey, tuple[Turn, ...]] = OrderedDict()  # the most recently used last
        self._unwritten: dict[tuple[ConversationKey, str], None] = {}

    def turns(self, key: ConversationKey) -> tuple[Turn, ...] | None:
        """A conversation's turns, from memory, else from the file; None for one that is not known."""
        if key in self.open:
            self.open.move_to_end(key)
            return self.open[key]
        try:
            turns = tuple(map(from_row, self.use(lambda store: store.rows(key))))
        except StorageError as error:
            log.warning("a conversation cannot be read: %s", error)
            return None
        if turns:
            self.keep(key, turns)
        return turns or None

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
                del self.open[other]

    def is_busy(self, key: ConversationKey) -> bool:
        """Whether something of a conversation grows, or is not in the file yet."""
        return any(unwritten == key for unwritten, _ in self._unwritten) or any(turn.state == "growing" for turn in self.open.get(key, ()))

    def delete(self, keys: Collection[ConversationKey]) -> None:
        """Delete conversations in the file and in memory. Raises StorageError."""
        with self.lock:
            if keys:
                self.use(lambda store: store.delete(keys))
            for key in keys:
                self.open.pop(key, None)

    def write(self, key: ConversationKey, turn_id: str) -> None:
        """Write a turn, after those that could not be written before."""
        self._unwritten[key, turn_id] = None
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
            except DamagedFileError as error:
                log.warning("%s", error)
                self.store = self.store.replaced()
                self._unwritten |= {(key, turn.id): None for key, turns in self.open.items() for turn in turns}
                self._write_all(self.store)
                return use(self.store)

    def _write_all(self, store: ConversationStore) -> None:
        for key, turn_id in list(self._unwritten):
            turns = self.open.get(key, ())
            for place, turn in enumerate(turns):
                if turn.id == turn_id:
                    store.put(key, place, to_row(turn), len(turns))
            del self._unwritten[key, turn_id]
