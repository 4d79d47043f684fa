"""One file -> its outcome: read, cut, and found by its words; its vectors are made after that, by `completing`."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rag.embedding.protocol import Embedder
from rag.errors import DocumentError, NoTextError, StorageError
from rag.files import hash_file
from rag.formats.loader import FileRead, Loader
from rag.ingesting.chunking import Chunker
from rag.storing.index import Index
from rag.storing.originals import Originals
from rag.storing.pending import Draft
from rag.text.printable import printable_line
from rag.types import DocumentRecord, Heading, Outcome, OutcomeStatus, Page


@dataclass(frozen=True, slots=True)
class Source:
    """A file to add.

    Attributes:
        path: Where its bytes are now.
        name: What it is called.
        origins: Where it came from: another file of the same origin replaces it. Absolute paths, or "upload:NAME".
    """

    path: Path
    name: str
    origins: tuple[str, ...]


class Staging:
    """Takes files into an index."""

    def __init__(
        self, loader: Loader, embedder: Embedder, index: Index, originals: Originals, chunk_tokens: int, writing: threading.RLock
    ) -> None:
        """Put it together.

        Args:
            loader: Reads.
            embedder: Its tokenizer counts.
            index: Where the documents go.
            originals: Where the files go.
            chunk_tokens: The most tokens a chunk may have.
            writing: Held while anything is written.
        """
        self._loader = loader
        self._embedder = embedder
        self._index = index
        self._originals = originals
        self._chunk_tokens = chunk_tokens
        self._writing = writing

    def add(self, source: Source, passwords: Sequence[str], on_fraction: Callable[[float], None]) -> Outcome:
        """Take one file in.

        Args:
            source: The file.
            passwords: Tried on an encrypted PDF.
            on_fraction: Told how much is read, in [0, 1].

        Returns:
            The outcome, also of a file that cannot be read.

        Raises:
            StorageError: The disk or the database refused. Nothing of this file was stored.
            EmbeddingError: The model cannot be used.
        """
        try:
            self._loader.check_size(source.path, source.name)
            document_id = hash_file(source.path)
            while True:
                with self._writing:
                    if known := self._index.records.get(document_id):
                        return self._known(source, known)
                with self._index.pending.draft() as draft:
                    read = self._read(source, document_id, passwords, draft, on_fraction)
                    with self._writing:
                        if document_id not in self._index.records:
                            return self._stage(source, document_id, read, draft)
                # Another thread has added the same bytes meanwhile; it may have removed them again by the time they are looked for.
        except DocumentError as error:
            return _outcome(source, "", error.status, str(error))

    def _read(
        self, source: Source, document_id: str, passwords: Sequence[str], draft: Draft, on_fraction: Callable[[float], None]
    ) -> FileRead:
        """Cut each page while the child process reads the next."""
        chunker = Chunker(document_id, self._embedder, self._chunk_tokens)

        def cut(page: Page, headings: Sequence[Heading], pages: int) -> None:
            draft.extend(chunker.cut(page, headings))
            on_fraction(page.number / pages)

        read = self._loader.read(source.path, name=source.name, passwords=passwords, on_page=cut)
        draft.flush()
        if not draft.chunks:
            raise NoTextError(f"{source.name} has no text.")
        return read

    def _stage(self, source: Source, document_id: str, read: FileRead, draft: Draft) -> Outcome:
        is_new = self._keep(source, document_id, read.media_type)
        record = _record(source, document_id, read, draft.chunks, self._originals.path(document_id, read.media_type).stat().st_size)
        try:
            replaces = any(set(other.sources) & set(record.sources) for other in self._index.records.values())
            self._index.stage(record, draft)
        except BaseException:
            if is_new:
                self._originals.discard(record.id)
            raise
        told = f"{record.pages} {'page' if record.pages == 1 else 'pages'}" + _empty_pages(record)
        if replaces:
            return _outcome(source, record.id, "replaced", f"Replaced the earlier version: {told}.", record)
        return _outcome(source, record.id, "added", f"Added: {told}.", record)

    def _keep(self, source: Source, document_id: str, media_type: str) -> bool:
        try:
            return self._originals.keep(source.path, document_id, media_type)
        except OSError as error:
            raise StorageError(f"{source.name} could not be stored: {error.strerror}. See that the disk works and has room.") from error

    def _known(self, source: Source, known: DocumentRecord) -> Outcome:
        """The outcome of bytes that are in the library already. A copy of the file that was lost or cut is restored."""
        if self._originals.problem(known) and self._keep(source, known.id, known.media_type):
            return _outcome(source, known.id, "unchanged", "Already there; the library's own copy of the file was restored.", known)
        if set(source.origins) <= set(known.sources):
            return _outcome(source, known.id, "unchanged", "Already there, unchanged.", known)
        replaces = any(other.id != known.id and set(other.sources) & set(source.origins) for other in self._index.records.values())
        self._index.update(replace(known, sources=tuple(dict.fromkeys((*known.sources, *source.origins)))))
        if replaces:
            message = f"Replaced the earlier version: it has the same content as {known.name} now."
            return _outcome(source, known.id, "replaced", message, known)
        if source.name == known.name:
            return _outcome(source, known.id, "unchanged", "Already there, unchanged.", known)
        return _outcome(source, known.id, "duplicate", f"The same content as {known.name}, which is already there.", known)


def _record(source: Source, document_id: str, read: FileRead, chunks: int, size: int) -> DocumentRecord:
    return DocumentRecord(
        id=document_id,
        name=source.name,
        title=printable_line(read.title),
        media_type=read.media_type,
        sources=source.origins,
        pages=len(read.labels),
        chunks=chunks,
        empty_pages=read.empty_pages,
        labels=read.labels,
        added=datetime.now(UTC).isoformat(timespec="microseconds"),
        size=size,
        password=read.password,
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
