"""One file -> its outcome: read, cut into chunks and keyword-searchable; `embedding_queue` embeds it after that."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Self

from rag.embedding.protocol import Embedder
from rag.errors import DocumentError, NoTextError, storage_errors
from rag.files import hash_file
from rag.formats.counting import pages_told
from rag.formats.loader import FileRead, Loader
from rag.formats.properties import Properties, day_of_time
from rag.ingesting.chunking import Chunker
from rag.origins import is_in_archive, is_lost, name_of, path_of
from rag.storing.index import Index
from rag.storing.keyword_ready import Draft
from rag.storing.originals import Originals
from rag.text.printable import printable_line
from rag.tracing import traced
from rag.types import Chunk, DateSource, DocumentRecord, Heading, MetadataValue, Outcome, OutcomeStatus, Page

OnFraction = Callable[[float], None]
"""Told how much of a file is read, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to add."""

    path: Path  # where its bytes are now
    name: str  # in the library
    origins: tuple[str, ...]  # where it came from: see `rag.origins`
    replaces: bool = True  # whether a document of the same origin and other content gives way; else this one gets a name of its own
    error: DocumentError | None = None  # why it cannot be read from the outset, if so
    password: str = field(default="", repr=False)  # what opened the library's own copy, or ""
    outcome: Outcome | None = None  # what became of it, where it is not to be read: it is an archive, say
    given: str = ""  # what it is called in its outcome; "" for its path
    metadata: Mapping[str, MetadataValue] | None = None  # of its record; None for what is there already

    @classmethod
    def of_record(cls, record: DocumentRecord, path: Path) -> Self:
        """A document's own copy of its file, to be added again with all that was said of it."""
        return cls(path, record.name, record.sources, password=record.password, metadata=record.metadata)

    @property
    def shown(self) -> str:
        """What it is called in its outcome."""
        return self.given or str(self.path)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read and cut elsewhere; `kept` belongs into its folder for OCR, by file name."""

    read: FileRead
    chunks: Sequence[Chunk]
    kept: Mapping[str, bytes] = field(default_factory=dict, repr=False)


ReadElsewhere = Callable[[Source, str], ReadFile | None]
"""A file and its document's id -> what was read in it elsewhere; None where it is to be read here. Raises a `DocumentError`."""


def nowhere_else(_: Source, __: str) -> None:
    """Files are read here."""


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
        self.writing = writing

    @traced("add file")
    def add(
        self, source: Source, passwords: Sequence[str], on_fraction: OnFraction, read_elsewhere: ReadElsewhere = nowhere_else
    ) -> Outcome:
        """Take one file in; one that cannot be read has an outcome too.

        Raises EmbeddingError, or StorageError where nothing of this file was stored.
        """
        if source.outcome:
            return source.outcome
        try:
            if source.error:
                raise source.error
            self._loader.check_size(source.path, source.name)
            document_id = hash_file(source.path)
            while True:
                with self.writing:
                    if known := self._index.records.get(document_id):
                        return self._known(source, known)
                with self._index.keyword_ready.draft() as draft:
                    if read_elsewhere is not nowhere_else:
                        on_fraction(0.0)
                    if found := read_elsewhere(source, document_id):
                        read = self._taken_over(found, document_id, draft)
                        on_fraction(1.0)
                    else:
                        read = self._read(source, document_id, passwords, draft, on_fraction)
                    if not draft.chunks and not read.ocr_waiting:
                        raise NoTextError(f"{source.name} has no text.")
                    with self.writing:
                        if document_id not in self._index.records:
                            return self._stage(source, document_id, read, draft)
                # Another thread has added the same bytes meanwhile; it may have removed them again by the time they are looked for.
        except DocumentError as error:
            return _outcome(source, "", error.status, str(error))

    def add_again(self, record: DocumentRecord) -> None:
        """Index a document anew, from the library's own copy, where OCR has found that a text of it was illegible.

        Raises a `DocumentError` where that can no longer be read.
        """
        source = Source.of_record(record, self._originals.path(record.id, record.media_type))
        with self._index.guarded(), self._index.keyword_ready.draft() as draft:
            read = self._read(source, record.id, (), draft, lambda _: None)
            with self.writing:
                if now := self._index.records.get(record.id):
                    again = _record(
                        replace(source, name=now.name, origins=now.sources, metadata=now.metadata), record.id, read, draft.chunks, now.size
                    )
                    waiting = tuple(page for page in again.ocr_waiting if page not in now.ocr_failed)
                    again = replace(again, added=now.added, ocr_waiting=waiting, ocr_failed=now.ocr_failed, ocr_total=now.ocr_total)
                    self._index.forget(record.id)
                    self._index.put_keyword_ready(again, draft)

    def chunker(self, document_id: str) -> Chunker:
        """What cuts a document."""
        return Chunker(document_id, self._embedder, self._chunk_tokens)

    @traced("read and chunk")
    def _read(self, source: Source, document_id: str, passwords: Sequence[str], draft: Draft, on_fraction: OnFraction) -> FileRead:
        """Cut each page while the child process reads the next."""
        chunker = self.chunker(document_id)

        def cut(page: Page, headings: Sequence[Heading], pages: int) -> None:
            draft.extend(list(chunker.cut(page, headings)))
            on_fraction(page.number / pages)

        passwords = (*passwords, *filter(None, [source.password]))
        ocr = self._originals.ocr(document_id)
        return self._loader.read(source.path, name=source.name, passwords=passwords, ocr=ocr, on_page=cut)

    def _taken_over(self, found: ReadFile, document_id: str, draft: Draft) -> FileRead:
        """Draft what was read elsewhere."""
        draft.extend(found.chunks)
        folder = self._originals.ocr(document_id)
        with suppress(OSError):  # as `rag.formats.kept`: they save time later
            for name, data in found.kept.items():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                (folder / name).write_bytes(data)
        return found.read

    @traced("store keyword-ready")
    def _stage(self, source: Source, document_id: str, read: FileRead, draft: Draft) -> Outcome:
        taken = self._taken(source, document_id)
        given_name = source.name
        if taken and not source.replaces:
            source = self._withname_of_its_own(source)
        is_new = self._keep(source, document_id, read.media_type)
        if source.metadata is None:  # a new version keeps what was said of the one before
            earlier = (each.metadata for each in self._index.records.values() if each.metadata and taken.intersection(each.sources))
            source = replace(source, metadata=next(earlier, None))
        record = _record(source, document_id, read, draft.chunks, self._originals.path(document_id, read.media_type).stat().st_size)
        try:
            self._index.put_keyword_ready(record, draft)
        except BaseException:
            if is_new:
                self._originals.abandon(record.id)
            raise
        pages = f"{pages_told(record, self._loader.ocr_cure)}{read.notice and f' {read.notice}'}"
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
        changed = known
        if known.ocr_failed:  # OCR tries them again
            changed = replace(changed, ocr_waiting=tuple(sorted({*known.ocr_waiting, *known.ocr_failed})), ocr_failed=())
        if source.metadata is not None and source.metadata != known.metadata:
            changed = replace(changed, metadata=source.metadata)
        if changed is not known:
            known = changed
            self._index.update(known)
        left = tuple(origin for origin in known.sources if not is_lost(origin))
        if set(source.origins) <= set(left) == set(known.sources):
            return _outcome(source, known.id, "unchanged", "Already there, unchanged.", known)
        return self._followed(source, known, left)

    def _followed(self, source: Source, known: DocumentRecord, left: tuple[str, ...]) -> Outcome:
        """The outcome of known bytes that are in another place now, or no longer in some: the record follows the files, `left` of them."""
        taken = self._taken(source, known.id)
        origins = source.origins if source.replaces else tuple(origin for origin in source.origins if origin not in taken)
        is_new = not set(source.origins) <= set(known.sources)
        record = replace(known, sources=tuple(dict.fromkeys((*left, *origins))) or known.sources)
        if left != known.sources and known.name not in map(name_of, left):  # the file that gave it its name was moved
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
        origins = frozenset(source.origins)
        others = (record for record in self._index.records.values() if not origins.isdisjoint(record.sources) and record.id != document_id)
        return {origin for record in others for origin in record.sources if origin in origins}

    def _withname_of_its_own(self, source: Source) -> Source:
        """The source as "NAME (2).txt", or the first number that is free."""
        names = {record.name for record in self._index.records.values()}
        names |= {name_of(origin) for record in self._index.records.values() for origin in record.sources}
        path = Path(source.name)
        name = next(name for number in count(2) if (name := f"{path.stem} ({number}){path.suffix}") not in names)
        return replace(source, name=name, origins=(f"upload:{name}",))


def dated(properties: Properties, sources: Sequence[str]) -> tuple[str, DateSource]:
    """A document's own date, else when its file was modified, where that is on this machine."""
    if properties.date:
        return properties.date, "document"
    for origin in sources:
        path = None if is_in_archive(origin) else path_of(origin)
        with suppress(OSError, ValueError):
            if path and (day := day_of_time(path.stat().st_mtime)):
                return day, "file"
    return "", "unknown"


def _record(source: Source, document_id: str, read: FileRead, chunks: int, size: int) -> DocumentRecord:
    day, date_source = dated(read.properties, source.origins)
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
        ocr_pages=read.ocr_pages,
        ocr_waiting=read.ocr_waiting,
        ocr_total=len(read.ocr_waiting),
        language=read.language,
        author=read.properties.author,
        date=day,
        date_source=date_source,
        metadata=source.metadata or {},
    )


def _outcome(source: Source, document_id: str, status: OutcomeStatus, message: str, record: DocumentRecord | None = None) -> Outcome:
    pages, chunks = (record.pages, record.chunks) if record else (0, 0)
    return Outcome(source.shown, source.name, document_id, status, pages, chunks, message)
