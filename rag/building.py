"""Settings -> the parts of a library, finished. The one place that chooses adapters and decides what is given to what."""

import logging
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
from rag.distributed.embedding import EmbeddingAhead
from rag.distributed.order import Order
from rag.distributed.ray_cluster import RayCluster
from rag.distributed.reading import FileReading
from rag.distributed.recognising import RemoteRecogniser
from rag.distributed.workers import Workers
from rag.embedding.adapted import shortened
from rag.embedding.backends import build_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.downloading import download, is_here
from rag.embedding.protocol import Closable, Embedder
from rag.endpoints.chat.endpoint import CHAT, CONNECTED
from rag.endpoints.chat.model import ChatModel, OpenAIChatModel
from rag.endpoints.chat.trying import TRIAL_TOKENS, ChatTrial, tried
from rag.endpoints.client import Service
from rag.errors import SettingsError
from rag.exploring.vectors import VectorReader
from rag.fetching.addresses import is_public, is_public_or_local
from rag.fetching.fetcher import Fetcher
from rag.files import shown_name
from rag.formats.as_markdown import read_markdown
from rag.formats.loader import Loader
from rag.formats.recogniser import PageReader, Recogniser
from rag.formats.registry import register_installed
from rag.formats.viewer import Viewer
from rag.ingesting.adding import FileAdder, reading_here
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
from rag.storing.cluster.bucket import open_bucket
from rag.storing.cluster.cluster import Cluster
from rag.storing.cluster.following import Following
from rag.storing.cluster.membership import Membership
from rag.storing.cluster.opening import ClusterOpener, SharedPlace
from rag.storing.cluster.originals import SharedOriginals
from rag.storing.cluster.snapshots import SnapshotKeeper
from rag.storing.index import Index
from rag.storing.kept_settings import Connection, KeptSettings, SettingsKeeper, with_kept
from rag.storing.lock import LibraryLock, ReadOnlyCopy, lock_or_copy
from rag.storing.model_choice import ModelChoice
from rag.storing.opening import Opener, SideOpener
from rag.storing.originals import Originals
from rag.storing.places import Places
from rag.storing.removed import RemovedFiles, SharedRemovedFiles
from rag.verifying.choosing import build_model
from rag.verifying.joined import JoinedVerifier
from rag.verifying.protocol import Verifier
from rag.verifying.rules import RuleVerifier
from rag.viewing import Pages

log = logging.getLogger(__name__)

Model = TypeVar("Model")

ALONE = "RAG_ORIGINALS_URL and RAG_REPLICA are for clusters, which share a database too: set RAG_DATABASE_URL."
HALF_A_CLUSTER = "The servers of a cluster share three things: set RAG_CHROMA_URL and RAG_ORIGINALS_URL too, or leave RAG_DATABASE_URL out."
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
class Given:
    """What a program gives a library besides settings.

    Attributes:
        embedder: Instead of the one that the settings name; this and the next two stay the program's to close.
        chat_model: Likewise.
        reranker: Likewise.
        library_id: What names the library beside the main one of a cluster.
        stands_by: Whether it may be opened while another process of a cluster writes.
    """

    embedder: Embedder | None = None
    chat_model: ChatModel | None = None
    reranker: Reranker | None = None
    library_id: str = ""
    stands_by: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What a `Library` is made of; `closing` closes all that was built here, `asking` builds what answers with other kept settings."""

    folder: Path
    lock: LibraryLock | ReadOnlyCopy
    cluster: Cluster | None
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
    workers: Workers | None
    order: Callable[[], Order]
    closing: ExitStack


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker of a cluster reads and embeds with."""

    settings: Settings
    embedder: CheckedEmbedder
    loader: Loader
    recogniser: Recogniser


def build_worker(settings: Settings) -> WorkerParts:
    """Build what the settings say; nothing is loaded, and no process started yet."""
    register_installed()
    return WorkerParts(settings, checked_embedder(settings), _loader(settings), _recogniser(settings))


def build_parts(folder: Path, settings: Settings, given: Given) -> Parts:  # noqa: PLR0915 - the whole composition
    """Build what the settings say, except the models that are given; those stay the caller's to close.

    No model is loaded, no index opened, and no process started yet. Raises as `Library.open` does.
    """
    register_installed()
    with ExitStack() as closing:
        reranker = given.reranker
        if not reranker and settings.reranker:
            reranker = _closed_by(closing, build_reranker(settings.reranker, settings.reranker_model, settings.reranker_api_key))
        lock = lock_or_copy(folder)
        closing.callback(lock.release)
        cluster = _cluster(folder, settings, given, lock.token, closing)
        is_read_only = isinstance(lock, ReadOnlyCopy)
        originals = _originals(folder, cluster, is_read_only=is_read_only)
        choice = ModelChoice(lock.folder)
        is_fixed = given.embedder is not None or cluster is not None or "embedding_model" in settings.model_fields_set
        plain_embedder = given.embedder or _embedder(settings, "" if is_fixed else choice.now.model)
        checked = CheckedEmbedder(plain_embedder, lambda: index.stored_dimensions())
        if given.embedder is None:
            closing.callback(checked.close)
        identity = partial(index_identity, checked, settings.chunk_tokens)
        opener: Opener | ClusterOpener = Opener(
            lock.folder, settings.chroma_url, originals, identity, is_read_only=is_read_only, chroma_token=_chroma_token(settings)
        )
        if cluster:
            opener = ClusterOpener(folder, cluster.index, originals, identity, cluster.membership, cluster.following)
        index = Index(opener, originals)
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
        loader = _closed_by(closing, _loader(settings))
        writing = threading.RLock()
        recogniser = _closed_by(closing, _recogniser(settings))
        workers = _workers(settings, closing, is_given=given.embedder is not None) if not (is_read_only or settings.replica) else None

        def main_order() -> Order:
            return Order.of(settings, ("" if is_fixed else choice.now.model) or settings.embedding_model, checked)

        page_reader = _page_reader(recogniser, workers, main_order, closing)

        def side_of(embedder: CheckedEmbedder, index: Index, originals: Originals, order: Callable[[], Order]) -> Side:
            queue = EmbeddingQueue(embedder, index, writing, EmbeddingAhead(workers, order, embedder) if workers else None)
            stager = Stager(loader, embedder, index, originals, settings.chunk_tokens, writing)
            ocr = OcrQueue(page_reader, stager, embedder, index, originals)
            begin = FileReading(workers, order, partial(_is_unread, index, originals)).begin if workers else reading_here
            return Side(embedder, index, FileAdder(stager, queue, ocr, index, originals, begin_reading=begin), queue, ocr)

        def open_side(model: str, side_folder: Path) -> Side:
            """What indexes with another model, beside `index`; it changes none of the library's files."""
            other = CheckedEmbedder(_embedder(settings, model), lambda: beside.stored_dimensions())
            files = Originals(folder / "originals", is_read_only=True)
            beside = Index(SideOpener(side_folder, lambda: index.store, partial(index_identity, other, settings.chunk_tokens)), files)
            return side_of(other, beside, files, lambda: Order.of(settings, model, other))

        main = side_of(checked, index, originals, main_order)
        index.on_lost(main.adder.restore)
        if cluster:
            closing.callback(cluster.following.close)
            cluster.following.start(lambda: index.store, index.reopen)
            snapshots = partial(cluster.snapshots, folder, identity)
            keeper = SnapshotKeeper(snapshots, index.store_words, cluster.is_writer, 60 * settings.snapshot_minutes)
            closing.callback(keeper.close)
        switcher = Switcher(choice, main, originals, writing, None if is_fixed or is_read_only else open_side)
        closing.callback(switcher.close)
        verifier = _verifier(settings, RuleVerifier(checked), closing)
        return Parts(
            folder=folder,
            lock=lock,
            cluster=cluster,
            writing=writing,
            embedder=checked,
            keeper=SettingsKeeper(folder, cluster.places.database("settings") if cluster else None),
            is_chat_given=given.chat_model is not None,
            asking=AskingParts(settings, given.chat_model, retriever, index, checked, reader, verifier).under,
            originals=originals,
            removed=SharedRemovedFiles(cluster.bucket, folder / "removed", cluster.is_writer)
            if cluster
            else RemovedFiles(folder / "removed"),
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
            workers=workers,
            order=main_order,
            closing=closing.pop_all(),
        )


def _cluster(folder: Path, settings: Settings, given: Given, token: str, closing: ExitStack) -> Cluster | None:
    """What the library shares with other servers, if it does; raises SettingsError, and LibraryLockedError where another one writes."""
    if not settings.database_url:
        if settings.originals_url or settings.replica:
            raise SettingsError(ALONE)
        return None
    if not (settings.chroma_url and settings.originals_url):
        raise SettingsError(HALF_A_CLUSTER)
    places = Places(folder, settings.database_url, given.library_id)
    bucket = open_bucket(settings.originals_url)
    closing.callback(bucket.close)
    database = places.database("library")
    closing.callback(database.close)
    membership = Membership(
        database, candidate=not settings.replica, url=settings.server_url or "", token=token, seconds=settings.lease_seconds
    )
    closing.callback(membership.close)
    files = bucket.within(f"libraries/{given.library_id}") if given.library_id else bucket
    index = SharedPlace(database, settings.chroma_url, _chroma_token(settings), files)
    cluster = Cluster(places, files, index, membership, Following(membership))
    cluster.check_bucket(may_write=not settings.replica)
    if not given.stands_by and not settings.replica:
        cluster.check_writer()
    return cluster


def _chroma_token(settings: Settings) -> str:
    return settings.chroma_token.get_secret_value() if settings.chroma_token else ""


def _originals(folder: Path, cluster: Cluster | None, *, is_read_only: bool) -> Originals:
    """The library's copies of files."""
    if cluster:
        return SharedOriginals(cluster.bucket, folder / "originals", is_writer=cluster.is_writer)
    return Originals(folder / "originals", is_read_only=is_read_only)


def _removed(folder: Path, cluster: Cluster | None) -> RemovedFiles:
    """What can be brought back."""
    if cluster:
        return SharedRemovedFiles(cluster.bucket, folder / "removed", cluster.is_writer)
    return RemovedFiles(folder / "removed")


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


def _recogniser(settings: Settings) -> Recogniser:
    return Recogniser(is_wanted=settings.ocr, seconds=OCR_PATIENCE * settings.parse_seconds, megabytes=settings.parse_megabytes)


def _workers(settings: Settings, closing: ExitStack, *, is_given: bool) -> Workers | None:
    """The workers of the Ray cluster that the settings name; nothing is connected yet. They cannot build an embedder that was given."""
    if settings.ray_address and is_given:
        log.warning("RAG_RAY_ADDRESS has no effect: the embedder was given by the program. Name it as plugin:MODULE:CLASS instead.")
        return None
    return _closed_by(closing, Workers(RayCluster.shared(settings.ray_address))) if settings.ray_address else None


def _page_reader(here: Recogniser, workers: Workers | None, order: Callable[[], Order], closing: ExitStack) -> PageReader:
    return _closed_by(closing, RemoteRecogniser(workers, order, here)) if workers else here


def _is_unread(index: Index, originals: Originals, document_id: str) -> bool:
    """Whether nothing of a document is in the library, nor anything that OCR read before."""
    return document_id not in index.records and not originals.ocr(document_id).exists()


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
