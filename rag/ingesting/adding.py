"""Files -> their outcomes: all are read first, large ones last, so that keyword search finds them; then they are embedded."""

import logging
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from rag.ingesting.embedding_queue import EmbeddingQueue
from rag.ingesting.staging import Source, Stager
from rag.origins import IN_ARCHIVE, UPLOAD, is_lost, is_within, shown_origin
from rag.storing.index import Index
from rag.storing.originals import Originals, Orphan
from rag.types import DocumentState, Outcome, Progress, ProgressCallback

log = logging.getLogger(__name__)

LARGE_BYTES = 1_000_000
"""Larger files are read after the others, the largest last: one that takes minutes does not delay those that take a moment."""

READING_SHARE = 0.2  # the share of a file's progress that is reading; the rest is embedding


def source_of(orphan: Orphan) -> Source:
    """A file of the library's own that is to be added again."""
    return Source(orphan.path, orphan.name, orphan.sources or (f"{UPLOAD}{orphan.name}",), password=orphan.password)


class FileAdder:
    """Adds files to an index."""

    def __init__(self, stager: Stager, queue: EmbeddingQueue, index: Index, originals: Originals) -> None:
        self._stager = stager
        self._queue = queue
        self._index = index
        self._originals = originals

    def add(self, sources: Sequence[Source], passwords: Sequence[str], progress: ProgressCallback | None, *, wait: bool) -> list[Outcome]:
        """Add files; with `wait`, embed them and whatever else is not embedded yet. One outcome for each, in the order given."""
        outcomes: dict[int, Outcome] = {}
        embedding: dict[str, tuple[_FileProgress, Outcome]] = {}
        for number, place in enumerate(sorted(range(len(sources)), key=lambda place: _delay(sources[place].path)), start=1):
            source = sources[place]
            file = _FileProgress(progress, source.shown, number, len(sources), READING_SHARE if wait else 1.0)
            outcome = outcomes[place] = self._stager.add(source, passwords, file.reading)
            if wait and outcome.document_id in self._index.keyword_ready.records and outcome.document_id not in embedding:
                embedding[outcome.document_id] = file, outcome
                file.embedding(0.0)
            else:
                file.done(outcome)
        while wait and self._queue.step():
            keyword_ready = self._index.keyword_ready.records
            for id_ in list(embedding):
                file, outcome = embedding[id_]
                if id_ not in keyword_ready:
                    del embedding[id_]
                    file.done(outcome)
                elif keyword_ready[id_].indexed:
                    file.embedding(keyword_ready[id_].indexed)
        for file, outcome in embedding.values():  # completed by another thread
            file.done(outcome)
        return [outcomes[place] for place in range(len(sources))]

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
        outcomes = self.add(list(map(source_of, orphans)), (), None, wait=False)
        for orphan, outcome in zip(orphans, outcomes, strict=True):
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

    def reading(self, fraction: float, is_ocr: bool) -> None:
        if self.progress:
            self.progress(Progress(self.path, self.reading_share * fraction, self.file, self.files, None, "reading", is_ocr))

    def embedding(self, fraction: float) -> None:
        self._report(self.reading_share + (1 - self.reading_share) * fraction, "keyword_ready")

    def done(self, outcome: Outcome) -> None:
        state: DocumentState = "failed"
        if outcome.is_searchable:
            state = "ready" if self.reading_share < 1 else "keyword_ready"
        self._report(1.0, state, outcome)

    def _report(self, fraction: float, state: DocumentState, outcome: Outcome | None = None) -> None:
        if self.progress:
            self.progress(Progress(self.path, fraction, self.file, self.files, outcome, state))
