"""`gensim:FOLDER`: Word2Vec, FastText or Doc2Vec trained on one's own library; `training` makes the folder.

A folder holds numbers and words, no pickle: reading one runs nothing.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.embedding.built_in_tokens import BuiltInTokens
from rag.embedding.protocol import Embeddings
from rag.embedding.words import RARENESS, WordVectors, centred, unit, weighted_mean, words_of
from rag.errors import EmbeddingError
from rag.types import TrainedKind

if TYPE_CHECKING:
    from gensim.models.doc2vec import Doc2Vec

ABOUT, ROWS, NGRAMS = "about.json", "rows.npy", "ngrams.npy"
"""The files of a folder: what it is, with the words and their counts; a row for each word; FastText's rows of parts of words."""

SEED = 7
NGRAM_LETTERS = (3, 6)
INFER_EPOCHS, INFER_ALPHA, LEAST_ALPHA = 50, 0.025, 0.0001
"""How Doc2Vec infers the vector of a text; the learning rate falls in even steps."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a trained model: its lower-case vocabulary from common to rare, and how often each word occurred."""

    kind: TrainedKind
    words: list[str]
    counts: list[int]
    epochs: int


class TrainedEmbedder(BuiltInTokens):
    """Word2Vec and FastText as the weighted mean of a text's words (`words.WordsEmbedder`), Doc2Vec by inferring.

    FastText makes the vector of an unknown word from the word's parts. The same text always gives the same vector. A text of which
    nothing is known gets what `words.unit` gives to unknown words.
    """

    def __init__(self, folder: Path) -> None:
        """Read nothing yet; `folder` was made by `training.train`."""
        self._folder = folder
        self._lock = threading.RLock()

    @cached_property
    def identity(self) -> str:
        """Kind, and a hash of all its files."""
        digest = hashlib.sha256()
        for name in (ABOUT, ROWS, NGRAMS) if self._about.kind == "fasttext" else (ABOUT, ROWS):
            digest.update(self._bytes(name))
        return f"gensim:{self._about.kind}:{digest.hexdigest()}"

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        rows = [self.embed_query(text) for text in texts]
        return np.stack(rows) if rows else np.empty((0, self._vectors.rows.shape[1]), dtype=np.float32)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        with self._lock:
            match self._about.kind:
                case "word2vec":
                    return weighted_mean(text.lower(), self._vectors)
                case "fasttext":
                    return self._mean_with_parts(text.lower())
                case "doc2vec":
                    return self._infer(text.lower())

    @property
    def words(self) -> Sequence[str]:
        """See `HasWords.words`."""
        return self._about.words

    def knows(self, text: str) -> bool:
        """See `HasWords.knows`; FastText knows any word by its parts."""
        known = set(self._about.words)
        return self._about.kind == "fasttext" or any(word in known for word in words_of(text.lower()))

    def _mean_with_parts(self, text: str) -> Embeddings:
        vectors, words = self._vectors, words_of(text)
        total = np.zeros(vectors.rows.shape[1], dtype=np.float32)
        for word in words:
            place = vectors.places.get(word)
            if place is None:
                total += self._word_from_parts(word)
            else:
                total += np.float32(RARENESS / (RARENESS + vectors.frequencies[place])) * vectors.rows[place]
        return unit(total, words or [text])

    def _word_from_parts(self, word: str) -> Embeddings:
        """The mean of the rows of the word's parts, as FastText has it (Bojanowski and others, 2017)."""
        hashes = _gensim_part_hashes(word, len(self._ngrams))
        mean: Embeddings = self._ngrams[hashes].mean(axis=0) - self._centre if hashes else np.zeros(self._ngrams.shape[1], dtype=np.float32)
        return mean

    def _infer(self, text: str) -> Embeddings:
        """As gensim's `infer_vector` does it, but from a start that is the same in every process, and the same each time."""
        from gensim.models.doc2vec_inner import train_document_dbow

        model, words = self._doc2vec, words_of(text)
        known = [word for word in words if word in model.wv.key_to_index]
        if not known:
            return unit(np.zeros(model.vector_size, dtype=np.float32), words or [text])
        start = np.random.default_rng(SEED).random(model.vector_size, dtype=np.float32) - np.float32(0.5)
        rows = (start / model.vector_size).reshape(1, -1)
        model.random = np.random.RandomState(SEED)
        work, free = np.zeros(model.vector_size, dtype=np.float32), np.ones(1, dtype=np.float32)
        for alpha in np.linspace(INFER_ALPHA, LEAST_ALPHA, INFER_EPOCHS):
            train_document_dbow(
                model, known, [0], float(alpha), work, learn_words=False, learn_hidden=False, doctag_vectors=rows, doctags_lockf=free
            )
        return unit(rows[0], known)

    @cached_property
    def _about(self) -> About:
        try:
            about = About(**json.loads(self._bytes(ABOUT)))
        except (ValueError, TypeError) as error:
            raise EmbeddingError(f"{self._folder / ABOUT} is not what `rag train` writes. Train the model again.") from error
        return about

    @cached_property
    def _vectors(self) -> WordVectors:
        about, counts = self._about, np.array(self._about.counts, dtype=np.float64)
        return centred(WordVectors({word: place for place, word in enumerate(about.words)}, self._array(ROWS), counts / counts.sum()))

    @cached_property
    def _centre(self) -> Embeddings:
        """What `centred` took off: words made from parts have it too."""
        row: Embeddings = self._array(ROWS)[0] - self._vectors.rows[0]
        return row

    @cached_property
    def _ngrams(self) -> Embeddings:
        return self._array(NGRAMS)

    @cached_property
    def _doc2vec(self) -> "Doc2Vec":
        """Gensim's model, assembled from the words and their output rows: inference uses nothing else."""
        model = untrained_doc2vec(self._array(ROWS).shape[1], self._about.epochs)
        model.sorted_vocab = False  # they are
        model.build_vocab_from_freq(dict(zip(self._about.words, self._about.counts, strict=True)))
        if model.wv.index_to_key != self._about.words:
            raise EmbeddingError(f"The words of {self._folder} are not in their order. Train the model again.")
        model.syn1neg = self._array(ROWS)
        return model

    def _array(self, name: str) -> Embeddings:
        try:
            rows: Embeddings = np.load(self._folder / name, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError) as error:
            raise EmbeddingError(f"The trained model in {self._folder} cannot be read: {error}. Train it again.") from error
        return rows

    def _bytes(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise EmbeddingError(
                f"There is no trained model in {self._folder}: {name} cannot be read ({error.strerror}). "
                f"`rag train word2vec -o {self._folder}` makes one."
            ) from error


def untrained_doc2vec(dimensions: int, epochs: int) -> "Doc2Vec":
    """Gensim's Doc2Vec, PV-DBOW (Le and Mikolov, 2014), before it has read anything."""
    with gensim_needed():
        from gensim.models.doc2vec import Doc2Vec
    return Doc2Vec(vector_size=dimensions, dm=0, epochs=epochs, **OPTIONS)


def stable_hash(text: str) -> int:
    """The same in every process, as Python's own is not."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4])


OPTIONS: dict[str, Any] = {"seed": SEED, "hashfxn": stable_hash, "workers": 1, "min_count": 1, "sample": 1e-3}
"""Of gensim's models: the same texts give the same model."""


@contextmanager
def gensim_needed() -> Iterator[None]:
    """Around an import of gensim: says how to install it where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise EmbeddingError("gensim is not installed. Install it with: pip install 'footnote[gensim]'") from error


def _gensim_part_hashes(word: str, buckets: int) -> list[int]:
    with gensim_needed():
        from gensim.models.fasttext import ft_ngram_hashes
    return list(ft_ngram_hashes(word, *NGRAM_LETTERS, buckets))
