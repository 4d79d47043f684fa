"""Texts -> their vectors, made by workers, and those of the texts that follow begun meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rag.distributed.order import Order
from rag.distributed.workers import Workers
from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embeddings

TEXTS_A_TASK = 32  # about half a second of one core


@dataclass(slots=True)
class _Batch:
    texts: list[str]
    future: Future[Any] | None
    rows: dict[str, Embeddings] = field(default_factory=dict)


class EmbeddingAhead:
    """Embeds by workers with the model that `embedder` has here, which does what they cannot. For one thread at a time."""

    def __init__(self, workers: Workers, order: Callable[[], Order], embedder: CheckedEmbedder) -> None:
        self._workers = workers
        self._order = order
        self._embedder = embedder
        self._begun: dict[str, _Batch] = {}

    @property
    def texts_ahead(self) -> int:
        """How many texts to name that follow."""
        return TEXTS_A_TASK * self._workers.at_once

    def forget(self) -> None:
        """Another model makes the vectors that follow."""
        self._begun.clear()

    def __call__(self, texts: Sequence[str], following: Sequence[str]) -> Embeddings:
        """The vectors of texts, float32 `(len(texts), dimensions)`, rows of unit length; those of the texts that follow are begun.

        Raises EmbeddingError, where workers or this machine cannot embed them.
        """
        order = self._order()
        new = [text for text in dict.fromkeys([*texts, *following]) if text not in self._begun]
        for first in range(0, len(new), TEXTS_A_TASK):
            part = new[first : first + TEXTS_A_TASK]
            batch = _Batch(part, self._workers.begin("embed", order, part))
            self._begun.update(dict.fromkeys(part, batch))
        try:
            return np.stack([self._row(text) for text in texts])
        except BaseException:
            self._begun.clear()
            raise

    def _row(self, text: str) -> Embeddings:
        batch = self._begun.pop(text)
        if not batch.rows:
            what = f"The embedding of {len(batch.texts)} chunks"
            there: Embeddings | None = self._workers.result(batch.future, what) if batch.future else None
            made = self._embedder.embed_documents(batch.texts) if there is None else self._embedder.checked(there, len(batch.texts))
            batch.rows.update(zip(batch.texts, made, strict=True))
        return batch.rows[text]
