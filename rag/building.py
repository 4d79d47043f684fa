"""Settings -> the parts of a library, finished. The one place that chooses adapters and decides what is given to what."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rag.answering.answerer import Answerer
from rag.answering.checking import Checker
from rag.checkup import Checkup
from rag.embedding.adapted import shortened
from rag.embedding.backends import build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.downloading import download, is_here
from rag.embedding.protocol import Closable, Embedder
from rag.endpoints.chat.endpoint import CHAT, CONNECTED
from rag.endpoints.chat.model import ChatModel, OpenAIChatModel
from rag.endpoints.chat.trying import TRIAL_TOKENS, ChatTrial, tried
from rag.endpoints.client import Service
from rag.exploring.vectors import VectorReader
from rag.fetching.addresses import is_public, is_public_or_local
from rag.fetching.fetcher import Fetcher
from rag.files import shown_name
from rag.formats.as_markdown import read_markdown
from rag.formats.loader import Loader
from rag.formats.recogniser import Recogniser
from rag.formats.registry import register_installed
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
from rag.settings import ChatEndpoint, Settings
from rag.storing.index import Index
from rag.storing.kept_settings import Connection, KeptSettings, SettingsKeeper, with_kept
from rag.storing.lock import LibraryLock, ReadOnlyCopy, lock_or_copy
from rag.storing.model_choice import ModelChoice
from rag.storing.opening import Opener, SideOpener
from rag.storing.originals import Originals
from rag.storing.removed import RemovedFiles
from rag.verifying.choosing import build_model
from rag.verifying.joined import JoinedVerifier
from rag.verifying.protocol import Verifier
from rag.verifying.rules import RuleVerifier
from rag.viewing import Pages

Model = TypeVar("Model")

OCR_PATIENCE = 3  # times the limit for reading a page: OCR gives way to everything else


@dataclass(frozen=True, slots=True)
class Asking:
    """What answers questions under some settings. It is replaced as a whole, so that a question goes on as it began.

    Attributes:
        kept: What the library kept when this was built.
        settings: Those it was opened with, and of those that these leave open the kept ones.
    """

    kept: KeptSettings
    settings: Settings
    chat_model: ChatModel | None
    search: Search
    answerer: Answerer
    checker: Checker


@dataclass(frozen=True, slots=True)
class AskingParts:
    """What answers questions, besides the settings that a library keeps; `chat_model` is one that was given."""

    settings: Settings
    chat_model: ChatModel | None
    retriever: Retriever
    index: Index
    embedder: CheckedEmbedder
    reader: Reader
    verifier: Verifier

    def under(self, kept: KeptSettings, before: Asking | None = None) -> Asking:
        """What answers under kept settings; the same chat model goes on: it has learned what its server takes."""
        now = with_kept(self.settings, replace(kept, chosen="") if self.chat_model else kept)
        model = self.chat_model
        if model is None and before and _chat_settings(before.settings) == _chat_settings(now):
            model = before.chat_model
        elif model is None and now.chat_endpoint:
            service = CONNECTED if kept.connection and not self.settings.chat_base_url else CHAT
            model = _chat_model(now.chat_endpoint, now, service)
        search = Search(self.retriever, self.index, self.embedder, self.reader, now)
        answerer = Answerer(search, self.index, self.verifier, model, now)
        return Asking(kept, now, model, search, answerer, Checker(search, self.index, self.verifier))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a `Library` is made of; `closing` closes all that was built here, `asking` builds what answers with other kept settings."""

    folder: Path
    lock: LibraryLock | ReadOnlyCopy
    writing: threading.RLock
    embedder: CheckedEmbedder
    keeper: SettingsKeeper
    is_chat_given: bool
    asking: Callable[[KeptSettings, Asking | None], Asking]
    originals: Originals
    removed: RemovedFiles
    index: Index
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
    register_installed()
    with ExitStack() as closing:
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
        look = _second_look(settings, reranker, reader, index)
        retriever = Retriever(checked, index, look, has_wordings=settings.wordings, has_profiles=settings.profiles)
        closing.callback(retriever.close)
        closing.callback(index.close)
        pages = Pages(index, originals, Viewer(memory_megabytes=settings.parse_megabytes))
        closing.callback(pages.close)
        max_bytes = _max_bytes(settings)
        is_allowed = is_public_or_local if settings.fetch_private else is_public
        fetcher = Fetcher(max_bytes=max_bytes, seconds=settings.fetch_seconds, is_allowed=is_allowed)
        loader = _loader(settings)
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
        verifier = _verifier(settings, RuleVerifier(checked), closing)
        return Parts(
            folder=folder,
            lock=lock,
            writing=writing,
            embedder=checked,
            keeper=SettingsKeeper(folder),
            is_chat_given=chat_model is not None,
            asking=AskingParts(settings, chat_model, retriever, index, checked, reader, verifier).under,
            originals=originals,
            removed=RemovedFiles(folder / "removed"),
            index=index,
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


def text_of(path: Path, settings: Settings, name: str = "") -> str:
    """A file's text in Markdown, without adding it to a library; raises a `DocumentError`. The suffix of `name` counts, if given."""
    loader = _loader(settings)
    try:
        return read_markdown(loader, path, name or shown_name(path))
    finally:
        loader.close()


def get_model(model: str, settings: Settings, progress: Callable[[float], None] | None = None) -> None:
    """Download a model from Hugging Face where it is not here, and prepare it for this machine; raises EmbeddingError."""
    if ":" not in model and not is_here(model):
        download(model, progress)
    embedder = CheckedEmbedder(_embedder(settings, model))
    try:
        embedder.prepare()
    finally:
        embedder.close()


def _loader(settings: Settings) -> Loader:
    return Loader(
        max_bytes=_max_bytes(settings),
        seconds_without_progress=settings.parse_seconds,
        memory_megabytes=settings.parse_megabytes,
        has_ocr=settings.ocr,
    )


def _max_bytes(settings: Settings) -> int:
    return int(settings.max_file_megabytes * 1e6)


def _embedder(settings: Settings, model: str = "") -> Embedder:
    """The embedder of a model; that of the settings, where none is named."""
    chosen = model or settings.embedding_model
    made = build_embedder(chosen, settings.embedding_backend, settings.exported_models, settings.embedding_endpoint)
    if settings.embedding_dimensions and not chosen.startswith("openai:"):  # an endpoint is asked for them
        return shortened(made, chosen, settings.embedding_dimensions)
    return made


async def try_chat(connection: Connection, settings: Settings) -> ChatTrial:
    """Ask the chat model of a connection for a word, and say how its endpoint behaves."""
    limited = settings.model_copy(update={"chat_max_tokens": settings.chat_max_tokens or TRIAL_TOKENS})
    return await tried(_chat_model(connection.endpoint, limited, CONNECTED))


def _chat_model(endpoint: ChatEndpoint, settings: Settings, service: Service) -> OpenAIChatModel:
    return OpenAIChatModel(
        endpoint,
        max_tokens=settings.chat_max_tokens,
        temperature=settings.chat_temperature,
        timeout_seconds=settings.chat_seconds,
        service=service,
    )


def _chat_settings(settings: Settings) -> tuple[object, ...]:
    """What a chat model is built from."""
    return settings.chat_endpoint, settings.chat_max_tokens, settings.chat_temperature, settings.chat_seconds


def _verifier(settings: Settings, rules: RuleVerifier, closing: ExitStack) -> Verifier:
    """The rules, with the model beside them that the settings name; nothing is loaded before its first use."""
    chosen = settings.verifier.strip()
    if chosen.casefold() in {"off", "none", ""}:
        return rules
    model = build_model(chosen, settings.verifier_model, settings.verifier_api_key)
    return JoinedVerifier(rules, _closed_by(closing, model))


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
