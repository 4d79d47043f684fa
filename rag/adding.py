"""One file -> its outcome: read, cut, embed, store, and commit last."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.chunking import chunk_document
from rag.embedding.protocol import Embedder, Embeddings
from rag.errors import DocumentError, NoTextError, StorageError
from rag.loading.files import hash_file
from rag.loading.loader import LoadedDocument, Loader
from rag.storing.chunks import WRITE_BATCH
from rag.storing.index import Index
from rag.storing.originals import Originals
from rag.types import Chunk, Document, DocumentRecord, Outcome, OutcomeStatus

READING_SHARE = 0.2
"""The part of a file's progress that is reading; the rest is embedding."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to add.

    Attributes:
        path: Where its bytes are now.
        name: What it is called.
        origin: Where it came from: another file of the same origin replaces it. An absolute path, or "upload:NAME".
    """

    path: Path
    name: str
    origin: str


class Adding:
    """Adds files to an index, one at a time."""

    def __init__(self, loader: Loader, embedder: Embedder, index: Index, originals: Originals, chunk_tokens: int) -> None:
        self._loader = loader
        self._embedder = embedder
        self._index = index
        self._store = index.store
        self._originals = originals
        self._chunk_tokens = chunk_tokens

    def add(self, source: Source, passwords: Sequence[str], on_fraction: Callable[[float], None]) -> Outcome:
        """Add one file.

        Args:
            source: The file.
            passwords: Tried on an encrypted PDF.
            on_fraction: Told how much is done, in [0, 1].

        Returns:
            The outcome, also of a file that cannot be read.

        Raises:
            StorageError: The disk or the database refused. Nothing of this file was stored, nothing else was lost.
            EmbeddingError: The model cannot be used.
        """
        try:
            self._loader.check_size(source.path)
            document_id = hash_file(source.path)
            known = self._store.records.get(document_id)
            if known:
                return self._known(source, known)
            loaded = self._loader.load(
                source.path,
                name=source.name,
                document_id=document_id,
                passwords=passwords,
                on_page=lambda page, pages: on_fraction(READING_SHARE * page / pages),
            )
            chunks = list(chunk_document(loaded.document, self._embedder, self._chunk_tokens))
            if not chunks:
                raise NoTextError(f"{source.name} has no text.")
            is_new = self._keep(source, loaded.document)
        except DocumentError as error:
            return _outcome(source, "", error.status, str(error))
        record = _record(source, loaded, len(chunks), self._originals.path(document_id, loaded.document.media_type).stat().st_size)
        try:
            self._store_document(record, chunks, on_fraction)
        except StorageError:  # what is left is swept when the index is opened again
            raise
        except BaseException:
            self._undo(record.id, is_new)
            raise
        replaced = self._retire(source, keep=record.id)
        told = f"{record.pages} {'page' if record.pages == 1 else 'pages'}" + _empty_pages(record)
        if replaced:
            return _outcome(source, record.id, "replaced", f"Replaced the earlier version: {told}.", record)
        return _outcome(source, record.id, "added", f"Added: {told}.", record)

    def _keep(self, source: Source, document: Document) -> bool:
        try:
            return self._originals.keep(source.path, document.id, document.media_type)
        except OSError as error:
            raise StorageError(f"{source.name} could not be stored: {error.strerror}. What was there before is unharmed.") from error

    def _store_document(self, record: DocumentRecord, chunks: Sequence[Chunk], on_fraction: Callable[[float], None]) -> None:
        total: Embeddings | None = None
        for first in range(0, len(chunks), WRITE_BATCH):
            batch = chunks[first : first + WRITE_BATCH]
            embeddings = self._embedder.embed_documents([chunk.text for chunk in batch])
            self._store.put(batch, embeddings)
            total = embeddings.sum(axis=0) if total is None else total + embeddings.sum(axis=0)
            on_fraction(READING_SHARE + (1 - READING_SHARE) * (first + len(batch)) / len(chunks))
        assert total is not None
        self._index.commit(record, total / max(float(np.linalg.norm(total)), 1e-12), chunks)

    def _undo(self, document_id: str, is_new: bool) -> None:
        """Clear what was stored of a document; where that fails too, the next open does it."""
        with suppress(StorageError, OSError):
            if is_new:
                self._originals.discard(document_id)
            self._store.discard(document_id)

    def _known(self, source: Source, known: DocumentRecord) -> Outcome:
        """The outcome of bytes that are in the library already."""
        if source.origin not in known.sources:
            self._store.update(replace(known, sources=(*known.sources, source.origin)))
        if self._retire(source, keep=known.id):
            message = f"Replaced the earlier version: it has the same content as {known.name} now."
            return _outcome(source, known.id, "replaced", message, known)
        if source.origin in known.sources or source.name == known.name:
            return _outcome(source, known.id, "unchanged", "Already there, unchanged.", known)
        return _outcome(source, known.id, "duplicate", f"The same content as {known.name}, which is already there.", known)

    def _retire(self, source: Source, keep: str) -> bool:
        """Remove what came from the same place before, unless it is in another place too; return whether there was anything."""
        old = [record for record in self._store.records.values() if source.origin in record.sources and record.id != keep]
        for record in old:
            others = tuple(origin for origin in record.sources if origin != source.origin)
            if others:
                self._store.update(replace(record, sources=others, name=_name(others[0])))
            else:
                self._index.remove(record.id)
                self._originals.discard(record.id)
        return bool(old)


def _name(origin: str) -> str:
    return Path(origin.removeprefix("upload:")).name


def _record(source: Source, loaded: LoadedDocument, chunks: int, size: int) -> DocumentRecord:
    document = loaded.document
    return DocumentRecord(
        id=document.id,
        name=document.name,
        title=document.title,
        media_type=document.media_type,
        sources=(source.origin,),
        pages=len(document.pages),
        chunks=chunks,
        empty_pages=tuple(page.number for page in document.pages if not page.text.strip()),
        labels=tuple(page.label for page in document.pages),
        added=datetime.now(UTC).isoformat(timespec="microseconds"),
        size=size,
        password=loaded.password,
    )


def _outcome(source: Source, document_id: str, status: OutcomeStatus, message: str, record: DocumentRecord | None = None) -> Outcome:
    pages, chunks = (record.pages, record.chunks) if record else (0, 0)
    return Outcome(str(source.path), source.name, document_id, status, pages, chunks, message)


def _empty_pages(record: DocumentRecord) -> str:
    """Says which pages have no text, as "; no text on pages 3-5 and 9 (blank or scanned)"."""
    if not record.empty_pages:
        return ""
    return f"; no text on {pages_in_words(record.empty_pages)} (blank or scanned)"


def pages_in_words(numbers: Sequence[int]) -> str:
    """Name page numbers with runs joined: (3,) is "page 3", (3, 4, 5, 9) is "pages 3-5, 9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    names = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"{'page' if len(numbers) == 1 else 'pages'} {names}"
