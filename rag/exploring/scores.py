"""The distribution of cosines in a library: what a score of 0.46 is worth depends on the model and on the documents."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.exploring.embedding import embed_question

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

MOST_PAIRS = 20_000  # pairs of passages that are compared: all, or a random sample of this size
MOST_NEAREST = 2_000  # passages whose nearest neighbour is sought among all others: all, or a random sample of this size
BLOCK_CELLS = 20_000_000  # cosines in memory at a time, 80 MB

Among = Literal["pairs", "nearest", "question"]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreDistribution:
    """The cosines in a library, each array in ascending order.

    Attributes:
        pairs: float32, of pairs of different passages; a sample if there are more than `MOST_PAIRS`.
        nearest: float32, of passages and their nearest neighbour; a sample if there are more than `MOST_NEAREST`.
        question: float32, of the question and every passage; None without a question.
        passages: The number of passages in the library.
    """

    pairs: NDArray[np.float32]
    nearest: NDArray[np.float32]
    question: NDArray[np.float32] | None
    passages: int

    def share_below(self, score: float, among: Among = "pairs") -> float:
        """The share of cosines below a score, in [0, 1].

        Args:
            score: A cosine.
            among: Which of the three arrays.

        Raises:
            ValueError: There was no question, or the score is not a number.
        """
        cosines: NDArray[np.float32] | None = getattr(self, among)
        if cosines is None:
            raise ValueError("There was no question.")
        if np.isnan(score):
            raise ValueError("The score is not a number.")
        return float(np.searchsorted(cosines, np.float32(score), side="left") / len(cosines))

    def place(self, score: float) -> str:
        """Put a score in words, as "higher than 97 % of pairs of passages of this library"."""
        return f"higher than {in_words(self.share_below(score))} of passages of this library"


def score_distribution(corpus: "Corpus", *, question: str | None = None, seed: int = 0) -> ScoreDistribution:
    """Look at the distribution of cosines in a library. 100,000 passages take seconds.

    Args:
        corpus: The library, or `rag.Texts`.
        question: Compared with every passage; not longer than the model reads.
        seed: For the samples.

    Raises:
        ExploringError: Fewer than 2 passages are embedded, or the question is empty or too long.
        EmbeddingError, StorageError: The model cannot be used, or the index cannot be read.
    """
    vectors = corpus.vectors()
    vectors.require(chunks=2)
    rows = vectors.embeddings
    random = np.random.default_rng(seed)
    pairs = np.sort(_pairs(rows, random))
    nearest = np.sort(_nearest(rows, random))
    compared = None if question is None else np.sort(np.clip(rows @ embed_question(corpus, question), -1, 1))
    return ScoreDistribution(pairs, nearest, compared, len(rows))


def in_words(share: float) -> str:
    """A share of pairs: "97 % of pairs"; "nearly all pairs" above 99 %, "all pairs" only if that is exact."""
    if share in {0.0, 1.0}:
        return "all pairs" if share else "no pair"
    if 0.01 <= share <= 0.99:
        return f"{100 * share:.0f} % of pairs"
    return "nearly all pairs" if share > 0.5 else "hardly any pair"


def _pairs(rows: Embeddings, random: np.random.Generator) -> NDArray[np.float32]:
    count = len(rows)
    if count * (count - 1) // 2 <= MOST_PAIRS:
        first, second = np.triu_indices(count, k=1)
    else:
        first = random.integers(count, size=MOST_PAIRS)
        second = (first + random.integers(1, count, size=MOST_PAIRS)) % count  # never itself, each other one equally likely
    cosines: NDArray[np.float32] = np.clip(np.einsum("ij,ij->i", rows[first], rows[second]), -1, 1)
    return cosines


def _nearest(rows: Embeddings, random: np.random.Generator) -> NDArray[np.float32]:
    chosen = np.arange(len(rows)) if len(rows) <= MOST_NEAREST else random.choice(len(rows), MOST_NEAREST, replace=False)
    best = np.empty(len(chosen), dtype=np.float32)
    step = max(1, BLOCK_CELLS // len(rows))
    for start in range(0, len(chosen), step):
        block = chosen[start : start + step]
        products = rows[block] @ rows.T
        products[np.arange(len(block)), block] = -np.inf  # itself
        best[start : start + step] = products.max(axis=1)
    return np.clip(best, -1, 1)
