"""Settings -> the parts of a library, finished. The one place that chooses adapters and decides what is given to what."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from rag.answering.answerer import Answerer
from rag.answering.checking import Checker
from rag.checkup import Checkup
from rag.embedding.backends import build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.downloading import download, is_here
from rag.embedding.protocol import Closable, Embedder
from rag.endpoints.chat.model import ChatModel, OpenAIChatModel
from rag.exploring.vectors import VectorReader
from rag.fetching.addresses import is_public, is_public_or_local
from rag.fetching.fetcher import Fetcher
from rag.formats.loader import Loader
from rag.formats.recogniser import Recogniser
from rag.formats.viewer import Viewer
from rag.ingesting.adding import FileAdder
from rag.ingesting.chunking import index_identity
from rag.ingesting.describing import Describer
from rag.ingesting.embedding_queue import EmbeddingQueue
from rag.ingesting.gathering import Gatherer
from rag.ingesting.ocr_queue import OcrQueue
from rag.ingesting.staging import Stager
from rag.ingesting.switching import Side, Switcher
from rag.ingesting.unfamiliar import Unfamiliar
from rag.reading.reader import Reader
from rag.reranking import Reranker, build_reranker
from rag.retrieving.retriever import Retriever
from rag.retrieving.search import Search
from rag.retrieving.second_look import ReaderLook, RerankerLook, SecondLook
from rag.settings import Settings
from rag.storing.index import Index
from rag.storing.lock import LibraryLock, ReadOnlyCopy, lock_or_copy
from rag.storing.model_choice import ModelChoice
from rag.storing.opening import Opener, SideOpener
from rag.storing.originals import Originals
from rag.storing.removed import RemovedFiles
from rag.verifying.rules import RuleVerifier
from rag.viewing import Pages

Model = TypeVar("Model")

OCR_PATIENCE = 3  # times the limit for reading a page: OCR gives way to everything else


@dataclass(frozen=True, slots=True)
class Parts:
    """What a `Library` is made of; `closing` closes all that was built here."""

    lock: LibraryLock | ReadOnlyCopy
    writing: threading.RLock
    embedder: CheckedEmbedder
    chat_model: ChatModel | None
    originals: Originals
    removed: RemovedFiles
    index: Index
    search: Search
    answerer: Answerer
    checker: Checker
    vectors: VectorReader
    loader: Loader
    pages: Pages
    gatherer: Gatherer
    adder: FileAdder
    queue: EmbeddingQueue
    ocr: OcrQueue
    describer: Describer
    choice: ModelChoice
    switcher: Switcher
    unfamiliar: Unfamiliar
    checkup: Checkup
    closing: ExitStack


def build_parts(
    folder: Path,
    settings: Settings,
    embedder: Embedder | None = None,
    chat_model: ChatModel | None = None,
    reranker: Reranker | None = None,
) -> Parts:
    """Build what the settings say, except the models that are given; those stay the caller's to close.

    No model is loaded, no index opened, and no process started yet. Raises as `Library.open` does.
    """
    with ExitStack() as closing:
        chat_model = chat_model or _closed_by(closing, _chat_model(settings))
        if not reranker and settings.reranker:
            reranker = _closed_by(closing, build_reranker(settings.reranker, settings.reranker_model, settings.reranker_api_key))
        lock = lock_or_copy(folder)
        closing.callback(lock.release)
        is_read_only = isinstance(lock, ReadOnlyCopy)
        originals = Originals(folder / "originals", is_read_only=is_read_only)
        choice = ModelChoice(lock.folder)
        is_fixed = embedder is not None or "embedding_model" in settings.model_fields_set
        plain_embedder = embedder or _embedder(settings, "" if is_fixed else choice.now.model)
        checked = CheckedEmbedder(plain_embedder, lambda: index.stored_dimensions())
        if embedder is None:
            closing.callback(checked.close)
        identity = partial(index_identity, checked, settings.chunk_tokens)
        index = Index(Opener(lock.folder, settings.chroma_url, originals, identity, is_read_only=is_read_only), originals)
        reader = Reader()
        closing.callback(reader.close)
        retriever = Retriever(checked, index, _second_look(settings, reranker, reader, index), has_wordings=settings.wordings)
        closing.callback(retriever.close)
        closing.callback(index.close)
        pages = Pages(index, originals, Viewer(memory_megabytes=settings.parse_megabytes))
        closing.callback(pages.close)
        max_bytes = int(settings.max_file_megabytes * 1e6)
        is_allowed = is_public_or_local if settings.fetch_private else is_public
        fetcher = Fetcher(max_bytes=max_bytes, seconds=settings.fetch_seconds, is_allowed=is_allowed)
        loader = Loader(
            max_bytes=max_bytes,
            seconds_without_progress=settings.parse_seconds,
            memory_megabytes=settings.parse_megabytes,
            has_ocr=settings.ocr,
        )
        closing.callback(loader.close)
        writing = threading.RLock()
        seconds = OCR_PATIENCE * settings.parse_seconds
        recogniser = Recogniser(is_wanted=settings.ocr, seconds=seconds, megabytes=settings.parse_megabytes)
        closing.callback(recogniser.close)

        def side_of(embedder: CheckedEmbedder, index: Index, originals: Originals) -> Side:
            queue = EmbeddingQueue(embedder, index, writing)
            stager = Stager(loader, embedder, index, originals, settings.chunk_tokens, writing)
            ocr = OcrQueue(recogniser, stager, embedder, index, originals)
            return Side(embedder, index, FileAdder(stager, queue, ocr, index, originals), queue, ocr)

        def open_side(model: str, side_folder: Path) -> Side:
            """What indexes with another model, beside `index`; it changes none of the library's files."""
            other = CheckedEmbedder(_embedder(settings, model), lambda: beside.stored_dimensions())
            files = Originals(folder / "originals", is_read_only=True)
            beside = Index(SideOpener(side_folder, lambda: index.store, partial(index_identity, other, settings.chunk_tokens)), files)
            return side_of(other, beside, files)

        main = side_of(checked, index, originals)
        index.on_lost(main.adder.restore)
        switcher = Switcher(choice, main, originals, writing, None if is_fixed or is_read_only else open_side)
        closing.callback(switcher.close)
        search = Search(retriever, index, checked, reader, settings)
        verifier = RuleVerifier(checked)
        return Parts(
            lock=lock,
            writing=writing,
            embedder=checked,
            chat_model=chat_model,
            originals=originals,
            removed=RemovedFiles(folder / "removed"),
            index=index,
            search=search,
            answerer=Answerer(search, index, verifier, chat_model, settings),
            checker=Checker(search, verifier),
            vectors=VectorReader(index, identity),
            loader=loader,
            pages=pages,
            gatherer=Gatherer(fetcher, lock.folder / "incoming", max_bytes),
            adder=main.adder,
            queue=main.queue,
            ocr=main.ocr,
            describer=Describer(loader, index, originals, writing),
            choice=choice,
            switcher=switcher,
            unfamiliar=Unfamiliar(index, choice),
            checkup=Checkup(folder, index, originals, checked, main.adder, writing),
            closing=closing.pop_all(),
        )


def checked_embedder(settings: Settings) -> CheckedEmbedder:
    """The embedder that the settings name, for who has no library here; whoever takes it closes it."""
    return CheckedEmbedder(_embedder(settings))


def get_model(model: str, settings: Settings, progress: Callable[[float], None] | None = None) -> None:
    """Download a model from Hugging Face where it is not here, and prepare it for this machine; raises EmbeddingError."""
    if ":" not in model and not is_here(model):
        download(model, progress)
    embedder = CheckedEmbedder(_embedder(settings, model))
    try:
        embedder.prepare()
    finally:
        embedder.close()


def _embedder(settings: Settings, model: str = "") -> Embedder:
    """The embedder of a model; that of the settings, where none is named."""
    chosen = model or settings.embedding_model
    return build_embedder(chosen, settings.embedding_backend, settings.exported_models, settings.embedding_endpoint)


def _chat_model(settings: Settings) -> ChatModel | None:
    if not (endpoint := settings.chat_endpoint):
        return None
    return OpenAIChatModel(
        endpoint, max_tokens=settings.chat_max_tokens, temperature=settings.chat_temperature, timeout_seconds=settings.chat_seconds
    )


def _second_look(settings: Settings, reranker: Reranker | None, reader: Reader, index: Index) -> SecondLook | None:
    """The user's own reranker, else the reader."""
    if reranker:
        return RerankerLook(reranker, settings.rerank_depth)
    return ReaderLook(reader, settings.read_depth, lambda id_: index.records[id_].name) if settings.read_depth else None


def _closed_by(closing: ExitStack, model: Model) -> Model:
    """The model, to be closed later if it holds connections or threads."""
    if isinstance(model, Closable):
        closing.callback(model.close)
    return model
