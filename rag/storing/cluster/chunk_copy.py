"""The chunks of a document on a Chroma server, with their vectors, as a file, and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import LibraryError, UnreadableFileError
from rag.storing.chroma_client import connect, disconnect, make_shared, translated
from rag.storing.protocol import READ_BATCH

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection


@dataclass(frozen=True, slots=True)
class StoredChunks:
    """Chunks as they are stored: `vectors` has a row for each."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    metadatas: tuple[Mapping[str, Any], ...]
    vectors: Embeddings

    def __len__(self) -> int:
        return len(self.ids)

    def write(self, file: Path) -> None:
        """Write them to a file: a line of JSON, and then the vectors, float32; the same chunks are the same bytes."""
        about = {"ids": self.ids, "texts": self.texts, "metadatas": self.metadatas, "shape": self.vectors.shape}
        with file.open("wb") as opened:
            opened.write(json.dumps(about, sort_keys=True).encode() + b"\n")
            opened.write(np.ascontiguousarray(self.vectors, dtype="<f4").tobytes())


def read_chunks(file: Path) -> StoredChunks:
    """What `StoredChunks.write` wrote; raises `UnreadableFileError`."""
    try:
        with file.open("rb") as opened:
            about = json.loads(opened.readline())
            vectors = np.frombuffer(opened.read(), dtype="<f4").reshape(about["shape"])
        return StoredChunks(tuple(about["ids"]), tuple(about["texts"]), tuple(about["metadatas"]), vectors)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(f"{file} holds no chunks: {error}.") from error


class ChunkCopier:
    """Reads and writes the collections of a cluster on a Chroma server. Raises `StorageError`."""

    def __init__(self, url: str, token: str) -> None:
        self._client = connect(Path(), url, token)
        self._collections: dict[str, Collection] = {}

    def read(self, collection: str, ids: Sequence[str]) -> dict[str, StoredChunks]:
        """Chunks by their ids, each by itself; those that are missing are left out."""
        found = dict[str, StoredChunks]()
        with translated("read"):
            if collection not in self._collections:
                self._collections[collection] = self._client.get_collection(collection, embedding_function=None)
            for first in range(0, len(ids), READ_BATCH):
                wanted = list(ids[first : first + READ_BATCH])
                rows: Any = self._collections[collection].get(ids=wanted, include=["embeddings", "documents", "metadatas"])
                columns = (rows[name] for name in ("ids", "documents", "metadatas", "embeddings"))
                for id_, text, metadata, vector in zip(*columns, strict=True):
                    found[id_] = StoredChunks((id_,), (text,), (metadata,), np.asarray([vector], dtype=np.float32))
        return found

    def check_empty(self, collections: Sequence[str]) -> None:
        """Raise `LibraryError` where one of these collections is there."""
        with translated("read"):
            there = {each.name for each in self._client.list_collections()}
        if found := there.intersection(collections):
            raise LibraryError(f"The Chroma server that RAG_CHROMA_URL names has {min(found)} already. Restore to an empty one.")

    def make(self, collection: str, description: str, database: str) -> None:
        """Make a collection, for the database of this identity."""
        with translated("written"):
            self._collections[collection] = make_shared(self._client, collection, description, database)

    def write(self, collection: str, chunks: StoredChunks) -> None:
        """Store chunks."""
        with translated("written"):
            for first in range(0, len(chunks), READ_BATCH):
                part = slice(first, first + READ_BATCH)
                self._collections[collection].upsert(
                    list(chunks.ids[part]), chunks.vectors[part], [dict(each) for each in chunks.metadatas[part]], list(chunks.texts[part])
                )

    def drop(self, collection: str) -> None:
        """Delete a collection."""
        with translated("deleted"):
            self._client.delete_collection(collection)

    def close(self) -> None:
        """Close the connection."""
        disconnect(self._client)


def joined(chunks: Sequence[StoredChunks]) -> StoredChunks:
    """Chunks in one, in this order."""
    return StoredChunks(
        tuple(id_ for each in chunks for id_ in each.ids),
        tuple(text for each in chunks for text in each.texts),
        tuple(metadata for each in chunks for metadata in each.metadatas),
        np.concatenate([each.vectors for each in chunks]) if chunks else np.empty((0, 0), dtype=np.float32),
    )
