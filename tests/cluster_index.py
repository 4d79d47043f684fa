"""Servers of a cluster in one process, as far as an index goes: what the real ones share, and a folder for each."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from rag import Chunk, DocumentRecord
from rag.embedding.protocol import Embeddings
from rag.storing.cluster.following import Following
from rag.storing.cluster.membership import Membership
from rag.storing.cluster.opening import ClusterOpener, SharedPlace
from rag.storing.database import Database
from rag.storing.index import Index
from rag.storing.originals import Originals, Orphan

SECONDS_ADDED = count()
SECONDS = 600.0  # nobody takes over by chance


class IndexServer:
    """One server: its part in the lease, and its index, which is open from the beginning. Close it, or drop it as if it were killed."""

    def __init__(  # noqa: PLR0913 - as a server has settings
        self,
        folder: Path,
        database: Database,
        chroma_url: str,
        *,
        files: Path,
        candidate: bool = True,
        seconds: float = SECONDS,
        description: str = "an index",
        restore: Callable[[Sequence[Orphan]], None] | None = None,
        starts: bool = False,
    ) -> None:
        for each in (folder, files):
            each.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.restored: list[Orphan] = []
        self.originals = Originals(files / "originals")
        self.membership = Membership(database, candidate=candidate, seconds=seconds)
        self.following = Following(self.membership)
        place = SharedPlace(database, chroma_url)
        self.opener = ClusterOpener(folder, place, self.originals, lambda: description, self.membership, self.following)
        self.index = Index(self.opener, self.originals)
        self.index.on_lost(restore or self.restored.extend)
        self._stack = ExitStack()
        self._stack.callback(database.close)
        self._stack.callback(self.membership.close)
        self._stack.callback(self.index.close)
        self._stack.callback(self.following.close)
        if starts:
            self.following.start(lambda: self.index.store, self.index.reopen)

    @property
    def names(self) -> list[str]:
        return [record.name for record in self.index.records.values()]

    def add(self, name: str, *texts: str) -> DocumentRecord:
        """Add a document that is ready, with its file."""
        record = self.keep(name, *texts)
        with self.index.guarded():
            self.index.put_whole([record], chunks_of(record, texts), vectors(texts))
        return record

    def keep(self, name: str, *texts: str) -> DocumentRecord:
        """Store a document's file alone."""
        self.index.check_open()
        _ = self.index.store
        content = "\n".join(texts).encode()
        id_ = hashlib.sha256(content).hexdigest()
        given = self.folder / "given"
        given.write_bytes(content)
        self.originals.keep(given, id_, "text/plain")
        return replace(record_of(id_, name, len(texts)), size=len(content))

    def add_keyword_ready(self, name: str, *texts: str) -> DocumentRecord:
        record = self.keep(name, *texts)
        with self.index.guarded(), self.index.keyword_ready.draft() as draft:
            draft.extend(chunks_of(record, texts))
            self.index.put_keyword_ready(record, draft)
        return record

    def embed(self, record: DocumentRecord, *texts: str) -> None:
        """Make a keyword-ready document ready."""
        self.index.store.put(chunks_of(record, texts), vectors(texts))
        self.index.commit([record])

    def remove(self, record: DocumentRecord) -> None:
        with self.index.guarded():
            self.index.remove(record.id)

    def found(self, words: str) -> list[str]:
        """The names of documents that keyword search finds."""
        with self.index.guarded():
            hits = self.index.lexical.search(words, 50)
            there = self.index.chunks([key for key, _ in hits])
            return [self.index.records[key[0]].name for key, _ in hits if key in there and key[0] in self.index.records]

    def near(self, text: str, top_k: int = 50) -> list[str]:
        """The texts of the chunks nearest to one."""
        with self.index.guarded():
            keys = list(self.index.store.nearest(vectors([text])[0], top_k, None))
            there = self.index.chunks(keys)
            return [there[key].text for key in keys if key in there]

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def record_of(id_: str, name: str, chunks: int) -> DocumentRecord:
    added = f"2026-01-01T00:00:{next(SECONDS_ADDED):02}+00:00"
    return DocumentRecord(id_, name, "", "text/plain", (f"upload:{name}",), 1, chunks, (), ("1",), added, 9, "")


def chunks_of(record: DocumentRecord, texts: Sequence[str], first: int = 0) -> list[Chunk]:
    return [Chunk(record.id, first + place, 1, 0, len(text), text) for place, text in enumerate(texts)]


def vectors(texts: Sequence[str]) -> Embeddings:
    """A direction of its own for each text."""

    def one(text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        vector = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)).normal(size=8).astype(np.float32)
        return vector / np.linalg.norm(vector)

    return np.stack(list(map(one, texts)))


def numbered(words: str, count: int) -> Iterator[str]:
    return (f"{words} number {number}" for number in range(count))
