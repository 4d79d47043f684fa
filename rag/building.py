"""Settings -> the parts of a library, finished. The one place that chooses adapters and decides what is given to what."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from rag.answering.answerer import Answerer
from rag.checkup import Checkup
from rag.embedding.backends import build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Closable, Embedder
from rag.endpoints.chat.model import ChatModel, OpenAIChatModel
from rag.exploring.vectors import VectorReader
from rag.fetching.addresses import is_public, is_public_or_local
from rag.fetching.fetcher import Fetcher
from rag.formats.loader import Loader
from rag.formats.viewer import Viewer
from rag.ingesting.adding import FileAdder
from rag.ingesting.chunking import index_identity
from rag.ingesting.embedding_queue import EmbeddingQueue
from rag.ingesting.gathering import Gatherer
from rag.ingesting.staging import Stager
from rag.reading.reader import Reader
from rag.reranking import Reranker, build_reranker
from rag.retrieving.retriever import Retriever
from rag.retrieving.search import Search
from rag.settings import Settings
from rag.storing.index import Index
from rag.storing.lock import LibraryLock, ReadOnlyCopy, lock_or_copy
from rag.storing.opening import Opener
from rag.storing.originals import Originals
from rag.storing.removed import RemovedFiles
from rag.verifying.rules import RuleVerifier
from rag.viewing import Pages

Model = TypeVar("Model")


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
    vectors: VectorReader
    loader: Loader
    pages: Pages
    gatherer: Gatherer
    adder: FileAdder
    queue: EmbeddingQueue
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
        plain_embedder = embedder or _closed_by(closing, _embedder(settings))
        chat_model = chat_model or _closed_by(closing, _chat_model(settings))
        if not reranker and settings.reranker:
            reranker = _closed_by(closing, build_reranker(settings.reranker, settings.reranker_model, settings.reranker_api_key))
        lock = lock_or_copy(folder)
        closing.callback(lock.release)
        is_read_only = isinstance(lock, ReadOnlyCopy)
        originals = Originals(folder / "originals", is_read_only=is_read_only)
        identity = partial(index_identity, plain_embedder, settings.chunk_tokens)
        index = Index(Opener(lock.folder, settings.chroma_url, originals, identity, is_read_only=is_read_only), originals)
        checked = CheckedEmbedder(plain_embedder, index.stored_dimensions)
        retriever = Retriever(checked, index, reranker, settings.rerank_depth)
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
        queue = EmbeddingQueue(checked, index, writing)
        adder = FileAdder(Stager(loader, checked, index, originals, settings.chunk_tokens, writing), queue, index, originals)
        index.on_lost(adder.restore)
        reader = Reader()
        closing.callback(reader.close)
        search = Search(retriever, index, checked, reader, settings.top_k)
        return Parts(
            lock=lock,
            writing=writing,
            embedder=checked,
            chat_model=chat_model,
            originals=originals,
            removed=RemovedFiles(folder / "removed"),
            index=index,
            search=search,
            answerer=Answerer(search, index, RuleVerifier(checked), chat_model, settings),
            vectors=VectorReader(index, identity),
            loader=loader,
            pages=pages,
            gatherer=Gatherer(fetcher, lock.folder / "incoming", max_bytes),
            adder=adder,
            queue=queue,
            checkup=Checkup(folder, index, originals, checked, adder, writing),
            closing=closing.pop_all(),
        )


def _embedder(settings: Settings) -> Embedder:
    return build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models, settings.embedding_endpoint)


def _chat_model(settings: Settings) -> ChatModel | None:
    if not (endpoint := settings.chat_endpoint):
        return None
    return OpenAIChatModel(
        endpoint, max_tokens=settings.chat_max_tokens, temperature=settings.chat_temperature, timeout_seconds=settings.chat_seconds
    )


def _closed_by(closing: ExitStack, model: Model) -> Model:
    """The model, to be closed later if it holds connections or threads."""
    if isinstance(model, Closable):
        closing.callback(model.close)
    return model
