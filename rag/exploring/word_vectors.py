"""The vectors of single words: those of the model's vocabulary, kept on disk, and those of a library, kept in memory."""

import hashlib
import logging
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embedder, Embeddings
from rag.embedding.token_reader import MOST_WORDS
from rag.errors import ExploringError
from rag.text.languages import FUNCTION_WORDS, language_of

if TYPE_CHECKING:
    from rag.library import Library

log = logging.getLogger(__name__)

BATCH = 256
"""Words embedded in one go."""

LIBRARY_WORDS = 2_000
"""The words of a library: its most frequent ones, function words left out."""

LIBRARY_CHUNKS = 4_000
"""They are counted in so many passages at most, spread evenly over the library."""

_WORD = re.compile(r"[^\W\d_]{3,30}")
_opening = threading.Lock()
_opened: "WeakKeyDictionary[Library, WordVectors]" = WeakKeyDictionary()


class WordVectors:
    """Vectors of words by one model; made once. May be used from several threads, which then share the work."""

    def __init__(self, file: Path) -> None:
        """Read what was kept.

        Args:
            file: Where the vocabulary's vectors are kept; what cannot be read there is made again.
        """
        self._file = file
        self._rows: dict[str, NDArray[np.float32]] = {}
        self._frequent: tuple[str, list[str]] = ("", [])
        with (
            suppress(OSError, ValueError, KeyError, EOFError, BadZipFile),
            file.open("rb") as data,
            np.load(data, allow_pickle=False) as kept,
        ):
            self._rows = dict(zip(kept["words"].tolist(), kept["vectors"], strict=True))

    def learn(self, words: Sequence[str], embedder: Embedder, *, keep: bool) -> Generator[float, None, None]:
        """Make the vectors that are missing.

        Args:
            words: Which.
            embedder: The model.
            keep: Whether to write them down, also where the work is broken off.

        Yields:
            The share that is done, in [0, 1]; nothing where all are there.

        Raises:
            EmbeddingError: The model cannot be used.
        """
        missing = [word for word in words if word not in self._rows]
        try:
            for first in range(0, len(missing), BATCH):
                yield first / len(missing)
                batch = [word for word in missing[first : first + BATCH] if word not in self._rows]  # another thread may have been first
                self._rows.update(zip(batch, embedder.embed_documents(batch), strict=True))
        finally:
            if missing and keep:
                self._write([word for word in words if word in self._rows])

    def rows(self, words: Sequence[str]) -> Embeddings:
        """The vectors of words that were learned: float32, `(len(words), dimensions)`."""
        return np.stack([self._rows[word] for word in words])

    def frequent(self, library: "Library") -> list[str]:
        """The words of a library, most frequent first, `LIBRARY_WORDS` at most; counted again where documents have changed.

        Raises:
            ExploringError: It has none.
            StorageError: The index cannot be read.
        """
        vectors = library.vectors()
        vectors.require()
        if self._frequent[0] != vectors.fingerprint:
            step = -(-len(vectors) // LIBRARY_CHUNKS)
            texts = [chunk.text for chunk in library.chunks(vectors.keys[::step]).values()]
            common = FUNCTION_WORDS.get(language_of("\n".join(texts[:50])), frozenset())
            counts = Counter(word for text in texts for word in set(_WORD.findall(text.casefold())) - common)
            self._frequent = vectors.fingerprint, [word for word, _ in sorted(counts.items(), key=_by_count)[:LIBRARY_WORDS]]
        if not self._frequent[1]:
            raise ExploringError("The documents have no words of three letters or more. Look among the vocabulary instead.")
        return self._frequent[1]

    def _write(self, words: list[str]) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._file.parent, prefix=".making-", suffix=".npz", delete=False) as made:
                np.savez(made, words=np.array(words), vectors=self.rows(words))
            Path(made.name).replace(self._file)
        except OSError as error:
            log.warning("The vectors of the vocabulary cannot be kept in %s: %s", self._file.parent, error)


def word_vectors(library: "Library") -> WordVectors:
    """The vectors of words by a library's model."""
    with _opening:
        if library not in _opened:
            identity = hashlib.sha256(library.embedder.identity.encode()).hexdigest()[:16]
            _opened[library] = WordVectors(library.settings.exported_models / "words" / f"{identity}.npz")
        return _opened[library]


def vocabulary(library: "Library") -> list[str]:
    """The words of a library's model, most frequent first: those of its table, or the whole words among its tokens.

    Raises:
        ExploringError: It does not show them.
        EmbeddingError: It is not on this machine.
    """
    if (words := library.embedder.words) is not None:
        return list(dict.fromkeys(word.casefold() for word in words if len(word) > 1 and word.isalpha()))[:MOST_WORDS]
    if (reader := library.embedder.token_reader) is None:
        raise ExploringError("This embedding model does not show its vocabulary. Look among the words of your documents instead.")
    return reader.vocabulary()


def _by_count(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
