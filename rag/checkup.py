"""Is a library whole? Every part is looked at, and said in a line with its cure; what can be made again from the files is made again."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.embedding.protocol import Embedder
from rag.errors import RagError, StorageError
from rag.files import path_of
from rag.ingesting.adding import Adding, Refused
from rag.ingesting.staging import Source
from rag.storing.chunks import READ_BATCH
from rag.storing.hnsw import UNIT
from rag.storing.index import Index
from rag.storing.originals import Originals, Orphan
from rag.storing.reserve import FULL_BYTES
from rag.types import DocumentRecord, Finding, Outcome, ProgressCallback

REPAIR = "`rag doctor --repair`"

LOW_BYTES = 1_000_000_000
"""With less free space than this, it is said."""

IDENTITY_CHARACTERS = 40
"""Of what a model is known by that are shown: its name, and the beginning of its hash."""


class Checkup:
    """Looks at a library, and mends it."""

    def __init__(
        self, folder: Path, index: Index, originals: Originals, embedder: Embedder, adding: Adding, writing: threading.RLock
    ) -> None:
        """Put it together.

        Args:
            folder: The library's.
            index: Its index.
            originals: Its files.
            embedder: What its vectors are made by.
            adding: Adds files to it.
            writing: Held while anything is written.
        """
        self._folder = folder
        self._index = index
        self._originals = originals
        self._embedder = embedder
        self._adding = adding
        self._writing = writing

    def examine(self) -> list[Finding]:
        """Look at every part; it takes about a second for 100 MB of files and 10,000 chunks.

        Returns:
            A finding for each part, in this order: model, record, vectors, words, files, waiting, quarantine, disk. Where the record cannot
            be opened, what rests on it is left out.
        """
        findings = [self._model()]
        try:
            with self._index.guarded():
                records = list(self._index.store.records.values())
                findings += [self._record(records), self._vectors(records), self._words(), self._files(), self._waiting()]
        except RagError as error:
            findings.append(Finding("record", "fault", str(error), f"{REPAIR} rebuilds the index from the library's files."))
        return [*findings, self._quarantine(), self._disk()]

    def repair(self, progress: ProgressCallback | None = None) -> list[Outcome]:
        """Rebuild index and words from the library's files, restore files from where they came, add again what is in quarantine.

        Args:
            progress: As for `Library.add`.

        Returns:
            What became of each file that was added again.

        Raises:
            StorageError: The disk or the database refused.
            EmbeddingError: The embedding model cannot be used.
        """
        self._index.allow_rebuilding()
        with self._index.guarded():
            problem = self._word_problem()
        if problem:
            self._index.rebuild_words()
        with self._index.guarded():
            sources = list(self._incomplete())
            for record, _ in self._broken_files():
                self._restore_file(record)
            isolated = self._originals.isolated()
            sources += [(Source(orphan.path, orphan.name, _origins(orphan)), orphan.password) for orphan in isolated]
            outcomes = self._adding.add(
                [source for source, _ in sources], [password for _, password in sources if password], progress, wait=True
            )
            for orphan, outcome in zip(isolated, outcomes[len(outcomes) - len(isolated) :], strict=True):
                if outcome.is_searchable:
                    shutil.rmtree(orphan.path.parent, ignore_errors=True)
            return outcomes

    def _model(self) -> Finding:
        try:
            self._embedder.embed_query("ready?")
        except RagError as error:
            return Finding("model", "fault", str(error), "Correct RAG_EMBEDDING_MODEL.")
        return Finding("model", "ok", f"The embedding model works: {self._embedder.identity[:IDENTITY_CHARACTERS]}.")

    def _record(self, records: Sequence[DocumentRecord]) -> Finding:
        left = len(self._index.left_behind())
        said = f"{_counted(len(records), 'document')}, {_counted(sum(record.chunks for record in records), 'chunk')}."
        if left:
            return Finding(
                "record", "warning", f"{said} {left} more were indexed with other settings and are not searched.", "`rag reindex`"
            )
        return Finding("record", "ok", said)

    def _vectors(self, records: Sequence[DocumentRecord]) -> Finding:
        bad = [record.name for record in records if self._missing_vectors(record)]
        if bad:
            return Finding("vectors", "fault", f"Vectors are missing or damaged of {_named(bad)}.", f"{REPAIR} indexes them again.")
        return Finding("vectors", "ok", "All vectors are there.")

    def _words(self) -> Finding:
        if problem := self._word_problem():
            return Finding("words", "fault", problem, f"{REPAIR} rebuilds the keyword index.")
        return Finding("words", "ok", "The keyword index is complete.")

    def _files(self) -> Finding:
        broken = [f"{record.name} ({problem})" for record, problem in self._broken_files()]
        if broken:
            cure = f"Add the files again, or {REPAIR} takes them from where they came from, if they are still there."
            return Finding("files", "fault", f"The library has no good copy of {_named(broken)}.", cure)
        return Finding("files", "ok", "The library's copies of the files are as they were added.")

    def _waiting(self) -> Finding:
        waiting = [record.name for record in self._index.pending.records.values()]
        if waiting:
            return Finding(
                "waiting", "warning", f"Not all vectors are made of {_named(waiting)}.", f"The page makes them, or `rag add`, or {REPAIR}."
            )
        erasing = "Removed text is still to be erased from the library's files."
        return (
            Finding("waiting", "warning", erasing, REPAIR)
            if self._index.is_erasing
            else Finding("waiting", "ok", "Nothing waits to be done.")
        )

    def _quarantine(self) -> Finding:
        names = [orphan.name for orphan in self._originals.isolated()]
        aside = [folder.name for folder in sorted(self._originals.quarantine.glob("damaged-*"))]
        if names:
            message = f"In {self._originals.quarantine} without a record: {_named(names)}."
            return Finding("quarantine", "warning", message, f"{REPAIR} adds them again; after 30 days they are deleted.")
        if aside:
            when = datetime.strptime(aside[-1][8:23], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
            message = f"A damaged index was set aside on {when:%d %B %Y} and rebuilt: {self._originals.quarantine / aside[-1]}."
            return Finding("quarantine", "ok", f"{message} It is deleted after 30 days.")
        return Finding("quarantine", "ok", "Nothing was set aside.")

    def _disk(self) -> Finding:
        free = shutil.disk_usage(self._folder).free
        said = f"{free / 1e9:,.1f} GB free in {self._folder}."
        if free < LOW_BYTES:
            return Finding("disk", "fault" if free < FULL_BYTES else "warning", said, "Free some space.")
        return Finding("disk", "ok", said)

    def _missing_vectors(self, record: DocumentRecord) -> bool:
        keys = [(record.id, ordinal) for ordinal in range(record.chunks)]
        for first in range(0, len(keys), READ_BATCH):
            found, rows = self._index.store.embeddings(keys[first : first + READ_BATCH])
            if len(found) < len(keys[first : first + READ_BATCH]) or not (np.abs(np.linalg.norm(rows, axis=1) - 1) < UNIT).all():
                return True
        return False

    def _word_problem(self) -> str:
        records, lexical = self._index.records, self._index.lexical
        count = lexical.count  # which commits what was put last
        if lexical.document_ids != records.keys():
            return "The keyword index is of other documents than the record."
        expected = sum(record.chunks for record in records.values())
        return "" if count == expected else f"The keyword index has {count} chunks, the record {expected}."

    def _broken_files(self) -> list[tuple[DocumentRecord, str]]:
        records = [*self._index.records.values(), *self._index.left_behind()]
        looked_at = [(record, self._originals.changed(record)) for record in records]
        return [(record, problem) for record, problem in looked_at if problem]

    def _restore_file(self, record: DocumentRecord) -> None:
        """Take a document's file from where it came from, where it has the same bytes there."""
        for path in filter(None, map(path_of, record.sources)):
            try:
                self._originals.keep(path, record.id, record.media_type)
            except RagError:
                continue  # gone, or another file by now
            except OSError as error:
                raise StorageError(f"{record.name} could not be restored: {error.strerror}.") from error

    def _incomplete(self) -> Iterator[tuple[Source | Refused, str]]:
        """Documents whose vectors are not all there, forgotten so that they are made again; those without a good file stay as they are."""
        for record in list(self._index.store.records.values()):
            if self._missing_vectors(record) and not self._originals.changed(record):
                with self._writing:
                    self._index.forget(record.id)
                yield Source(self._originals.path(record.id, record.media_type), record.name, record.sources), record.password


def _origins(orphan: Orphan) -> tuple[str, ...]:
    return orphan.sources or (f"upload:{orphan.name}",)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _named(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
