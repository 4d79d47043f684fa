"""Library: documents in, passages and cited answers out. `rag.building` builds its parts."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TypedDict, Unpack

from rag import arguments, changing, exporting
from rag.answering.answerer import Answerer
from rag.arguments import Adding
from rag.building import Asking, Given, build_parts
from rag.changing import add_sources, check_kept, check_writable
from rag.embedding.batches import embed_all
from rag.embedding.plugin import NEEDED as EMBEDDER
from rag.embedding.protocol import Embedder, Embeddings
from rag.endpoints.chat.function import ChatFunction, chat_model_of
from rag.endpoints.chat.model import ChatModel
from rag.errors import SettingsError
from rag.exploring.vectors import Vectors
from rag.filters import Filters
from rag.formats.registry import article, format_named
from rag.ingesting.chunking import index_identity
from rag.ingesting.gathering import folders_of, uploaded, without_removed
from rag.ingesting.staging import Source
from rag.ingesting.unpacking import is_archive
from rag.reranking import Reranker
from rag.retrieving.limiting import Where, limited, limited_documents
from rag.retrieving.search import Search, SearchRequest, checked_question
from rag.settings import Settings, where_set
from rag.showing import Passages, documents_markdown
from rag.storing.cluster.cluster import Cluster
from rag.storing.kept_settings import KeptSettings
from rag.storing.lock import ReadOnlyCopy
from rag.types import (
    Answer,
    BackupPart,
    Chunk,
    ChunkKey,
    DocumentRecord,
    Finding,
    Message,
    MetadataValue,
    ModelOffer,
    ModelSwitch,
    Outcome,
    Passage,
    ProgressCallback,
    RemovedDocument,
    Report,
    Role,
)

MOST_TRIES = 20

Paths = str | Path | Iterable[str | Path]


class SearchOptions(TypedDict, total=False):
    """What may be said of a question: see `Library.retrieve`."""

    history: Sequence[Message]
    top_k: int | None
    documents: Sequence[str] | None
    chunks: Sequence[ChunkKey] | None
    where: Where | None


class AskOptions(SearchOptions, total=False):
    """What may be said of a question that is to be answered: see `Library.ask`."""

    connection: str | None


class Library:
    """A folder of documents that can be searched and asked. Open it with `Library.open`; it may be used from several threads.

    Attributes:
        folder: Where it lies; in a cluster, where this machine keeps what can be fetched again.
        embedder: What makes its vectors.
        pages: Its documents' pages: drawn, marked, as text.
    """

    _stands_by: ClassVar[bool] = False
    """Whether it may be opened in a cluster while another process writes."""

    def __init__(
        self,
        folder: str | Path | None = None,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        chat_model: ChatModel | ChatFunction | None = None,
        reranker: Reranker | None = None,
        library_id: str = "",
    ) -> None:
        """See `open`; `library_id` names it beside the main library of a cluster, whose id is ""."""
        arguments.part("settings", settings, ("model_fields_set",), "rag.Settings(...)")
        arguments.part("embedder", embedder, EMBEDDER, "an rag.Embedder")
        arguments.part("reranker", reranker, ("identity", "scores"), "a rag.Reranker")
        settings = settings or Settings()
        folder = arguments.path("folder", settings.library if folder is None or folder == "" else folder)
        given = Given(embedder, chat_model_of(chat_model), reranker, library_id, stands_by=self._stands_by)
        parts = build_parts(folder, settings, given)
        self.folder = folder
        self._opened_with = settings
        self._given = (embedder, chat_model, reranker)
        self._asking = parts.asking(parts.keeper.now, None)
        self._asking_otherwise = dict[str, Asking]()
        self.embedder = parts.embedder
        self.pages = parts.pages
        self._parts = parts
        self._index = parts.index

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        chat_model: ChatModel | ChatFunction | None = None,
        reranker: Reranker | None = None,
    ) -> Self:
        """Open a library, or create an empty one. Quick: models load when they are first needed.

        Args:
            folder: Where it lies; `settings.library` if not given.
            settings: Read from the environment if not given.
            embedder: Used instead of the one in the settings. Models that you pass are not closed with the library.
            chat_model: Used instead of the endpoint in the settings. It may be a plain function: it takes a list of messages as OpenAI has
                them, and returns the answer or yields its pieces; it may be async.
            reranker: Used instead of the one in the settings, if any.

        Raises:
            LibraryLockedError: Another process has it open.
            StorageError: The folder cannot be used.
            EmbeddingError: The setting of the embedding model is malformed.
            TypeError: An argument is of another kind.
        """
        return cls(folder, settings, embedder=embedder, chat_model=chat_model, reranker=reranker)

    @property
    def settings(self) -> Settings:
        """What it was opened with, and the kept settings in the place of those that were at their default.

        Raises:
            SettingsError: What is kept is damaged.
        """
        return self._now().settings

    @property
    def chat_model(self) -> ChatModel | None:
        """What writes its answers, or None for quoted ones."""
        return self._now().chat_model

    def answering(self, connection: str | None = None) -> tuple[Settings, ChatModel | None]:
        """The settings and the chat model with which a question is answered that names this connection; errors as for `ask`."""
        asking = self._now(connection)
        return asking.settings, asking.chat_model

    @property
    def answerer(self) -> Answerer:
        """What answers questions, and corrects an answer that was shown."""
        return self._now().answerer

    @property
    def search(self) -> Search:
        """What finds passages and tells how sure an answer is; `rag.evaluating` calibrates it."""
        return self._now().search

    @property
    def kept_settings(self) -> KeptSettings:
        """What the library keeps: connected chat models, and how answers are to be.

        Raises:
            SettingsError: What is kept is damaged.
        """
        return self._now().kept

    def change_settings(self, change: Callable[[KeptSettings], KeptSettings]) -> None:
        """Change what the library keeps. It takes effect with the next question; those that are being answered go on as they began.

        Args:
            change: Gives the changed settings: `lambda kept: kept.with_values(top_k=8)`.

        Raises:
            SettingsError: A value cannot be used.
            StorageError: The disk failed, or the library is read-only.
        """
        check_kept(self._parts)  # in a cluster, any server may
        self._parts.keeper.change(change)

    def fixed_by(self, name: str) -> str:
        """Where a setting is set that wins over a kept one, such as "RAG_TOP_K in the environment"; "" where the kept one counts.

        `name` is that of a field of `Settings`; "chat_base_url" stands for the connected chat models.
        """
        if name == "chat_base_url" and self._parts.is_chat_given:
            return "the program that opened the library"
        is_set = name in self._opened_with.model_fields_set and getattr(self._opened_with, name) is not None
        return (where_set(name) or "the program that opened the library") if is_set else ""

    def add(
        self,
        paths: Paths,
        *,
        passwords: Sequence[str] = (),
        progress: ProgressCallback | None = None,
        wait: bool = True,
        leave_out_removed: bool = False,
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Report:
        """Add files, what is in folders and ZIP archives, and web pages; unchanged ones are skipped, changed ones replaced.

        All files are read first, and are keyword-searchable from then on; then they are embedded, and OCR reads their scanned pages
        one by one, with what an earlier call left unfinished. An interrupted call is resumed by the next one.

        Args:
            paths: A file, a folder, an address such as "https://example.com/page", or several.
            passwords: Tried on encrypted PDFs.
            progress: Called as the work goes on, and with each file's outcome.
            wait: Whether to return when all is embedded and read by OCR; if not, `index_next` does that, bit by bit.
            leave_out_removed: Whether what `left_out` lists is left out; else it is added again.
            metadata: Stored with each document, for `where`: str, int, float or bool. If not given, what is there stays.

        Returns:
            One outcome for each file, and one for each archive, after its files; a file that cannot be read has one too, and stops no
            other. A document whose file is gone from a folder or archive that was given has the outcome "missing", and stays until it
            is removed.

        Raises:
            StorageError: The disk or the database failed.
            EmbeddingError: The embedding model cannot be used.
            ValueError, TypeError: A path is empty, or metadata cannot be stored.
        """
        return self._add(arguments.paths(paths), Adding.checked(passwords, metadata, wait, progress), leave_out_removed)

    def add_upload(  # noqa: PLR0913 - what may be said of an upload
        self,
        path: Path,
        name: str,
        *,
        passwords: Sequence[str] = (),
        progress: ProgressCallback | None = None,
        wait: bool = True,
        replace: bool = False,
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Outcome:
        """Add one file that was uploaded under `name`; of an archive, the files in it.

        Args:
            path: Where it is.
            name: Its name. Where an earlier upload has that name and other content, this one becomes "NAME (2)".
            passwords: As for `add`.
            progress: As for `add`.
            wait: As for `add`.
            metadata: As for `add`.
            replace: Whether it takes the place of the earlier upload of that name instead.

        Raises:
            StorageError, EmbeddingError: As for `add`.
            ValueError: `name` has no file name in it.
        """
        return self._upload(Path(path), arguments.text("name", name), Adding.checked(passwords, metadata, wait, progress), replace)

    def add_text(
        self,
        text: str,
        name: str,
        *,
        metadata: Mapping[str, MetadataValue] | None = None,
        progress: ProgressCallback | None = None,
        wait: bool = True,
    ) -> Outcome:
        """Add a text that is in memory.

        Args:
            text: Read as `name` says: as Markdown where that ends in ".md", as plain text where it has no suffix that is known.
            name: Its name, with folders or without: "ticket-4711", "crm/tickets/4711.md". It replaces what had this name before.
            metadata: As for `add`.
            progress: As for `add`.
            wait: As for `add`.

        Returns:
            What became of it. The same text under another name is the same document, whose metadata is what was given last.

        Raises:
            StorageError, EmbeddingError: As for `add`.
            ValueError, TypeError: `name` is that of a file that is no text, such as "a.pdf", or an argument is of another kind.
        """
        content = arguments.valid(arguments.text("text", text)).encode()
        named = format_named(arguments.text("name", name))
        if named and (named.container or named.is_drawn):
            raise ValueError(f"A text cannot be called {name!r}: that is {article(named.name)} {named.name} file. Write {name + '.txt'!r}.")
        return self._add_bytes(content, name, ".txt", Adding.checked((), metadata, wait, progress))

    def add_bytes(
        self,
        data: bytes | bytearray | memoryview,
        name: str,
        *,
        metadata: Mapping[str, MetadataValue] | None = None,
        progress: ProgressCallback | None = None,
        wait: bool = True,
    ) -> Outcome:
        """Add the content of a file that is in memory: a download, a column of a database.

        Args:
            data: The whole file; of a ZIP archive, the files in it are added.
            name: As for `add_text`; its suffix tells the format, where the first bytes do not.
            metadata: As for `add`.
            progress: As for `add`.
            wait: As for `add`.

        Returns:
            What became of it: bytes of no known format have the status "unsupported".

        Raises:
            StorageError, EmbeddingError: As for `add`.
            ValueError, TypeError: An argument is of another kind, or `name` has no file name in it.
        """
        data, name = arguments.data(data), arguments.text("name", name)
        return self._add_bytes(data, name, "", Adding.checked((), metadata, wait, progress))

    def set_metadata(self, name_or_id: str, metadata: Mapping[str, MetadataValue]) -> DocumentRecord:
        """Replace a document's metadata, which `where` looks at; `{}` empties it. `document(...).metadata` reads it.

        It is kept when the document is added again without any, when its file changes, and when it is re-indexed.

        Raises:
            DocumentNotFoundError: There is no such document, or more than one.
            StorageError: The disk or the database failed.
            ValueError, TypeError: Metadata cannot be stored.
        """
        return changing.set_metadata(self._parts, arguments.text("name_or_id", name_or_id), arguments.metadata(metadata) or {})

    def embed(self, texts: Sequence[str], *, progress: Callable[[float], None] | None = None) -> Embeddings:
        """Embed texts with the library's model, as its documents are embedded; nothing is stored.

        Args:
            texts: Not empty. Of one that is longer than the model reads, the beginning is embedded.
            progress: Called with the share that is done, in [0, 1].

        Returns:
            float32 of shape `(len(texts), dimensions)`, rows of unit length: `vectors @ vectors.T` are their cosines.

        Raises:
            EmbeddingError: The model cannot be used.
            ValueError, TypeError: A text is empty, or `texts` is no list of strings.
        """
        return embed_all(self.embedder, texts, progress)

    def add_source(
        self, source: Source, *, passwords: Sequence[str] = (), progress: ProgressCallback | None = None, wait: bool = True
    ) -> Outcome:
        """Add one file that is on this machine already, as `download` and `unpack` give it.

        Raises:
            StorageError, EmbeddingError: As for `add`.
        """
        return add_sources(self._parts, [source], passwords, progress, wait=wait).outcomes[-1]

    def download(self, address: str, folder: Path, *, progress: ProgressCallback | None = None) -> Source:
        """Download one file from the web into a folder, to be given to `add_source`.

        Args:
            address: Begins with "http://" or "https://".
            folder: Empty.
            progress: Called as it comes; what it raises ends the download.

        Raises:
            DocumentError: It cannot be downloaded; the message says why.
            StorageError: The disk failed.
        """
        return self._parts.gatherer.download(address, folder, progress)

    def unpack(self, archive: Source, folder: Path) -> list[Source]:
        """Unpack the files in an archive into a folder, each to be given to `add_source`, and last the archive itself.

        Returns nothing where it is no archive.
        """
        return self._parts.gatherer.unpack(archive, folder) if is_archive(archive) else []

    def index_next(self) -> bool:
        """Do some of what is not done yet, in about a second: embed chunks, erase what was removed, have OCR read scanned pages.

        Returns whether there was anything to do.

        Where another model was chosen by `use_model`, re-index with it after that, a document or some chunks at a time.

        Raises:
            StorageError, EmbeddingError: As for `add`.
        """
        if self.is_read_only or self.role != "writer":
            return False
        with self._index.guarded():
            is_done = self._parts.queue.step() or self._parts.describer.step()
        return is_done or self._parts.switcher.step() or self.erase() or self._parts.ocr.step()

    def connect_workers(self) -> None:
        """Connect to the Ray cluster that the settings name, if they do, so that what is wrong with it is told now. Adding does so too.

        Raises:
            SettingsError: It cannot be used.
            EmbeddingError: Its workers have another version or model, or the model cannot be used.
        """
        changing.connect_workers(self._parts)

    def documents(self, where: Where | None = None) -> list[DocumentRecord]:
        """The documents, in the order they were added; each has its `state`, and `ocr_waiting` while OCR has pages of it to read.

        Args:
            where: As for `retrieve`; all if not given.

        Raises:
            DocumentNotFoundError: A name in `where` is not there.
            StorageError: The index cannot be opened.
            ValueError, TypeError: `where` is malformed.
        """
        filters = Filters.of(where)
        return filters.matching(self._index.documents(filters.documents or None))

    def keyword_ready(self, documents: Sequence[str] | None = None) -> list[DocumentRecord]:
        """The documents that are not fully embedded yet: keyword search finds them, semantic search some of their chunks.

        Args:
            documents: Names or ids of the documents to look at; all if not given.

        Raises:
            DocumentNotFoundError: A name in `documents` is not there.
            StorageError: The index cannot be opened.
        """
        names = None if documents is None else arguments.texts("documents", documents)
        return [record for record in self._index.documents(names) if record.state == "keyword_ready"]

    def document(self, name_or_id: str) -> DocumentRecord:
        """Find a document by its name, its id, or the beginning of its id (8 digits or more).

        Raises:
            DocumentNotFoundError: There is none, or more than one.
        """
        return self._index.find(arguments.text("name_or_id", name_or_id))

    def vectors(self) -> Vectors:
        """All vectors as they are now; read again only where documents have changed.

        Raises:
            StorageError: The index cannot be read.
            ExploringError: Some vectors are not of unit length.
        """
        with self._index.guarded():
            return self._parts.vectors.read()

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks; those that are not there are left out.

        Raises:
            StorageError: The index cannot be read.
        """
        with self._index.guarded():
            return self._index.chunks(arguments.keys(keys))

    def remove(self, name_or_id: str, *, keep: bool = False) -> DocumentRecord:
        """Remove a document and the library's copy of its file; returns its record.

        Args:
            name_or_id: As for `document`.
            keep: Whether the file is kept for a day, so that `restore` can bring the document back.

        Raises:
            DocumentNotFoundError: There is none, or more than one.
            StorageError: The disk or the database failed.
        """
        return changing.remove(self._parts, arguments.text("name_or_id", name_or_id), keep=keep)

    def removed(self) -> list[RemovedDocument]:
        """The documents that `restore` can bring back, the last removed first.

        Raises:
            StorageError: The index cannot be opened.
        """
        return changing.removed(self._parts)

    def left_out(self) -> list[RemovedDocument]:
        """The documents that were removed without `keep` while their files were in place: watched folders leave them out.

        A document is on the list until it is added again; a file that changes is another document.

        Raises:
            StorageError: The index cannot be opened.
        """
        return self._parts.removed.left_out(self._index.records)

    def restore(self, name_or_id: str, *, progress: ProgressCallback | None = None, wait: bool = True) -> Outcome:
        """Bring back a document that was removed with `keep` less than a day ago; its id, and with it its footnotes, are the same.

        Args:
            name_or_id: Its name, its id, or the beginning of its id (8 digits or more).
            progress: As for `add`.
            wait: As for `add`.

        Raises:
            DocumentNotFoundError: There is none, or more than one.
            StorageError, EmbeddingError: As for `add`.
        """
        return changing.restore(self._parts, arguments.text("name_or_id", name_or_id), progress, wait=wait)

    @property
    def is_read_only(self) -> bool:
        """Whether its folder cannot be written; it can be searched and asked all the same."""
        return isinstance(self._parts.lock, ReadOnlyCopy)

    @property
    def scratch(self) -> Path:
        """A folder for files of this session: the library's own, or a temporary one where that is read-only."""
        return self._parts.lock.folder

    @property
    def ocr_cure(self) -> str:
        """What to do so that OCR reads scanned pages, such as 'run pip install "footnote[ocr]"'; "" where it does."""
        return self._parts.loader.ocr_cure

    @property
    def is_erasing(self) -> bool:
        """Whether text of removed documents is still in the library's files; `erase` overwrites it."""
        return self._index.is_erasing

    def erase(self) -> bool:
        """Overwrite in the library's files what removed documents left there. Takes some seconds; `index_next` does it too.

        Returns:
            Whether there was anything to erase. It is put off while other threads use the library: see `is_erasing`.

        Raises:
            StorageError: The disk failed.
        """
        return self._index.erase()

    def examine(self) -> list[Finding]:
        """Check every part: model, record, vectors, keyword index, files (each byte), unfinished work, quarantine and disk."""
        self._index.check_open()
        return self._parts.checkup.examine()

    def repair(self, progress: ProgressCallback | None = None) -> list[Outcome]:
        """Rebuild what `examine` finds damaged from the library's own files, and finish what was left unfinished.

        Returns the outcome of each file that had to be added again.

        Raises:
            StorageError, EmbeddingError: As for `add`.
        """
        check_writable(self._parts)
        outcomes = self._parts.checkup.repair(progress)
        self.erase()
        return outcomes

    def damaged_copies(self) -> list[tuple[DocumentRecord, str]]:
        """The documents of whose file the library's copy is "missing" or "cut": their pages cannot be shown until it is added again.

        `examine` checks every byte.

        Raises:
            StorageError: The index cannot be opened.
        """
        return self._parts.originals.problems(self.documents())

    def retrieve(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        chunks: Sequence[ChunkKey] | None = None,
        where: Where | None = None,
    ) -> list[Passage]:
        """Find the passages that answer a question best, by hybrid search.

        Where the question itself says plainly in which documents to look ("in the 2022 report", "according to handbook.pdf"), those are
        searched first, and all if they do not answer; `Filters` with `reads_question=False` searches all at once.

        Args:
            question: Not empty; at most 4,000 characters.
            history: Earlier questions and answers, oldest first; a follow-up takes its subject from them. Only the newest of a long one
                are used.
            top_k: The most passages; `settings.top_k` if not given. A question about several documents, things or times gets up to twice
                as many more, shared out to its parts.
            documents: Names or ids of the documents to search, or patterns such as "*.pdf"; all if not given.
            chunks: Keys of the chunks to search, such as those chosen on a map; all if not given.
            where: `Filters`, or conditions in Chroma's words on the documents' metadata and on what is known of them (name, title, author,
                kind, language, date, year, pages, size, added): `{"year": {"$gte": 2021}}`.

        Returns:
            Best first; empty if the library is.

        Raises:
            EmptyQuestionError, QuestionTooLongError: The question is empty or too long.
            DocumentNotFoundError: A name in `documents` is not there.
            NothingMatchesError: No document meets `where`; the message says what there is.
            ValueError, TypeError: `top_k` is less than 1, or `where` is malformed.
            StorageError: The index cannot be read.
            RerankingError: The reranker cannot be used.
        """
        request = limited(SearchRequest.checked(question, history, top_k, documents, chunks), where, self._index)
        return Passages(self.search.retrieve(request))

    @property
    def min_confidence(self) -> float:
        """Below this confidence, in [0, 1], it declines to answer."""
        return self.settings.min_confidence

    def confidence(self, question: str, passages: Sequence[Passage]) -> float:
        """Estimate whether passages answer a question.

        Args:
            question: Not empty.
            passages: What was retrieved for it, best first.

        Returns:
            A probability, calibrated on questions half of which are answered by their passages (ClapNQ); 0 without passages.

        Raises:
            EmptyQuestionError, QuestionTooLongError: The question is empty or too long.
            EmbeddingError: The embedding model cannot be used.
            StorageError: The index cannot be read.
        """
        return self.search.read(checked_question(question), arguments.passages(passages)).confidence

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """Answer a question from the documents, with footnotes. Waits for the whole answer; `stream` shows it grow.

        Answers from what `retrieve` finds, and takes what that takes, and one option more.

        Args:
            question: As for `retrieve`.
            connection: The name of a connected chat model that is to answer this question, or "" for none (see `kept_settings`); if not
                given, the one that the library has chosen.

        Raises:
            ChatError: The chat endpoint failed.
            SettingsError: There is no such connection, or the chat model is set where that wins.
            EmptyQuestionError, QuestionTooLongError, DocumentNotFoundError, ValueError, StorageError: As for `retrieve`.
        """
        answerer, request = self._asked(question, **options)
        return answerer.answer(request)

    async def stream(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[Answer, None]:
        """Answer a question as `ask` does, and yield the answer as it grows; closing the iterator ends the endpoint's work.

        Yields:
            The answer so far, each time whole; `finish` is "streaming" until the last one.
        """
        answerer, request = await asyncio.to_thread(self._asked, question, **options)
        async with aclosing(answerer.stream(request)) as answers:
            async for answer in answers:
                yield answer

    async def retrieve_async(self, question: str, **options: Unpack[SearchOptions]) -> list[Passage]:
        """As `retrieve`, in a thread, for programs with an event loop."""
        return await asyncio.to_thread(self.retrieve, question, **options)

    async def ask_async(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """As `ask`, for programs with an event loop; `stream` shows the answer grow."""
        async with aclosing(self.stream(question, **options)) as answers:
            async for answer in answers:
                whole = answer
        return whole

    def check(
        self,
        text: str,
        *,
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        where: Where | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Answer:
        """Check a text against the documents, whoever wrote it: a draft, a summary, a model's answer.

        Args:
            text: Plain or in Markdown. Footnote numbers in it, such as "[1]", are taken out.
            top_k: The most passages that are looked at for each sentence; `settings.top_k` if not given.
            documents: Names or ids of the documents to look in; all if not given.
            where: As for `retrieve`.
            progress: Called with the share of the sentences that are checked, in (0, 1].

        Returns:
            The text as an answer: `sentences` has a verdict on each sentence that states something, `citations` the words that it rests on
            or, where none support it, the nearest.

        Raises:
            TextTooLongError: It has more than 1,000,000 characters.
            DocumentNotFoundError, ValueError, StorageError: As for `retrieve`.
        """
        request = SearchRequest.checked("check", (), top_k, documents)
        looked_in = limited_documents(request.documents, where, self._index)
        return self._now().checker.check(arguments.text("text", text), top_k, looked_in, progress)

    @property
    def index_identity(self) -> str:
        """The model and settings that its index depends on: with others, documents must be re-indexed.

        Raises:
            EmbeddingError: The embedding model is not on this machine.
        """
        return index_identity(self.embedder, self.settings.chunk_tokens)

    def left_behind(self) -> list[DocumentRecord]:
        """Documents that were indexed with another model or setting; they cannot be searched before they are re-indexed.

        Raises:
            StorageError: The index cannot be read.
        """
        return self._index.left_behind()

    def reindex(self, progress: ProgressCallback | None = None) -> Report:
        """Re-index with the present model what was left behind, from the library's own copies; then delete the old index.

        Raises:
            StorageError: The disk or the database failed; the old index is still there.
        """
        return changing.reindex(self._parts, progress)

    @property
    def embedding_model(self) -> str:
        """The model that it uses, as RAG_EMBEDDING_MODEL names one: the setting, where that is given, else the library's own choice."""
        own = "" if "embedding_model" in self._opened_with.model_fields_set else self._parts.choice.now.model
        return own or self.settings.embedding_model

    @property
    def is_model_fixed(self) -> bool:
        """Whether RAG_EMBEDDING_MODEL, or an embedder that was passed, wins over a choice of the library's own."""
        return self._parts.switcher.is_fixed

    @property
    def model_switch(self) -> ModelSwitch | None:
        """How far it is with another model; None where none was chosen."""
        return self._parts.switcher.state

    def model_offer(self) -> ModelOffer | None:
        """A multilingual model, where many documents are not in English and the present model knows no other language; else None.

        Raises:
            StorageError: The index cannot be read.
        """
        return None if self.is_model_fixed or self.is_read_only else self._parts.unfamiliar.offer(self.embedding_model)

    def dismiss_offer(self) -> None:
        """Make `model_offer` None for good.

        Raises:
            StorageError: The disk failed, or the library is read-only.
        """
        check_writable(self._parts)
        self._parts.choice.change(is_dismissed=True)

    def use_model(self, model: str) -> None:
        """Choose an embedding model, as RAG_EMBEDDING_MODEL names one. The library keeps the choice.

        Nothing changes at first: `index_next` re-indexes the documents while the old index answers, and switches over when all are
        done. See `model_switch`.

        Raises:
            EmbeddingError: The model is not on this machine, or RAG_EMBEDDING_MODEL is set, which wins.
            StorageError: The disk failed, or the library is read-only.
        """
        check_writable(self._parts)
        self._parts.switcher.begin(arguments.text("model", model))

    def cancel_model(self) -> None:
        """Keep the present model, where another one was chosen and is not in use yet.

        Raises:
            StorageError: The disk failed, or the library is read-only.
        """
        check_writable(self._parts)
        self._parts.switcher.cancel()

    def warm_up(self) -> None:
        """Load the embedding model and open the index now, at the same time, so that the first question need not wait.

        Raises:
            EmbeddingError: The embedding model cannot be used.
            StorageError: The index cannot be opened.
        """
        self.embedder.prepare()
        with ThreadPoolExecutor(1) as executor:
            loading = executor.submit(self.embedder.embed_query, "ready?")
            _ = self._index.store
            loading.result()

    def open_beside(self, folder: Path) -> Self:
        """Open another library, as `open` does, for the same server: with the settings and models that this one was opened with.

        It follows no folders, and answers with the chat models that are connected here, as they are here.
        """
        embedder, chat_model, reranker = self._given
        settings = self._opened_with.model_copy(update={"watch": None})
        library_id = folder.name if self._parts.cluster else ""
        other = type(self)(folder, settings, embedder=embedder, chat_model=chat_model, reranker=reranker, library_id=library_id)
        other._parts.keeper.follow(self._parts.keeper)
        return other

    @property
    def cluster(self) -> Cluster | None:
        """Its part in a cluster; None where one machine is all there is."""
        return self._parts.cluster

    @property
    def role(self) -> Role:
        """Of this process: the "writer", unless it is in a cluster, as a "standby" or "replica" of the one that writes."""
        return self.cluster.role if self.cluster else "writer"

    def announce(self, url: str, token: str = "") -> None:
        """Tell other processes that find the library in use where its server is, and the token that opens that, if not the holder's."""
        self._parts.lock.announce(url, token)
        if self.cluster:
            self.cluster.membership.announce(url, token or self._parts.lock.token)

    @property
    def holder_token(self) -> str:
        """What opens the server to those who may read the library's folder; "" where that is read-only."""
        return self._parts.lock.token

    def close(self) -> None:
        """Close everything it opened: processes, threads, the index, connections, the lock. Doing so twice is harmless."""
        self._parts.closing.close()

    def export(self, path: str | Path, *, progress: ProgressCallback | None = None) -> None:
        """Write the whole library to one file: documents with their vectors, metadata and files, and conversations.

        The library can be searched meanwhile; what is added waits. The file may hold passwords of documents: keep it as you keep these.

        Args:
            path: Where to; a file that is there is replaced when the new one is whole.
            progress: Called after each document.

        Raises:
            StorageError: The file cannot be written, or the index not be read.
        """
        model, tokens = self.embedding_model, self.settings.chunk_tokens
        exporting.export(self._parts, arguments.path("path", path), model, version("footnote"), tokens, progress)

    def back_up(self, folder: str | Path) -> list[BackupPart]:
        """Keep all that the library's folder holds in a folder of backups, as of one moment, for `rag backup make`, which lists the parts.

        The library can be searched meanwhile; what is added waits, though not while new files of documents are copied.

        Args:
            folder: Where to, outside the library's folder.

        Raises:
            StorageError: It cannot be written, or a part of the library not be read.
        """
        return changing.back_up(self._parts, arguments.path("folder", folder))

    def import_(self, path: str | Path, *, merge: bool = False, progress: ProgressCallback | None = None) -> Report:
        """Add what `export` has written. An empty library takes over the model as well, if it is one of the catalogue.

        Where the model and its settings are those of the export, nothing is embedded; else documents are read again from their files.

        Args:
            path: The file.
            merge: Whether it may be added to documents that are there; those in both stay as they are.
            progress: Called after each document.

        Returns:
            One outcome for each document.

        Raises:
            LibraryError: The library has documents, and `merge` is not given.
            NewerSchemaError: A newer version of Footnote wrote the file; nothing was changed.
            UnreadableFileError: It cannot be read, or is no export.
            StorageError, EmbeddingError: As for `add`.
        """
        tokens = self.settings.chunk_tokens
        return exporting.import_(self._parts, arguments.path("path", path), tokens, self._change_model, progress, merge)

    def _change_model(self, model: str) -> None:
        """Use a model at once, in a library that is empty."""
        if not self.is_model_fixed:
            self.use_model(model)
            for _ in range(MOST_TRIES):  # it is put off while others use the library
                if not self.model_switch:
                    return
                self._parts.switcher.step()

    def _add(self, given: Sequence[str | Path], how: Adding, leaves_out: bool) -> Report:
        with self._parts.gatherer.gathered(given, how.progress) as sources:
            if leaves_out and (removed := self.left_out()):
                sources = without_removed(sources, removed)
            sources = sources if how.metadata is None else [replace(source, metadata=how.metadata) for source in sources]
            return add_sources(self._parts, sources, how.passwords, how.progress, wait=how.wait, folders=folders_of(given))

    def _upload(self, path: Path, name: str, how: Adding, replaces: bool) -> Outcome:
        with self._parts.gatherer.opened([uploaded(path, name, replaces=replaces, metadata=how.metadata)]) as sources:
            return add_sources(self._parts, sources, how.passwords, how.progress, wait=how.wait).outcomes[-1]

    def _add_bytes(self, data: bytes, name: str, suffix: str, how: Adding) -> Outcome:
        return changing.add_bytes(self._parts, data, name, suffix=suffix, metadata=how.metadata, progress=how.progress, wait=how.wait)

    def __repr__(self) -> str:
        return f"<Library {str(self.folder)!r}>"

    def _repr_markdown_(self) -> str:
        return documents_markdown(repr(self)[1:-1], self.documents())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _asked(
        self, question: str, *, where: Where | None = None, connection: str | None = None, **given: Any
    ) -> tuple[Answerer, SearchRequest]:
        """What answers a question, and the question with where to look."""
        request = SearchRequest.checked(question, **given)
        return self._now(connection).answerer, limited(request, where, self._index)

    def _now(self, connection: str | None = None) -> Asking:
        """What answers under the settings that are kept now, and by the chat model of a connection, if one is named."""
        kept = self._parts.keeper.now
        if kept is not self._asking.kept:
            self._asking = self._parts.asking(kept, self._asking)
        if connection is None or arguments.text("connection", connection) == kept.chosen:
            return self._asking
        if where := self.fixed_by("chat_base_url"):
            raise SettingsError(f"The chat model is set by {where}, so that no other can be chosen.")
        wanted, other = kept.choosing(connection), self._asking_otherwise.get(connection)
        if other is None or other.kept != wanted:
            other = self._asking_otherwise[connection] = self._parts.asking(wanted, other)
        return other
