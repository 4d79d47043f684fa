"""How similar texts are: to each other, and to a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.embedding import EmbeddedTexts, embed_question, embed_texts
from rag.exploring.vectors import Progress, no_progress
from rag.types import ChunkKey

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

MOST_COMPARED = 1_000  # texts in a matrix, which then has a million cells


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts of a list, first < second by index, and their cosine, in [-1, 1]."""

    first: int
    second: int
    cosine: float
    first_text: str
    second_text: str


@dataclass(frozen=True, slots=True, eq=False)
class Similarities:
    """The cosine of each text with each.

    Attributes:
        texts: What is compared: texts, or names of documents.
        matrix: float32, `(len(texts), len(texts))`, in [-1, 1]; exactly symmetric, with exact ones on its diagonal.
        cut: Indices of texts longer than the model reads: only their beginning is compared.
        keys: The chunk of each text, or the first chunk of each document; empty for texts that are in no document.
        of_documents: Whether whole documents are compared. Their vectors are means and more similar than those of passages, so the
            distribution of passage scores does not apply.
    """

    texts: tuple[str, ...]
    matrix: NDArray[np.float32]
    cut: tuple[int, ...] = ()
    keys: tuple[ChunkKey, ...] = ()
    of_documents: bool = False

    def pairs(self, most: int | None = None) -> list[Pair]:
        """The pairs of different texts, most similar first.

        Args:
            most: The number of pairs, at most; all if not given.
        """
        rows, columns = np.triu_indices(len(self.texts), k=1)
        best = np.argsort(-self.matrix[rows, columns], kind="stable")[:most]
        return [
            Pair(int(row), int(column), float(self.matrix[row, column]), self.texts[row], self.texts[column])
            for row, column in zip(rows[best], columns[best], strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Match:
    """A text of a list, compared with a question.

    Attributes:
        rank: 1 for the most similar.
        place: The text's index in the list.
        cosine: In [-1, 1].
        text: The text.
        is_cut: Whether it is longer than the model reads, so that only its beginning was compared.
    """

    rank: int
    place: int
    cosine: float
    text: str
    is_cut: bool


def compare(corpus: "Corpus", texts: Sequence[str], progress: Progress = no_progress) -> Similarities:
    """Compare each text with each, embedded as documents.

    Args:
        corpus: The library, or `rag.Texts`, whose model embeds them; its documents do not matter.
        texts: 2 to 1,000 texts, none empty; they may repeat.
        progress: Called with the share done, in [0, 1].

    Raises:
        ExploringError: There are too few or too many, or one is empty.
        EmbeddingError: The model cannot be used.
    """
    check_count(len(texts), "text")
    return compared(embed_texts(corpus, texts, progress))


def compared(embedded: EmbeddedTexts) -> Similarities:
    """Each text with each."""
    check_count(len(embedded.texts), "text")
    return Similarities(embedded.texts, cosines(embedded.vectors), embedded.cut)


def compare_documents(corpus: "Corpus", documents: Sequence[str] | None = None) -> Similarities:
    """Compare documents by the means of their passages' vectors.

    Args:
        corpus: The library, or `rag.Texts`, with the documents.
        documents: Names or ids; all if not given.

    Raises:
        ExploringError: There are too few or too many, or one is still being indexed.
        DocumentNotFoundError: A name is not in the library.
        StorageError: The index cannot be read.
    """
    vectors = corpus.vectors()
    if documents is None:
        vectors.require(documents=2)
        numbers = list(range(len(vectors.records)))
    else:
        numbers = [int(vectors.owners[vectors.rows_of(corpus.document(name))[0]]) for name in documents]
    check_count(len(numbers), "document")
    records = [vectors.records[number] for number in numbers]
    names, keys = tuple(record.name for record in records), tuple((record.id, 0) for record in records)
    return Similarities(names, cosines(vectors.documents[numbers]), keys=keys, of_documents=True)


def compare_passages(corpus: "Corpus", document: str) -> Similarities:
    """Compare the passages of a document with each other.

    Args:
        corpus: The library, or `rag.Texts`, with the document.
        document: Its name or id.

    Raises:
        ExploringError: It has only one passage, or too many, or is still being indexed.
        DocumentNotFoundError: The name is not in the library.
        StorageError: The index cannot be read.
    """
    vectors = corpus.vectors()
    rows = vectors.rows_of(corpus.document(document))
    check_count(len(rows), "passage")
    chunks = corpus.chunks([vectors.keys[row] for row in rows])
    rows = rows[[vectors.keys[row] in chunks for row in rows]]
    keys = tuple(vectors.keys[row] for row in rows)
    return Similarities(tuple(chunks[key].text for key in keys), cosines(vectors.embeddings[rows]), keys=keys)


def most_similar(corpus: "Corpus", query: str, texts: Sequence[str], top_k: int = 5, progress: Progress = no_progress) -> list[Match]:
    """Find the texts of a list that are most similar to a question, embedded as such.

    Args:
        corpus: The library, or `rag.Texts`, whose model embeds them; its documents do not matter.
        query: The question; not longer than the model reads.
        texts: 1 to 10,000 texts, none empty.
        top_k: The number of texts to return, at most; at least 1.
        progress: Called with the share done, in [0, 1].

    Returns:
        Best first; of equally similar texts, the first in the list comes first.

    Raises:
        ExploringError: The question or the list is empty or too long.
        EmbeddingError: The model cannot be used.
        ValueError: `top_k` is less than 1.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    question = embed_question(corpus, query)
    return ranked(embed_texts(corpus, texts, progress), question, top_k)


def ranked(embedded: EmbeddedTexts, question: Embeddings, top_k: int) -> list[Match]:
    """The texts most similar to a question's vector, best first."""
    scores = np.clip(embedded.vectors @ question, -1, 1)
    best = np.argsort(-scores, kind="stable")[:top_k].tolist()
    return [
        Match(rank, place, float(scores[place]), embedded.texts[place], place in embedded.cut) for rank, place in enumerate(best, start=1)
    ]


def cosines(vectors: Embeddings) -> NDArray[np.float32]:
    """The cosine of each unit vector with each: exactly symmetric, with exact ones on the diagonal."""
    products: NDArray[np.float32] = np.clip(vectors @ vectors.T, -1, 1)
    products = (products + products.T) * np.float32(0.5)
    np.fill_diagonal(products, 1)
    return products


def check_count(count: int, noun: str) -> None:
    """Raise an ExploringError unless so many can be compared with each other."""
    if count < 2:
        raise ExploringError(f"Comparing needs at least 2 {noun}s, and there {'is 1' if count == 1 else 'are none'}. Add more.")
    if count > MOST_COMPARED:
        raise ExploringError(
            f"At most {MOST_COMPARED:,} {noun}s can be compared with each other, and there are {count:,}. Give fewer"
            + (", or a question to compare all of them with." if noun == "text" else ".")
        )
