"""The index of one library: its chunk store, opened when it is first needed and opened anew after it failed."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rag.errors import StorageError
from rag.storing.chunks import ChunkStore, connect
from rag.storing.originals import Originals

FULL_BYTES = 16_000_000
"""With less room than this on the disk, that is why a write failed."""


class Index:
    """Opens and closes the store of a library; may be used from several threads."""

    def __init__(self, folder: Path, chroma_url: str | None, originals: Originals, describe: Callable[[], str]) -> None:
        """Open nothing yet.

        Args:
            folder: The library's.
            chroma_url: A Chroma server that keeps the record, or None for the folder itself.
            originals: The library's files; those of no document are swept when the store is opened.
            describe: Says all that makes its vectors what they are; another description is another store.
        """
        self._folder = folder
        self._chroma_url = chroma_url
        self._originals = originals
        self._describe = describe
        self._lock = threading.RLock()
        self._store: ChunkStore | None = None

    @property
    def store(self) -> ChunkStore:
        """The store.

        Raises:
            StorageError: It cannot be opened.
        """
        with self._lock, self.guarded():
            if self._store is None:
                self._store = self._opened()
            return self._store

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Close the store when what is done within fails: a Chroma client that could not write may wait for itself for ever.

        Raises:
            StorageError: What was raised within; said plainly where the disk is full.
        """
        try:
            yield
        except StorageError as error:
            self.close()
            if shutil.disk_usage(self._folder).free > FULL_BYTES:
                raise
            raise StorageError("The disk is full. Make room and try again; what was stored before is unharmed.") from error

    def close(self) -> None:
        """Let go of the store; it is opened again when it is next needed."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _opened(self) -> ChunkStore:
        description = self._describe()
        fingerprint = hashlib.sha256(description.encode()).hexdigest()[:16]
        with ExitStack() as on_failure:
            client = connect(self._folder / "chroma", self._chroma_url)
            on_failure.callback(client.close)  # type: ignore[attr-defined]
            store = ChunkStore(client, fingerprint, description)
            self._originals.sweep({record.id for record in [*store.records.values(), *store.other_records()]})
            on_failure.pop_all()
        return store
