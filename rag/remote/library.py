"""A library that another process holds, as a client of its server."""

import json
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self
from urllib.parse import quote

from rag import arguments
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
from rag.ingesting.staging import Source
from rag.library import Library
from rag.library import Paths as GivenPaths
from rag.remote.connection import Connection
from rag.remote.packing import unpacked
from rag.remote.wire import Asked, LibraryState, Paths, TextToCheck, decoded, encoded
from rag.retrieving.limiting import Where
from rag.retrieving.search import Search
from rag.settings import Settings
from rag.showing import Passages
from rag.storing.kept_settings import KeptSettings
from rag.storing.lock import holder
from rag.types import (
    Answer,
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
    Progress,
    ProgressCallback,
    RemovedDocument,
    Report,
)

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
    """Use a library in a folder of this machine through the server that holds it; None where no server does."""
    url, token = holder(folder)
    return RemoteLibrary(Connection(url, token), settings, shares_files=True) if url else None


class RemoteLibrary(Library):
    """A library that another process holds. It has `Library`'s verbs, which the server carries out; errors are the same, and `ServerError`.

    `add` sends the files' bytes to the server; where both share a machine and a user, it sends their paths. What only the process that
    holds a library can do raises `LibraryError`: see `HOST_ONLY`.
    """

    HOST_ONLY: ClassVar = (
        "add_source", "announce", "change_settings", "download", "fixed_by", "holder_token", "kept_settings", "scratch", "search", "unpack"
    )  # fmt: skip

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
    def chat_model(self) -> None:
        """None: the server's chat model answers."""

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    @cached_property
    def folder(self) -> Path:  # type: ignore[override]
        """Where it lies, on the server's machine."""
        return Path(self._state.folder)

    @cached_property
    def embedder(self) -> CheckedEmbedder:  # type: ignore[override]
        """The same model on this machine; raises `EmbeddingError` where the settings here name another."""
        embedder = CheckedEmbedder(self._given_embedder) if self._given_embedder else checked_embedder(self.settings)
        if index_identity(embedder, self.settings.chunk_tokens) != self._state.index_identity:
            message = f"The library at {self.url} was indexed with {self._state.index_identity}. Set RAG_EMBEDDING_MODEL and the settings "
            raise EmbeddingError(f"{message}of chunks here as they are there.")
        return embedder

    @cached_property
    def pages(self) -> "RemotePages":  # type: ignore[override]
        """Its documents' pages."""
        return RemotePages(self)

    @property
    def _state(self) -> LibraryState:
        state: LibraryState = decoded(LibraryState, self._connection.get("/library"))
        return state

    def add(
        self,
        paths: GivenPaths,
        *,
        passwords: Sequence[str] = (),
        progress: ProgressCallback | None = None,
        wait: bool = True,
        leave_out_removed: bool = False,
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Report:
        given, passwords = arguments.paths(paths), arguments.texts("passwords", passwords)
        options = Paths((), passwords, wait, leave_out_removed, arguments.metadata(metadata))
        if self._shares_files:
            return self._imported([_absolute(each) for each in given], options, progress)
        outcomes = list[Outcome]()
        for each in given:
            if isinstance(each, str) and is_address(each):
                outcomes += self._imported([each], options, progress).outcomes
                continue
            for found in find_files([each]):
                path, error = found if isinstance(found, tuple) else (found, None)
                outcomes.append(_failed(path, error) if error else self._uploaded(path, shown_name(path), options, progress, replaces=True))
        return Report(tuple(outcomes))

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
        options = Paths((), arguments.texts("passwords", passwords), wait, metadata=arguments.metadata(metadata))
        return self._uploaded(Path(path), arguments.text("name", name), options, progress, replaces=replace)

    def set_metadata(self, name_or_id: str, metadata: Mapping[str, MetadataValue]) -> DocumentRecord:
        plain = self._connection.put(f"/documents/{_part(name_or_id)}/metadata", arguments.metadata(metadata))
        record: DocumentRecord = decoded(DocumentRecord, plain)
        return record

    def index_next(self) -> bool:
        return False  # the server does it

    def documents(self, where: Where | None = None) -> list[DocumentRecord]:
        return self._records("/documents", **({} if where is None else {"where": json.dumps(encoded(Filters.of(where)))}))

    def keyword_ready(self, documents: Sequence[str] | None = None) -> list[DocumentRecord]:
        chosen = self.documents(None if documents is None else Filters(documents=tuple(arguments.texts("documents", documents))))
        return [record for record in chosen if record.state == "keyword_ready"]

    def document(self, name_or_id: str) -> DocumentRecord:
        record: DocumentRecord = decoded(DocumentRecord, self._connection.get(f"/documents/{_part(name_or_id)}"))
        return record

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
            found += decoded(list[Chunk], self._connection.post("/chunks", wanted[first : first + CHUNKS_AT_ONCE]))
        return {chunk.key: chunk for chunk in found}

    def remove(self, name_or_id: str, *, keep: bool = False) -> DocumentRecord:
        plain = self._connection.delete(f"/documents/{_part(name_or_id)}", params={"keep": keep})
        record: DocumentRecord = decoded(DocumentRecord, plain)
        return record

    def removed(self) -> list[RemovedDocument]:
        removed: list[RemovedDocument] = decoded(list[RemovedDocument], self._connection.get("/removed"))
        return removed

    def left_out(self) -> list[RemovedDocument]:
        left_out: list[RemovedDocument] = decoded(list[RemovedDocument], self._connection.get("/left-out"))
        return left_out

    def restore(self, name_or_id: str, *, progress: ProgressCallback | None = None, wait: bool = True) -> Outcome:
        path = f"/removed/{_part(name_or_id)}/restore"
        return self._report(self._connection.events(path, params={"wait": wait}), progress).outcomes[-1]

    @property
    def is_read_only(self) -> bool:
        return self._state.is_read_only

    @property
    def scratch(self) -> Path:
        self._refuse("The library's folder for temporary files")

    @property
    def ocr_cure(self) -> str:
        return self._state.ocr_cure

    @property
    def is_erasing(self) -> bool:
        return self._state.is_erasing

    def erase(self) -> bool:
        return bool(self._connection.post("/erase"))

    def examine(self) -> list[Finding]:
        findings: list[Finding] = decoded(list[Finding], self._connection.get("/findings"))
        return findings

    def repair(self, progress: ProgressCallback | None = None) -> list[Outcome]:
        return list(self._report(self._connection.events("/repair"), progress).outcomes)

    def damaged_copies(self) -> list[tuple[DocumentRecord, str]]:
        damaged: list[tuple[DocumentRecord, str]] = decoded(list[tuple[DocumentRecord, str]], self._connection.get("/damaged"))
        return damaged

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
        request = Asked.checked(question, where, history=history, top_k=top_k, documents=documents, chunks=chunks)
        passages: list[Passage] = decoded(list[Passage], self._connection.post("/search", encoded(request)))
        return Passages(passages)

    @cached_property
    def min_confidence(self) -> float:
        return self._state.min_confidence

    def confidence(self, question: str, passages: Sequence[Passage]) -> float:
        plain = {"question": arguments.text("question", question), "passages": encoded(list(arguments.passages(passages)), list[Passage])}
        return float(self._connection.post("/confidence", plain))

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        chunks: Sequence[ChunkKey] | None = None,
        where: Where | None = None,
    ) -> Answer:
        request = Asked.checked(question, where, history=history, top_k=top_k, documents=documents, chunks=chunks)
        answer: Answer = decoded(Answer, self._connection.post("/ask", encoded(request)))
        return answer

    async def stream(
        self,
        question: str,
        *,
        history: Sequence[Message] = (),
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        chunks: Sequence[ChunkKey] | None = None,
        where: Where | None = None,
    ) -> AsyncGenerator[Answer, None]:
        request = Asked.checked(question, where, history=history, top_k=top_k, documents=documents, chunks=chunks)
        grown: dict[str, Any] = {}
        async with self._connection.async_events("/ask", encoded(request)) as events:
            async for name, plain in events:
                if name == "answer":
                    grown |= plain
                    yield decoded(Answer, grown)

    def check(
        self,
        text: str,
        *,
        top_k: int | None = None,
        documents: Sequence[str] | None = None,
        where: Where | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Answer:
        asked = Asked.checked("check", where, top_k=top_k, documents=documents)
        given = TextToCheck(arguments.text("text", text), top_k, asked.documents, asked.where)
        answer: Answer = self._result(Answer, self._connection.events("/check", json=encoded(given)), progress, float)
        return answer

    @property
    def index_identity(self) -> str:
        return self._state.index_identity

    def left_behind(self) -> list[DocumentRecord]:
        return self._records("/left-behind")

    def reindex(self, progress: ProgressCallback | None = None) -> Report:
        return self._report(self._connection.events("/reindex"), progress)

    @property
    def embedding_model(self) -> str:
        return self._state.embedding_model

    @property
    def is_model_fixed(self) -> bool:
        return self._state.is_model_fixed

    @property
    def model_switch(self) -> ModelSwitch | None:
        return self._state.model_switch

    def model_offer(self) -> ModelOffer | None:
        offer: ModelOffer | None = decoded(ModelOffer | None, self._connection.get("/model-offer"))
        return offer

    def dismiss_offer(self) -> None:
        self._connection.delete("/model-offer")

    def use_model(self, model: str) -> None:
        self._connection.post("/model", model)

    def cancel_model(self) -> None:
        self._connection.delete("/model")

    def warm_up(self) -> None:
        _ = self._state

    def close(self) -> None:
        self._connection.close()
        if "embedder" in self.__dict__ and not self._given_embedder:
            self.embedder.close()

    def __repr__(self) -> str:
        return f"<RemoteLibrary {self.url!r}>"

    def __enter__(self) -> Self:
        return self

    def announce(self, url: str) -> None:
        self._refuse("Announcing a server")

    @property
    def holder_token(self) -> str:
        self._refuse("The holder's token")

    @property
    def search(self) -> Search:
        self._refuse("What finds passages")

    @property
    def kept_settings(self) -> KeptSettings:
        self._refuse("Reading the kept settings")

    def change_settings(self, change: Callable[[KeptSettings], KeptSettings]) -> None:
        self._refuse("Changing the kept settings")

    def fixed_by(self, name: str) -> str:
        self._refuse("Where a setting is set")

    def add_source(
        self, source: Source, *, passwords: Sequence[str] = (), progress: ProgressCallback | None = None, wait: bool = True
    ) -> Outcome:
        self._refuse("Adding a file of the library's own")

    def download(self, address: str, folder: Path, *, progress: ProgressCallback | None = None) -> Source:
        self._refuse("Downloading a file without adding it")

    def unpack(self, archive: Source, folder: Path) -> list[Source]:
        self._refuse("Unpacking an archive without adding it")

    def _refuse(self, what: str) -> NoReturn:
        raise LibraryError(f"{what} is for the process that holds the library; this one is a client of {self.url}.")

    def _records(self, path: str, **params: str) -> list[DocumentRecord]:
        records: list[DocumentRecord] = decoded(list[DocumentRecord], self._connection.get(path, params=params))
        return records

    def _imported(self, paths: Sequence[str], options: Paths, progress: ProgressCallback | None) -> Report:
        plain = asdict(replace(options, paths=tuple(paths)))
        return self._report(self._connection.events("/paths", json=plain), progress)

    def _uploaded(self, path: Path, name: str, options: Paths, progress: ProgressCallback | None, *, replaces: bool) -> Outcome:
        form: dict[str, Any] = {"name": name, "passwords": list(options.passwords), "wait": options.wait, "replace": replaces}
        if options.metadata is not None:
            form["metadata"] = json.dumps(options.metadata)
        try:
            with path.open("rb") as file:
                events = self._connection.events("/documents", data=form, files={"file": ("file", file)})
                outcome = self._report(events, progress).outcomes[-1]
        except OSError as error:
            return _failed(path, unreadable(path, error))
        return replace(outcome, path=str(path))

    def export(self, path: str | Path, *, progress: ProgressCallback | None = None) -> None:
        self._report(self._connection.events("/export", json={"path": _absolute(path)}), progress)

    def import_(self, path: str | Path, *, merge: bool = False, progress: ProgressCallback | None = None) -> Report:
        return self._report(self._connection.events("/import", json={"path": _absolute(path), "merge": merge}), progress)

    def _add_bytes(
        self,
        data: bytes,
        name: str,
        suffix: str,
        metadata: Mapping[str, MetadataValue] | None,
        progress: ProgressCallback | None,
        wait: bool,
    ) -> Outcome:
        form = {"name": arguments.text("name", name), "wait": wait, "kind": "text" if suffix else "bytes"}
        form |= {} if metadata is None else {"metadata": json.dumps(arguments.metadata(metadata))}
        return self._report(self._connection.events("/documents", data=form, files={"file": ("file", data)}), progress).outcomes[-1]

    def _report(self, events: Iterator[tuple[str, Any]], progress: ProgressCallback | None) -> Report:
        report: Report = self._result(Report, events, progress, Progress)
        return report

    def _result(self, kind: Any, events: Iterator[tuple[str, Any]], progress: Callable[[Any], None] | None, step: Any) -> Any:
        """The result of long work, whose steps are told as they come."""
        for name, plain in events:
            if name == "progress" and progress:
                progress(decoded(step, plain))
            if name == "report":
                return decoded(kind, plain)
        raise LibraryError(f"The server at {self.url} ended before the work was done. What is finished is kept: try again.")


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
        view: PageView = decoded(PageView, json.loads(self._send(document, f"pages/{page}", start=start, end=end)))
        return view

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
