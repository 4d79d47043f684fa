"""Files -> their outcomes: all are read first, large ones last, and found by their words; then their vectors are made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import DocumentError
from rag.files import shown_name
from rag.ingesting.embedding_queue import Completing
from rag.ingesting.staging import Source, Staging
from rag.storing.index import Index
from rag.types import Outcome, Progress, ProgressCallback

LARGE_BYTES = 1_000_000
"""Files with more are read after the others, the largest last: one that takes minutes keeps none that takes a moment waiting."""

READING_SHARE = 0.2
"""The part of a file's progress that is reading; the rest is making its vectors."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be read from the outset."""

    path: Path
    error: DocumentError


class Adding:
    """Adds files to an index."""

    def __init__(self, staging: Staging, completing: Completing, index: Index) -> None:
        self._staging = staging
        self._completing = completing
        self._index = index

    def add(
        self, sources: Sequence[Source | Refused], passwords: Sequence[str], progress: ProgressCallback | None, *, wait: bool
    ) -> list[Outcome]:
        """Add files.

        Args:
            sources: The files.
            passwords: Tried on encrypted PDFs.
            progress: Told how far each is.
            wait: Whether to make their vectors too, and those of all other documents that wait for them.

        Returns:
            One outcome for each, in the order given.

        Raises:
            StorageError, EmbeddingError: As for `Staging.add` and `Completing.step`.
        """
        outcomes: dict[int, Outcome] = {}
        waiting: dict[str, _Teller] = {}
        for number, place in enumerate(sorted(range(len(sources)), key=lambda place: _delay(sources[place].path)), start=1):
            source = sources[place]
            tell = _Teller(progress, str(source.path), number, len(sources), READING_SHARE if wait else 1.0)
            if isinstance(source, Refused):
                outcome = Outcome(str(source.path), shown_name(source.path), "", source.error.status, 0, 0, str(source.error))
            else:
                outcome = self._staging.add(source, passwords, tell.read)
            outcomes[place] = outcome
            if wait and outcome.document_id in self._index.pending.records and outcome.document_id not in waiting:
                waiting[outcome.document_id] = replace(tell, outcome=outcome)
                tell.indexed(0.0)
            else:
                tell.done(outcome)
        while wait and self._completing.step():
            pending = self._index.pending.records
            for id_ in list(waiting):
                if id_ not in pending:
                    waiting.pop(id_).done()
                elif pending[id_].indexed:
                    waiting[id_].indexed(pending[id_].indexed)
        for tell in waiting.values():  # completed by another thread
            tell.done()
        return [outcomes[place] for place in range(len(sources))]


def _delay(path: Path) -> int:
    """A large file's bytes; 0 for others, and where there is nothing that could be read."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return 0
    return size if size > LARGE_BYTES else 0


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells about one file; `outcome` is what will be told of it once its vectors are made."""

    progress: ProgressCallback | None
    path: str
    file: int
    files: int
    reading_share: float
    outcome: Outcome | None = None

    def read(self, fraction: float) -> None:
        self._tell(Progress(self.path, self.reading_share * fraction, self.file, self.files, None, "reading"))

    def indexed(self, fraction: float) -> None:
        fraction = self.reading_share + (1 - self.reading_share) * fraction
        self._tell(Progress(self.path, fraction, self.file, self.files, None, "indexing"))

    def done(self, outcome: Outcome | None = None) -> None:
        outcome = outcome or self.outcome
        assert outcome is not None
        self._tell(Progress(self.path, 1.0, self.file, self.files, outcome, "indexing" if outcome.is_searchable else "reading"))

    def _tell(self, step: Progress) -> None:
        if self.progress:
            self.progress(step)
