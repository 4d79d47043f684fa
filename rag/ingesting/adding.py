"""Files -> their outcomes: all are read first, large ones last, so that keyword search finds them; then they are embedded."""

import logging
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from rag.formats.counting import pages_told
from rag.ingesting.embedding_queue import EmbeddingQueue
from rag.ingesting.ocr_queue import OcrQueue
from rag.ingesting.staging import ReadElsewhere, Source, Stager, nowhere_else
from rag.origins import IN_ARCHIVE, UPLOAD, is_lost, is_within, shown_origin
from rag.storing.index import Index
from rag.storing.originals import Originals, Orphan
from rag.types import DocumentRecord, DocumentState, Outcome, Progress, ProgressCallback

log = logging.getLogger(__name__)

LARGE_BYTES = 1_000_000
"""Larger files are read after the others, the largest last: one that takes minutes does not delay those that take a moment."""

READING_SHARE = 0.2  # the share of a file's progress that is reading; the rest is embedding
OCR_BEGINS = 0.3  # what is done by then of a file with scanned pages


def source_of(orphan: Orphan) -> Source:
    """A file of the library's own that is to be added again."""
    origins = orphan.sources or (f"{UPLOAD}{orphan.name}",)
    return Source(orphan.path, orphan.name, origins, password=orphan.password, metadata=orphan.metadata)


BeginReading = Callable[[Sequence[Source], Sequence[str]], ReadElsewhere]
"""Files, in the order in which they are added, and passwords -> what has them read ahead."""


def reading_here(_: Sequence[Source], __: Sequence[str]) -> ReadElsewhere:
    """Each file is read when its turn comes."""
    return nowhere_else


class FileAdder:
    """Adds files to an index."""

    def __init__(
        self,
        stager: Stager,
        queue: EmbeddingQueue,
        ocr: OcrQueue,
        index: Index,
        originals: Originals,
        *,
        begin_reading: BeginReading = reading_here,
    ) -> None:
        self._stager = stager
        self._queue = queue
        self._ocr = ocr
        self._index = index
        self._originals = originals
        self._begin_reading = begin_reading

    def add(self, sources: Sequence[Source], passwords: Sequence[str], progress: ProgressCallback | None, *, wait: bool) -> list[Outcome]:
        """Add files; with `wait`, embed them, have their scans read, and whatever else is not done yet.

        One outcome for each, in the order given.
        """
        outcomes: dict[int, Outcome] = {}
        unfinished: dict[str, tuple[_FileProgress, int, DocumentRecord]] = {}
        places = sorted(range(len(sources)), key=lambda place: _delay(sources[place].path))
        read_elsewhere = self._begin_reading([sources[place] for place in places], passwords)
        for number, place in enumerate(places, start=1):
            source = sources[place]
            file = _FileProgress(progress, source.shown, number, len(sources), READING_SHARE if wait else 1.0)
            outcome = outcomes[place] = self._stager.add(source, passwords, file.reading, read_elsewhere)
            record = self._index.records.get(outcome.document_id) if wait else None
            if record and record.id not in unfinished and self.is_unfinished(record):
                unfinished[record.id] = file, place, record
                file.going_on(record)
            else:
                file.done(outcome)
        while wait and (self._queue.step() or self._ocr.step()):
            records = self._index.records
            for id_ in list(unfinished):
                file, place, before = unfinished[id_]
                if (record := records.get(id_)) and self.is_unfinished(record):
                    file.going_on(record)
                else:
                    del unfinished[id_]
                    outcomes[place] = self._told_again(outcomes[place], before, record)
                    file.done(outcomes[place])
        for file, place, _ in unfinished.values():  # completed by another thread
            file.done(outcomes[place])
        return [outcomes[place] for place in range(len(sources))]

    def is_unfinished(self, record: DocumentRecord) -> bool:
        """Whether there is something of a document still to embed, or for OCR to read."""
        return record.indexed < 1 or self._ocr.is_waiting(record)

    def _told_again(self, outcome: Outcome, before: DocumentRecord, now: DocumentRecord | None) -> Outcome:
        """The outcome of a document that OCR has read since."""
        if now is None or now.ocr_waiting == before.ocr_waiting or not outcome.is_searchable:
            return outcome
        if not now.chunks and not now.ocr_failed:
            pages = "its page" if now.pages == 1 else f"its {now.pages} pages"
            return replace(outcome, status="no_text", message=f"{now.name} has no text: OCR found no words on {pages}.")
        told, again = (pages_told(record, "") for record in (before, now))
        message = outcome.message.replace(told, again) if told in outcome.message else f"{outcome.message} {again}"
        return replace(outcome, chunks=now.chunks, message=message)

    def missing(
        self, folders: Sequence[Path], archives: Mapping[str, Set[str]], progress: ProgressCallback | None, added: int
    ) -> list[Outcome]:
        """Outcomes of documents whose file is gone from these folders, or archives with their files; told after `added` others.

        They stay: a folder that is moved, or a drive that is not there, must not empty the library.
        """

        def is_missing(origin: str) -> bool:
            inside = archives.get(origin.partition(IN_ARCHIVE)[0]) if IN_ARCHIVE in origin else None
            return is_lost(origin) if inside is None else origin not in inside

        records = list(self._index.records.values()) if folders or archives else []
        names = Counter(record.name for record in records)
        outcomes = []
        for record in records:
            looked_for = [origin for origin in record.sources if is_within(origin, folders) or origin.partition(IN_ARCHIVE)[0] in archives]
            if looked_for and all(map(is_missing, record.sources)):
                name = shlex.quote(record.name) if names[record.name] == 1 else record.id[:12]
                message = f"Its file is gone, but it is still in the library. To remove it: rag remove {name}"
                outcomes.append(
                    Outcome(shown_origin(looked_for[0]), record.name, record.id, "missing", record.pages, record.chunks, message)
                )
        for number, outcome in enumerate(outcomes, start=added + 1):
            _FileProgress(progress, outcome.path, number, added + len(outcomes)).done(outcome)
        return outcomes

    def restore(self, orphans: Sequence[Orphan]) -> None:
        """Add documents again whose records are lost, from the library's own copies; what cannot be read goes to the quarantine."""
        for orphan in orphans:
            self._originals.fetch(orphan)
            outcome = self.add([source_of(orphan)], (), None, wait=False)[0]
            if outcome.document_id != orphan.id:
                where = self._originals.isolate(orphan)
                log.warning("%s could not be restored: %s It was moved to %s.", orphan.name, outcome.message, where)


def _delay(path: Path) -> int:
    """A large file's bytes; 0 for others, and where there is nothing that could be read."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return 0
    return size if size > LARGE_BYTES else 0


@dataclass(frozen=True, slots=True)
class _FileProgress:
    """Reports how far one file is."""

    progress: ProgressCallback | None
    path: str
    file: int
    files: int
    reading_share: float = 1.0

    def reading(self, fraction: float) -> None:
        self._report(self.reading_share * fraction, "reading")

    def going_on(self, record: DocumentRecord) -> None:
        """Embedding takes most of the rest, unless there is something for OCR."""
        begin, end = self.reading_share, OCR_BEGINS if record.ocr_waiting else 1.0
        if record.indexed < 1:
            self._report(begin + (end - begin) * record.indexed, record.state)
        else:
            self._report(end + (1 - end) * record.ocr_share, record.state, is_ocr=True)

    def done(self, outcome: Outcome) -> None:
        state: DocumentState = "failed"
        if outcome.is_searchable:
            state = "ready" if self.reading_share < 1 else "keyword_ready"
        self._report(1.0, state, outcome)

    def _report(self, fraction: float, state: DocumentState, outcome: Outcome | None = None, *, is_ocr: bool = False) -> None:
        if self.progress:
            self.progress(Progress(self.path, fraction, self.file, self.files, outcome, state, is_ocr))
