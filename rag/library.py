"""Library: documents in, passages and cited answers out. Composes the stages."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.answering.answering import answer_by_model, answer_by_quoting
from rag.answering.asked import Asked
from rag.answering.extractive import weighed_sentences
from rag.answering.notices import still_indexing
from rag.checkup import Checkup
from rag.embedding.backends import build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embedder
from rag.endpoints.chat.model import ChatModel, OpenAIChatModel
from rag.errors import DocumentNotFoundError, EmptyQuestionError, QuestionTooLongError, StorageError
from rag.exploring.vectors import VectorReader, Vectors
from rag.files import find_files, origin_of, shown_name, uploaded_name
from rag.formats.loader import Loader
from rag.formats.viewer import Viewer
from rag.ingesting.adding import Adding, Refused
from rag.ingesting.chunking import VERSION as CHUNKER_VERSION
from rag.ingesting.embedding_queue import Completing
from rag.ingesting.staging import Source, Staging
from rag.reranking.protocol import Reranker, build_reranker
from rag.retrieving.confidence import confidence, evidence
from rag.retrieving.follow_up import Searched, standalone_by_rule
from rag.retrieving.retriever import Query, Retriever, Within
from rag.retrieving.rewriting import standalone_by_model
from rag.settings import Settings
from rag.storing.index import Index
from rag.storing.lock import ReadOnlyCopy, lock_or_copy
from rag.storing.opening import Opener
from rag.storing.originals import Originals, Orphan
from rag.text.printable import printable_line
from rag.types import Answer, Chunk, ChunkKey, DocumentRecord, Finding, Message, Outcome, Passage, ProgressCallback, Report
from rag.verifying.rules import check as check_claims
from rag.viewing import Pages

log = logging.getLogger(__name__)

RAW_WEIGHT = 0.35
"""Of a follow-up as it was asked, beside the whole question made of it: a bad rewrite must not hide what the question itself finds."""

MOST_QUESTION_CHARACTERS = 4_000
"""Of a question: two pages of prose. A model that reads 4,096 tokens has no room for more beside the passages."""

MOST_HISTORY_MESSAGES = 100
MOST_HISTORY_CHARACTERS = 100_000
"""Of the earlier questions and answers that are looked at, all together; the newest count."""

Paths = str | Path | Iterable[str | Path]


class Library:
    """A folder of documents that can be searched and asked. Open it with `Library.open`; it may be used from several threads.

    Attributes:
        folder: Where it lies.
        settings: What it was opened with.
        chat_model: What writes its answers, or None for quoted ones.
        embedder: What its vectors are made by.
        pages: Its documents' pages: drawn, marked, as text.
    """

    def __init__(
        self, folder: Path, settings: Settings, embedder: Embedder, chat_model: ChatModel | None, reranker: Reranker | None = None
    ) -> None:
        """Put a library together from its parts; `Library.open` builds the usual ones.

        Raises:
            LibraryLockedError: Another process has it open.
            StorageError: The folder cannot be used.
        """
        self.folder = folder
        self.settings = settings
        self.chat_model = chat_model
        self.embedder = embedder = CheckedEmbedder(embedder, self._dimensions)
        self._lock = lock_or_copy(folder)
        self._originals = Originals(folder / "originals", is_read_only=self.is_read_only)
        opener = Opener(self._lock.folder, settings.chroma_url, self._originals, self._describe, is_read_only=self.is_read_only)
        self._index = Index(opener, self._originals, self._restore)
        self._retriever = Retriever(embedder, self._index, reranker, settings.rerank_depth)
        self._vectors = VectorReader(self._index, self._describe)
        self._loader = Loader(
            max_bytes=int(settings.max_file_megabytes * 1e6),
            seconds_without_progress=settings.parse_seconds,
            memory_megabytes=settings.parse_megabytes,
        )
        self.pages = Pages(self.document, self._originals, Viewer(memory_megabytes=settings.parse_megabytes))
        self._writing = threading.RLock()
        self._completing = Completing(embedder, self._index, self._writing)
        staging = Staging(self._loader, embedder, self._index, self._originals, settings.chunk_tokens, self._writing)
        self._adding = Adding(staging, self._completing, self._index)
        self._checkup = Checkup(folder, self._index, self._originals, embedder, self._adding, self._writing)

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        chat_model: ChatModel | None = None,
        reranker: Reranker | None = None,
    ) -> Self:
        """Open a library, or make an empty one. Quick: the models load when they are first needed.

        Args:
            folder: Where it lies; `settings.library` if not given.
            settings: From the environment if not given.
            embedder: Instead of the one that the settings name.
            chat_model: Instead of the endpoint that the settings name.
            reranker: Instead of the one that the settings name, if any.

        Raises:
            LibraryLockedError: Another process has it open.
            StorageError: The folder cannot be used.
            EmbeddingError: The setting of the embedding model is not written as its kind wants it.
        """
        settings = settings or Settings()
        if chat_model is None and (endpoint := settings.chat_endpoint):
            chat_model = OpenAIChatModel(
                endpoint, max_tokens=settings.chat_max_tokens, temperature=settings.chat_temperature, timeout_seconds=settings.chat_seconds
            )
        if reranker is None and settings.reranker:
            reranker = build_reranker(settings.reranker, settings.reranker_model, settings.reranker_api_key)
        embedder = embedder or build_embedder(
            settings.embedding_model, settings.embedding_backend, settings.exported_models, settings.embedding_endpoint
        )
        return cls(Path(folder or settings.library), settings, embedder, chat_model, reranker)

    def add(self, paths: Paths, *, passwords: Sequence[str] = (), progress: ProgressCallback | None = None, wait: bool = True) -> Report:
        """Add files, and the files in folders. Adding again what is there does nothing; a changed file replaces its earlier version.

        First every file is read, and found by its words from then on; then the vectors are made, also those that an earlier adding left
        unmade. What stops in between goes on from there the next time.

        Args:
            paths: A file, a folder, or several.
            passwords: Tried on encrypted PDFs.
            progress: Called as the work goes on, and with each file's outcome.
            wait: Whether to make the vectors too; if not, `index_next` makes them.

        Returns:
            One outcome for each file; a file that cannot be read has one too, and stops no other.

        Raises:
            StorageError: The disk or the database refused.
            EmbeddingError: The embedding model cannot be used.
            ValueError: A path is empty.
        """
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        entries = list(find_files(given))
        sources = [
            Refused(*entry) if isinstance(entry, tuple) else Source(entry, shown_name(entry), (origin_of(entry),)) for entry in entries
        ]
        return self._add(sources, passwords, progress, wait)

    def add_upload(
        self, path: Path, name: str, *, passwords: Sequence[str] = (), progress: ProgressCallback | None = None, wait: bool = True
    ) -> Outcome:
        """Add one file that was uploaded under `name`; a later upload of that name with other content replaces it.

        Args:
            path: Where it is.
            name: What it is called.
            passwords: As for `add`.
            progress: As for `add`.
            wait: As for `add`.

        Raises:
            StorageError: As for `add`.
            EmbeddingError: As for `add`.
            ValueError: There is no name in `name`.
        """
        name = uploaded_name(name)
        return self._add([Source(path, name, (f"upload:{name}",))], passwords, progress, wait).outcomes[0]

    def index_next(self) -> bool:
        """Make some of the vectors that are missing, in about a second.

        Returns:
            Whether there was anything to do.

        Raises:
            StorageError: As for `add`.
            EmbeddingError: As for `add`.
        """
        if self.is_read_only:
            return False
        with self._index.guarded():
            is_done = self._completing.step()
        return is_done or self.erase()

    def documents(self) -> list[DocumentRecord]:
        """The documents, in the order they were added; `indexed` says whether all their vectors are made.

        Raises:
            StorageError: The index cannot be opened.
        """
        return list(self._index.records.values())

    def indexing(self, documents: Sequence[str] | None = None) -> list[DocumentRecord]:
        """The documents whose vectors are not all made yet: they are found by their words, and by the vectors there are.

        Args:
            documents: Names or ids of those looked at; all if not given.

        Raises:
            DocumentNotFoundError: A name in `documents` is not there.
            StorageError: The index cannot be opened.
        """
        records = self.documents() if documents is None else [self.document(name) for name in documents]
        return [record for record in records if record.indexed < 1]

    def document(self, name_or_id: str) -> DocumentRecord:
        """Find a document by its name, its id, or the beginning of its id (8 digits or more).

        Raises:
            DocumentNotFoundError: There is none, or more than one.
        """
        records = self.documents()
        found = [record for record in records if name_or_id in {record.name, record.id} or printable_line(name_or_id) == record.name]
        if not found and len(name_or_id) >= 8:
            found = [record for record in records if record.id.startswith(name_or_id)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise DocumentNotFoundError(f"There is no document {name_or_id!r} in the library. `rag list` shows what there is.")
        ids = ", ".join(record.id[:12] for record in found)
        raise DocumentNotFoundError(f"{len(found)} documents are called {name_or_id!r}. Give the id instead: {ids}.")

    def vectors(self) -> Vectors:
        """All vectors, as they are now; read again only where documents have changed.

        Raises:
            StorageError: The index cannot be read.
            ExploringError: Some vectors are not of unit length.
        """
        with self._index.guarded():
            return self._vectors.read()

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks; those that are not there are left out.

        Raises:
            StorageError: The index cannot be read.
        """
        with self._index.guarded():
            return self._index.chunks(keys)

    def remove(self, name_or_id: str) -> DocumentRecord:
        """Remove a document, and the library's copy of its file.

        Returns:
            What was removed.

        Raises:
            DocumentNotFoundError: There is none, or more than one.
            StorageError: The disk or the database refused.
        """
        self._check_writable()
        with self._writing, self._index.guarded():
            record = self.document(name_or_id)
            self._index.remove(record.id)
        return record

    @property
    def is_read_only(self) -> bool:
        """Whether its folder cannot be written: it can be searched and asked all the same."""
        return isinstance(self._lock, ReadOnlyCopy)

    @property
    def scratch(self) -> Path:
        """Where files may be written for as long as it is open: its folder, or a temporary one where that is read-only."""
        return self._lock.folder

    @property
    def is_erasing(self) -> bool:
        """Whether words of removed documents are still in the library's files; `erase` overwrites them."""
        return self._index.is_erasing

    def erase(self) -> bool:
        """Overwrite in the library's files what removed documents left there. Takes some seconds; `index_next` does it too.

        Returns:
            Whether there was anything to erase. While other threads are busy with the library it is put off: see `is_erasing`.

        Raises:
            StorageError: The disk refused.
        """
        return self._index.erase()

    def examine(self) -> list[Finding]:
        """Look whether every part is whole: model, record, vectors, words, files (each byte), what waits, quarantine and disk.

        Returns:
            A finding for each part, with its cure.
        """
        self._index.check_open()
        return self._checkup.examine()

    def repair(self, progress: ProgressCallback | None = None) -> list[Outcome]:
        """Rebuild what `examine` finds damaged, from the library's own files, and finish what waits.

        Args:
            progress: As for `add`.

        Returns:
            What became of each file that had to be added again.

        Raises:
            StorageError, EmbeddingError: As for `add`.
        """
        self._check_writable()
        outcomes = self._checkup.repair(progress)
        self.erase()
        return outcomes

    def damaged_copies(self) -> list[tuple[DocumentRecord, str]]:
        """The documents whose files the library has no good copy of: their pages cannot be shown. Adding the file again restores it.

        Returns:
            Each with "missing" or "cut". `rag doctor` looks at every byte.

        Raises:
            StorageError: The index cannot be opened.
        """
        looked_at = [(record, self._originals.problem(record)) for record in self.documents()]
        return [(record, problem) for record, problem in looked_at if problem]

    def retrieve(
        self,
        question: str,
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        history: Sequence[Message] = (),
        chunks: Sequence[ChunkKey] | None = None,
    ) -> list[Passage]:
        """Find the passages that answer a question best, by meaning and by words.

        Args:
            question: In words; not empty.
            top_k: How many, at most; `settings.top_k` if not given.
            documents: Names or ids of the documents to look in; all if not given.
            history: Earlier questions and answers, oldest first; a follow-up takes its subject from them. Of a long one, the newest count.
            chunks: Keys of the chunks to look at, as those chosen on a map; all if not given.

        Returns:
            Best first; empty if the library is.

        Raises:
            EmptyQuestionError, QuestionTooLongError: The question has no words, or too many.
            DocumentNotFoundError: A name in `documents` is not there.
            ValueError: `top_k` is less than 1.
            StorageError: The index cannot be read.
            RerankingError: The reranker cannot be used.
        """
        question = _asked(question)
        return self._retrieve(question, standalone_by_rule(question, _told(history)), top_k, documents, chunks)

    @property
    def min_confidence(self) -> float:
        """With less confidence than this, the documents do not say; in [0, 1]."""
        return self.settings.min_confidence

    def confidence(self, question: str, passages: Sequence[Passage]) -> float:
        """How sure it is that passages answer a question.

        Args:
            question: In words; not empty.
            passages: What was retrieved for it, best first.

        Returns:
            A probability, calibrated on questions half of which are answered by their passages (ClapNQ); 0 without passages.

        Raises:
            EmptyQuestionError, QuestionTooLongError: The question has no words, or too many.
            EmbeddingError: The embedding model cannot be used.
            StorageError: The index cannot be read.
        """
        question = _asked(question)
        if not passages:
            return 0.0
        with self._index.guarded():
            records = self._index.records
            titles = [records[passage.document_id].title if passage.document_id in records else "" for passage in passages]
            wording = self._index.lexical.wording(question)
        return confidence(evidence(question, passages, titles, wording, self.embedder))

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        chunks: Sequence[ChunkKey] | None = None,
    ) -> Answer:
        """Answer a question from the documents, with footnotes. Waits for the whole answer; `stream` shows it grow.

        Args:
            question: In words; not empty.
            history: Earlier questions and answers, oldest first.
            top_k: Passages to answer from, at most.
            documents: Names or ids of the documents to look in; all if not given.
            chunks: As for `retrieve`.

        Raises:
            ChatError: The chat endpoint did not answer as it should.
            EmptyQuestionError, QuestionTooLongError, DocumentNotFoundError, ValueError, StorageError: As for `retrieve`.
        """

        async def last() -> Answer:
            async with aclosing(self.stream(question, history=history, top_k=top_k, documents=documents, chunks=chunks)) as answers:
                async for answer in answers:
                    whole = answer
            return whole

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(last())
        with ThreadPoolExecutor(1) as executor:  # in a notebook a loop is running already
            return executor.submit(asyncio.run, last()).result()

    async def stream(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        chunks: Sequence[ChunkKey] | None = None,
    ) -> AsyncGenerator[Answer, None]:
        """Answer a question as `ask` does, and yield the answer as it grows; closing the iterator ends the endpoint's work.

        Yields:
            The answer so far, each time whole; `finish` is "streaming" until the last one.
        """
        began = time.monotonic()
        question, history = _asked(question), _told(history)
        searched = standalone_by_rule(question, history)
        if self.chat_model is not None:
            searched = await standalone_by_model(question, history, self.chat_model)
        passages = await asyncio.to_thread(self._retrieve, question, searched, top_k, documents, chunks)
        waiting = len(self.indexing(documents)) if chunks is None else 0
        asked = Asked(question, searched.text, tuple(passages), tuple(history), began, still_indexing(waiting))
        weighing = asyncio.create_task(asyncio.to_thread(self.confidence, searched.text, passages))
        try:
            if self.chat_model is None:
                is_sure = await weighing >= self.min_confidence
                weighed = await asyncio.to_thread(weighed_sentences, searched.text, passages if is_sure else [], self.embedder)
                yield answer_by_quoting(asked, weighed)
                return

            async def is_answered() -> bool:
                return await weighing >= self.min_confidence

            check = partial(check_claims, embedder=self.embedder)
            async with aclosing(answer_by_model(asked, self.chat_model, self.settings, is_answered, check)) as answers:
                async for answer in answers:
                    yield answer
        finally:
            weighing.cancel()

    @property
    def index_identity(self) -> str:
        """All that makes its vectors and cuts what they are: with another one, documents are to be indexed again.

        Raises:
            EmbeddingError: The embedding model is not on this machine.
        """
        return self._describe()

    def left_behind(self) -> list[DocumentRecord]:
        """Documents that were indexed with another model or setting, and cannot be found with the present one.

        Raises:
            StorageError: The index cannot be read.
        """
        with self._index.guarded():
            return self._index.left_behind()

    def reindex(self, progress: ProgressCallback | None = None) -> Report:
        """Index what was left behind with the present model, from the library's own copies; then drop the old index.

        Raises:
            StorageError: The disk or the database refused; the old index is still there.
        """
        self._check_writable()
        sources = [Source(self._originals.path(record.id, record.media_type), record.name, record.sources) for record in self.left_behind()]
        report = self._add(sources, [record.password for record in self.left_behind() if record.password], progress, wait=True)
        if report.all_searchable:
            self._index.drop_other_indexes()
        return report

    def warm_up(self) -> None:
        """Load the embedding model and open the index now, both at a time, so that the first question does not wait for them.

        Raises:
            EmbeddingError: The embedding model cannot be used.
            StorageError: The index cannot be opened.
        """
        _ = self.embedder.max_tokens  # as in `_add`
        with ThreadPoolExecutor(1) as executor:
            loading = executor.submit(self.embedder.embed_query, "ready?")
            _ = self._index.store
            loading.result()

    def announce(self, url: str) -> None:
        """Tell other processes that find the library in use where its page is."""
        self._lock.announce(url)

    def close(self) -> None:
        """Let go of the library. Doing so twice is harmless."""
        self._loader.close()
        self.pages.close()
        self._index.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _within(self, documents: Sequence[str] | None, chunks: Sequence[ChunkKey] | None) -> Within:
        ids = None if documents is None else [self.document(name).id for name in documents]
        if ids is not None and chunks is not None:
            chunks = [key for key in chunks if key[0] in ids]
        return Within(ids, chunks)

    def _retrieve(
        self,
        question: str,
        searched: Searched,
        top_k: int | None,
        documents: Sequence[str] | None,
        chunks: Sequence[ChunkKey] | None,
    ) -> list[Passage]:
        top_k = self.settings.top_k if top_k is None else top_k
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, not {top_k}")
        within = self._within(documents, chunks)
        queries = [Query(question)]
        if searched.text != question:
            queries = [Query(searched.text, 1 - RAW_WEIGHT), Query(question, RAW_WEIGHT)]
        _ = self.embedder.max_tokens  # as in `_add`
        with self._index.guarded():
            return self._retriever.retrieve(queries, top_k, within) if self._index.records else []

    def _describe(self) -> str:
        return f"{self.embedder.identity} cosine chunker={CHUNKER_VERSION} tokens={self.settings.chunk_tokens}"

    def _dimensions(self) -> int | None:
        with self._index.guarded():
            return self._index.store.dimensions

    def _check_writable(self) -> None:
        self._index.check_open()
        if self.is_read_only:
            raise StorageError(f"The library {self.folder} cannot be changed: its folder is read-only.")

    def _restore(self, orphans: Sequence[Orphan]) -> None:
        """Add documents again whose records are lost, from the library's own copies; what cannot be read goes to the quarantine."""
        sources = [Source(orphan.path, orphan.name, orphan.sources or (f"upload:{orphan.name}",)) for orphan in orphans]
        outcomes = self._adding.add(sources, [orphan.password for orphan in orphans if orphan.password], None, wait=False)
        for orphan, outcome in zip(orphans, outcomes, strict=True):
            if outcome.document_id != orphan.id:
                log.warning(
                    "%s could not be restored: %s It was moved to %s.", orphan.name, outcome.message, self._originals.isolate(orphan)
                )

    def _add(self, sources: Sequence[Source | Refused], passwords: Sequence[str], progress: ProgressCallback | None, wait: bool) -> Report:
        self._check_writable()
        if any(isinstance(source, Source) for source in sources):
            self._loader.start()  # while the index is opened
        _ = self.embedder.max_tokens  # a model that was not exported yet gets its final identity, before an index is opened by it
        with self._index.guarded():
            outcomes = self._adding.add(sources, passwords, progress, wait=wait)
        return Report(tuple(outcomes))


def _asked(question: str) -> str:
    """The question as it is searched: valid UTF-8 without white space around it.

    Raises:
        EmptyQuestionError: Nothing is left.
        QuestionTooLongError: It has more than `MOST_QUESTION_CHARACTERS`.
    """
    asked = question.strip()
    if not asked:
        raise EmptyQuestionError("The question is empty. Ask something about your documents.")
    if len(asked) > MOST_QUESTION_CHARACTERS:
        raise QuestionTooLongError(
            f"The question has {len(asked):,} characters; the limit is {MOST_QUESTION_CHARACTERS:,}. Ask more briefly, "
            "or add a long text as a document and ask about it."
        )
    return _valid(asked)


def _told(history: Sequence[Message]) -> list[Message]:
    """The newest messages of the conversation, as far as there is room for them, in valid UTF-8."""
    room, kept = MOST_HISTORY_CHARACTERS, 0
    for message in reversed(history[-MOST_HISTORY_MESSAGES:]):
        room -= len(message.content)
        if room < 0:
            break
        kept += 1
    return [replace(message, content=_valid(message.content)) for message in history[len(history) - kept :]]


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
