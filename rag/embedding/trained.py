"""`gensim:FOLDER`: Word2Vec, FastText or Doc2Vec trained on one's own library; `train` makes the folder.

A folder holds numbers and words, no pickle: reading one runs nothing. The same texts give the same folder, byte for byte.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.embedding.word_files import WordVectors
from rag.embedding.words import RARENESS, WordsEmbedder, centred, unit, weighted_mean, words_of
from rag.errors import EmbeddingError
from rag.types import TrainedKind

ABOUT, ROWS, NGRAMS = "about.json", "rows.npy", "ngrams.npy"
"""The files of a folder: what it is, with the words and their counts; a row for each word; FastText's rows of parts of words."""

SEED = 7
NGRAM_LETTERS = (3, 6)  # the lengths of the parts of words that FastText learns

INFER_EPOCHS, INFER_ALPHA, LEAST_ALPHA = 50, 0.025, 0.0001
"""How Doc2Vec infers the vector of a text; the learning rate falls in even steps."""

LEAST_COUNT = 2  # a word that occurs less often is not learned
LEAST_WORDS = 20  # with fewer words than these, there is nothing to learn from
NGRAM_BUCKETS = 20_000  # rows for parts of words; parts with the same hash share one


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a trained model: its lower-case vocabulary from common to rare, and how often each word occurred."""

    kind: TrainedKind
    words: list[str]
    counts: list[int]
    epochs: int


class TrainedEmbedder(WordsEmbedder):
    """Word2Vec and FastText as the weighted mean of a text's words (`words.WordsEmbedder`), Doc2Vec by inferring.

    FastText makes the vector of an unknown word from the word's parts. The same text always gives the same vector. A text of which
    nothing is known gets what `words.unit` gives to unknown words.
    """

    @cached_property
    def identity(self) -> str:
        """Kind, and a hash of all its files."""
        digest = hashlib.sha256()
        for name in (ABOUT, ROWS, NGRAMS) if self._about.kind == "fasttext" else (ABOUT, ROWS):
            digest.update(self._bytes(name))
        return f"gensim:{self._about.kind}:{digest.hexdigest()}"

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

    def knows(self, text: str) -> bool:
        """See `WordsEmbedder.knows`; FastText knows any word by its parts."""
        return self._about.kind == "fasttext" or super().knows(text.lower())

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
        hashes = list(gensim_models().fasttext.ft_ngram_hashes(word, *NGRAM_LETTERS, len(self._ngrams)))
        mean: Embeddings = self._ngrams[hashes].mean(axis=0) if hashes else np.zeros(self._ngrams.shape[1], dtype=np.float32)
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
            return About(**json.loads(self._bytes(ABOUT)))
        except (ValueError, TypeError) as error:
            raise EmbeddingError(f"{self._path / ABOUT} is not what `rag train` writes. Train the model again.") from error

    @cached_property
    def _vectors(self) -> WordVectors:
        about, counts = self._about, np.array(self._about.counts, dtype=np.float64)
        return centred(WordVectors({word: place for place, word in enumerate(about.words)}, self._array(ROWS), counts / counts.sum()))

    @cached_property
    def _ngrams(self) -> Embeddings:
        """The rows of parts of words, less what `centred` took off the words' own."""
        centre: Embeddings = self._array(ROWS)[0] - self._vectors.rows[0]
        return self._array(NGRAMS) - centre

    @cached_property
    def _doc2vec(self) -> Any:
        """Gensim's model, assembled from the words and their output rows: inference uses nothing else."""
        model = untrained_doc2vec(self._array(ROWS).shape[1], self._about.epochs)
        model.sorted_vocab = False  # they are
        model.build_vocab_from_freq(dict(zip(self._about.words, self._about.counts, strict=True)))
        if model.wv.index_to_key != self._about.words:
            raise EmbeddingError(f"The words of {self._path} are not in their order. Train the model again.")
        model.syn1neg = self._array(ROWS)
        return model

    def _array(self, name: str) -> Embeddings:
        try:
            rows: Embeddings = np.load(self._path / name, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError) as error:
            raise EmbeddingError(f"The trained model in {self._path} cannot be read: {error}. Train it again.") from error
        return rows

    def _bytes(self, name: str) -> bytes:
        try:
            return (self._path / name).read_bytes()
        except OSError as error:
            raise EmbeddingError(
                f"There is no trained model in {self._path}: {name} cannot be read ({error.strerror}). "
                f"`rag train word2vec -o {self._path}` makes one."
            ) from error


def untrained_doc2vec(dimensions: int, epochs: int) -> Any:
    """Gensim's Doc2Vec, PV-DBOW (Le and Mikolov, 2014), before it has read anything."""
    return gensim_models().Doc2Vec(vector_size=dimensions, dm=0, epochs=epochs, **OPTIONS)


def stable_hash(text: str) -> int:
    """The same in every process, as Python's own is not."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4])


OPTIONS: dict[str, Any] = {"seed": SEED, "hashfxn": stable_hash, "workers": 1, "min_count": 1, "sample": 1e-3}
"""Of gensim's models: the same texts give the same model."""


def gensim_models() -> Any:
    """Import gensim; EmbeddingError says how to install it where it is missing."""
    try:
        import gensim.models
    except ModuleNotFoundError as error:
        raise EmbeddingError("gensim is not installed. Install it with: pip install 'footnote[gensim]'") from error
    return gensim.models


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model: its identity and folder, how many texts were read and words learned."""

    identity: str
    folder: str
    texts: int
    words: int


def train(texts: Sequence[str], kind: TrainedKind, folder: Path, dimensions: int = 100, epochs: int = 60) -> Trained:
    """Train a model on texts with gensim, each read in lower case as one run of words; the files in `folder` are replaced.

    "word2vec" is skip-gram (Mikolov and others, 2013), "fasttext" the same with parts of words, "doc2vec" PV-DBOW.
    """
    occurrences = Counter(word for text in texts for word in words_of(text.lower()))
    counts = {word: count for word, count in occurrences.items() if count >= LEAST_COUNT}
    if len(counts) < LEAST_WORDS:
        raise EmbeddingError(
            f"There are {len(counts)} words that occur twice or more, too few to learn from ({LEAST_WORDS} are needed). "
            "Train on more text: `rag add PATH` adds documents."
        )
    runs = [[word for word in words_of(text.lower()) if word in counts] for text in texts]
    model, arrays = _trained(runs, kind, dimensions, epochs)
    words: list[str] = model.wv.index_to_key
    about = About(kind, words, [counts[word] for word in words], epochs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in arrays.items():
            np.save(folder / name, rows.astype(np.float32), allow_pickle=False)
        (folder / ABOUT).write_text(json.dumps(asdict(about), ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise EmbeddingError(f"The trained model cannot be written to {folder}: {error.strerror}. Choose another folder.") from error
    return Trained(TrainedEmbedder(folder).identity, str(folder), len(texts), len(words))


def _trained(runs: Sequence[list[str]], kind: TrainedKind, dimensions: int, epochs: int) -> tuple[Any, dict[str, Any]]:
    """Gensim's model, and the rows to save of it, by file name."""
    models = gensim_models()
    if kind == "doc2vec":
        model = untrained_doc2vec(dimensions, epochs)
        tagged = [models.doc2vec.TaggedDocument(run, [number]) for number, run in enumerate(runs)]
        model.build_vocab(tagged)
        model.train(tagged, total_examples=len(tagged), epochs=epochs)
        return model, {ROWS: model.syn1neg}
    options = OPTIONS | {"epochs": epochs}
    if kind == "word2vec":
        model = models.Word2Vec(runs, vector_size=dimensions, sg=1, **options)
        return model, {ROWS: model.wv.vectors}
    least, most = NGRAM_LETTERS
    model = models.FastText(runs, vector_size=dimensions, sg=1, bucket=NGRAM_BUCKETS, min_n=least, max_n=most, **options)
    return model, {ROWS: model.wv.vectors, NGRAMS: model.wv.vectors_ngrams}
