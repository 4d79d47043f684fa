"""The record, in Chroma: see `rag.storing.protocol` for what it promises."""

import math
import threading
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import StorageError
from rag.storing.chroma_client import EF_SEARCH, check_schemas, disconnect, migrate_records, open_collection, translated, widen_search
from rag.storing.protocol import READ_BATCH, WRITE_BATCH, IndexName, WriteRight
from rag.storing.record_rows import ChromaRows, RecordRows, Row, chunk_id, key_and_stamp
from rag.storing.schema import read_chunk, stored_fields
from rag.types import Chunk, ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

MOST_UNFILTERED = 2_000  # chunks looked at to pick those of certain documents from: a list of thousands of ids takes Chroma a second
SPARE = 3  # times as many as would do if the documents were like the others
EXACT_AT_ONCE = 400  # chunks of certain documents that are compared one by one: quicker up to here than Chroma's filter, some 20 ms
EXACT = 5_000  # up to this many chunks are compared one by one where the vector index finds fewer than are wanted


class ChromaStore:
    """A `RecordStore` in Chroma."""

    def __init__(
        self,
        client: "ClientAPI",
        index: IndexName,
        keyword_ready: Callable[[], Mapping[str, DocumentRecord]] = dict,
        *,
        lease: WriteRight | None = None,
        is_read_only: bool = False,
        is_beside: bool = False,
    ) -> None:
        """Open the index, or make it; the writer deletes drafts that a crash left.

        One that is `is_beside` another, see `beside`, touches no other index, and leaves client and lease open.

        The chunks of documents that `keyword_ready` returns are visible without a record. `client` and `lease` are closed with the store;
        there is no lease in a folder, whose lock is enough, nor for a reader.
        """
        self._client = client
        self._index = index
        self._keyword_ready = keyword_ready
        self._lease = lease
        self._is_read_only = is_read_only
        self._is_beside = is_beside
        check_schemas(client, index.library_id)
        migrate_records(client, index.library_id, self._check_migrating)
        with translated("opened"):
            self._open(open_collection(client, "chunks", index), ChromaRows(client, index, is_beside=is_beside))

    def _open(self, chunks: "Collection", rows: RecordRows) -> None:
        """Read the records; the writer deletes chunks that none of them names."""
        self._lock = threading.RLock()
        self._chunks = chunks
        self._rows = rows
        self._records: Mapping[str, DocumentRecord] = {}
        with ThreadPoolExecutor(1, "loading") as loading:
            loaded = loading.submit(chunks.get, limit=1, include=["embeddings"])  # has Chroma load the vectors: 3 s for a million
            self.take(rows.read())
            loaded.result()
        self._hidden: frozenset[str] = frozenset()  # documents with chunks, and neither a record nor keyword-ready
        self._counted: tuple[object, object, Mapping[str, DocumentRecord], int] | None = None  # see `_visible`
        count = chunks.count()  # now that they are loaded: it holds Python's lock, and would wait for them
        self._is_empty = count == 0  # while the first chunks are written, a search of Chroma's fails
        if not self._is_read_only:
            widen_search(chunks, count)
            if count != sum(record.chunks for record in self._records.values()):
                self._sweep()

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """See `RecordStore`."""
        return self._records

    @property
    def dimensions(self) -> int | None:
        """See `RecordStore`."""
        with translated("read"):
            found = self._chunks.get(limit=1, include=["embeddings"])["embeddings"]
        return len(found[0]) if found is not None and len(found) else None

    def put(self, chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        """See `RecordStore`."""
        with self._lock:
            self._hidden |= {chunk.document_id for chunk in chunks} - self._records.keys() - self._keyword_ready().keys()
        for first in range(0, len(chunks), WRITE_BATCH):
            batch = chunks[first : first + WRITE_BATCH]
            self._check_writer()
            with translated("written"):
                self._chunks.upsert(
                    ids=[self._new_id(chunk.key) for chunk in batch],
                    embeddings=embeddings[first : first + WRITE_BATCH],
                    documents=[chunk.text for chunk in batch],
                    metadatas=[stored_fields(chunk, "text") for chunk in batch],
                )
            self._is_empty = False

    def commit(self, records: Sequence[DocumentRecord]) -> None:
        """See `RecordStore`."""
        if not records:
            return
        self._check_writer()
        with self._lock, translated("written"):
            rows = list(map(Row, records))
            self._rows.write(rows)
            self.take(rows)
            self._hidden -= {record.id for record in records}

    def expect(self, document_id: str) -> None:
        """See `RecordStore`."""

    def remove(self, document_id: str, *, is_awaited: bool = False) -> None:
        """See `RecordStore`."""
        self._check_writer()
        with self._lock, translated("changed"):
            self._hidden |= {document_id}
            if document_id in self._records:
                self._rows.remove(document_id, is_awaited=is_awaited)
                self._records = {id_: record for id_, record in self._records.items() if id_ != document_id}
        with translated("changed"):
            self._delete_chunks(self._chunks, document_id)
            with self._lock:
                self._hidden -= {document_id}
            self._rows.remove_from_others(document_id)
            for chunks in self._rows.other_collections():
                self._delete_chunks(chunks, document_id)

    def check_writer(self) -> None:
        """See `RecordStore`."""
        self._check_writer()

    def count(self, document_id: str) -> int:
        """See `RecordStore`."""
        with translated("read"):
            return sum(map(self._is_current, self._chunks.get(where={"document_id": document_id}, include=[])["ids"]))

    def nearest(self, embedding: Embeddings, top_k: int, document_ids: Sequence[str] | None) -> dict[ChunkKey, float]:
        """See `RecordStore`."""
        with self._lock:
            (visible, total), hidden = self._visible(), self._hidden
        wanted, found = None, total
        if document_ids is not None:
            wanted = [id_ for id_ in dict.fromkeys(document_ids) if id_ in visible]
            total = sum(visible[id_].chunks for id_ in wanted)
        count = min(top_k, total)
        if not count or self._is_empty:
            return {}
        near: dict[ChunkKey, float] = {}
        if wanted is None:  # without a filter, which takes most of a second where there are 100,000 chunks
            near = self._near(embedding, max(count, EF_SEARCH) if hidden else count, visible)
            if len(near) < count < EF_SEARCH and self._rows.is_shared:  # what another process has drafted was among them
                near = self._near(embedding, EF_SEARCH, visible)
        elif total <= EXACT_AT_ONCE:
            near = self._compared(embedding, [visible[id_] for id_ in wanted])
        else:  # where many are wanted, it is quicker to pick them from what is found without a filter
            most = math.ceil(SPARE * count * found / total)
            if total < found and most <= MOST_UNFILTERED and not hidden:
                within = set(wanted)
                near = {key: cosine for key, cosine in self._near(embedding, most, visible).items() if key[0] in within}
        if len(near) < count and (wanted is not None or hidden or self._rows.is_shared):
            near = self._near(embedding, count, visible, list(visible) if wanted is None else wanted)
            if len(near) < count and total <= EXACT:  # where many vectors are equal, Chroma's index does not reach all of them
                near = self._compared(embedding, [visible[id_] for id_ in wanted or visible])
        return dict(islice(near.items(), count))

    def _visible(self) -> tuple[Mapping[str, DocumentRecord], int]:
        """The documents whose chunks are visible, and how many chunks they have; counted anew only where they have changed."""
        keyword_ready, records = self._keyword_ready(), self._records
        counted = self._counted
        if counted is None or counted[0] is not keyword_ready or counted[1] is not records:
            visible = {**keyword_ready, **records}
            counted = self._counted = keyword_ready, records, visible, sum(record.chunks for record in visible.values())
        return counted[2], counted[3]

    def _compared(self, embedding: Embeddings, records: Sequence[DocumentRecord]) -> dict[ChunkKey, float]:
        """The cosines of all chunks of documents, best first."""
        cosines = self.cosines(embedding, ((record.id, ordinal) for record in records for ordinal in range(record.chunks)))
        return dict(sorted(cosines.items(), key=lambda item: -item[1]))

    def cosines(self, embedding: Embeddings, keys: Iterable[ChunkKey]) -> dict[ChunkKey, float]:
        """See `RecordStore`."""
        wanted, cosines = list(keys), dict[ChunkKey, float]()
        for first in range(0, len(wanted), READ_BATCH):
            found, embeddings = self.embeddings(wanted[first : first + READ_BATCH])
            cosines |= dict(zip(found, np.clip(embeddings @ embedding, -1, 1).tolist(), strict=True)) if found else {}
        return cosines

    def embeddings(self, keys: Iterable[ChunkKey]) -> tuple[list[ChunkKey], Embeddings]:
        """See `RecordStore`."""
        ids = list(map(self._id, keys))
        if not ids:
            return [], np.empty((0, 0), dtype=np.float32)
        with translated("searched"):
            found = self._chunks.get(ids=ids, include=["embeddings"])
        return list(map(_key, found["ids"])), np.asarray(found["embeddings"], dtype=np.float32)

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """See `RecordStore`."""
        ids = list(map(self._id, keys))
        if not ids:
            return {}
        with translated("read"):
            found: Any = self._chunks.get(ids=ids, include=["documents", "metadatas"])
            rows = zip(map(_key, found["ids"]), found["documents"], found["metadatas"], strict=True)
            return {key: read_chunk(key, text, fields) for key, text, fields in rows}

    def other_records(self) -> list[DocumentRecord]:
        """See `RecordStore`."""
        with translated("read"):
            others = self._rows.others()
        return list({record.id: record for record in others if record.id not in self._records}.values())

    def drop_other_indexes(self) -> None:
        """See `RecordStore`."""
        self._check_writer()
        with translated("changed"):
            for collection in self._rows.drop_others():
                self._client.delete_collection(collection.name)

    def beside(self, fingerprint: str, description: str, keyword_ready: Callable[[], Mapping[str, DocumentRecord]]) -> "ChromaStore":
        """See `RecordStore`."""
        index = IndexName(self._index.library_id, fingerprint, description)
        return ChromaStore(self._client, index, keyword_ready, lease=self._lease, is_beside=True)

    def close(self) -> None:
        """See `RecordStore`."""
        if self._is_beside:
            return
        if self._lease:
            with suppress(StorageError):  # it expires
                self._lease.release()
        disconnect(self._client)

    def _check_migrating(self) -> None:
        if self._lease:
            self._lease.check()
        elif self._is_read_only and self._index.library_id:  # a read-only folder is a copy, and may be changed
            raise StorageError("This library's record is of an earlier version. Open it once where its folder can be written.")

    def _check_writer(self) -> None:
        """See, before a write, that this process may still write."""
        if self._is_read_only:
            raise StorageError("The library is read-only.")
        if self._lease:
            self._lease.check()

    def _near(
        self, embedding: Embeddings, top_k: int, visible: Container[str], wanted: Sequence[str] | None = None
    ) -> dict[ChunkKey, float]:
        """The cosines of the chunks of visible documents that Chroma's index finds nearest to a vector, best first."""
        with translated("searched"):
            found = self._chunks.query(
                query_embeddings=embedding[np.newaxis],
                n_results=top_k,
                where=None if wanted is None else {"document_id": {"$in": wanted}},  # type: ignore[dict-item]
                include=["distances"],
            )
        distances = found["distances"]
        assert distances is not None  # asked for above
        pairs = [(id_, distance) for id_, distance in zip(found["ids"][0], distances[0], strict=True) if self._is_current(id_)]
        near = {_key(id_): max(-1.0, min(1.0, 1.0 - distance)) for id_, distance in pairs}
        return {key: cosine for key, cosine in near.items() if key[0] in visible}

    def take(self, rows: Sequence[Row]) -> None:
        """Have these records in place of those of the same documents."""
        self._records = {**self._records, **{row.record.id: row.record for row in rows}}

    def _id(self, key: ChunkKey) -> str:
        """The id of a chunk that is there."""
        return chunk_id(key, 0)

    def _new_id(self, key: ChunkKey) -> str:
        """The id of a chunk that is put now."""
        return chunk_id(key, 0)

    def _is_current(self, id_: str) -> bool:  # noqa: ARG002 - all ids are, where one process writes
        """Whether a chunk with this id belongs to what is there of its document."""
        return True

    def _sweep(self) -> None:
        """Delete the chunks of drafts: of documents without a record that are not keyword-ready."""
        known = self._records.keys() | self._keyword_ready().keys()
        firsts = self._chunks.get(where={"ordinal": 0}, include=["metadatas"])
        for document_id in {str(metadata["document_id"]) for metadata in firsts["metadatas"] or []} - known:
            self._delete_chunks(self._chunks, document_id)

    def _delete_chunks(self, chunks: "Collection", document_id: str) -> None:
        """Delete in small steps, the first chunk last: a sweep finds a document by it."""
        ids = sorted(chunks.get(where={"document_id": document_id}, include=[])["ids"], reverse=True)
        for first in range(0, len(ids), WRITE_BATCH):
            self._check_writer()
            chunks.delete(ids=ids[first : first + WRITE_BATCH])


def _key(id_: str) -> ChunkKey:
    return key_and_stamp(id_)[0]
