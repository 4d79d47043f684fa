"""All pairs of vectors that are near each other, by blocks of the matrix of cosines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings

BLOCK = 2_048
"""Rows and columns of a block: 17 MB of float32, whatever the number of vectors."""

MOST_PAIRS = 2_000_000
"""Kept at once, 20 bytes each; where there are more, the nearest half stays, and `least` rises."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of rows, each once.

    Attributes:
        left: int, `(n,)`: the smaller row of each pair.
        right: int, `(n,)`: the larger.
        cosines: float32, `(n,)`, in [least, 1].
        least: The smallest cosine that was looked for in the end.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    cosines: NDArray[np.float32]
    least: float

    def __len__(self) -> int:
        return len(self.left)

    def nearest(self, least: float) -> "Pairs":
        """Those of this cosine or more."""
        keep = self.cosines >= least
        return Pairs(self.left[keep], self.right[keep], self.cosines[keep], least)


def similar_pairs(
    embeddings: Embeddings, least: float, *, progress: Callable[[float], None] | None = None, most: int = MOST_PAIRS
) -> Pairs:
    """Find the pairs of rows whose cosine is `least` or more. Exact; n²/2 cosines, of which one block is held at a time.

    Args:
        embeddings: float32, `(n, dimensions)`, rows of unit length.
        least: In [-1, 1].
        progress: Called with the share done, in [0, 1], after each block of rows.
        most: Pairs kept; with more, `least` rises until they are few enough.
    """
    count = len(embeddings)
    parts: list[Pairs] = []
    for first in range(0, count, BLOCK):
        for second in range(first, count, BLOCK):
            parts.append(_block(embeddings, first, second, least))
            if sum(map(len, parts)) > most:
                parts = [_fewer(_joined(parts, least), most)]
                least = parts[0].least
        if progress:
            progress(1 - max(0.0, 1 - (first + BLOCK) / count) ** 2)
    return _joined(parts, least)


def _block(embeddings: Embeddings, first: int, second: int, least: float) -> Pairs:
    cosines = embeddings[first : first + BLOCK] @ embeddings[second : second + BLOCK].T
    rows, columns = np.nonzero(cosines >= least)
    if first == second:
        above = rows < columns
        rows, columns = rows[above], columns[above]
    return Pairs(rows + first, columns + second, np.minimum(cosines[rows, columns], np.float32(1)), least)


def _joined(parts: Sequence[Pairs], least: float) -> Pairs:
    if not parts:
        return Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32), least)
    left, right = np.concatenate([part.left for part in parts]), np.concatenate([part.right for part in parts])
    return Pairs(left, right, np.concatenate([part.cosines for part in parts]), least)


def _fewer(pairs: Pairs, most: int) -> Pairs:
    """The nearer half, as often as it takes."""
    while len(pairs) > most:
        median = np.median(pairs.cosines).astype(np.float32)
        pairs = pairs.nearest(float(np.nextafter(median, np.float32(2))))
    return pairs
