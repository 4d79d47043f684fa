"""The record of a cluster's library: records in the database, chunks in Chroma. `rows`, beside it, says what keeps it right."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rag.embedding.protocol import Embeddings
from rag.errors import StorageError
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import disconnect, translated
from rag.storing.cluster.membership import Term
from rag.storing.cluster.rows import Change, SharedRows
from rag.storing.protocol import READ_BATCH
from rag.storing.record_rows import Row, Stamps, chunk_id, key_and_stamp, stamp_at, with_put
from rag.types import Chunk, ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

log = logging.getLogger(__name__)


class SharedStore(ChromaStore):
    """A `RecordStore` that the servers of a cluster share: one writes during its term, the others follow it."""

    _rows: SharedRows

    def __init__(
        self,
        client: "ClientAPI",
        chunks: "Collection",
        rows: SharedRows,
        keyword_ready: Callable[[], Mapping[str, DocumentRecord]],
        term: Term | None,
    ) -> None:
        """Read the records; with a term, delete chunks that no record names. `client` is closed with the store."""
        self.client = self._client = client
        self._keyword_ready = keyword_ready
        self._lease = term
        self._term = term
        self._is_read_only = term is None
        self._is_beside = False
        self._stamp = term.next_stamp() if term else 0
        self._stamps: Mapping[str, Stamps] = {}
        self._drafts: dict[str, Stamps] = {}  # of documents of which chunks have been put and not yet committed
        self.incomplete: frozenset[str] = frozenset()
        """Documents of which chunks are missing, as after a Chroma server was restored from a backup; known to the writer alone."""
        with translated("opened"):
            self._open(chunks, rows)

    @property
    def version(self) -> int:
        """Of the last change that this process has read or written."""
        return self._rows.version

    def row(self, document_id: str) -> Row | None:
        """A document's record with its stamps; None where there is none."""
        record = self._records.get(document_id)
        return None if record is None else Row(record, self._stamps.get(document_id, ()))

    def follow(self, changes: Sequence[Change]) -> None:
        """Have what another process has changed."""
        with self._lock:
            gone = {change.document_id for change in changes if change.row is None}
            self.take([change.row for change in changes if change.row])
            if gone:
                self._records = {id_: record for id_, record in self._records.items() if id_ not in gone}
                self._stamps = {id_: stamps for id_, stamps in self._stamps.items() if id_ not in gone}
            self._is_empty &= not self._records

    def put(self, chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        """See `RecordStore`. After a request without an answer, which may arrive yet, ids of another stamp are used."""
        try:
            with self._lock:
                for document_id, first in {chunk.document_id: chunk.ordinal for chunk in reversed(chunks)}.items():
                    self._drafts[document_id] = with_put(self._stamps_of(document_id), first, self._stamp)
            super().put(chunks, embeddings)
        except StorageError:
            self._begin_stamp()
            raise

    def commit(self, records: Sequence[DocumentRecord]) -> None:
        """See `RecordStore`."""
        if records:
            rows = [Row(record, self._stamps_of(record.id)) for record in records]
            self._rows.write(rows)
            with self._lock:
                self.take(rows)
                self._hidden -= {record.id for record in records}

    def expect(self, document_id: str) -> None:
        """See `RecordStore`."""
        self._rows.expect(document_id)

    def remove(self, document_id: str, *, is_awaited: bool = False) -> None:
        """See `RecordStore`. Chunks that cannot be deleted are invisible, and deleted with the next opening."""
        self._rows.remove(document_id, is_awaited=is_awaited)
        with self._lock:
            self._hidden |= {document_id}
            self.follow([Change(document_id, 0, None)])
            self._drafts.pop(document_id, None)
        try:
            with translated("changed"):
                for chunks in [self._chunks, *self._rows.other_collections()]:
                    self._delete_chunks(chunks, document_id)
        except StorageError as error:
            self._begin_stamp()
            log.warning("The chunks of a removed document are deleted later: %s", error)
        else:
            with self._lock:
                self._hidden -= {document_id}

    def beside(self, *_: object) -> ChromaStore:
        """Not in a cluster, whose servers would have to change their models at once."""
        raise StorageError("The servers of a cluster have the embedding model that RAG_EMBEDDING_MODEL names: set it on all of them.")

    def close(self) -> None:
        """See `RecordStore`."""
        disconnect(self._client)

    def _begin_stamp(self) -> None:
        if self._term:
            self._stamp = self._term.next_stamp()

    def _stamps_of(self, document_id: str) -> Stamps:
        return self._drafts.get(document_id) or self._stamps.get(document_id, ())

    def take(self, rows: Sequence[Row]) -> None:
        """See `ChromaStore`."""
        self._stamps = {**self._stamps, **{row.record.id: row.stamps for row in rows}}
        super().take(rows)
        for row in rows:
            self._drafts.pop(row.record.id, None)

    def _id(self, key: ChunkKey) -> str:
        return chunk_id(key, stamp_at(self._stamps_of(key[0]), key[1]))

    def _new_id(self, key: ChunkKey) -> str:
        return chunk_id(key, self._stamp)

    def _is_current(self, id_: str) -> bool:
        return self._id(key_and_stamp(id_)[0]) == id_

    def _delete_chunks(self, chunks: "Collection", document_id: str) -> None:
        """Delete those that no later term can have put."""
        self._delete(chunks, chunks.get(where={"document_id": document_id}, include=[])["ids"])

    def _delete(self, chunks: "Collection", ids: Sequence[str]) -> None:
        mine = [id_ for id_ in ids if key_and_stamp(id_)[1] <= self._stamp]
        for first in range(0, len(mine), READ_BATCH):
            self._check_writer()
            chunks.delete(ids=mine[first : first + READ_BATCH])

    def _sweep(self) -> None:
        """Delete the chunks that no record names, and find the documents that lack some."""
        ids = self._chunks.get(include=[])["ids"]
        known = {**self._keyword_ready(), **self._records}
        counts = Counter[str]()
        unnamed = []
        for id_ in ids:
            (document_id, ordinal), _ = key_and_stamp(id_)
            if document_id in known and ordinal < known[document_id].chunks and self._is_current(id_):
                counts[document_id] += 1
            else:
                unnamed.append(id_)
        self._delete(self._chunks, unnamed)
        self.incomplete = frozenset(id_ for id_, record in self._records.items() if counts[id_] < record.chunks)
