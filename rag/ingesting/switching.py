"""Another embedding model for a library: it is re-indexed beside the index that answers, which the new one then replaces at once.

chosen -> indexing, some documents or chunks at a time -> complete -> switched over -> the old index is deleted

What was chosen is kept on disk, and so is what is indexed: a process that is killed resumes with the next one. The switch is the one write
of the choice; all else follows from it. Documents that are added, changed or removed meanwhile go into the old index, and are caught up.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rag.embedding.checked import CheckedEmbedder
from rag.errors import EmbeddingError, storage_errors
from rag.ingesting.adding import FileAdder
from rag.ingesting.embedding_queue import EmbeddingQueue
from rag.ingesting.ocr_queue import OcrQueue
from rag.ingesting.staging import Source
from rag.storing.index import Index
from rag.storing.lexical_files import reset_folder
from rag.storing.model_choice import ModelChoice
from rag.storing.originals import Originals
from rag.storing.protocol import RecordStore
from rag.types import DocumentRecord, ModelSwitch

log = logging.getLogger(__name__)

FOLDER = "next"  # in the library's folder: what of the new index is not in the database
SECONDS_FOR_WRITERS = 0.5  # how long the switch waits for who is writing, before it is put off


@dataclass(frozen=True, slots=True)
class Side:
    """An index with all that adds to it: the one that answers, or one that is made beside it."""

    embedder: CheckedEmbedder
    index: Index
    adder: FileAdder
    queue: EmbeddingQueue
    ocr: OcrQueue

    def close(self) -> None:
        """Close the index and the model."""
        self.index.close()
        self.embedder.close()


class Switcher:
    """Changes the model of one library."""

    def __init__(
        self,
        choice: ModelChoice,
        main: Side,
        originals: Originals,
        writing: threading.RLock,
        open_side: Callable[[str, Path], Side] | None,
    ) -> None:
        """Do nothing yet. `open_side` takes a model's name and a folder; it is None where the model was given otherwise, and is fixed."""
        self._choice = choice
        self._main = main
        self._index = main.index
        self._originals = originals
        self._writing = writing
        self._open_side = open_side
        self._folder = main.index.folder / FOLDER
        self._turn = threading.RLock()
        self._side: Side | None = None
        self._store: RecordStore | None = None  # the old index's, when the new one was opened
        self._left: Mapping[str, DocumentRecord] = {}  # indexed with yet another model or setting
        self._failed: dict[str, float] = {}  # documents that could not be read, with the time that their file was changed
        self._done = 0.0
        self._has_forgotten = False

    @property
    def is_fixed(self) -> bool:
        """Whether no other model can be chosen."""
        return self._open_side is None

    @property
    def state(self) -> ModelSwitch | None:
        """How far it is; None where no other model is chosen."""
        if self._open_side is None or not (model := self._choice.now.next):
            return None
        return ModelSwitch(model, self._done, self._problem())

    def begin(self, model: str) -> None:
        """Choose a model; `step` does the rest. Raises `EmbeddingError` where it is not on this machine."""
        if self._open_side is None:
            raise EmbeddingError("RAG_EMBEDDING_MODEL is set, and wins over a library's own choice. Unset it first.")
        with self._turn:
            if self._choice.now.next == model:
                return
            self.cancel()
            side = self._open_side(model, self._folder)
            try:
                is_same = side.embedder.identity == self._main.embedder.identity
            finally:
                side.close()
            self._choice.change(**{"model" if is_same else "next": model})
            self._done = 0.0

    def cancel(self) -> None:
        """Keep the present model, and delete what was made of the new index."""
        with self._turn:
            if self._choice.now.next:
                self._choice.change(next="", has_old=True)
                self._let_go()
                shutil.rmtree(self._folder, ignore_errors=True)

    def step(self) -> bool:
        """Do the next piece of work, in about a second, or a document; returns whether there was anything to do."""
        with self._turn:
            if self._choice.now.has_old:
                return self._delete_old()
            if self._open_side is None or not self._choice.now.next:
                return False
            with self._index.guarded():
                side = self._opened(self._open_side)
                is_embedding = side.queue.step()
                self._done = self._share(side)
                if is_embedding:
                    return True
                missing = self._follow(side)
                if untried := [record for record in missing if self._failed.get(record.id) != self._changed(record)]:
                    self._add(side, untried[0])
                    return True
            return not missing and self._switch(side)

    def close(self) -> None:
        """Close what is open; what was done is kept."""
        with self._turn:
            self._let_go()

    def _opened(self, open_side: Callable[[str, Path], Side]) -> Side:
        """The new index, opened again where the old one was: they share a database."""
        if self._store is not self._index.store:
            self._let_go()
        if self._side is None:
            with storage_errors("The new index could not be begun"):
                self._folder.mkdir(exist_ok=True)
            side = open_side(self._choice.now.next, self._folder)
            side.embedder.prepare()
            self._side, self._store = side, self._index.store
            self._left = {record.id: record for record in self._index.left_behind()}
        return self._side

    def _let_go(self) -> None:
        side, self._side = self._side, None
        if side:
            side.close()

    def _share(self, side: Side) -> float:
        """How much of the new index is there, by pages."""
        wanted, made = self._wanted(), side.index.records
        done = sum(record.pages * made[id_].indexed for id_, record in wanted.items() if id_ in made)
        return done / sum(record.pages for record in wanted.values()) if wanted else 1.0

    def _changed(self, record: DocumentRecord) -> float:
        """When the library's copy of a document was last changed; 0 where it is missing."""
        return self._originals.changed_at(record)

    def _wanted(self) -> dict[str, DocumentRecord]:
        """The documents that the new index is to have."""
        return {**self._left, **self._index.records}

    def _follow(self, side: Side) -> list[DocumentRecord]:
        """Make the new index follow what was removed and renamed meanwhile; returns the documents that it lacks."""
        with self._writing:
            wanted, made = self._wanted(), side.index.records
            for id_ in made.keys() - wanted.keys():
                side.index.forget(id_)
                self._has_forgotten = True
            for id_ in made.keys() & wanted.keys():
                old = wanted[id_]
                now = replace(made[id_], name=old.name, sources=old.sources, added=old.added, password=old.password, metadata=old.metadata)
                if now != made[id_]:
                    side.index.update(now)
            made = side.index.records
            return [record for id_, record in wanted.items() if id_ not in made]

    def _add(self, side: Side, record: DocumentRecord) -> None:
        """Read a document again, from the library's own copy; it is embedded by the steps that follow."""
        source = Source.of_record(record, self._originals.path(record.id, record.media_type))
        outcome = side.adder.add([source], (), None, wait=False)[0]
        if outcome.document_id != record.id:
            log.warning("%s could not be re-indexed: %s", record.name, outcome.message)
            self._failed[record.id] = self._changed(record)

    def _problem(self) -> str:
        names = [record.name for id_, record in self._wanted().items() if id_ in self._failed] if self._failed else []
        if not names:
            return ""
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"{names[0]}{more} could not be read again, so the old model stays. Add the file again or remove the document, or cancel."

    def _switch(self, side: Side) -> bool:
        """Put the new index in the old one's place, unless somebody is writing, or something has come meanwhile; always True."""
        side.embedder.embed_query("ready?")  # what the first question needs is loaded before
        side.embedder.familiarity("ready?")
        with self._main.queue.paused(), self._index.alone() as is_alone:
            if is_alone and self._writing.acquire(timeout=SECONDS_FOR_WRITERS):
                try:
                    if not self._follow(side) and not side.index.keyword_ready.records:
                        self._choice.change(model=self._choice.now.next, next="", has_old=True)
                        self._side = None
                        side.index.close()
                        self._index.let_go()
                        self._main.embedder.become(side.embedder)
                        self._take_keywords()
                finally:
                    self._writing.release()
        return True

    def _take_keywords(self) -> None:
        """Put the new keyword index in the old one's place. It is derived: where this is interrupted, it is rebuilt.

        So it is where documents were removed meanwhile, whose text may be left in its files.
        """
        with suppress(OSError):
            old, new = self._index.folder / "lexical", self._folder / "lexical"
            if not self._has_forgotten:
                reset_folder(old)
                old.rmdir()
                new.rename(old)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _delete_old(self) -> bool:
        """Delete the index of the model before; it stays where it has documents that this one lacks."""
        with self._index.guarded():
            if not self._index.left_behind():
                self._index.drop_other_indexes()
        self._choice.change(has_old=False)
        return True
