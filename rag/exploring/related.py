"""More like this: the passages and documents nearest to a passage, a page or a document."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import ExploringError
from rag.exploring.passages import FoundPassage, best_passages, found_passage
from rag.exploring.vectors import Vectors, unit
from rag.formats.counting import noun_of, pages_counted
from rag.types import ChunkKey, Passage

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

BLOCK = 2_048  # passages compared at once with those of a document
SAME = 0.999  # cosine from which two passages count as the same text, such as a disclaimer: it ties two documents only if nothing else does


@dataclass(frozen=True, slots=True)
class RelatedDocument:
    """A document near another one, and the passages that tie them.

    Attributes:
        document: Its name.
        document_id: Its id.
        cosine: Of the two documents' vectors, in [-1, 1].
        here: The passage of the other document that is nearest to one of this document ...
        there: ... and that passage.
        tie: The cosine of the two passages, in [-1, 1].
    """

    document: str
    document_id: str
    cosine: float
    here: FoundPassage
    there: FoundPassage
    tie: float


def more_like(
    corpus: "Corpus",
    document: str,
    ordinal: int | None = None,
    *,
    page: int | None = None,
    top_k: int = 10,
    other_documents: bool = True,
) -> list[Passage]:
    """Find the passages nearest to a passage, to a page, or to a document.

    They are compared with the passage's own vector, or with the mean of the passages of the page or document.

    Args:
        corpus: The library, or `rag.Texts`, to search.
        document: Name or id.
        ordinal: The passage's position in its document, 0-based; the page, or the whole document, if not given.
        page: Physical page, 1-based, if no ordinal is given.
        top_k: The number of passages, at most.
        other_documents: Whether to leave out the whole document; if not, only the passages asked about are left out.

    Returns:
        Best first; `cosine` and `score` are the cosine.

    Raises:
        DocumentNotFoundError: There is no such document, or more than one.
        ExploringError: It has no such passage, nothing on that page, is still being indexed, or there is nothing else to find.
        ValueError: `top_k` is less than 1.
        StorageError: The index cannot be read.
    """
    return [found.passage for found in found_like(corpus, document, ordinal, page, top_k, other_documents)]


def found_like(
    corpus: "Corpus", document: str, ordinal: int | None, page: int | None = None, top_k: int = 10, other_documents: bool = True
) -> list[FoundPassage]:
    """As `more_like`, with the passages' ordinals."""
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    record, vectors = corpus.document(document), corpus.vectors()
    own = vectors.rows_of(record)
    given = own
    if ordinal is not None:
        given = np.array([row for row in own if vectors.keys[row] == (record.id, ordinal)], dtype=np.intp)
        if not len(given):
            raise ExploringError(f"{record.name} has no passage {ordinal}: they are numbered 0 to {len(own) - 1}.")
    elif page is not None:
        chunks = corpus.chunks([vectors.keys[row] for row in own])
        given = np.array([row for row in own if (chunk := chunks.get(vectors.keys[row])) and chunk.page == page], dtype=np.intp)
        if not len(given):
            named, pages = noun_of(record), pages_counted(record)
            raise ExploringError(f"There is no text on {named} {page} of {record.name}, which has {pages}. Choose another {named}.")
    cosines = np.clip(vectors.embeddings @ unit(vectors.embeddings[given].mean(axis=0)), -1, 1)
    cosines[own if other_documents else given] = -np.inf
    best = [int(row) for row in np.argsort(-cosines, kind="stable")[:top_k] if np.isfinite(cosines[row])]
    if not best:
        raise ExploringError(f"There is nothing besides {record.name} to compare it with. Add more documents.")
    return best_passages(corpus, {vectors.keys[row]: float(cosines[row]) for row in best})


def related_to(corpus: "Corpus", document: str, *, top_k: int = 5) -> list[RelatedDocument]:
    """Find the documents nearest to one, and for each the pair of passages nearest to each other.

    Args:
        corpus: A library, or `rag.Texts`, of two documents at least.
        document: Name or id.
        top_k: The number of documents, at most.

    Returns:
        Best first.

    Raises:
        DocumentNotFoundError, ExploringError, ValueError, StorageError: As for `more_like`.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    record, vectors = corpus.document(document), corpus.vectors()
    own = vectors.rows_of(record)
    vectors.require(documents=2)
    number = int(vectors.owners[own[0]])
    cosines = np.clip(vectors.documents @ vectors.documents[number], -1, 1)
    cosines[number] = -np.inf
    best = np.argsort(-cosines, kind="stable")[: min(top_k, len(cosines) - 1)]
    ties = [_tie(vectors, own, np.flatnonzero(vectors.owners == other)) for other in best]
    chunks = corpus.chunks({key for here, there, _ in ties for key in (here, there)})
    return [
        RelatedDocument(
            other.name,
            other.id,
            float(cosines[place]),
            found_passage(chunks[here], record, cosine=tie),
            found_passage(chunks[there], other, cosine=tie),
            tie,
        )
        for place, other, (here, there, tie) in zip(best, (vectors.records[place] for place in best), ties, strict=True)
        if here in chunks and there in chunks
    ]


def _tie(vectors: Vectors, ours: NDArray[np.intp], theirs: NDArray[np.intp]) -> tuple[ChunkKey, ChunkKey, float]:
    """The two passages of two documents that are nearest to each other without being the same, and their cosine."""
    best: tuple[float, int, int] | None = None
    for first in range(0, len(ours), BLOCK):
        for second in range(0, len(theirs), BLOCK):
            rows, others = ours[first : first + BLOCK], theirs[second : second + BLOCK]
            cosines = vectors.embeddings[rows] @ vectors.embeddings[others].T
            if (near := cosines < SAME).any():
                here, there = np.unravel_index(int(np.where(near, cosines, -2).argmax()), cosines.shape)
                pair = (float(cosines[here, there]), int(rows[here]), int(others[there]))
                best = pair if best is None else max(best, pair)
    cosine, row, other = best or (1.0, int(ours[0]), int(theirs[0]))
    return vectors.keys[row], vectors.keys[other], cosine
