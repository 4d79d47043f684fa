"""Vectors without what all of a model's vectors have in common, so that its cosines mean what the built-in model's do.

Many models keep all texts in a narrow cone: with multilingual-e5-small, unrelated texts have a cosine of 0.75, and a question and its
passage 0.89. Weights, the gate and the checks are fitted to the built-in model, with 0.0 and 0.67. So most of the mean of
`neutral.txt`, texts on many subjects in many languages, is taken off each vector: 0.12 and 0.55, without anything fitted.
See tests/benchmarks/README.md.
"""

import hashlib
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.embedding.protocol import Closable, Embedder, Embeddings
from rag.embedding.token_reader import TokenReader

VERSION = 1  # part of the identity: raise it when vectors would come out otherwise
SHARE = 0.9  # of the mean that is taken off: with all of it, questions found a little less


class _Means(NamedTuple):
    passage: Embeddings
    query: Embeddings


class CentredEmbedder:
    """Another embedder, centred. Its means are made at first use, and kept in the folder of exported models."""

    def __init__(self, embedder: Embedder, cache: Path) -> None:
        self._embedder = embedder
        self._cache = cache
        self._lock = threading.Lock()
        self._made: tuple[str, _Means] | None = None

    @property
    def identity(self) -> str:
        """The other's, and that it is centred."""
        return f"{self._embedder.identity} centred={VERSION}"

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._embedder.max_tokens

    @property
    def token_reader(self) -> TokenReader | None:
        """See `CheckedEmbedder.token_reader`."""
        reader: TokenReader | None = getattr(self._embedder, "token_reader", None)
        return reader

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._embedder.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        rows = self._embedder.embed_documents(texts)
        return _centred(rows, self._means.passage) if len(rows) else rows

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        return _centred(self._embedder.embed_query(text), self._means.query)

    def close(self) -> None:
        """Close the other."""
        if isinstance(self._embedder, Closable):
            self._embedder.close()

    @property
    def _means(self) -> _Means:
        with self._lock:
            if self._made is None or self._made[0] != self._embedder.identity:
                self._made = self._embedder.identity, self._read() or self._make()
            return self._made[1]

    @property
    def _file(self) -> Path:
        return self._cache / f"{hashlib.sha256(self.identity.encode()).hexdigest()[:32]}.mean.npy"

    def _read(self) -> _Means | None:
        try:
            return _Means(*np.load(self._file, allow_pickle=False))
        except (OSError, ValueError, TypeError):
            return None

    def _make(self) -> _Means:
        lines = Path(__file__).with_name("neutral.txt").read_text(encoding="utf-8").splitlines()
        passages, questions = zip(*(line.split("\t") for line in lines), strict=True)
        queries = np.stack([self._embedder.embed_query(question) for question in questions])
        means = _Means(self._embedder.embed_documents(passages).mean(axis=0), queries.mean(axis=0))
        with suppress(OSError):  # made again by the next process
            self._cache.mkdir(parents=True, exist_ok=True)
            unfinished = self._file.with_suffix(".partial.npy")
            np.save(unfinished, np.stack(means))
            unfinished.replace(self._file)
        return means


def _centred(rows: Embeddings, mean: Embeddings) -> Embeddings:
    left = rows - SHARE * mean
    lengths = np.linalg.norm(left, axis=-1, keepdims=True)
    return np.asarray(left / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)
