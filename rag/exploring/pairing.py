"""Which passages have the same words, or nearly so; and which documents have many such passages in common."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.exploring.vectors import Progress, no_progress

_WORD = re.compile(r"\w+")

SHINGLE = 3  # consecutive words that are compared as one. A changed word breaks three of them.
LEAST_WORDS = 8  # shorter passages are no finding by themselves: "Contents", "Page left blank"
MOST_HOLDERS = 100  # a passage in more documents than this says nothing about any two of them: a disclaimer, for example
BLOCK = 2_048  # rows and columns of a block of cosines: 17 MB of float32, however many vectors there are
MOST_PAIRS = 2_000_000  # pairs in memory, 20 bytes each; if there are more, the more similar half is kept, and `least` rises

Words = NDArray[np.int64]  # a text's words in order, as numbers: words that differ only in case have the same, punctuation has none


class WordNumbers:
    """Numbers words in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def words(self, text: str) -> Words:
        """The numbers of a text's words; a text without letters and digits is one word."""
        numbers = self._numbers
        return np.array([numbers.setdefault(word, len(numbers)) for word in _WORD.findall(text.casefold()) or [text]], dtype=np.int64)


class Texts:
    """The texts of all passages, identical ones recognised: `distinct` is the first row of each text, `sizes` its number of words."""

    def __init__(self, words: Sequence[Words], owners: NDArray[np.intp]) -> None:
        """Take the words of each passage, and the index of its document; `numbers` are indices in `distinct`."""
        self.words = words
        self.owners = owners
        first: dict[bytes, int] = {}
        self.numbers = np.array([first.setdefault(text.tobytes(), len(first)) for text in words], dtype=np.intp)
        self.distinct = np.unique(self.numbers, return_index=True)[1]
        self.sizes = np.array([len(words[row]) for row in self.distinct])

    def deduplicated(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """One row for each distinct text among some."""
        return rows[np.unique(self.numbers[rows], return_index=True)[1]]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of rows, left < right, each once: all those with a cosine of `least` or more."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    cosines: NDArray[np.float32]
    least: float

    def __len__(self) -> int:
        return len(self.left)


def similar_pairs(embeddings: Embeddings, least: float, *, progress: Progress = no_progress, most: int = MOST_PAIRS) -> Pairs:
    """Find all pairs of unit vectors whose cosine is `least` or more: n²/2 cosines, of which one block is in memory at a time.

    If more than `most` pairs are found, `least` rises until they are few enough.
    """
    count = len(embeddings)
    pairs = Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32), least)
    parts, size = [pairs], 0
    for first in range(0, count, BLOCK):
        for second in range(first, count, BLOCK):
            parts.append(_block(embeddings, first, second, parts[0].least))
            size += len(parts[-1])
            if size > most:
                parts = [_fewer(_joined(parts), most)]
                size = len(parts[0])
        progress(1 - max(0.0, 1 - (first + BLOCK) / count) ** 2)
    return _joined(parts)


def in_common(left: Words, right: Words, least: float = 0.0) -> float:
    """The share of words that two texts have in common, in order; in [0, 1].

    Twice the longest common subsequence / the words of both. A share below `least` is returned as 0, which is much faster.
    """
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(left.tolist(), right.tolist(), score_cutoff=least))


def shingles(words: Words) -> NDArray[Any]:
    """Hashes of the distinct runs of three words; of fewer words, one of them all."""
    size = min(SHINGLE, len(words))
    runs = np.zeros(len(words) - size + 1, dtype=np.uint64)
    for place in range(size):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + words[place : len(words) - size + place + 1].astype(np.uint64)
    return np.unique(runs)


def containment(part: Words, whole: NDArray[Any]) -> float:
    """The share of a text's shingles that are among another's, in [0, 1].

    Source: A. Broder, On the resemblance and containment of documents, 1997.
    """
    return float(np.isin(shingles(part), whole, assume_unique=True).mean())


def groups_of(texts: Texts, pairs: Pairs, threshold: float) -> list[NDArray[np.intp]]:
    """Groups of rows whose texts are the same except for small changes, directly or through others, in several documents.

    Texts count as the same from a share of words in common of `threshold`, in (0, 1]. `pairs` are pairs of `texts.distinct`.
    """
    left, right = texts.sizes[pairs.left], texts.sizes[pairs.right]
    may = (np.minimum(left, right) >= LEAST_WORDS) & (2 * np.minimum(left, right) >= threshold * (left + right))
    same = [
        (a, b)
        for a, b in zip(pairs.left[may], pairs.right[may], strict=True)
        if in_common(texts.words[texts.distinct[a]], texts.words[texts.distinct[b]], threshold) >= threshold
    ]
    component = components(len(texts.distinct), same)[texts.numbers]
    order = np.argsort(component, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    return [
        rows for rows in parts if len(rows) > 1 and texts.sizes[texts.numbers[rows[0]]] >= LEAST_WORDS and len(set(texts.owners[rows])) > 1
    ]


def components(count: int, joined: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """The connected components of a graph: `(count,)`, equal numbers for what is joined."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array(joined, dtype=np.intp).reshape(-1, 2)
    edges = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
    numbers: NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return numbers


def counterparts(texts: Texts, pairs: Pairs, documents: int) -> Any:
    """How many passages of one document have a counterpart in another: a sparse array `(documents, documents)`, row in column.

    `pairs` are pairs of similar texts of `texts.distinct`.
    """
    from scipy.sparse import coo_array, csr_array

    count = len(texts.distinct)
    held = csr_array((np.ones(len(texts.numbers), dtype=np.int64), (texts.numbers, texts.owners)), shape=(count, documents))
    holders = np.diff(held.indptr)
    held.data[np.repeat(holders, holders) > MOST_HOLDERS] = 0
    held.eliminate_zeros()
    ones = np.ones(len(pairs), dtype=np.int64)
    near = coo_array((ones, (pairs.left, pairs.right)), shape=(count, count)).tocsr()
    similar = (near + near.T) @ held + held
    similar.data[:] = 1
    return (held.T @ similar).tocsr()


def candidates(counts: Any, texts: Texts, least: float) -> list[tuple[int, int]]:
    """Pairs of documents of which one has `counterparts` in the other for a share of `least` of its passages; most first."""
    totals = np.bincount(texts.owners, minlength=counts.shape[0])
    entries = counts.tocoo()
    shares = entries.data / totals[entries.row]
    best: dict[tuple[int, int], float] = {}
    for a, b, share in zip(entries.row.tolist(), entries.col.tolist(), shares.tolist(), strict=True):
        if a != b and share >= least:
            pair = (min(a, b), max(a, b))
            best[pair] = best.get(pair, 0.0) + share
    return sorted(best, key=lambda pair: (-best[pair], pair))


def _block(embeddings: Embeddings, first: int, second: int, least: float) -> Pairs:
    cosines = embeddings[first : first + BLOCK] @ embeddings[second : second + BLOCK].T
    rows, columns = np.nonzero(cosines >= least)
    if first == second:
        above = rows < columns
        rows, columns = rows[above], columns[above]
    return Pairs(rows + first, columns + second, np.minimum(cosines[rows, columns], np.float32(1)), least)


def _joined(parts: Sequence[Pairs]) -> Pairs:
    left, right = np.concatenate([part.left for part in parts]), np.concatenate([part.right for part in parts])
    return Pairs(left, right, np.concatenate([part.cosines for part in parts]), parts[0].least)


def _fewer(pairs: Pairs, most: int) -> Pairs:
    """The more similar half, as often as it takes."""
    while len(pairs) > most:
        least = float(np.nextafter(np.median(pairs.cosines).astype(np.float32), np.float32(2)))
        keep = pairs.cosines >= least
        pairs = Pairs(pairs.left[keep], pairs.right[keep], pairs.cosines[keep], least)
    return pairs
