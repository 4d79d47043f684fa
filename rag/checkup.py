"""Checks every part of a library: one finding each, with its cure. Whatever can be rebuilt from the files is rebuilt."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.answering.notices import needs_reindexing
from rag.embedding.protocol import Embedder
from rag.errors import NewerSchemaError, RagError, UnreadableFileError, storage_errors
from rag.ingesting.adding import FileAdder, source_of
from rag.ingesting.staging import Source
from rag.origins import path_of
from rag.storing.hnsw import UNIT
from rag.storing.index import Index
from rag.storing.originals import Originals
from rag.storing.protocol import READ_BATCH
from rag.storing.reserve import FULL_BYTES
from rag.types import DocumentRecord, Finding, Outcome, ProgressCallback

REPAIR = "`rag doctor --repair`"

LOW_BYTES = 1_000_000_000  # less free space than this is a warning
IDENTITY_CHARACTERS = 40  # how much of a model's identity is shown: its name, and the beginning of its hash


class Checkup:
    """Checks a library, and repairs it. `writing` is held while anything is written."""

    def __init__(
        self, folder: Path, index: Index, originals: Originals, embedder: Embedder, adder: FileAdder, writing: threading.RLock
    ) -> None:
        self._folder = folder
        self._index = index
        self._originals = originals
        self._embedder = embedder
        self._adder = adder
        self._writing = writing

    def examine(self) -> list[Finding]:
        """Check every part; about a second for 100 MB of files and 10,000 chunks.

        The findings come in this order: model, record, vectors, keywords, files, indexing, quarantine, disk. Where the record cannot be
        opened, those that depend on it are left out.
        """
        findings = [self._model()]
        try:
            with self._index.guarded():
                records = list(self._index.store.records.values())
                cure, complete = f"{REPAIR} rebuilds the keyword index.", "The keyword index is complete."
                keywords = _finding("keywords", self._keyword_problem(), cure, complete)
                findings += [self._record(records), self._vectors(records), keywords, self._files(), self._indexing()]
        except RagError as error:
            cure = "Update Footnote." if isinstance(error, NewerSchemaError) else f"{REPAIR} rebuilds the index from the library's files."
            findings.append(Finding("record", "fault", str(error), cure))
        return [*findings, self._quarantine(), self._disk()]

    def repair(self, progress: ProgressCallback | None = None) -> list[Outcome]:
        """Rebuild index and keywords from the library's files, restore files from where they came, add again what is in quarantine.

        Returns the outcome of each file that was added again.
        """
        self._index.allow_rebuilding()
        with self._index.guarded():
            problem = self._keyword_problem()
        if problem:
            self._index.rebuild_keyword_index()
        with self._index.guarded():
            sources = list(self._incomplete())
            for record, _ in self._broken_files():
                for path in filter(None, map(path_of, record.sources)):  # which may be gone, or another file by now
                    with storage_errors(f"{record.name} could not be restored"), suppress(UnreadableFileError):
                        self._originals.keep(path, record.id, record.media_type)
            isolated = self._originals.isolated()
            for orphan in isolated:
                self._originals.fetch(orphan)
            outcomes = self._adder.add([*sources, *map(source_of, isolated)], (), progress, wait=True)
            for orphan, outcome in zip(isolated, outcomes[len(sources) :], strict=True):
                if outcome.is_searchable:
                    self._originals.release(orphan)
            return outcomes

    def _model(self) -> Finding:
        try:
            self._embedder.embed_query("ready?")
        except RagError as error:
            return Finding("model", "fault", str(error), "Correct RAG_EMBEDDING_MODEL.")
        return Finding("model", "ok", f"The embedding model works: {self._embedder.identity[:IDENTITY_CHARACTERS]}.")

    def _record(self, records: Sequence[DocumentRecord]) -> Finding:
        counted = f"{_counted(len(records), 'document')}, {_counted(sum(record.chunks for record in records), 'chunk')}."
        if left_behind := needs_reindexing(len(self._index.left_behind())):
            return Finding("record", "warning", f"{counted} {left_behind}", "`rag reindex`")
        return Finding("record", "ok", counted)

    def _vectors(self, records: Sequence[DocumentRecord]) -> Finding:
        bad = _named([record.name for record in records if self._missing_vectors(record)])
        problem = bad and f"Vectors are missing or damaged: {bad}."
        return _finding("vectors", problem, f"{REPAIR} re-indexes these documents.", "All vectors are there.")

    def _files(self) -> Finding:
        broken = _named([f"{record.name} ({problem})" for record, problem in self._broken_files()])
        problem = broken and f"The library's own copies of these files are damaged: {broken}."
        cure = f"Add the files again, or {REPAIR} copies them from where they came from, if they are still there."
        return _finding("files", problem, cure, "The library's copies of the files are intact.")

    def _indexing(self) -> Finding:
        if names := _named([record.name for record in self._index.records.values() if self._adder.is_unfinished(record)]):
            cure = f"The page finishes this, or `rag add`, or {REPAIR}."
            return Finding("indexing", "warning", f"Indexing is not finished: {names}.", cure)
        if self._index.is_erasing:
            return Finding("indexing", "warning", "Removed text is still to be erased from the library's files.", REPAIR)
        return Finding("indexing", "ok", "Nothing is unfinished.")

    def _quarantine(self) -> Finding:
        folder = self._originals.quarantine
        if names := _named([orphan.name for orphan in self._originals.isolated()]):
            message = f"Files without a record are in {folder}: {names}."
            return Finding("quarantine", "warning", message, f"{REPAIR} adds them again; after 30 days they are deleted.")
        if aside := [each.name for each in sorted(folder.glob("damaged-*"))]:
            when = datetime.strptime(aside[-1][8:23], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
            message = f"A damaged index was set aside on {when:%d %B %Y} and rebuilt: {folder / aside[-1]}."
            return Finding("quarantine", "ok", f"{message} It is deleted after 30 days.")
        return Finding("quarantine", "ok", "Nothing was set aside.")

    def _disk(self) -> Finding:
        free = shutil.disk_usage(self._folder).free
        message = f"{free / 1e9:,.1f} GB free in {self._folder}."
        if free < LOW_BYTES:
            return Finding("disk", "fault" if free < FULL_BYTES else "warning", message, "Free some space.")
        return Finding("disk", "ok", message)

    def _missing_vectors(self, record: DocumentRecord) -> bool:
        keys = [(record.id, ordinal) for ordinal in range(record.chunks)]
        for first in range(0, len(keys), READ_BATCH):
            found, rows = self._index.store.embeddings(keys[first : first + READ_BATCH])
            if len(found) < len(keys[first : first + READ_BATCH]) or not (np.abs(np.linalg.norm(rows, axis=1) - 1) < UNIT).all():
                return True
        return False

    def _keyword_problem(self) -> str:
        records, lexical = self._index.records, self._index.lexical
        count = lexical.count  # which commits what was put last
        if lexical.document_ids != {record.id for record in records.values() if record.chunks}:
            return "The keyword index and the record hold different documents."
        expected = sum(record.chunks for record in records.values())
        return "" if count == expected else f"The keyword index has {count} chunks, the record {expected}."

    def _broken_files(self) -> list[tuple[DocumentRecord, str]]:
        records = [*self._index.records.values(), *self._index.left_behind()]
        broken = {record.id: problem for record, problem in self._originals.problems(records, is_thorough=True)}
        problems = ((record, broken.get(record.id) or self._lost_ocr(record)) for record in records)
        return [(record, problem) for record, problem in problems if problem]

    def _lost_ocr(self, record: DocumentRecord) -> str:
        return "OCR missing" if self._originals.lacks_ocr(record) else ""

    def _incomplete(self) -> Iterator[Source]:
        """Documents that lack vectors or OCR, forgotten so that they are re-indexed; those without a good file stay as they are."""
        for record in list(self._index.store.records.values()):
            if (self._missing_vectors(record) or self._lost_ocr(record)) and not self._originals.changed(record):
                with self._writing:
                    self._index.forget(record.id)
                yield Source.of_record(record, self._originals.path(record.id, record.media_type))


def _finding(part: str, problem: str, cure: str, fine: str) -> Finding:
    return Finding(part, "fault", problem, cure) if problem else Finding(part, "ok", fine)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _named(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
