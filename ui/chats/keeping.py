"""What is not kept: conversations that nobody has changed for too long, and those of people who were removed."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from rag.errors import RagError, StorageError
from rag.storing.places import Places
from ui.chats import CONVERSATIONS_FILE
from ui.chats.conversations import Conversations
from ui.chats.store import ConversationStore
from ui.people.ledger import Ledger

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


def sweep_stored(server: Places, removed: Sequence[str], days: int | None, libraries: Iterable[str] = ()) -> None:
    """The same in all libraries of a server as they are stored, beside the server too, with what was counted of the people.

    `libraries` are the ids of those of a cluster. Raises RagError where it fails in one, having tried all.
    """
    failed: RagError | None = None
    usage = server.database("usage")
    if removed and usage.exists():
        with Ledger(usage) as ledger:
            ledger.forget(removed)
    for places in conversation_places(server, libraries).values():
        try:
            with stored(places) as conversations:
                sweep([conversations], removed, days)
        except RagError as error:
            failed = error
    if failed:
        raise failed


def conversation_places(server: Places, libraries: Iterable[str]) -> dict[str, Places]:
    """Where there are conversations of a server, by the id of their library; "" is the main one.

    In a cluster, those of its `libraries`; else all that are in the server's folder, those of removed libraries too.
    """
    if server.are_shared:
        return {id_: Places(server.folder, server.database_url, id_) for id_ in {"": None, **dict.fromkeys(libraries)}}
    files = sorted(server.folder.glob(f"*libraries/*/{CONVERSATIONS_FILE}"))  # as `ui.people.folders` says
    others = {path.parent.name: Places(path.parent, None) for path in files}
    return {"": server, **others} if (server.folder / CONVERSATIONS_FILE).exists() else others


@contextmanager
def stored(places: Places) -> Iterator[Conversations]:
    """Conversations that another process may use; raises StorageError."""
    try:
        store = ConversationStore.of(places) if places.are_shared else ConversationStore.at(places.folder / CONVERSATIONS_FILE)
    except StorageError as error:
        raise StorageError(f"{error} Conversations were left as they are.") from error
    with closing(Conversations(store)) as conversations:
        yield conversations


class Keeping:
    """A thread that sweeps a server's libraries: what is in memory, and the files. What the disk refuses is deleted the next time."""

    def __init__(
        self,
        server: Places,
        libraries: Callable[[], Iterable[Conversations]],
        removed: Callable[[], Sequence[str]],
        days: int | None,
        ids: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """`libraries` tells those that are open, `removed` the ids of people; without `days`, conversations are kept.

        `ids` tells the libraries of a cluster.
        """
        self._server, self._libraries, self._removed, self._days, self._ids = server, libraries, removed, days, ids
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
                    sweep_stored(self._server, removed, self._days, self._ids())
                before = removed
            except RagError as error:
                log.warning("conversations cannot be deleted: %s", error)
            looks += 1
            self._ended.wait(SECONDS_BETWEEN)
