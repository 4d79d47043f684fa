"""A library that another process holds, as a client of its server."""

import json
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, TypeVar, Unpack
from urllib.parse import quote

from rag import arguments
from rag.arguments import Adding
from rag.building import checked_embedder
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embedder
from rag.errors import DocumentError, EmbeddingError, LibraryError
from rag.exploring.vectors import Vectors
from rag.fetching.addresses import is_address
from rag.files import find_files, shown_name, unreadable
from rag.filters import Filters
from rag.formats.protocol import PageView
from rag.formats.registry import register_installed
from rag.ingesting.chunking import index_identity
from rag.library import AskOptions, Library, SearchOptions
from rag.remote.connection import Connection
from rag.remote.packing import unpacked
from rag.remote.wire import STATED, LibraryState, Paths, QuestionToAnswer, QuestionToSearch, SettingsState, TextToCheck, encoded, sent
from rag.retrieving.limiting import Where
from rag.settings import Settings
from rag.showing import Passages
from rag.storing.cluster.membership import Membership
from rag.storing.kept_settings import KeptSettings, plain_settings
from rag.storing.lock import holder
from rag.storing.places import Places
from rag.types import (
    Answer,
    BackupPart,
    Chunk,
    ChunkKey,
    DocumentRecord,
    Finding,
    MetadataValue,
    ModelOffer,
    Outcome,
    Passage,
    Progress,
    ProgressCallback,
    RemovedDocument,
    Report,
    Role,
)

T = TypeVar("T")

CHUNKS_AT_ONCE = 2_000


def connect(url: str, *, token: str = "", settings: Settings | None = None, embedder: Embedder | None = None) -> "RemoteLibrary":
    """Use a library through the server that holds it.

    Args:
        url: The server's address, such as "http://localhost:7860".
        token: The server's RAG_API_TOKEN; not needed on this machine unless one is set.
        settings: Name the model where something is embedded on this machine; read from the environment if not given.
        embedder: Used instead; it is not closed with the library.

    Raises:
        ValueError: `url` is no address.
        ServerError: Nothing answers there.
    """
    arguments.text("url", url)
    library = RemoteLibrary(Connection(url, token), settings or Settings(), embedder=embedder)
    try:
        library.warm_up()
    except BaseException:
        library.close()
        raise
    return library


def at_home(folder: Path, settings: Settings) -> "RemoteLibrary | None":
    """Use a library in a folder of this machine, or of a cluster, through the server that holds it; None where no server does."""
    if settings.database_url:
        database = Places(folder, settings.database_url).database("library")
        with database, closing(Membership(database, candidate=False, seconds=settings.lease_seconds)) as membership:
            writer = membership.writer()
        return RemoteLibrary(Connection(writer.url, writer.token), settings) if writer and writer.url else None
    url, token = holder(folder)
    return RemoteLibrary(Connection(url, token, is_home=True), settings, shares_files=True) if url else None


class RemoteLibrary(Library):
    """A library that another process holds. It has `Library`'s verbs, which the server carries out; errors are the same, and `ServerError`.

    `add` sends the files' bytes to the server; where both share a machine and a user, it sends their paths. What only the process that
    holds a library can do raises `LibraryError`: see `HOST_ONLY`.
    """

    HOST_ONLY: ClassVar = {
        "add_source": "Adding a file of the library's own",
        "announce": "Announcing a server",
        "answering": "What answers a question",
        "download": "Downloading a file without adding it",
        "holder_token": "The holder's token",
        "scratch": "The library's folder for temporary files",
        "answerer": "What answers questions",
        "open_beside": "Opening a library beside another",
        "search": "What finds passages",
        "unpack": "Unpacking an archive without adding it",
    }

    def __init__(self, connection: Connection, settings: Settings, *, embedder: Embedder | None = None, shares_files: bool = False) -> None:
        """Use a connection; `shares_files` where the server may read the paths that are named here."""
        register_installed()
        self._settings = settings
        self._connection = connection
        self._shares_files = shares_files
        self._given_embedder = embedder
        self._vectors: Vectors | None = None

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def cluster(self) -> None:
        """None: the server has a part in it, if there is one."""

    @property
    def role(self) -> Role:
        """The "writer": the server passes on what another one writes."""
        return "writer"

    @property
    def chat_model(self) -> None:
        """None: the server's chat model answers."""

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    @cached_property
    def folder(self) -> Path:  # type: ignore[override]
        """Where it lies, on the server's machine."""
        return Path(self.state.folder)

    @cached_property
    def embedder(self) -> CheckedEmbedder:  # type: ignore[override]
        """The same model on this machine; raises `EmbeddingError` where the settings here name another."""
        embedder = CheckedEmbedder(self._given_embedder) if self._given_embedder else checked_embedder(self.settings)
        if index_identity(embedder, self.settings.chunk_tokens) != self.state.index_identity:
            message = f"The library at {self.url} was indexed with {self.state.index_identity}. Set RAG_EMBEDDING_MODEL and the settings "
            raise EmbeddingError(f"{message}of chunks here as they are there.")
        return embedder

    @cached_property
    def pages(self) -> "RemotePages":  # type: ignore[override]
        """Its documents' pages."""
        return RemotePages(self)

    @property
    def state(self) -> LibraryState:
        """The library as a whole, as the server has it now."""
        return self._connection.get(LibraryState, "/library")

    def _add(self, given: Sequence[str | Path], how: Adding, leaves_out: bool) -> Report:
        if self._shares_files:
            return self._imported([_absolute(each) for each in given], how, leaves_out)
        outcomes = list[Outcome]()
        for each in given:
            if isinstance(each, str) and is_address(each):
                outcomes += self._imported([each], how, leaves_out).outcomes
                continue
            for found in find_files([each]):
                path, error = found if isinstance(found, tuple) else (found, None)
                outcomes.append(_failed(path, error) if error else self._upload(path, shown_name(path), how, replaces=True))
        return Report(tuple(outcomes))

    def _imported(self, paths: Sequence[str], how: Adding, leaves_out: bool) -> Report:
        asked = Paths(tuple(paths), how.passwords, how.wait, leaves_out, how.metadata)
        return self._work("/paths", how.progress, json=sent(asked))

    def _upload(self, path: Path, name: str, how: Adding, replaces: bool) -> Outcome:
        try:
            with path.open("rb") as file:
                outcome = self._posted(file, how, name=name, passwords=list(how.passwords), replace=replaces)
        except OSError as error:
            return _failed(path, unreadable(path, error))
        return replace(outcome, path=str(path))

    def _add_bytes(self, data: bytes, name: str, suffix: str, how: Adding) -> Outcome:
        return self._posted(data, how, name=name, kind="text" if suffix else "bytes")

    def _posted(self, file: bytes | BinaryIO, how: Adding, **form: Any) -> Outcome:
        form |= {"wait": how.wait} | ({} if how.metadata is None else {"metadata": json.dumps(how.metadata)})
        return self._work("/documents", how.progress, data=form, files={"file": ("file", file)}).outcomes[-1]

    def set_metadata(self, name_or_id: str, metadata: Mapping[str, MetadataValue]) -> DocumentRecord:
        path = f"/documents/{_part(name_or_id)}/metadata"
        return self._connection.read(DocumentRecord, "PUT", path, json=arguments.metadata(metadata))

    def index_next(self) -> bool:
        return False  # the server does it

    def documents(self, where: Where | None = None) -> list[DocumentRecord]:
        params = {} if where is None else {"where": json.dumps(sent(Filters.of(where)))}
        return self._connection.get(list[DocumentRecord], "/documents", params=params)

    def keyword_ready(self, documents: Sequence[str] | None = None) -> list[DocumentRecord]:
        chosen = self.documents(None if documents is None else Filters(documents=tuple(arguments.texts("documents", documents))))
        return [record for record in chosen if record.state == "keyword_ready"]

    def document(self, name_or_id: str) -> DocumentRecord:
        return self._connection.get(DocumentRecord, f"/documents/{_part(name_or_id)}")

    def vectors(self) -> Vectors:
        known = {"If-None-Match": f'"{self._vectors.fingerprint}"'} if self._vectors else {}
        response = self._connection.send("GET", "/vectors", headers=known)
        if self._vectors is None or response.status_code != 304:
            self._vectors = unpacked(response.content)
        return self._vectors

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        wanted = arguments.keys(keys)
        found = list[Chunk]()
        for first in range(0, len(wanted), CHUNKS_AT_ONCE):
            found += self._connection.post(list[Chunk], "/chunks", wanted[first : first + CHUNKS_AT_ONCE])
        return {chunk.key: chunk for chunk in found}

    def remove(self, name_or_id: str, *, keep: bool = False) -> DocumentRecord:
        return self._connection.read(DocumentRecord, "DELETE", f"/documents/{_part(name_or_id)}", params={"keep": keep})

    def removed(self) -> list[RemovedDocument]:
        return self._connection.get(list[RemovedDocument], "/removed")

    def left_out(self) -> list[RemovedDocument]:
        return self._connection.get(list[RemovedDocument], "/left-out")

    def restore(self, name_or_id: str, *, progress: ProgressCallback | None = None, wait: bool = True) -> Outcome:
        return self._work(f"/removed/{_part(name_or_id)}/restore", progress, params={"wait": wait}).outcomes[-1]

    def erase(self) -> bool:
        return self._connection.post(bool, "/erase")

    def examine(self) -> list[Finding]:
        return self._connection.get(list[Finding], "/findings")

    def repair(self, progress: ProgressCallback | None = None) -> list[Outcome]:
        return list(self._work("/repair", progress).outcomes)

    def damaged_copies(self) -> list[tuple[DocumentRecord, str]]:
        return self._connection.get(list[tuple[DocumentRecord, str]], "/damaged")

    def retrieve(self, question: str, **options: Unpack[SearchOptions]) -> list[Passage]:
        return Passages(self._connection.post(list[Passage], "/search", sent(QuestionToSearch.checked(question, **options))))

    def confidence(self, question: str, passages: Sequence[Passage]) -> float:
        plain = {"question": arguments.text("question", question), "passages": encoded(list(arguments.passages(passages)), list[Passage])}
        return self._connection.post(float, "/confidence", plain)

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        return self._connection.post(Answer, "/ask", sent(QuestionToAnswer.checked(question, **options)))

    async def stream(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[Answer, None]:
        request, grown = QuestionToAnswer.checked(question, **options), dict[str, Any]()
        async with self._connection.async_events("/ask", sent(request)) as events:
            async for name, plain in events:
                if name == "answer":
                    grown |= plain
                    yield self._connection.decoded(Answer, grown)

    def check(
        self,
        text: str,
        *,
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        where: Where | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Answer:
        asked = QuestionToSearch.checked("check", where=where, top_k=top_k, documents=documents)
        given = TextToCheck(arguments.text("text", text), top_k, asked.documents, asked.where)
        return self._result(Answer, self._connection.events("/check", json=sent(given)), progress, float)

    def left_behind(self) -> list[DocumentRecord]:
        return self._connection.get(list[DocumentRecord], "/left-behind")

    def reindex(self, progress: ProgressCallback | None = None) -> Report:
        return self._work("/reindex", progress)

    def model_offer(self) -> ModelOffer | None:
        plain = self._connection.send("GET", "/model-offer").json()
        return self._connection.decoded(ModelOffer, plain) if plain else None

    def dismiss_offer(self) -> None:
        self._connection.send("DELETE", "/model-offer")

    def use_model(self, model: str) -> None:
        self._connection.send("POST", "/model", json=arguments.text("model", model))

    def cancel_model(self) -> None:
        self._connection.send("DELETE", "/model")

    def warm_up(self) -> None:
        _ = self.state

    def close(self) -> None:
        self._connection.close()
        if "embedder" in self.__dict__ and not self._given_embedder:
            self.embedder.close()

    def __repr__(self) -> str:
        return f"<RemoteLibrary {self.url!r}>"

    @property
    def kept_settings(self) -> KeptSettings:
        return self._connection.get(SettingsState, "/settings").kept

    def change_settings(self, change: Callable[[KeptSettings], KeptSettings]) -> None:
        response = self._connection.send("GET", "/settings")
        changed = change(self._connection.decoded(SettingsState, response.json()).kept)
        self._connection.send("PUT", "/settings", json=plain_settings(changed), headers={"If-Match": response.headers["ETag"]})

    def fixed_by(self, name: str) -> str:
        return self._connection.get(SettingsState, "/settings").fixed.get(name, "")

    def export(self, path: str | Path, *, progress: ProgressCallback | None = None) -> None:
        self._work("/export", progress, json={"path": _absolute(path)})

    def back_up(self, folder: str | Path) -> list[BackupPart]:
        events = self._connection.events("/backup", json={"path": _absolute(folder)})
        return self._result(list[BackupPart], events, None, Progress)

    def import_(self, path: str | Path, *, merge: bool = False, progress: ProgressCallback | None = None) -> Report:
        return self._work("/import", progress, json={"path": _absolute(path), "merge": merge})

    def _work(self, path: str, progress: ProgressCallback | None, **content: Any) -> Report:
        return self._result(Report, self._connection.events(path, **content), progress, Progress)

    def _result(self, kind: type[T], events: Iterator[tuple[str, Any]], progress: Callable[[Any], None] | None, step: type[Any]) -> T:
        """The result of long work, whose steps are told as they come."""
        for name, plain in events:
            if name == "progress" and progress:
                progress(self._connection.decoded(step, plain))
            if name == "report":
                return self._connection.decoded(kind, plain)
        raise LibraryError(f"The server at {self.url} ended before the work was done. What is finished is kept: try again.")


def _refused(what: str, library: RemoteLibrary) -> None:
    raise LibraryError(f"{what} is for the process that holds the library; this one is a client of {library.url}.")


def _stated(name: str) -> property:
    return property(lambda library: getattr(library.state, name))


for _name, _what in RemoteLibrary.HOST_ONLY.items():
    setattr(RemoteLibrary, _name, property(partial(_refused, _what)))
for _name in STATED:
    setattr(RemoteLibrary, _name, _stated(_name))


class RemotePages:
    """The pages of a remote library's documents: see `rag.viewing.Pages`."""

    def __init__(self, library: RemoteLibrary) -> None:
        self._library = library
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def image(self, document: str, page: int, *, scale: float = 2.0) -> bytes:
        """Draw a page as PNG, `scale` pixels a point (1/72 inch)."""
        return self._send(document, f"pages/{page}.png", scale=scale)

    def look(self, document: str, page: int, start: int = 0, end: int = 0) -> PageView:
        """Everything about a page but its picture, and where `page.text[start:end]` is on it."""
        path = f"/documents/{_part(document)}/pages/{page}"
        return self._library._connection.get(PageView, path, params={"start": start, "end": end})

    def text(self, document: str, page: int) -> str:
        """The text of a page, as it was when it was indexed."""
        return self.look(document, page).text

    def texts(self, document: str) -> list[str]:
        """The text of each page, as it was when it was indexed."""
        record = self._library.document(document)
        return [self.text(record.id, page) for page in range(1, record.pages + 1)]

    def original(self, document: str) -> Path:
        """A copy of a document's file, for as long as this object lasts."""
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="footnote-")
        path = Path(self._folder.name) / self._library.document(document).id
        path.write_bytes(self._send(document, "original"))
        return path

    def _send(self, document: str, path: str, **params: float) -> bytes:
        return self._library._connection.send("GET", f"/documents/{_part(document)}/{path}", params=params).content


def _part(name: str) -> str:
    """A name as one part of an address's path."""
    return quote(arguments.text("name_or_id", name), safe="")


def _absolute(given: str | Path) -> str:
    return given if isinstance(given, str) and is_address(given) else str(Path(given).expanduser().absolute())


def _failed(path: Path, error: DocumentError) -> Outcome:
    return Outcome(str(path), shown_name(path), "", error.status, 0, 0, str(error))
