"""What is not kept: conversations that nobody has changed for too long, and those of people who were removed."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import RagError, StorageError
from ui.chats import CONVERSATIONS_FILE
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore
from ui.people.ledger import Ledger
from ui.people.limits import USAGE_FILE

SECONDS_BETWEEN = 60.0  # two looks; people are also removed on the command line
SECONDS_A_DAY = 86_400.0
LOOKS_A_FILE = 60  # of which one goes to the files of libraries that are not open, unless somebody has been removed since the last

log = logging.getLogger(__name__)


def sweep(libraries: Iterable[Conversations], removed: Sequence[str], days: int | None) -> None:
    """Delete conversations of the people with the ids `removed`, and those unchanged for so many days, in each library.

    Raises RagError where the disk refuses, having tried all.
    """
    failed: RagError | None = None
    for conversations in libraries:
        try:
            if days:
                conversations.expire(time.time() - days * SECONDS_A_DAY)
            for person_id in removed:
                conversations.of(person_id).erase()
        except RagError as error:
            failed = error
    if failed:
        raise failed


def sweep_files(folder: Path, removed: Sequence[str], days: int | None) -> None:
    """The same in all libraries of a server's folder, beside the server too, with what was counted of the people.

    Raises RagError where it fails in one, having tried all.
    """
    failed: RagError | None = None
    if removed and (folder / USAGE_FILE).exists():
        with Ledger(folder / USAGE_FILE) as ledger:
            ledger.forget(removed)
    for path in conversation_files(folder).values():
        try:
            with stored(path) as conversations:
                sweep([conversations], removed, days)
        except RagError as error:
            failed = error
    if failed:
        raise failed


def conversation_files(folder: Path) -> dict[str, Path]:
    """The files of conversations in a server's folder, by the id of their library, removed ones too; "" is the main one."""
    others = {path.parent.name: path for path in sorted(folder.glob(f"*libraries/*/{CONVERSATIONS_FILE}"))}  # as `ui.people.folders` says
    return {"": folder / CONVERSATIONS_FILE, **others} if (folder / CONVERSATIONS_FILE).exists() else others


@contextmanager
def stored(path: Path) -> Iterator[Conversations]:
    """The conversations in a file that another process may have open; raises StorageError."""
    try:
        store = ConversationStore(path)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path} cannot be used: {error}. Its conversations were left as they are.") from error
    with closing(Conversations(store)) as conversations:
        yield conversations


class Keeping:
    """A thread that sweeps a server's libraries: what is in memory, and the files. What the disk refuses is deleted the next time."""

    def __init__(
        self, folder: Path, libraries: Callable[[], Iterable[Conversations]], removed: Callable[[], Sequence[str]], days: int | None
    ) -> None:
        """`libraries` tells those that are open, `removed` the ids of people; without `days`, conversations are kept."""
        self._folder, self._libraries, self._removed, self._days = folder, libraries, removed, days
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="keeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        looks, before = 0, list[str]()
        while not self._ended.is_set():
            try:
                removed = list(self._removed())
                sweep(self._libraries(), removed, self._days)
                if looks % LOOKS_A_FILE == 0 or removed != before:
                    sweep_files(self._folder, removed, self._days)
                before = removed
            except RagError as error:
                log.warning("conversations cannot be deleted: %s", error)
            looks += 1
            self._ended.wait(SECONDS_BETWEEN)
