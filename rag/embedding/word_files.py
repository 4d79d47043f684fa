"""Files of word vectors: word2vec text and binary (.bin), GloVe, fastText's .vec; each also compressed (.gz); and what gensim saves.

Gensim's files are pickles. Of one, only arrays, words and numbers are taken: nothing in it is run.
"""

import glob
import gzip
import hashlib
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import EmbeddingError

MOST_WORDS = 500_000  # words that are read; such files list the most common ones first
GENSIM = (".kv", ".model", ".wordvectors")
_HEADER = re.compile(rb"(\d+) (\d+)")
_HOW = "They must be word2vec text or .bin, GloVe, .vec, or gensim's .kv or .model."
_HARMLESS = {"_reconstruct", "_frombuffer", "scalar", "ndarray", "dtype"}  # numpy's, by which arrays are unpickled


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """A vocabulary: each word's place, rows float32 `(words, dimensions)`, and its share in running text, float64 `(words,)` in (0, 1]."""

    places: dict[str, int]
    rows: Embeddings
    frequencies: np.ndarray[tuple[int], np.dtype[np.float64]]


def read_word_vectors(path: Path) -> WordVectors:
    """Read a file of word vectors, of a word that occurs twice the first.

    Frequencies are not in such files, whose words go from common to rare: the word of rank r is given 1 / (r + 2.7), as a share
    (Zipf and Mandelbrot).
    """
    places: dict[str, int] = {}
    rows: list[Embeddings] = []
    try:
        for word, row in _vectors_in(path):
            if word not in places:
                places[word] = len(rows)
                rows.append(row)
            if len(rows) == MOST_WORDS:
                break
    except (OSError, EOFError, ValueError, AttributeError, TypeError, KeyError, IndexError, pickle.UnpicklingError) as error:
        raise EmbeddingError(f"The word vectors in {path} cannot be read: {error}. {_HOW}") from error
    if not rows:
        raise EmbeddingError(f"There are no word vectors in {path}.")
    shares = 1 / (np.arange(len(rows)) + 1 + 2.7)
    return WordVectors(places, np.stack(rows), shares / shares.sum())


def hash_of(path: Path) -> str:
    """The SHA-256 of a file of word vectors, and of the rows that gensim keeps beside it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    for beside in sorted(path.parent.glob(f"{glob.escape(path.name)}.*vectors*.npy")) if path.suffix.lower() in GENSIM else ():
        digest.update(hash_of(beside).encode())
    return digest.hexdigest()


def _vectors_in(path: Path) -> Iterator[tuple[str, Embeddings]]:
    if path.suffix.lower() in GENSIM:
        yield from _of_gensim(path)
        return
    is_compressed = path.suffix.lower() == ".gz"
    with gzip.open(path, "rb") if is_compressed else path.open("rb") as file:
        is_binary = (Path(path.stem) if is_compressed else path).suffix.lower() == ".bin"
        yield from _of_binary(file) if is_binary else _of_text(file, path)  # type: ignore[arg-type]  # GzipFile is one in all but name


def _of_text(file: BinaryIO, path: Path) -> Iterator[tuple[str, Embeddings]]:
    """A word a line, then its numbers; a first line of two numbers is skipped."""
    dimensions = 0
    for number, line in enumerate(file, start=1):
        stripped = line.rstrip()
        if not stripped or (number == 1 and _HEADER.fullmatch(stripped)):
            continue
        fields = stripped.split(b" ")
        # a word may have spaces in it; how many numbers there are is known from the first line
        dimensions = dimensions or len(fields) - 1
        word = b" ".join(fields[:-dimensions]).decode("utf-8", "replace") if dimensions else ""
        row = np.array(fields[-dimensions:], dtype=np.float32)
        if not word or not np.isfinite(row).all():
            raise EmbeddingError(f"Line {number} of {path} is not a word followed by numbers, as in a file of word vectors.")
        yield word, row


def _of_binary(file: BinaryIO) -> Iterator[tuple[str, Embeddings]]:
    """Two numbers on a line: words and dimensions; then each word, a space, and its numbers as float32."""
    header = _HEADER.fullmatch(file.readline(100).strip())
    if not header or not (width := 4 * int(header[2])):
        raise ValueError("it does not begin with the numbers of words and dimensions")
    data = b""
    for _ in range(int(header[1])):
        while (space := data.find(b" ")) < 0 or len(data) < space + 1 + width:
            if not (more := file.read(max(1 << 20, width))):
                raise EOFError("it ends in the middle of a word")
            data += more
        row = np.frombuffer(data[space + 1 : space + 1 + width], dtype="<f4")
        if not np.isfinite(row).all():
            raise ValueError("it has a number that is none")
        yield data[:space].lstrip(b"\n").decode("utf-8", "replace"), row
        data = data[space + 1 + width :]


def _of_gensim(path: Path) -> Iterator[tuple[str, Embeddings]]:
    """What gensim's `save` writes of models and vectors: the words, and their rows in the file itself or, of large ones, beside it."""
    with path.open("rb") as file:
        saved = _Harmless(file).load()
    beside = path.name
    if hasattr(saved, "wv"):
        saved, beside = saved.wv, f"{beside}.wv"
    words = list(getattr(saved, "index_to_key", None) or saved.index2word)[:MOST_WORDS]

    def rows_of(name: str) -> Any:
        rows = getattr(saved, name, None)
        rows = np.load(path.with_name(f"{beside}.{name}.npy"), mmap_mode="r", allow_pickle=False) if rows is None else rows
        if rows.ndim != 2 or not np.isfinite(rows[:MOST_WORDS]).all():
            raise ValueError("its vectors are damaged")
        return rows

    rows = rows_of("vectors") if not hasattr(saved, "min_n") else _fasttext_rows(words, saved, rows_of)
    if len(rows) < len(words):
        raise ValueError("its vectors are damaged")
    yield from ((str(word), np.array(row, dtype=np.float32)) for word, row in zip(words, rows, strict=False))


def _fasttext_rows(words: list[str], saved: Any, rows_of: Callable[[str], Any]) -> list[Embeddings]:
    """FastText's files leave out the words' vectors: each is the mean of a row of its own and those of the word's parts."""
    from rag.embedding.trained import gensim_models

    own, parts, hashes_of = rows_of("vectors_vocab"), rows_of("vectors_ngrams"), gensim_models().fasttext.ft_ngram_hashes
    hashes = (hashes_of(str(word), int(saved.min_n), int(saved.max_n), len(parts)) for word in words)
    return [(row + parts[of].sum(axis=0)) / (len(of) + 1) for row, of in zip(own, map(list, hashes), strict=False)]


class _Harmless(pickle.Unpickler):
    """Makes arrays, and of everything else an object that only holds what it is given."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "numpy" and name in _HARMLESS:
            return super().find_class(module, name)
        return _Held


class _Held:
    """Stands for any class, and for any function that a pickle would call."""

    def __new__(cls, *_: object, **__: object) -> "_Held":
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None: ...

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)

    def __setitem__(self, *_: object) -> None: ...

    def append(self, _: object) -> None: ...

    def extend(self, _: object) -> None: ...
