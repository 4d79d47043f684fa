"""How alike texts are: each with each, and each with a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.embedding import Told, embed_question, embed_texts
from rag.types import ChunkKey

if TYPE_CHECKING:
    from rag.library import Library

MOST_COMPARED = 1_000
"""Texts in a matrix, which then has a million cells."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of a list.

    Attributes:
        first: The index of one.
        second: That of the other, which is greater.
        cosine: In [-1, 1].
        first_text: The one.
        second_text: The other.
    """

    first: int
    second: int
    cosine: float
    first_text: str
    second_text: str


@dataclass(frozen=True, slots=True, eq=False)
class Similarities:
    """The cosines of texts, each with each.

    Attributes:
        texts: What is compared: texts, or names of documents.
        matrix: float32, `(len(texts), len(texts))`, in [-1, 1]; symmetric, with ones on its diagonal, both exactly.
        cut: Indices of texts longer than the model reads: their beginning is compared.
        keys: The chunk of each, or the first chunk of each document; empty for texts that are in no document.
        of_documents: Whether vectors of whole documents are compared: means are more alike than passages, so what a cosine of two
            passages is worth says nothing of theirs.
    """

    texts: tuple[str, ...]
    matrix: NDArray[np.float32]
    cut: tuple[int, ...] = ()
    keys: tuple[ChunkKey, ...] = ()
    of_documents: bool = False

    def pairs(self, most: int | None = None) -> list[Pair]:
        """The pairs of different places, most alike first.

        Args:
            most: How many, at most; all if not given.
        """
        rows, columns = np.triu_indices(len(self.texts), k=1)
        best = np.argsort(-self.matrix[rows, columns], kind="stable")[:most]
        return [
            Pair(int(row), int(column), float(self.matrix[row, column]), self.texts[row], self.texts[column])
            for row, column in zip(rows[best], columns[best], strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Match:
    """A text of a list, beside a question.

    Attributes:
        rank: 1 for the most similar.
        place: The text's index in the list.
        cosine: In [-1, 1].
        text: Its words.
        is_cut: Whether it is longer than the model reads, so that its beginning was compared.
    """

    rank: int
    place: int
    cosine: float
    text: str
    is_cut: bool


def compare(library: "Library", texts: Sequence[str], tell: Told = lambda _: None) -> Similarities:
    """Compare texts, each with each. All are embedded as documents are.

    Args:
        library: Whose model embeds them; its documents do not matter.
        texts: 2 to `MOST_COMPARED`, none empty; may repeat.
        tell: Told how far it is.

    Raises:
        ExploringError: There are too few, too many, or one is empty.
        EmbeddingError: The model cannot be used.
    """
    _check(len(texts), "text")
    embedded = embed_texts(library, texts, tell)
    return Similarities(embedded.texts, cosines(embedded.vectors), embedded.cut)


def compare_documents(library: "Library", documents: Sequence[str] | None = None) -> Similarities:
    """Compare documents by their vectors: the mean of those of their passages.

    Args:
        library: Where they are.
        documents: Names or ids; all if not given.

    Raises:
        ExploringError: There are too few or too many, or the vectors of one are still being made.
        DocumentNotFoundError: A name is not there.
        StorageError: The index cannot be read.
    """
    vectors = library.vectors()
    rows = {record.id: row for row, record in enumerate(vectors.records)}
    wanted = list(rows) if documents is None else [library.document(name).id for name in documents]
    if documents is None:
        vectors.require(documents=2)
    _check_ready(library, [document for document in wanted if document not in rows])
    _check(len(wanted), "document")
    chosen = [rows[document] for document in wanted]
    names = tuple(vectors.records[row].name for row in chosen)
    return Similarities(names, cosines(vectors.documents[chosen]), keys=tuple((document, 0) for document in wanted), of_documents=True)


def compare_passages(library: "Library", document: str) -> Similarities:
    """Compare the passages of a document.

    Args:
        library: Where it is.
        document: Its name or id.

    Raises:
        ExploringError: It has one passage only, too many, or its vectors are still being made.
        DocumentNotFoundError: The name is not there.
        StorageError: The index cannot be read.
    """
    vectors, record = library.vectors(), library.document(document)
    _check_ready(library, [] if any(found.id == record.id for found in vectors.records) else [record.id])
    rows = [row for row, key in enumerate(vectors.keys) if key[0] == record.id]
    _check(len(rows), "passage")
    keys = tuple(vectors.keys[row] for row in rows)
    chunks = library.chunks(keys)
    there = [place for place, key in enumerate(keys) if key in chunks]
    texts = tuple(chunks[keys[place]].text for place in there)
    return Similarities(texts, cosines(vectors.embeddings[rows][there]), keys=tuple(keys[place] for place in there))


def most_similar(library: "Library", query: str, texts: Sequence[str], top_k: int = 5, tell: Told = lambda _: None) -> list[Match]:
    """Find the texts of a list that are most similar to a question. The question is embedded as one, the texts as documents are.

    Args:
        library: Whose model embeds them; its documents do not matter.
        query: In words; not longer than the model reads.
        texts: 1 to `MOST_TEXTS` of `rag.exploring.lists`, none empty.
        top_k: How many, at most; at least 1.
        tell: Told how far it is.

    Returns:
        Best first; of equally similar ones, the first of the list first.

    Raises:
        ExploringError: The question or the list is empty, or too long.
        EmbeddingError: The model cannot be used.
        ValueError: `top_k` is less than 1.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    question = embed_question(library, query)
    embedded = embed_texts(library, texts, tell)
    found = np.clip(embedded.vectors @ question, -1, 1)
    cut = set(embedded.cut)
    best = np.argsort(-found, kind="stable")[:top_k]
    return [
        Match(rank, int(place), float(found[place]), embedded.texts[place], int(place) in cut) for rank, place in enumerate(best, start=1)
    ]


def cosines(vectors: Embeddings) -> NDArray[np.float32]:
    """The cosine of each row of unit length with each: symmetric, with ones on the diagonal, both exactly."""
    products: NDArray[np.float32] = np.clip(vectors @ vectors.T, -1, 1)
    products = (products + products.T) * np.float32(0.5)
    np.fill_diagonal(products, 1)
    return products


def _check(count: int, what: str) -> None:
    if count < 2:
        raise ExploringError(f"Comparing needs at least 2 {what}s, and there {'is 1' if count == 1 else 'are none'}. Give more.")
    if count > MOST_COMPARED:
        raise ExploringError(
            f"At most {MOST_COMPARED:,} {what}s are compared each with each, and there are {count:,}. Give fewer"
            + (", or a question to compare all of them with." if what == "text" else ".")
        )


def _check_ready(library: "Library", missing: Sequence[str]) -> None:
    if missing:
        name = library.document(missing[0]).name
        raise ExploringError(f"The vectors of {name} are still being made. Wait until the list of documents no longer says so.")
