"""Documents and passages that are in the library twice, or nearly so."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import ExploringError
from rag.exploring import pairing
from rag.exploring.changes import Change, changes, compared
from rag.exploring.passages import FoundPassage, found_passage
from rag.exploring.vectors import Progress, Vectors, no_progress

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

THRESHOLD = 0.8  # share of words in common from which passages are the same except for small changes
ALIKE = 0.8  # cosine from which two passages are similar, and may be the same
MOST = 0.5  # share of a document's passages that must have a counterpart in another document
MOST_PAIRS = 200  # pairs of documents that are compared, those with most in common first
MOST_COMPARED = 20  # pairs of documents whose changes are listed, the first ones
MOST_CHANGES = 30  # changes listed of two documents; of two that are only similar, a third of this many passages


@dataclass(frozen=True, slots=True)
class DocumentPair:
    """Two documents of which one has most of what the other has.

    Attributes:
        left: Name of the one with the larger share of passages in common.
        right: Name of the other.
        left_id: Its id.
        right_id: Its id.
        left_passages: Its number of passages.
        right_passages: Its number of passages.
        left_shared: Passages of the left document whose words are in the right one.
        right_shared: Passages of the right document whose words are in the left one.
        left_alike: Passages of the left document that are at least similar to one of the right.
        right_alike: The reverse.
        cosine: Of the documents' vectors, in [-1, 1].
        identical: Whether all their words are the same, in the same order.
        changes: Where they differ, in reading order; if they are only similar, their most similar passages.
        changes_left_out: How many more changes there are; -1 if the documents were not compared.
    """

    left: str
    right: str
    left_id: str
    right_id: str
    left_passages: int
    right_passages: int
    left_shared: int
    right_shared: int
    left_alike: int
    right_alike: int
    cosine: float
    identical: bool
    changes: tuple[Change, ...] = ()
    changes_left_out: int = -1

    @property
    def shared(self) -> float:
        """The larger share of passages that are in the other document, in [0, 1]: 1 if one contains the other."""
        return max(self.left_shared / self.left_passages, self.right_shared / self.right_passages)

    @property
    def alike(self) -> float:
        """The smaller share of passages that are similar to one of the other document, in [0, 1]."""
        return min(self.left_alike / self.left_passages, self.right_alike / self.right_passages)

    @property
    def is_copy(self) -> bool:
        """Whether most passages of one are in the other; if not, they say the same in other words."""
        return self.shared >= MOST


@dataclass(frozen=True, slots=True)
class PassageGroup:
    """A passage that is in several documents, perhaps with small changes: every place, document by document.

    `words` is the share of words that the first place and the most different of the others have in common, in [0, 1].
    """

    passages: tuple[FoundPassage, ...]
    documents: int
    words: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What is in a library twice, or nearly so.

    Attributes:
        documents: Pairs of documents: copies first, then those that say the same in other words; most in common first.
        passages: Passages in several documents that are not all copies of each other; in most documents first.
        waiting: Number of documents left out because they are still being indexed.
    """

    documents: tuple[DocumentPair, ...]
    passages: tuple[PassageGroup, ...]
    waiting: int


def find_duplicates(corpus: "Corpus", *, threshold: float = THRESHOLD, progress: Progress = no_progress) -> Duplicates:
    """Find documents and passages that are in the library twice, or nearly so.

    Passages with a cosine of 0.8 or more are compared by their words: passages that are merely on the same subject are no duplicates.

    Args:
        corpus: A library, or `rag.Texts`, of two documents at least.
        threshold: Share of words in common from which passages count as the same, in (0, 1].
        progress: Called with the share done, in [0, 1].

    Raises:
        ExploringError: There are fewer than two documents, or documents were removed in the meantime.
        ValueError: The threshold is out of range.
        StorageError: The index cannot be read.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
    vectors = corpus.vectors()
    vectors.require(documents=2)
    return _Search(corpus, vectors, threshold).run(progress)


class _Search:
    """One search and its working data."""

    def __init__(self, corpus: "Corpus", vectors: Vectors, threshold: float) -> None:
        self._vectors = vectors
        self._threshold = threshold
        chunks = corpus.chunks(vectors.keys)
        if len(chunks) < len(vectors):
            raise ExploringError("Documents were removed in the meantime. Try again.")
        self._chunks = [chunks[key] for key in vectors.keys]
        numbers = pairing.WordNumbers()
        self._texts = pairing.Texts([numbers.words(chunk.text) for chunk in self._chunks], vectors.owners)
        self._rows = [np.flatnonzero(vectors.owners == document).tolist() for document in range(len(vectors.records))]

    def run(self, progress: Progress) -> Duplicates:
        texts = self._texts
        pairs = pairing.similar_pairs(self._vectors.embeddings[texts.distinct], ALIKE, progress=lambda share: progress(0.8 * share))
        rows_of_groups = pairing.groups_of(texts, pairs, self._threshold)
        progress(0.9)
        alike = pairing.counterparts(texts, pairs, len(self._rows))
        compared = [self._pair(a, b, alike[a, b], alike[b, a]) for a, b in pairing.candidates(alike, texts, MOST)[:MOST_PAIRS]]
        kept = sorted(
            (found for found in compared if found[0].is_copy or found[0].alike >= MOST),
            key=lambda found: (not found[0].is_copy, -found[0].shared if found[0].is_copy else -found[0].alike, -found[0].cosine),
        )
        copies = pairing.components(len(self._rows), [(a, b) for pair, a, b in kept if pair.is_copy])
        groups = [self._group(rows) for rows in rows_of_groups if len(set(copies[texts.owners[rows]])) > 1]
        documents = [self._with_changes(*found) if at < MOST_COMPARED else found[0] for at, found in enumerate(kept)]
        progress(1.0)
        return Duplicates(
            tuple(documents),
            tuple(sorted(groups, key=lambda group: (-group.documents, -group.words, -len(group.passages[0].passage.text)))),
            self._vectors.waiting,
        )

    def _found(self, row: int) -> FoundPassage:
        return found_passage(self._chunks[row], self._vectors.records[self._vectors.owners[row]])

    def _group(self, rows: NDArray[np.intp]) -> PassageGroup:
        words = self._texts.words
        least = min(pairing.in_common(words[rows[0]], words[row]) for row in self._texts.deduplicated(rows).tolist())
        return PassageGroup(tuple(map(self._found, rows.tolist())), len(set(self._vectors.owners[rows].tolist())), least)

    def _pair(self, a: int, b: int, a_alike: int, b_alike: int) -> tuple[DocumentPair, int, int]:
        whole_a, whole_b = (np.concatenate([self._texts.words[row] for row in self._rows[document]]) for document in (a, b))
        a_shared, b_shared = self._shared(a, pairing.shingles(whole_b)), self._shared(b, pairing.shingles(whole_a))
        if b_shared / len(self._rows[b]) > a_shared / len(self._rows[a]):
            (a, a_shared, a_alike), (b, b_shared, b_alike) = (b, b_shared, b_alike), (a, a_shared, a_alike)
        left, right = self._vectors.records[a], self._vectors.records[b]
        pair = DocumentPair(
            left=left.name,
            right=right.name,
            left_id=left.id,
            right_id=right.id,
            left_passages=len(self._rows[a]),
            right_passages=len(self._rows[b]),
            left_shared=a_shared,
            right_shared=b_shared,
            left_alike=max(int(a_alike), a_shared),
            right_alike=max(int(b_alike), b_shared),
            cosine=float(np.clip(self._vectors.documents[a] @ self._vectors.documents[b], -1, 1)),
            identical=np.array_equal(whole_a, whole_b),
        )
        return pair, a, b

    def _shared(self, document: int, other: NDArray[np.uint64]) -> int:
        return sum(pairing.containment(self._texts.words[row], other) >= self._threshold for row in self._rows[document])

    def _with_changes(self, pair: DocumentPair, a: int, b: int) -> DocumentPair:
        if pair.is_copy:
            found = changes([self._found(row) for row in self._rows[a]], [self._found(row) for row in self._rows[b]])
            shown = found[:MOST_CHANGES]
        else:
            found = self._nearest(a, b)
            shown = found[: MOST_CHANGES // 3]
        return replace(pair, changes=tuple(shown), changes_left_out=len(found) - len(shown))

    def _nearest(self, a: int, b: int) -> list[Change]:
        """The passages that are similar but not in the same words; those with most words in common first."""
        embeddings, words = self._vectors.embeddings, self._texts.words
        found: list[tuple[float, int, int]] = []
        for row in self._rows[a]:
            cosines = embeddings[self._rows[b]] @ embeddings[row]
            other = self._rows[b][int(cosines.argmax())]
            if cosines.max() >= ALIKE and (share := pairing.in_common(words[row], words[other])) < 1:
                found.append((share, row, other))
        found.sort(key=lambda pair: (-pair[0], pair[1:]))
        return [compared(self._found(left), self._found(right)) for _, left, right in found]
