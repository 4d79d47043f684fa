"""The index of one library: the record and the words of its chunks, opened when they are first needed and anew after a failure."""

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from rag.embedding.protocol import Embeddings
from rag.errors import StorageError
from rag.storing.chunks import ChunkStore, connect
from rag.storing.lexical import Entry, LexicalIndex
from rag.storing.originals import Originals
from rag.types import Chunk, DocumentRecord

log = logging.getLogger(__name__)

MANY_CHUNKS = 5_000
"""Of so many and more, it is said that their words are indexed again: a person waits."""

CHUNKS_A_SECOND = 1_500
"""About how many chunks' words are indexed in a second on two cores."""

FULL_BYTES = 16_000_000
"""With less room than this on the disk, that is why a write failed."""


class Index:
    """Opens and closes what a library stores; may be used from several threads."""

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
        self._opened: tuple[ChunkStore, LexicalIndex] | None = None

    @property
    def store(self) -> ChunkStore:
        """The record.

        Raises:
            StorageError: It cannot be opened.
        """
        return self._open()[0]

    @property
    def lexical(self) -> LexicalIndex:
        """The words of the record's chunks.

        Raises:
            StorageError: It cannot be opened.
        """
        return self._open()[1]

    def commit(self, record: DocumentRecord, embedding: Embeddings, chunks: Sequence[Chunk]) -> None:
        """Make a document visible: its record is written, then its words, which are made anew from the record if that fails.

        Args:
            record: As for `ChunkStore.commit`.
            embedding: As for `ChunkStore.commit`.
            chunks: The document's, already put into the store.

        Raises:
            StorageError: The disk or the database refused.
        """
        self.store.commit(record, embedding)
        self.lexical.put(_entries(record, chunks))

    def remove(self, document_id: str) -> None:
        """Delete a document.

        Raises:
            StorageError: The disk or the database refused.
        """
        self.store.remove(document_id)
        self.lexical.remove([document_id])

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
            opened, self._opened = self._opened, None
            if opened is not None:
                with suppress(StorageError):  # the words are made anew from the record
                    opened[1].close()
                opened[0].close()

    def _open(self) -> tuple[ChunkStore, LexicalIndex]:
        with self._lock, self.guarded():
            if self._opened is None:
                description = self._describe()
                fingerprint = hashlib.sha256(description.encode()).hexdigest()[:16]
                with ExitStack() as on_failure:
                    client = connect(self._folder / "chroma", self._chroma_url)
                    on_failure.callback(client.close)  # type: ignore[attr-defined]
                    store = ChunkStore(client, fingerprint, description)
                    self._originals.sweep({record.id for record in [*store.records.values(), *store.other_records()]})
                    lexical = LexicalIndex(self._folder / "lexical", fingerprint)
                    on_failure.callback(lexical.close)
                    _catch_up(lexical, store)
                    on_failure.pop_all()
                self._opened = store, lexical
            return self._opened


def _catch_up(lexical: LexicalIndex, store: ChunkStore) -> None:
    """Make the words those of the record's documents."""
    records = store.records
    lexical.remove(lexical.document_ids - records.keys())
    missing = records.keys() - lexical.document_ids
    if (chunks := sum(records[id_].chunks for id_ in missing)) >= MANY_CHUNKS:
        log.warning("The index of words is made again for %d documents; it may take %d seconds.", len(missing), chunks // CHUNKS_A_SECOND)
    for id_ in missing:
        lexical.put(_entries(records[id_], store.document_chunks(id_)))
    lexical.commit()


def _entries(record: DocumentRecord, chunks: Sequence[Chunk]) -> list[Entry]:
    """What is indexed of chunks: a document's title, or name, and the headings are found as if they stood in each."""
    title = record.title or Path(record.name).stem.replace("_", " ")
    return [Entry(chunk.document_id, chunk.ordinal, chunk.text, f"{title}\n{chunk.heading}") for chunk in chunks]
