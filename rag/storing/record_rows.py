"""Where the records of documents are: in a collection of Chroma's, or, in a cluster, in the database (`rag.storing.cluster.rows`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rag.storing.chroma_client import NO_VECTOR, collections_of, open_collection
from rag.storing.protocol import READ_BATCH, IndexName
from rag.storing.schema import read_record, stored_fields
from rag.types import ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Stamps = tuple[tuple[int, int], ...]
"""In which writings a document's chunks were put, as (first ordinal, stamp) in ascending order; () where their ids have no stamp."""


@dataclass(frozen=True, slots=True)
class Row:
    """A document's record, and the stamps in the ids of its chunks."""

    record: DocumentRecord
    stamps: Stamps = ()


class RecordRows(Protocol):
    """The records of one index of a library, and which collections have its chunks. What Chroma raises is translated by who calls."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may change them, and put chunks, meanwhile."""
        ...

    def read(self) -> list[Row]:
        """All of this index, oldest first."""
        ...

    def write(self, rows: Sequence[Row]) -> None:
        """Write records, or replace those that there are."""
        ...

    def remove(self, document_id: str, *, is_awaited: bool = False) -> None:
        """Delete a document's record, if there is one; `is_awaited` says that the document is to be added again, from its file."""
        ...

    def remove_from_others(self, document_id: str) -> None:
        """Delete its records in the library's other indexes."""
        ...

    def others(self) -> list[DocumentRecord]:
        """The records of the library's other indexes."""
        ...

    def other_collections(self) -> "list[Collection]":
        """The collections that have the other indexes' chunks."""
        ...

    def drop_others(self) -> "list[Collection]":
        """Delete the other indexes; returns the collections of chunks that are then to be deleted."""
        ...


class ChromaRows:
    """In a collection of the database that has the chunks."""

    is_shared = False

    def __init__(self, client: "ClientAPI", index: IndexName, *, is_beside: bool) -> None:
        """Open the collection, or make it. One that is beside another index touches no other."""
        self._client = client
        self._index = index
        self._is_beside = is_beside
        self._rows = open_collection(client, "records", index)
        self._rows.count()  # begins to use it: once Chroma loads vectors, whoever begins waits until it has

    def read(self) -> list[Row]:
        """See `RecordRows`."""
        return read_collection(self._rows)

    def write(self, rows: Sequence[Row]) -> None:
        """See `RecordRows`. Chroma keeps the fields of an existing row that are not written."""
        records = [row.record for row in rows]
        self._rows.upsert(
            ids=[record.id for record in records],
            embeddings=[NO_VECTOR] * len(records),
            documents=[record.name for record in records],
            metadatas=[stored_fields(record) for record in records],
        )

    def remove(self, document_id: str, *, is_awaited: bool = False) -> None:  # noqa: ARG002 - its file tells that it was a document
        """See `RecordRows`."""
        self._rows.delete(ids=[document_id])

    def remove_from_others(self, document_id: str) -> None:
        """See `RecordRows`."""
        for rows in self._others("records"):
            rows.delete(ids=[document_id])

    def others(self) -> list[DocumentRecord]:
        """See `RecordRows`."""
        return [row.record for rows in self._others("records") for row in read_collection(rows)]

    def other_collections(self) -> "list[Collection]":
        """See `RecordRows`."""
        return self._others("chunks")

    def drop_others(self) -> "list[Collection]":
        """See `RecordRows`."""
        for rows in self._others("records"):
            self._client.delete_collection(rows.name)
        return self._others("chunks")

    def _others(self, kind: str) -> "list[Collection]":
        """The collections of the library's other indexes; none for one that is beside another."""
        if self._is_beside:
            return []
        mine = f"-{self._index.fingerprint}"
        return [each for each in collections_of(self._client, kind, self._index.library_id) if not each.name.endswith(mine)]


def read_collection(rows: "Collection") -> list[Row]:
    """The records in a collection, oldest first."""
    ids, found = rows.get(include=[])["ids"], list[Any]()
    for first in range(0, len(ids), READ_BATCH):  # all at once, they take 35 KB each meanwhile
        found += rows.get(ids=ids[first : first + READ_BATCH], include=["metadatas"])["metadatas"] or []
    return list(map(Row, sorted(filter(None, map(read_record, found)), key=lambda record: (record.added, record.name))))


def chunk_id(key: ChunkKey, stamp: int) -> str:
    """The id of a chunk in Chroma; a stamp of 0 is left out."""
    document_id, ordinal = key
    return f"{document_id}:{ordinal:07d}:{stamp}" if stamp else f"{document_id}:{ordinal:07d}"


def key_and_stamp(id_: str) -> tuple[ChunkKey, int]:
    """What such an id says."""
    document_id, ordinal, *stamp = id_.split(":")
    return (document_id, int(ordinal)), int(stamp[0]) if stamp else 0


def stamp_at(stamps: Stamps, ordinal: int) -> int:
    """The stamp of a document's chunk."""
    stamp = 0
    for first, each in stamps:
        if first > ordinal:
            break
        stamp = each
    return stamp


def with_put(stamps: Stamps, first: int, stamp: int) -> Stamps:
    """The stamps of a document whose chunks from `first` on are put with this stamp."""
    before = tuple(each for each in stamps if each[0] < first)
    return before if before and before[-1][1] == stamp else (*before, (first, stamp))
