"""Keyword-ready documents -> ready ones: embedded, stored, committed, some chunks at a time."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Protocol

import numpy as np

from rag.embedding.protocol import Embedder, Embeddings, text_to_embed
from rag.storing.index import Index
from rag.storing.protocol import WRITE_BATCH
from rag.tracing import span
from rag.types import Chunk, DocumentRecord

KNOWN_TEXTS = 2_000  # texts whose vectors are cached, the latest: what comes again is not embedded again


class EmbedAhead(Protocol):
    """Embeds elsewhere, and begins with the texts that follow."""

    @property
    def texts_ahead(self) -> int:
        """How many texts to name that follow."""

    def __call__(self, texts: Sequence[str], following: Sequence[str]) -> Embeddings:
        """The vectors of texts; see `Embedder.embed_documents`."""

    def forget(self) -> None:
        """Forget what was begun."""


class EmbeddingQueue:
    """Embeds what is not embedded yet; threads take turns. `writing` is held while anything is written."""

    def __init__(self, embedder: Embedder, index: Index, writing: threading.RLock, ahead: EmbedAhead | None = None) -> None:
        self._embedder = embedder
        self._index = index
        self._writing = writing
        self._ahead = ahead
        self._turn = threading.Lock()
        self._known: dict[str, Embeddings] = {}

    def step(self) -> bool:
        """Embed the next chunks, of several documents where these are small; whether there was anything to do.

        Where it raises StorageError or EmbeddingError, what was embedded before is kept.
        """
        with self._turn:
            chunks = self._index.keyword_ready.next(WRITE_BATCH + (self._ahead.texts_ahead if self._ahead else 0))
            if not chunks:
                return False
            texts = [text_to_embed(chunk, self._embedder) for chunk in chunks]
            chunks = chunks[:WRITE_BATCH]
            embeddings = self._embedded(texts[:WRITE_BATCH], texts[WRITE_BATCH:])
            with span("commit", chunks=len(chunks)), self._writing, self._index.guarded():
                self._store(chunks, embeddings)
            return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Embed nothing meanwhile, and forget the vectors of before: another model may make those that follow."""
        with self._turn:
            self._known.clear()
            if self._ahead:
                self._ahead.forget()
            yield

    def _embedded(self, texts: Sequence[str], following: Sequence[str]) -> Embeddings:
        """The vectors of texts, each embedded once."""
        new, later = (list(dict.fromkeys(text for text in part if text not in self._known)) for part in (texts, following))
        made = self._ahead(new, later) if self._ahead else self._embedder.embed_documents(new)
        self._known.update(zip(new, made, strict=True))
        embeddings = np.stack([self._known[text] for text in texts])
        for text in list(self._known)[:-KNOWN_TEXTS]:
            del self._known[text]
        return embeddings

    def _store(self, chunks: Sequence[Chunk], embeddings: Embeddings) -> None:
        keyword_ready = self._index.keyword_ready
        rows = {chunk.key: row for chunk, row in zip(chunks, embeddings, strict=True)}
        documents = [(id_, list(group)) for id_, group in groupby(chunks, key=attrgetter("document_id"))]
        # Another thread may have removed a document meanwhile, or removed and added it.
        current = [(id_, group) for id_, group in documents if keyword_ready.stored(id_) == group[0].ordinal]
        kept = [chunk for _, group in current for chunk in group]
        if not kept:
            return
        self._index.store.put(kept, np.stack([rows[chunk.key] for chunk in kept]))
        whole: list[DocumentRecord] = []
        for id_, group in current:
            record, stored = keyword_ready.records[id_], group[-1].ordinal + 1
            if stored == record.chunks:
                whole.append(replace(record, indexed=1.0))
            else:
                keyword_ready.advance(id_, stored)
        if whole:
            self._index.commit(whole)
