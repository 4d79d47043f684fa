"""Moves a library of one machine into a cluster, once: its records into the database, its chunks to names that the cluster's servers know.

Where its chunks are on the Chroma server already, their collections are renamed; from a folder they are copied. The records come last, in
one transaction, which is the move: until then it begins anew, and what was there stays as it was.
"""

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryDamagedError, StorageError
from rag.storing.chroma_client import (
    check_schemas,
    collection_prefix,
    collections_of,
    connect,
    disconnect,
    make_shared,
    migrate_records,
    shared_metadata,
    translated,
)
from rag.storing.cluster.rows import SharedIndex, SharedRows
from rag.storing.integrity import Seal
from rag.storing.lease import Lease
from rag.storing.protocol import READ_BATCH
from rag.storing.record_rows import Row, read_collection

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

log = logging.getLogger(__name__)

Moved = list[tuple[SharedIndex, list[Row]]]


def collection_name(library_id: str, fingerprint: str, stamp: int) -> str:
    """What the collection of an index's chunks is called; another stamp is another collection."""
    return f"{collection_prefix('chunks', library_id)}{fingerprint}-{stamp}"


def move_in(client: "ClientAPI", rows: SharedRows, library_id: str, folder: Path) -> bool:
    """Move the library that a folder has, or names, into a database that has nothing of the library; whether there was one."""
    old_id = _old_id(folder)
    if old_id and (collections_of(client, "records", old_id) or collections_of(client, "documents", old_id)):
        lease = Lease(client, old_id)  # nobody writes to it meanwhile
        try:
            with translated("moved"):
                _finish(rows, _renamed(client, old_id, library_id, rows.identity()))
                for each in collections_of(client, "records", old_id):
                    client.delete_collection(each.name)
        finally:
            with suppress(StorageError):  # it expires
                lease.release()
        return True
    if (folder / "chroma").is_dir() and any((folder / "chroma").iterdir()):
        _finish(rows, _copied(client, folder / "chroma", library_id, rows.identity()))
        return True
    return False


def is_library(folder: Path) -> bool:
    """Whether a folder has, or names, a library of one machine."""
    return bool(_old_id(folder)) or ((folder / "chroma").is_dir() and any((folder / "chroma").iterdir()))


def _old_id(folder: Path) -> str:
    """The id of a library that is on a Chroma server; "" where it is in a folder."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / "library.json").read_text(encoding="utf-8"))["id"])
    return ""


def _finish(rows: SharedRows, moved: Moved) -> None:
    rows.add_indexes([index for index, _ in moved], [(index.fingerprint, row) for index, found in moved for row in found])
    log.warning("The library was moved into the cluster: %d documents.", sum(len(found) for _, found in moved))


def _renamed(client: "ClientAPI", old_id: str, library_id: str, database: str) -> Moved:
    check_schemas(client, old_id)
    migrate_records(client, old_id, lambda: None)
    moved: Moved = []
    there = {each.name: each for each in client.list_collections()}
    for records in collections_of(client, "records", old_id):
        fingerprint = records.name.removeprefix(collection_prefix("records", old_id))
        name = collection_name(library_id, fingerprint, 0)
        index = SharedIndex(fingerprint, name, _description(records))
        if name not in there:  # else it was renamed before a crash
            metadata = {**shared_metadata(index.description, database)}
            there[collection_prefix("chunks", old_id) + fingerprint].modify(name=name, metadata=metadata)
        moved.append((index, read_collection(records)))
    return moved


def _copied(client: "ClientAPI", folder: Path, library_id: str, database: str) -> Moved:
    seal = Seal(folder)
    if problem := seal.break_open():
        raise LibraryDamagedError(
            f"The library's index is damaged ({problem}). Open it once without RAG_DATABASE_URL: it is repaired then."
        )
    source = connect(folder, None)
    moved: Moved = []
    try:
        check_schemas(source, "")
        migrate_records(source, "", lambda: None)
        with translated("copied to the Chroma server"):
            for records in collections_of(source, "records", ""):
                fingerprint = records.name.removeprefix(collection_prefix("records", ""))
                index = SharedIndex(fingerprint, collection_name(library_id, fingerprint, 0), _description(records))
                found = read_collection(records)
                _copy(source.get_collection(f"chunks-{fingerprint}", embedding_function=None), client, index, database)
                moved.append((index, found))
    finally:
        disconnect(source)
        seal.close()
    return moved


def _copy(source: "Collection", client: "ClientAPI", index: SharedIndex, database: str) -> None:
    """Copy chunks with their vectors."""
    target = make_shared(client, index.collection, index.description, database)
    total = source.count()
    for first in range(0, total, READ_BATCH):
        batch: Any = source.get(limit=READ_BATCH, offset=first, include=["embeddings", "documents", "metadatas"])
        target.upsert(batch["ids"], batch["embeddings"], batch["metadatas"], batch["documents"])
        log.info("Copied %d of %d chunks to the Chroma server.", min(first + READ_BATCH, total), total)


def _description(records: "Collection") -> str:
    return str((records.metadata or {}).get("index"))
