"""Chroma itself, in a folder or on a server: opening and closing it, its errors, and the schema of a library's collections.

A collection is called KIND-LIBRARY-FINGERPRINT on a server, KIND-FINGERPRINT in a library's folder.
"""

import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.endpoints.addresses import without_secrets
from rag.errors import StorageError, UnavailableError, storage_errors
from rag.storing.protocol import READ_BATCH, IndexName
from rag.storing.schema import check_version
from rag.tracing import calling

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

SCHEMAS: Mapping[str, int] = {"chunks": 1, "records": 2, "documents": 1, "lease": 1}
"""The schema version of each kind of collection. Records of version 1, called "documents", had their document's mean vector."""

EF_SEARCH = 400  # how widely the vector index searches: four times the most passages ever asked for keeps recall near 1
MOST_AT_FIRST = 50_000  # chunks that are searched so widely; twice as widely with each four times as many, up to
EF_SEARCH_MOST = 1_600  # which takes 17 ms where there are a million
NO_VECTOR: Any = [1.0]  # Chroma wants a vector for each row
HNSW: Any = {"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}}
SHARED_SCHEMA = 2  # of collections of chunks that the servers of a cluster share: the ids have stamps (`rag.storing.cluster.rows`)
SECONDS_FOR_AN_ANSWER = 60.0  # of a server; between two pieces of one, and until it is connected


def connect(folder: Path, url: str | None, token: str = "") -> "ClientAPI":
    """Open Chroma in a folder, or on the server at `url`, which a token may open.

    Raises `StorageError` where the folder cannot be used, no server answers, or it refuses.
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
        host, port = parts.hostname or "", parts.port or (443 if secure else 8000)
        headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else None
        client = chromadb.HttpClient(host=host, port=port, ssl=secure, headers=headers, settings=settings)
    except Exception as error:
        refusal = next((each for each in (error, error.__context__) if isinstance(each, Exception) and _is_refusal(each)), None)
        if not isinstance(error, ValueError) and not refusal:
            raise
        if refusal:
            problem = f"The Chroma server at {without_secrets(url)} refuses: {_first_line(refusal)}. {REFUSAL_CURE}"
            raise StorageError(problem) from error
        problem = f"No Chroma server answers at {without_secrets(url)}. Start it, or correct RAG_CHROMA_URL, such as http://localhost:8000."
        raise UnavailableError(problem) from error
    for each in (client, getattr(client, "_admin_client", None)):
        if session := getattr(getattr(each, "_server", None), "_session", None):
            session.timeout = SECONDS_FOR_AN_ANSWER  # Chroma would wait for ever
    return client


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
    try:
        with (
            calling("chroma", done=done),
            storage_errors(problem, (httpx.HTTPError,), SERVER_CURE),
            storage_errors(problem, (httpx.TransportError,), SERVER_CURE, UnavailableError),
            storage_errors(problem, (ChromaError, OSError, ValueError), "See that the disk works, and try again."),
        ):
            yield
    except Exception as error:
        if not _is_refusal(error):
            raise
        raise StorageError(f"{problem}: {_first_line(error)}. {REFUSAL_CURE}") from error


SERVER_CURE = "See that the Chroma server runs, and try again."
REFUSAL_CURE = "See that the Chroma server, and what stands before it, let this server in: RAG_CHROMA_TOKEN."


def _is_refusal(error: Exception) -> bool:
    """Whether Chroma's client got another answer than a Chroma server's, as from a proxy: it raises a plain Exception then."""
    from chromadb.errors import ChromaAuthError

    return type(error) is Exception or isinstance(error, ChromaAuthError)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no reason was given")[:200].rstrip(".")


def collection_prefix(kind: str, library_id: str) -> str:
    """What the names of a library's collections begin with."""
    return f"{kind}-{library_id}-" if library_id else f"{kind}-"


def libraries_at(url: str, token: str = "") -> dict[str, int]:
    """The ids of the libraries on a server, with their numbers of documents."""
    client = connect(Path(), url, token)
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
        configuration=HNSW,
        metadata={"schema": SCHEMAS[kind], "index": index.description},
    )
    if (collection.metadata or {}).get("index") != index.description:
        raise StorageError(
            f"The collection {name} belongs to another index than its name says. Move the library away and add the documents again."
        )
    return collection


def widen_search(collection: "Collection", chunks: int) -> None:
    """Have the vector index of a large collection search more widely, from when Chroma loads it next; never less so."""
    wanted = EF_SEARCH
    while chunks > MOST_AT_FIRST and wanted < EF_SEARCH_MOST:
        wanted, chunks = 2 * wanted, chunks // 4
    now: Any = collection.configuration_json.get("hnsw") or {}  # distributed Chroma may have another kind of index
    if now.get("ef_search", wanted) < wanted:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Chroma's own, of collections whose vectors are given
            collection.modify(configuration={"hnsw": {"ef_search": wanted}})


def open_shared(client: "ClientAPI", name: str, description: str, database: str, *, is_writer: bool, may_take: bool) -> "Collection | None":
    """Open the collection of an index that the servers of a cluster share; None where it is not there.

    `database` identifies the database that has the records; "" where it has no identity. The writer marks the collection with it, also
    one that is marked with another, if it `may_take` it; else that one raises a `StorageError`: it belongs to another cluster.
    """
    from chromadb.errors import NotFoundError

    try:
        collection = client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return None
    metadata = dict(collection.metadata or {})
    check_version(metadata.get("schema"), SHARED_SCHEMA, f"The library's index ({name})")
    if metadata.get("index") != description:
        raise StorageError(f"The collection {name} belongs to another index than the database says. Restore both from one backup.")
    if database and (marked := metadata.get("database")) != database:
        if marked and not (is_writer and may_take):
            raise StorageError(
                f"The collection {name} on the Chroma server belongs to the library of another database, of which this one is a copy. "
                "Two clusters must not share it: set RAG_CHROMA_URL to another server. If only the database was moved, and nothing uses "
                "the old one any more, `rag doctor --repair` keeps the collection for this one."
            )
        if is_writer:
            collection.modify(metadata={**metadata, "database": database})
    return collection


def make_shared(client: "ClientAPI", name: str, description: str, database: str) -> "Collection":
    """Make the collection of an index that the servers of a cluster share; it may be there."""
    return client.get_or_create_collection(
        name, embedding_function=None, configuration=HNSW, metadata=shared_metadata(description, database)
    )


def shared_metadata(description: str, database: str) -> dict[str, str | int]:
    """What such a collection says of itself."""
    return {"schema": SHARED_SCHEMA, "index": description, **({"database": database} if database else {})}


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
