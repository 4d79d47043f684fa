"""Who writes to a library on a Chroma server: at most one process at a time, wherever it runs.

wanted -> held, renewed by a thread -> released, or expired when it was not renewed for `EXPIRY_SECONDS`

A lease is a numbered row. Chroma ignores an `add` of an id that exists, so of several processes that want the next number one gets it, and
all see who. The clocks of the machines must agree within some seconds.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryLockedError, StorageError
from rag.storing.chroma_client import NO_VECTOR, SCHEMAS, translated
from rag.storing.schema import check_version

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

EXPIRY_SECONDS = 60.0  # a holder that has not renewed its lease for this long is considered dead
RENEWAL_SECONDS = 10.0

_HELD: set[str] = set()
"""Tokens of the leases of this process: one that is not here was given up while the server was away, or is of an earlier process."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease: `token` tells it from all others, `renewed` is in seconds since 1970, 0 where it has been released."""

    token: str
    host: str
    pid: int
    renewed: float

    def has_expired(self, now: float) -> bool:
        """Whether another may take over."""
        if self.host == socket.gethostname() and (not _is_alive(self.pid) or (self.pid == os.getpid() and self.token not in _HELD)):
            return True
        return now - self.renewed > EXPIRY_SECONDS


class Lease:
    """The right to write to one library, renewed until it is released."""

    def __init__(self, client: "ClientAPI", library_id: str, *, clock: Callable[[], float] = time.time) -> None:
        """Take it, or raise `LibraryLockedError` where another process has it. `clock` returns seconds since 1970."""
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._me = Holder(secrets.token_hex(8), socket.gethostname(), os.getpid(), clock())
        with translated("opened"):
            self._rows = client.get_or_create_collection(
                f"lease-{library_id}", embedding_function=None, metadata={"schema": SCHEMAS["lease"]}
            )
        check_version((self._rows.metadata or {}).get("schema"), SCHEMAS["lease"], "The library's lease on the Chroma server")
        _HELD.add(self._me.token)
        try:
            with translated("opened"):
                self._take()
        except BaseException:
            _HELD.discard(self._me.token)
            raise
        self._thread = threading.Thread(target=self._renew_repeatedly, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise `LibraryLockedError`, before a write, where another process has taken over: this machine may have slept meanwhile."""
        if self._clock() - self._me.renewed > 2 * RENEWAL_SECONDS:
            self._renew()

    def release(self) -> None:
        """Give it back. Doing so twice is harmless."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        _HELD.discard(self._me.token)
        with translated("closed"):
            if self._is_mine():
                self._write(replace(self._me, renewed=0.0))

    def _take(self) -> None:
        """Take the next number."""
        number, holder = _latest(self._rows)
        if holder is not None and not holder.has_expired(self._clock()):
            raise LibraryLockedError(
                f"The library on this Chroma server is in use by process {holder.pid} on {holder.host}. Stop that first, or use its page."
            )
        self._number = number + 1
        self._id = f"lease-{self._number:012d}"
        self._rows.add(ids=[self._id], embeddings=[NO_VECTOR], metadatas=[asdict(self._me)])
        if not self._is_mine():
            raise LibraryLockedError("Another process has just opened the library on this Chroma server. Stop that first, or use its page.")
        self._rows.delete(where={"token": {"$ne": self._me.token}})  # type: ignore[dict-item]

    def _renew(self) -> None:
        with self._lock, translated("written"):
            if not self._is_mine():
                raise LibraryLockedError("Another process has taken over this library while this one was unreachable. Open it again.")
            self._me = replace(self._me, renewed=self._clock())
            self._write(self._me)

    def _is_mine(self) -> bool:
        number, holder = _latest(self._rows)
        return holder is not None and (number, holder.token) == (self._number, self._me.token)

    def _write(self, holder: Holder) -> None:
        self._rows.update(ids=[self._id], metadatas=[asdict(holder)])

    def _renew_repeatedly(self) -> None:
        with suppress(LibraryLockedError):  # the next write raises it
            while not self._ended.wait(RENEWAL_SECONDS):
                with suppress(StorageError):  # the server may come back
                    self._renew()


def _latest(rows: "Collection") -> tuple[int, Holder | None]:
    """The number of the last lease and who has it; 0 and None where there was none."""
    found = rows.get(include=["metadatas"])
    if not found["ids"]:
        return 0, None
    id_, fields = max(zip(found["ids"], found["metadatas"] or (), strict=True), key=lambda row: row[0])
    values: Any = fields or {}
    token, host = str(values.get("token", "")), str(values.get("host", ""))
    return int(id_.rpartition("-")[2]), Holder(token, host, int(values.get("pid", 0)), float(values.get("renewed", 0)))


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # to ask would be to signal
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # else it is somebody else's
    return True
