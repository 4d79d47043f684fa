"""Chroma itself, in a folder or on a server: opening and closing it, its errors, and the schema of a library's collections.

A collection is called KIND-LIBRARY-FINGERPRINT on a server, KIND-FINGERPRINT in a library's folder.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.endpoints.addresses import without_secrets
from rag.errors import StorageError, storage_errors
from rag.storing.protocol import READ_BATCH, IndexName
from rag.storing.schema import check_version

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

SCHEMAS: Mapping[str, int] = {"chunks": 1, "records": 2, "documents": 1, "lease": 1}
"""The schema version of each kind of collection. Records of version 1, called "documents", had their document's mean vector."""

EF_SEARCH = 400  # how widely the vector index searches: four times the most passages ever asked for keeps recall near 1
NO_VECTOR: Any = [1.0]  # Chroma wants a vector for each row


def connect(folder: Path, url: str | None) -> "ClientAPI":
    """Open Chroma in a folder, or on the server at `url`; raises `StorageError` where the folder cannot be used or no server answers."""
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
    """Close Chroma, and the connections to its server, which it leaves open."""
    clients = (client, getattr(client, "_admin_client", None))
    sessions = [getattr(getattr(each, "_server", None), "_session", None) for each in clients]
    client.close()  # type: ignore[attr-defined]
    for session in sessions:
        if session is not None:
            session.close()


@contextmanager
def translated(done: str) -> Iterator[None]:
    """Turn what Chroma raises into a `StorageError`."""
    import httpx
    from chromadb.errors import ChromaError

    problem = f"The library's index could not be {done}"
    with (
        storage_errors(problem, (httpx.HTTPError,), "See that the Chroma server runs, and try again."),
        storage_errors(problem, (ChromaError, OSError, ValueError), "See that the disk works, and try again."),
    ):
        yield


def collection_prefix(kind: str, library_id: str) -> str:
    """What the names of a library's collections begin with."""
    return f"{kind}-{library_id}-" if library_id else f"{kind}-"


def libraries_at(url: str) -> dict[str, int]:
    """The ids of the libraries on a server, with their numbers of documents."""
    client = connect(Path(), url)
    try:
        with translated("read"):
            documents: dict[str, int] = {}
            for collection in client.list_collections():
                kind, _, rest = collection.name.partition("-")
                library_id = rest.rpartition("-")[0]
                if kind in {"records", "documents"} and library_id:
                    documents[library_id] = max(collection.count(), documents.get(library_id, 0))
            return documents
    finally:
        disconnect(client)


def open_collection(client: "ClientAPI", kind: str, index: IndexName) -> "Collection":
    """Open a collection of an index, or make it."""
    name = collection_prefix(kind, index.library_id) + index.fingerprint
    collection = client.get_or_create_collection(
        name,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
        metadata={"schema": SCHEMAS[kind], "index": index.description},
    )
    if (collection.metadata or {}).get("index") != index.description:
        raise StorageError(
            f"The collection {name} belongs to another index than its name says. Move the library away and add the documents again."
        )
    return collection


def collections_of(client: "ClientAPI", kind: str, library_id: str) -> "list[Collection]":
    """All collections of one kind that a library has."""
    prefix = collection_prefix(kind, library_id)
    return [collection for collection in client.list_collections() if collection.name.startswith(prefix)]


def check_schemas(client: "ClientAPI", library_id: str) -> None:
    """See that this program can read all collections of a library, before anything is changed; raises as `check_version` does."""
    with translated("opened"):
        for kind, known in SCHEMAS.items():
            for collection in collections_of(client, kind, library_id):
                check_version((collection.metadata or {}).get("schema"), known, f"The library's record ({collection.name})")


def migrate_records(client: "ClientAPI", library_id: str, check_writer: Callable[[], None]) -> None:
    """Bring a library's document records from version 1 to 2. After a crash it begins again: an old collection is deleted last."""
    with translated("brought up to date"):
        for old in collections_of(client, "documents", library_id):
            check_writer()
            fingerprint = old.name.removeprefix(collection_prefix("documents", library_id))
            for half in collections_of(client, "records", library_id):
                if half.name.endswith(f"-{fingerprint}"):
                    client.delete_collection(half.name)
            records = open_collection(client, "records", IndexName(library_id, fingerprint, str((old.metadata or {}).get("index"))))
            for first in range(0, old.count(), READ_BATCH):
                found = old.get(limit=READ_BATCH, offset=first, include=["metadatas", "documents"])
                records.add(found["ids"], [NO_VECTOR] * len(found["ids"]), found["metadatas"], found["documents"])
            client.delete_collection(old.name)


def adopt(client: "ClientAPI", library_id: str, document_ids: Container[str]) -> None:
    """Give a library's id to collections stored on a server before there were ids: those that hold none but its documents."""
    with translated("opened"):
        collections = {collection.name: collection for collection in client.list_collections()}
        for name, collection in collections.items():
            kind, _, fingerprint = name.partition("-")
            if kind == "documents" and "-" not in fingerprint:
                ids = collection.get(include=[])["ids"]
                if ids and all(id_ in document_ids for id_ in ids):
                    if chunks := collections.get(f"chunks-{fingerprint}"):  # gone where a crash came between the two
                        chunks.modify(name=f"chunks-{library_id}-{fingerprint}")
                    collection.modify(name=f"documents-{library_id}-{fingerprint}")
