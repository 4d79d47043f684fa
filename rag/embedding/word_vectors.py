"""Word vectors in the formats that are passed around: word2vec text, GloVe, fastText's .vec; also compressed (.gz)."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import EmbeddingError

MOST_WORDS = 500_000
"""Lines that are read; such files have the commonest words first."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_HEADER = re.compile(rb"\d+ \d+")


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """A vocabulary.

    Attributes:
        places: The row of each word.
        rows: float32 `(words, dimensions)`, of any length.
        frequencies: float64 `(words,)`, the share of each word in running text, in (0, 1].
    """

    places: dict[str, int]
    rows: Embeddings
    frequencies: np.ndarray[tuple[int], np.dtype[np.float64]]


def words_of(text: str) -> list[str]:
    """The words of a text, as they are written, without punctuation."""
    return _WORD.findall(text)


def read_word_vectors(path: Path) -> WordVectors:
    """Read a file of word vectors: a word a line, then its numbers; a first line of two numbers is passed over.

    Frequencies are not in such files, whose words go from common to rare: the word of rank r is given 1 / (r + 2.7), as a share
    (Zipf and Mandelbrot).

    Raises:
        EmbeddingError: It cannot be read, or is something else.
    """
    places: dict[str, int] = {}
    rows: list[Embeddings] = []
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                stripped = line.rstrip()
                if not stripped or (number == 1 and _HEADER.fullmatch(stripped)):
                    continue
                fields = stripped.split(b" ")
                # a word may have spaces in it; how many numbers there are is known from the first line
                dimensions = len(rows[0]) if rows else len(fields) - 1
                word = b" ".join(fields[:-dimensions]).decode("utf-8", "replace") if dimensions else ""
                row = np.array(fields[-dimensions:], dtype=np.float32)
                if not word or not np.isfinite(row).all():
                    raise EmbeddingError(f"Line {number} of {path} is not a word and its numbers; word vectors have those alone.")
                if word not in places:
                    places[word] = len(rows)
                    rows.append(row)
                if len(rows) == MOST_WORDS:
                    break
    except (OSError, EOFError, ValueError) as error:
        raise EmbeddingError(f"The word vectors in {path} cannot be read: {error}. They must be word2vec text, GloVe or .vec.") from error
    if not rows:
        raise EmbeddingError(f"There are no word vectors in {path}.")
    shares = 1 / (np.arange(len(rows)) + 1 + 2.7)
    return WordVectors(places, np.stack(rows), shares / shares.sum())


def file_sha256(path: Path) -> str:
    """Hash a file.

    Raises:
        EmbeddingError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingError(f"The word vectors in {path} cannot be read: {error.strerror}. Set RAG_EMBEDDING_MODEL to a file.") from error


def _opened(path: Path) -> "gzip.GzipFile | BinaryIO":
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
