"""The record, in Chroma: chunks with their vectors, and one record a document, written last.

A chunk whose document has no record and is not being indexed is invisible, and swept at the next open. Who opens the index is its only
writer: in a folder the library's lock sees to that, on a server its lease; collections on a server carry the library's id besides.
"""

import json
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.endpoints.addresses import without_secrets
from rag.errors import StorageError
from rag.types import Chunk, ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

WRITE_BATCH = 32
"""Chunks in one write: Chroma holds Python's global lock meanwhile, for 0.04 s, at worst 0.1 s. Of 64: 0.06 and 0.12 s."""

READ_BATCH = 500
"""Chunks in one reading by their ids, which is twice as fast as by their document's."""

LISTS = ("sources", "empty_pages", "labels")
"""Fields of a record that Chroma's metadata holds as JSON."""

EXACT = 5_000
"""Up to so many chunks are compared one by one where the index does not find all that are wanted."""

EF_SEARCH = 400
"""How widely the vector index searches: four times the most passages ever asked for keeps recall near 1."""


class ChunkStore:
    """Chunks and document records of one index, that is, of one embedding model and way of chunking."""

    def __init__(
        self,
        client: "ClientAPI",
        fingerprint: str,
        description: str,
        staged: Callable[[], Mapping[str, DocumentRecord]] = dict,
        *,
        library_id: str = "",
        hold: Callable[[], None] | None = lambda: None,
    ) -> None:
        """Open the index, or make it; drop what a crash left half-written.

        Args:
            client: Chroma, on disk or on a server.
            fingerprint: Names the index; at most 40 characters of [a-z0-9].
            description: What the fingerprint stands for.
            staged: Tells the documents whose records are still to come; their chunks are found already.
            library_id: Tells the library's collections from those of others on the same server; "" where nobody else's are there.
            hold: Called before each write; raises where this process is not the writer any more. None where it never is: drafts that are
                there may be another's, and stay.

        Raises:
            StorageError: Chroma refuses, or the stored index is another one than its name says.
        """
        self._client = client
        self._staged = staged
        self._hold = hold or _refuse
        self._kinds = [f"{kind}-{library_id}-" if library_id else f"{kind}-" for kind in ("chunks", "documents")]
        self._lock = threading.RLock()
        with translated("opened"):
            self._chunks, self._documents = (_collection(client, kind + fingerprint, description) for kind in self._kinds)
            self._records: Mapping[str, DocumentRecord] = {record.id: record for record in _read_records(self._documents)}
            self._unseen: frozenset[str] = frozenset()  # documents that chunks are, or may be, stored of without a record
            self._is_empty = self._chunks.count() == 0  # while the first chunks are written, a search of Chroma's fails
            if hold and self._chunks.count() != sum(record.chunks for record in self._records.values()):
                self._sweep()

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """The documents by id, oldest first. A snapshot: it is replaced, never changed."""
        return self._records

    @property
    def dimensions(self) -> int | None:
        """How long the stored vectors are; None where there are none.

        Raises:
            StorageError: The store cannot be read.
        """
        with translated("read"):
            found = self._chunks.get(limit=1, include=["embeddings"])["embeddings"]
        return len(found[0]) if found is not None and len(found) else None

    def put(self, chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        """Store chunks; those of documents that are not staged stay invisible until `commit`.

        Args:
            chunks: Any number, each with valid UTF-8 text.
            embeddings: float32 `(len(chunks), dimensions)`, unit length.

        Raises:
            StorageError: Chroma refuses.
        """
        with self._lock:
            self._unseen |= {chunk.document_id for chunk in chunks} - self._records.keys() - self._staged().keys()
        for first in range(0, len(chunks), WRITE_BATCH):
            batch = chunks[first : first + WRITE_BATCH]
            self._hold()
            with translated("written"):
                self._chunks.upsert(
                    ids=[_chunk_id(chunk.document_id, chunk.ordinal) for chunk in batch],
                    embeddings=embeddings[first : first + WRITE_BATCH],
                    documents=[chunk.text for chunk in batch],
                    metadatas=[
                        {
                            "document_id": chunk.document_id,
                            "ordinal": chunk.ordinal,
                            "page": chunk.page,
                            "start": chunk.start,
                            "end": chunk.end,
                            "heading": chunk.heading,
                            "sections": json.dumps(chunk.sections),
                            "gap": chunk.gap,
                        }
                        for chunk in batch
                    ],
                )
            self._is_empty = False

    def commit(self, records: Sequence[DocumentRecord], embeddings: Embeddings) -> None:
        """Write documents' records, which makes their chunks visible.

        Args:
            records: Of each, `record.chunks` chunks must have been put.
            embeddings: float32 `(len(records), dimensions)`, each the mean of a document's chunks' own, of unit length.

        Raises:
            StorageError: Chroma refuses.
        """
        if not records:
            return
        self._hold()
        with self._lock, translated("written"):
            self._documents.upsert(
                ids=[record.id for record in records],
                embeddings=embeddings,
                documents=[record.name for record in records],
                metadatas=[_metadata(record) for record in records],
            )
            self._records = {**self._records, **{record.id: record for record in records}}
            self._unseen -= {record.id for record in records}

    def update(self, record: DocumentRecord) -> None:
        """Put a document's record in place of the one it has.

        Raises:
            StorageError: Chroma refuses.
        """
        with translated("read"):
            embeddings: Any = self._documents.get(ids=[record.id], include=["embeddings"])["embeddings"]
        self.commit([record], np.asarray(embeddings, dtype=np.float32))

    def remove(self, document_id: str) -> None:
        """Delete a document: its record first, then its chunks.

        It is deleted from the library's other indexes too, so that it does not come back with them.

        Raises:
            StorageError: Chroma refuses.
        """
        self._hold()
        with self._lock, translated("changed"):
            self._unseen |= {document_id}
            if document_id in self._records:
                self._documents.delete(ids=[document_id])
                self._records = {id_: record for id_, record in self._records.items() if id_ != document_id}
        self.discard(document_id)
        with translated("changed"):
            for collection in self._others("documents"):
                collection.delete(ids=[document_id])
            for collection in self._others("chunks"):
                self._delete_chunks(collection, document_id)

    def discard(self, document_id: str) -> None:
        """Delete the chunks of a document that was not committed.

        Raises:
            StorageError: Chroma refuses.
        """
        with translated("changed"):
            self._delete_chunks(self._chunks, document_id)
        with self._lock:
            self._unseen -= {document_id}

    def nearest(self, embedding: Embeddings, top_k: int, document_ids: Sequence[str] | None) -> dict[ChunkKey, float]:
        """Find the chunks nearest to a vector.

        Args:
            embedding: float32 `(dimensions,)`, unit length.
            top_k: How many, at most.
            document_ids: Look in these documents only.

        Returns:
            Their cosines in [-1, 1], best first.

        Raises:
            StorageError: Chroma refuses.
        """
        with self._lock:
            visible, unseen = {**self._staged(), **self._records}, self._unseen
        wanted = [id_ for id_ in (visible if document_ids is None else document_ids) if id_ in visible]
        if not wanted or self._is_empty:
            return {}
        total = sum(visible[id_].chunks for id_ in wanted)
        count = min(top_k, total)
        near: dict[ChunkKey, float] = {}
        if document_ids is None:  # without a filter, which takes most of a second where there are 100,000 chunks
            near = self._near(embedding, max(count, EF_SEARCH) if unseen else count, visible)
        if document_ids is not None or (unseen and len(near) < count):
            near = self._near(embedding, count, visible, wanted)
            if len(near) < count and total <= EXACT:
                with translated("searched"):
                    near = self._nearest_of(embedding, count, wanted)
        return dict(islice(near.items(), count))

    def _nearest_of(self, embedding: Embeddings, top_k: int, document_ids: Sequence[str]) -> dict[ChunkKey, float]:
        """As `nearest`, exactly: where many vectors are equal, the index does not reach all of them."""
        where: Any = {"document_id": {"$in": list(document_ids)}}
        found = self._chunks.get(where=where, include=["embeddings"])
        if not found["ids"]:
            return {}
        cosines = np.clip(np.asarray(found["embeddings"], dtype=np.float32) @ embedding, -1, 1)
        best = np.argsort(-cosines, kind="stable")[:top_k]
        return {_key(found["ids"][n]): float(cosines[n]) for n in best}

    def cosines(self, embedding: Embeddings, keys: Iterable[ChunkKey]) -> dict[ChunkKey, float]:
        """Compare given chunks with a vector.

        Args:
            embedding: float32 `(dimensions,)`, unit length.
            keys: Which chunks; those that are not there are left out.

        Returns:
            Cosines in [-1, 1].

        Raises:
            StorageError: Chroma refuses.
        """
        wanted, cosines = list(keys), dict[ChunkKey, float]()
        for first in range(0, len(wanted), READ_BATCH):
            found, embeddings = self.embeddings(wanted[first : first + READ_BATCH])
            cosines |= dict(zip(found, np.clip(embeddings @ embedding, -1, 1).tolist(), strict=True)) if found else {}
        return cosines

    def embeddings(self, keys: Iterable[ChunkKey]) -> tuple[list[ChunkKey], Embeddings]:
        """Read chunks' vectors.

        Args:
            keys: Which chunks; those that are not there are left out.

        Returns:
            The keys found, in any order, and float32 `(len(found), dimensions)`, a row for each.

        Raises:
            StorageError: Chroma refuses.
        """
        ids = [_chunk_id(*key) for key in keys]
        if not ids:
            return [], np.empty((0, 0), dtype=np.float32)
        with translated("searched"):
            found = self._chunks.get(ids=ids, include=["embeddings"])
        return [_key(id_) for id_ in found["ids"]], np.asarray(found["embeddings"], dtype=np.float32)

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks; those that are not there are left out.

        Raises:
            StorageError: Chroma refuses.
        """
        ids = [_chunk_id(*key) for key in keys]
        if not ids:
            return {}
        with translated("read"):
            found = self._chunks.get(ids=ids, include=["documents", "metadatas"])
        return {chunk.key: chunk for chunk in _read_chunks(found)}

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """Read the chunks of a document that has a record, in order.

        Raises:
            StorageError: Chroma refuses.
        """
        keys = [(document_id, ordinal) for ordinal in range(self._records[document_id].chunks)]
        found: dict[ChunkKey, Chunk] = {}
        for first in range(0, len(keys), READ_BATCH):
            found |= self.chunks(keys[first : first + READ_BATCH])
        return [found[key] for key in keys if key in found]

    def other_records(self) -> list[DocumentRecord]:
        """The documents that other indexes of this library hold and this one does not, as after a change of model.

        Raises:
            StorageError: Chroma refuses.
        """
        with translated("read"):
            others = [record for collection in self._others("documents") for record in _read_records(collection)]
        return list({record.id: record for record in others if record.id not in self._records}.values())

    def drop_other_indexes(self) -> None:
        """Delete every other index of this library.

        Raises:
            StorageError: Chroma refuses.
        """
        self._hold()
        with translated("changed"):
            for collection in [*self._others("documents"), *self._others("chunks")]:
                self._client.delete_collection(collection.name)

    def close(self) -> None:
        """Let go of Chroma."""
        disconnect(self._client)

    def _near(
        self, embedding: Embeddings, top_k: int, visible: Container[str], wanted: Sequence[str] | None = None
    ) -> dict[ChunkKey, float]:
        """The cosines of the chunks nearest to a vector that are of visible documents, best first."""
        with translated("searched"):
            found = self._chunks.query(
                query_embeddings=embedding[np.newaxis],
                n_results=top_k,
                where=None if wanted is None else {"document_id": {"$in": wanted}},  # type: ignore[dict-item]
                include=["distances"],
            )
        distances = found["distances"]
        assert distances is not None  # asked for above
        near = {_key(id_): max(-1.0, min(1.0, 1.0 - distance)) for id_, distance in zip(found["ids"][0], distances[0], strict=True)}
        return {key: cosine for key, cosine in near.items() if key[0] in visible}

    def _sweep(self) -> None:
        firsts = self._chunks.get(where={"ordinal": 0}, include=["metadatas"])
        for metadata in firsts["metadatas"] or []:
            if (document_id := str(metadata["document_id"])) not in {**self._records, **self._staged()}:
                self._delete_chunks(self._chunks, document_id)

    def _others(self, kind: Literal["chunks", "documents"]) -> "list[Collection]":
        """The collections of this library's other indexes."""
        mine = {self._chunks.name, self._documents.name}
        prefix = self._kinds[kind == "documents"]
        return [each for each in self._client.list_collections() if each.name.startswith(prefix) and each.name not in mine]

    def _delete_chunks(self, chunks: "Collection", document_id: str) -> None:
        """Delete in small steps, the first chunk last: a sweep finds a document by it."""
        ids = sorted(chunks.get(where={"document_id": document_id}, include=[])["ids"], reverse=True)
        for first in range(0, len(ids), WRITE_BATCH):
            self._hold()
            chunks.delete(ids=ids[first : first + WRITE_BATCH])


def connect(folder: Path, url: str | None) -> "ClientAPI":
    """Open Chroma in a folder, or on the server at `url`.

    Raises:
        StorageError: The folder cannot be used, or nothing answers at the address.
    """
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    settings = Settings(_env_file=None, anonymized_telemetry=False)
    if url is None:
        path = str(folder.resolve())
        try:
            with translated("opened"):
                return chromadb.PersistentClient(path=path, settings=settings)
        except StorageError:
            with suppress(AttributeError):  # of parts that never started; Chroma keeps a client that failed, and hands it out again
                SharedSystemClient._release_system(path)
            raise
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        return chromadb.HttpClient(host=parts.hostname or "", port=parts.port or (443 if secure else 8000), ssl=secure, settings=settings)
    except ValueError as error:
        raise StorageError(
            f"No Chroma server answers at {without_secrets(url)}. Start it, or correct RAG_CHROMA_URL, such as http://localhost:8000."
        ) from error


def disconnect(client: "ClientAPI") -> None:
    """Let go of Chroma, and of the connections to its server, which it leaves open."""
    clients = (client, getattr(client, "_admin_client", None))
    sessions = [getattr(getattr(each, "_server", None), "_session", None) for each in clients]
    client.close()  # type: ignore[attr-defined]
    for session in sessions:
        if session is not None:
            session.close()


def _refuse() -> None:
    raise StorageError("The library is read-only.")


def adopt(client: "ClientAPI", library_id: str, document_ids: Container[str]) -> None:
    """Name collections after their library that were stored on a server before libraries had ids: those whose documents are all its own.

    Raises:
        StorageError: Chroma refuses.
    """
    with translated("opened"):
        for collection in client.list_collections():
            kind, _, fingerprint = collection.name.partition("-")
            if kind == "documents" and "-" not in fingerprint:
                ids = collection.get(include=[])["ids"]
                if ids and all(id_ in document_ids for id_ in ids):
                    client.get_collection(f"chunks-{fingerprint}").modify(name=f"chunks-{library_id}-{fingerprint}")
                    collection.modify(name=f"documents-{library_id}-{fingerprint}")


@contextmanager
def translated(done: str) -> Iterator[None]:
    """Turn what Chroma raises into a `StorageError`: ChromaError, ValueError, httpx's, and its Rust's panics, which are no Exceptions."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except BaseException as error:
        if not isinstance(error, ChromaError | httpx.HTTPError | OSError | ValueError) and type(error).__name__ != "PanicException":
            raise
        raise StorageError(f"The library's index could not be {done}: {error}. See that the disk works, and try again.") from error


def _collection(client: "ClientAPI", name: str, description: str) -> "Collection":
    collection = client.get_or_create_collection(
        name,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
        metadata={"schema": 1, "index": description},
    )
    if (collection.metadata or {}).get("index") != description:
        raise StorageError(
            f"The collection {name} belongs to another index than its name says. Move the library away and add the documents again."
        )
    return collection


def _read_records(documents: "Collection") -> list[DocumentRecord]:
    metadatas: list[Any] = list(documents.get(include=["metadatas"])["metadatas"] or [])
    records = [DocumentRecord(**{**metadata, **{name: tuple(json.loads(metadata[name])) for name in LISTS}}) for metadata in metadatas]
    return sorted(records, key=lambda record: (record.added, record.name))


def _metadata(record: DocumentRecord) -> dict[str, Any]:
    values = asdict(record)
    del values["indexed"]  # it is, once it is here
    return {**values, **{name: json.dumps(values[name]) for name in LISTS}}


def _chunk_id(document_id: str, ordinal: int) -> str:
    return f"{document_id}:{ordinal:07d}"


def _key(chunk_id: str) -> ChunkKey:
    document_id, _, ordinal = chunk_id.rpartition(":")
    return document_id, int(ordinal)


def _read_chunks(found: Any) -> Iterator[Chunk]:
    for text, metadata in zip(found["documents"], found["metadatas"], strict=True):
        sections = tuple((start, path) for start, path in json.loads(metadata.get("sections", "[]")))
        yield Chunk(text=text, **{**metadata, "sections": sections})
