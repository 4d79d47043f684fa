"""From pairs of passages to groups of passages and pairs of documents."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.similar import Pairs
from rag.exploring.wordings import Words, in_common

LEAST_WORDS = 8
"""Shorter passages are no finding by themselves: "Contents", "Page left blank"."""

MOST_HOLDERS = 100
"""A passage in more documents than these says nothing about any two of them, as a disclaimer does not."""


class Texts:
    """The texts of all passages, with equal ones known.

    Attributes:
        words: The words of each, by row.
        owners: The document of each, by row.
        distinct: The first row of each different text.
        numbers: Of each row, where in `distinct` its text is.
        sizes: Words of each different text.
    """

    def __init__(self, words: Sequence[Words], owners: NDArray[np.intp]) -> None:
        self.words = words
        self.owners = owners
        first: dict[bytes, int] = {}
        self.numbers = np.array([first.setdefault(text.tobytes(), len(first)) for text in words], dtype=np.intp)
        self.distinct = np.unique(self.numbers, return_index=True)[1]
        self.sizes = np.array([len(words[row]) for row in self.distinct])

    def different(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """One row for each different text among some."""
        return rows[np.unique(self.numbers[rows], return_index=True)[1]]


def groups_of(texts: Texts, pairs: Pairs, threshold: float) -> list[NDArray[np.intp]]:
    """The passages that are the same but for small changes, connected ones together, where they stand in several documents.

    Args:
        texts: All passages.
        pairs: Pairs of `texts.distinct` that may be the same.
        threshold: Share of words in common from which they are, in (0, 1].

    Returns:
        The rows of each group, ascending.
    """
    left, right = texts.sizes[pairs.left], texts.sizes[pairs.right]
    may = (np.minimum(left, right) >= LEAST_WORDS) & (2 * np.minimum(left, right) >= threshold * (left + right))
    same = [
        (a, b)
        for a, b in zip(pairs.left[may], pairs.right[may], strict=True)
        if in_common(texts.words[texts.distinct[a]], texts.words[texts.distinct[b]], threshold) >= threshold
    ]
    component = clusters(len(texts.distinct), same)[texts.numbers]
    order = np.argsort(component, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    return [
        rows for rows in parts if len(rows) > 1 and texts.sizes[texts.numbers[rows[0]]] >= LEAST_WORDS and len(set(texts.owners[rows])) > 1
    ]


def clusters(count: int, joined: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Number what is joined, directly or through others: `(count,)`, equal where joined.

    Args:
        count: How many there are.
        joined: Pairs of indexes below `count`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array(joined, dtype=np.intp).reshape(-1, 2)
    edges = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
    numbers: NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return numbers


def alike_counts(texts: Texts, pairs: Pairs, documents: int) -> Any:
    """How many passages of one document have a counterpart in another.

    Args:
        texts: All passages.
        pairs: Pairs of `texts.distinct` that are alike.
        documents: How many there are.

    Returns:
        Of scipy, sparse, int, `(documents, documents)`: row has, in column.
    """
    from scipy.sparse import coo_array, csr_array

    count = len(texts.distinct)
    held = csr_array((np.ones(len(texts.numbers), dtype=np.int64), (texts.numbers, texts.owners)), shape=(count, documents))
    holders = np.diff(held.indptr)
    held.data[np.repeat(holders, holders) > MOST_HOLDERS] = 0
    held.eliminate_zeros()
    ones = np.ones(len(pairs), dtype=np.int64)
    near = coo_array((ones, (pairs.left, pairs.right)), shape=(count, count)).tocsr()
    counterparts = (near + near.T) @ held + held
    counterparts.data[:] = 1
    return (held.T @ counterparts).tocsr()


def candidates(alike: Any, texts: Texts, least: float) -> list[tuple[int, int]]:
    """Pairs of documents of which one has counterparts in the other for most of its passages.

    Args:
        alike: Of `alike_counts`.
        texts: All passages.
        least: The share of its passages, in [0, 1].

    Returns:
        The smaller number first; those with most in common first.
    """
    totals = np.bincount(texts.owners, minlength=alike.shape[0])
    entries = alike.tocoo()
    shares = entries.data / totals[entries.row]
    best: dict[tuple[int, int], float] = {}
    for a, b, share in zip(entries.row.tolist(), entries.col.tolist(), shares.tolist(), strict=True):
        if a != b and share >= least:
            pair = (min(a, b), max(a, b))
            best[pair] = best.get(pair, 0.0) + share
    return sorted(best, key=lambda pair: (-best[pair], pair))
