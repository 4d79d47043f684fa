"""The vectors of single words: those of the model's vocabulary, cached on disk, and those of a library, kept in memory."""

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embedder, Embeddings
from rag.embedding.token_reader import MOST_WORDS
from rag.errors import ExploringError
from rag.exploring.cache import read_arrays, write_arrays
from rag.exploring.vectors import Progress
from rag.text.languages import FUNCTION_WORDS, language_of

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

BATCH = 256  # words embedded at a time
LIBRARY_WORDS = 2_000  # words of a library: its most frequent ones, function words left out
LIBRARY_CHUNKS = 4_000  # passages in which they are counted at most, spread evenly over the library

_WORD = re.compile(r"[^\W\d_]{3,30}")
_opening = threading.Lock()
_opened: "WeakKeyDictionary[Corpus, WordVectors]" = WeakKeyDictionary()


class WordVectors:
    """Vectors of words by one model, each computed once. Safe to use from several threads, which then share the work."""

    def __init__(self, file: Path) -> None:
        """Start from what is cached in a file."""
        self._file = file
        self._frequent: tuple[str, list[str]] = ("", [])
        cached = read_arrays(file)
        self._rows: dict[str, NDArray[np.float32]] = dict(zip(cached.get("words", ()), cached.get("vectors", ()), strict=False))

    def learn(self, words: Sequence[str], embedder: Embedder, progress: Progress, *, keep: bool) -> None:
        """Embed the words that are missing, reporting the share done before each batch; nothing if none is missing.

        With `keep`, the vectors are written to disk, even if the work is interrupted.
        """
        missing = [word for word in words if word not in self._rows]
        try:
            for first in range(0, len(missing), BATCH):
                progress(first / len(missing))
                batch = [word for word in missing[first : first + BATCH] if word not in self._rows]  # another thread may have been first
                self._rows.update(zip(batch, embedder.embed_documents(batch), strict=True))
        finally:
            if missing and keep:
                known = [word for word in words if word in self._rows]
                write_arrays(self._file, {"words": np.array(known), "vectors": self.rows(known)})

    def rows(self, words: Sequence[str]) -> Embeddings:
        """The vectors of learned words: float32, `(len(words), dimensions)`."""
        return np.stack([self._rows[word] for word in words])

    def frequent(self, corpus: "Corpus") -> list[str]:
        """The words of a library, most frequent first, `LIBRARY_WORDS` at most; counted again after documents have changed."""
        vectors = corpus.vectors()
        vectors.require()
        if self._frequent[0] != vectors.fingerprint:
            step = -(-len(vectors) // LIBRARY_CHUNKS)
            texts = [chunk.text for chunk in corpus.chunks(vectors.keys[::step]).values()]
            common = FUNCTION_WORDS.get(language_of("\n".join(texts[:50])), frozenset())
            counts = Counter(word for text in texts for word in set(_WORD.findall(text.casefold())) - common)
            ranked = sorted(counts, key=lambda word: (-counts[word], word))
            self._frequent = vectors.fingerprint, ranked[:LIBRARY_WORDS]
        if not self._frequent[1]:
            raise ExploringError("The documents have no words of three letters or more. Search the vocabulary instead.")
        return self._frequent[1]


def word_vectors(corpus: "Corpus") -> WordVectors:
    """The word vectors of a library's model."""
    with _opening:
        if corpus not in _opened:
            identity = hashlib.sha256(corpus.embedder.identity.encode()).hexdigest()[:16]
            _opened[corpus] = WordVectors(corpus.settings.exported_models / "words" / f"{identity}.npz")
        return _opened[corpus]


def vocabulary(corpus: "Corpus") -> list[str]:
    """The words of a library's model, most frequent first: those of its table, or the whole words among its tokens."""
    if (words := corpus.embedder.words) is not None:
        return list(dict.fromkeys(word.casefold() for word in words if len(word) > 1 and word.isalpha()))[:MOST_WORDS]
    if (reader := corpus.embedder.token_reader) is None:
        raise ExploringError("This embedding model does not show its vocabulary. Search the words of your documents instead.")
    return reader.vocabulary()
