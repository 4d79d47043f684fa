"""`words:FILE`: a text as the mean of its words' vectors, which `word_files` reads."""

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from rag.embedding.built_in_tokens import BuiltInTokens
from rag.embedding.protocol import Embeddings
from rag.embedding.word_files import WordVectors, hash_of, read_word_vectors
from rag.errors import EmbeddingError

_WORD = re.compile(r"\w+(?:['’]\w+)*")

RARENESS = 1e-3  # `a` of smooth inverse frequency: a word that makes up the share p of running text has the weight a / (a + p)


class WordsEmbedder(BuiltInTokens):
    """Word vectors of a file, their mean weighted by smooth inverse frequency; words that the file lacks are left out.

    Source: Arora, Liang, Ma, "A simple but tough-to-beat baseline for sentence embeddings" (2017). Its second step takes off what all
    texts have in common, which would depend on the collection; taken off here is the mean vector of running text, which depends on
    the file alone. (Questions with their page among the first five, of 201, by word2vec: plain mean 67 %, weighted 73 %, centred too
    75 %.) A text of which no word is known gets the mean of fixed random vectors, one for each of its words: near to texts of the same
    unknown words, and to no others.
    """

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._lock = threading.RLock()

    @cached_property
    def identity(self) -> str:
        """Name and hash of the file."""
        try:
            digest = hash_of(self._path)
        except OSError as error:
            raise EmbeddingError(
                f"The word vectors in {self._path} cannot be read: {error.strerror}. Set RAG_EMBEDDING_MODEL to a file."
            ) from error
        return f"words:{self._path.name}:{digest}:sif-centred"

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        rows = [self.embed_query(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self._vectors.rows.shape[1]), dtype=np.float32)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        with self._lock:
            return weighted_mean(text, self._vectors)

    @property
    def words(self) -> list[str]:
        """All words of the table, from common to rare."""
        return list(self._vectors.places)

    def knows(self, text: str) -> bool:
        """Whether any word of a text is in the table; nothing is known of a text that has none."""
        return any(word in self._vectors.places or word.lower() in self._vectors.places for word in words_of(text))

    @cached_property
    def _vectors(self) -> WordVectors:
        return centred(read_word_vectors(self._path))


def words_of(text: str) -> list[str]:
    """The words of a text, as they are written, without punctuation."""
    return _WORD.findall(text)


def centred(vectors: WordVectors) -> WordVectors:
    """Take the mean vector of running text, weighted as texts are, off every word's."""
    shares = vectors.frequencies * RARENESS / (RARENESS + vectors.frequencies)
    return replace(vectors, rows=vectors.rows - ((shares / shares.sum()) @ vectors.rows).astype(np.float32))


def weighted_mean(text: str, vectors: WordVectors) -> Embeddings:
    """The unit vector of a text, float32 `(dimensions,)`: see `WordsEmbedder`."""
    words = words_of(text)
    places = [vectors.places.get(word, vectors.places.get(word.lower())) for word in words]
    known = [place for place in places if place is not None]
    weights = (RARENESS / (RARENESS + vectors.frequencies[known])).astype(np.float32)
    return unit(weights @ vectors.rows[known], words or [text])


def unit(vector: Embeddings, words: Sequence[str]) -> Embeddings:
    """Scale a vector to unit length; a zero vector is replaced by that of `words` as unknown ones."""
    length = np.linalg.norm(vector)
    if not length > 0:
        vector = np.sum([_random_vector(word.lower(), vector.shape[0]) for word in words], axis=0)
        length = np.linalg.norm(vector)
    row: Embeddings = (vector / length).astype(np.float32)
    return row


def _random_vector(word: str, dimensions: int) -> Embeddings:
    """The same for the same word, in every process."""
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8])
    row: Embeddings = np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
    return row
