"""One file -> its outcome: read, cut into chunks and keyword-searchable; `embedding_queue` embeds it after that."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path

from rag.embedding.protocol import Embedder
from rag.errors import DocumentError, NoTextError, storage_errors
from rag.files import hash_file, is_gone, path_of, shown_name
from rag.formats.loader import FileRead, Loader
from rag.ingesting.chunking import Chunker
from rag.storing.index import Index
from rag.storing.keyword_ready import Draft
from rag.storing.originals import Originals
from rag.text.printable import printable_line
from rag.types import DocumentRecord, Heading, Outcome, OutcomeStatus, Page


@dataclass(frozen=True, slots=True)
class Source:
    """A file to add."""

    path: Path  # where its bytes are now
    name: str  # in the library
    origins: tuple[str, ...]  # where it came from: absolute paths, or "upload:NAME"
    replaces: bool = True  # whether a document of the same origin and other content gives way; else this one gets a name of its own
    error: DocumentError | None = None  # why it cannot be read from the outset, if so
    password: str = field(default="", repr=False)  # what opened the library's own copy, or ""


class Stager:
    """Takes files into an index. `writing` is held while anything is written."""

    def __init__(
        self, loader: Loader, embedder: Embedder, index: Index, originals: Originals, chunk_tokens: int, writing: threading.RLock
    ) -> None:
        self._loader = loader
        self._embedder = embedder
        self._index = index
        self._originals = originals
        self._chunk_tokens = chunk_tokens
        self._writing = writing

    def add(self, source: Source, passwords: Sequence[str], on_fraction: Callable[[float], None]) -> Outcome:
        """Take one file in; one that cannot be read has an outcome too. `on_fraction` is told how much is read, in [0, 1].

        Raises EmbeddingError, or StorageError where nothing of this file was stored.
        """
        try:
            if source.error:
                raise source.error
            self._loader.check_size(source.path, source.name)
            document_id = hash_file(source.path)
            while True:
                with self._writing:
                    if known := self._index.records.get(document_id):
                        return self._known(source, known)
                with self._index.keyword_ready.draft() as draft:
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
            draft.extend(list(chunker.cut(page, headings)))
            on_fraction(page.number / pages)

        read = self._loader.read(source.path, name=source.name, passwords=(*passwords, *filter(None, [source.password])), on_page=cut)
        if not draft.chunks:
            raise NoTextError(f"{source.name} has no text.")
        return read

    def _stage(self, source: Source, document_id: str, read: FileRead, draft: Draft) -> Outcome:
        taken = self._taken(source, document_id)
        given_name = source.name
        if taken and not source.replaces:
            source = self._with_name_of_its_own(source)
        is_new = self._keep(source, document_id, read.media_type)
        record = _record(source, document_id, read, draft.chunks, self._originals.path(document_id, read.media_type).stat().st_size)
        try:
            self._index.put_keyword_ready(record, draft)
        except BaseException:
            if is_new:
                self._originals.discard(record.id)
            raise
        empty = f"; no text on {pages_in_words(record.empty_pages)} (blank or scanned)" if record.empty_pages else ""
        pages = f"{record.pages} {'page' if record.pages == 1 else 'pages'}{empty}."
        if source.name != given_name:
            message = f"Added as {source.name}: {pages} The library already has another {given_name}."
            return _outcome(source, record.id, "added", message, record)
        if taken:
            return _outcome(source, record.id, "replaced", f"Replaced the earlier version: {pages}", record)
        return _outcome(source, record.id, "added", f"Added: {pages}", record)

    def _keep(self, source: Source, document_id: str, media_type: str) -> bool:
        with storage_errors(f"{source.name} could not be stored"):
            return self._originals.keep(source.path, document_id, media_type)

    def _known(self, source: Source, known: DocumentRecord) -> Outcome:
        """The outcome of bytes that are in the library already. A copy of the file that was lost or cut is restored."""
        if self._originals.problem(known) and self._keep(source, known.id, known.media_type):
            return _outcome(source, known.id, "unchanged", "Already there; the library's own copy of the file was restored.", known)
        left = tuple(origin for origin in known.sources if not ((path := path_of(origin)) and is_gone(path)))
        if set(source.origins) <= set(left) == set(known.sources):
            return _outcome(source, known.id, "unchanged", "Already there, unchanged.", known)
        return self._followed(source, known, left)

    def _followed(self, source: Source, known: DocumentRecord, left: tuple[str, ...]) -> Outcome:
        """The outcome of known bytes that are in another place now, or no longer in some: the record follows the files, `left` of them."""
        taken = self._taken(source, known.id)
        origins = source.origins if source.replaces else tuple(origin for origin in source.origins if origin not in taken)
        is_new = not set(source.origins) <= set(known.sources)
        record = replace(known, sources=tuple(dict.fromkeys((*left, *origins))) or known.sources)
        if left != known.sources and known.name not in map(_name_of, left):  # the file that gave it its name was moved
            record = replace(record, name=source.name)
        if record != known:
            self._index.update(record)
        status: OutcomeStatus = "unchanged"
        message = "Already there, unchanged."
        if record.name != known.name:
            status, message = "renamed", f"Renamed: it was {known.name} before."
        elif is_new and taken and source.replaces:
            status, message = "replaced", f"Replaced the earlier version: it has the same content as {known.name} now."
        elif is_new and source.name != known.name:
            status, message = "duplicate", f"The same content as {known.name}, which is already there."
        return _outcome(source, known.id, status, message, record)

    def _taken(self, source: Source, document_id: str) -> set[str]:
        """The source's origins that belong to other documents."""
        others = (record for record in self._index.records.values() if record.id != document_id)
        return {origin for record in others for origin in record.sources if origin in source.origins}

    def _with_name_of_its_own(self, source: Source) -> Source:
        """The source as "NAME (2).txt", or the first number that is free."""
        names = {record.name for record in self._index.records.values()}
        names |= {_name_of(origin) for record in self._index.records.values() for origin in record.sources}
        path = Path(source.name)
        name = next(name for number in count(2) if (name := f"{path.stem} ({number}){path.suffix}") not in names)
        return replace(source, name=name, origins=(f"upload:{name}",))


def _name_of(origin: str) -> str:
    path = path_of(origin)
    return shown_name(path) if path else origin.removeprefix("upload:")


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


def pages_in_words(numbers: Sequence[int]) -> str:
    """Name page numbers with runs joined: (3,) is "page 3", (3, 4, 5, 9) is "pages 3-5, 9"."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0])]
    names = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    return f"{'page' if len(numbers) == 1 else 'pages'} {names}"
