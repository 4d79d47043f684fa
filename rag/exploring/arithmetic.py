"""Sums of words as sums of their vectors: king - man + woman."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.expressions import Term, parse_expression
from rag.exploring.passages import Found, best_of
from rag.exploring.word_vectors import vocabulary, word_vectors

if TYPE_CHECKING:
    from rag.library import Library

Among = Literal["vocabulary", "library"]

LEAST_LENGTH = 1e-3
"""A sum that is shorter than this part of its terms' lengths together has no direction."""

SIMILAR_SPELLING = 0.8
"""How alike a word must be to be named as a near spelling, in [0, 1]; of `difflib`."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A word near a sum.

    Attributes:
        text: The word.
        cosine: Of its vector and the sum, in [-1, 1].
    """

    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Unfamiliar:
    """A word of a sum that is not in the model's vocabulary.

    Attributes:
        text: The word.
        spellings: Words of the vocabulary that are written alike.
    """

    text: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What is near a sum of words.

    Attributes:
        terms: The sum, as it was read.
        neighbours: The nearest words, best first; those of the sum itself are left out.
        passages: The nearest passages, where one looked among the library.
        looked_at: How many words were compared.
        echo: The word of the sum that would have come first, were they not left out; "" where none would.
        unfamiliar: Single words of the sum that the model has no token for: it puts their vectors together from pieces.
    """

    terms: tuple[Term, ...]
    neighbours: tuple[Neighbour, ...]
    passages: tuple[Found, ...]
    looked_at: int
    echo: str
    unfamiliar: tuple[Unfamiliar, ...]


def prepare_words(library: "Library", among: Among) -> Iterator[float]:
    """Make the vectors of the words that `solve` looks among. What is made once is kept: the vocabulary's beside the exported models.

    Args:
        library: Whose model.
        among: As for `solve`.

    Yields:
        The share that is done, in [0, 1]; nothing where all are there.

    Raises:
        ExploringError, EmbeddingError, StorageError: As for `solve`.
    """
    kept = word_vectors(library)
    words = vocabulary(library) if among == "vocabulary" else kept.frequent(library)
    yield from kept.learn(words, library.embedder, keep=among == "vocabulary")


def solve(library: "Library", expression: str, *, among: Among | Sequence[str] = "vocabulary", top_k: int = 10) -> Arithmetic:
    """Add up words, and find what is near the sum.

    Each term's vector, of unit length, is multiplied by its weight; the sum of all is brought to unit length. Words that are terms
    themselves are left out of the result. Source: Mikolov et al., Linguistic Regularities in Continuous Space Word Representations
    (NAACL 2013), section 4.

    Args:
        library: Whose model, and whose passages.
        expression: Such as `king - man + woman`; see `rag.exploring.expressions`.
        among: The model's "vocabulary"; the "library": its frequent words, and its passages; or texts of your own.
        top_k: How many words, and how many passages, at most.

    Raises:
        ExploringError: The expression cannot be read or adds up to nothing, or there is nothing to look among.
        EmbeddingError: The model cannot be used.
        StorageError: The index cannot be read.
        ValueError: `top_k` is less than 1.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    terms = parse_expression(expression)
    words, rows = _candidates(library, among)
    unfamiliar = _unfamiliar(library, terms)
    wanted = _sum(library, terms, unfamiliar)
    cosines = rows @ wanted
    own = {term.text.casefold() for term in terms}
    is_own = np.array([word.casefold() in own for word in words])
    first = words[int(np.argmax(cosines))]
    best = [int(row) for row in _best(np.where(is_own, -np.inf, cosines), top_k) if not is_own[row]]
    passages = _passages(library, wanted, top_k) if among == "library" else ()
    return Arithmetic(
        terms=terms,
        neighbours=tuple(Neighbour(words[row], float(np.clip(cosines[row], -1, 1))) for row in best),
        passages=passages,
        looked_at=len(words),
        echo=first if first.casefold() in own else "",
        unfamiliar=unfamiliar,
    )


def _candidates(library: "Library", among: Among | Sequence[str]) -> tuple[list[str], Embeddings]:
    """The words to look among, and their vectors."""
    if not isinstance(among, str):
        words = list(dict.fromkeys(text for text in among if text.strip()))
        if not words:
            raise ExploringError("There is nothing to look among. Give at least one text.")
        return words, library.embedder.embed_documents(words)
    if among not in {"vocabulary", "library"}:
        raise ValueError(f'among must be "vocabulary", "library" or a list of texts, not {among!r}')
    place: Among = "vocabulary" if among == "vocabulary" else "library"
    kept = word_vectors(library)
    words = vocabulary(library) if place == "vocabulary" else kept.frequent(library)
    for _ in kept.learn(words, library.embedder, keep=place == "vocabulary"):
        pass
    return words, kept.rows(words)


def _sum(library: "Library", terms: Sequence[Term], unfamiliar: Sequence[Unfamiliar]) -> Embeddings:
    for term in terms:
        if not library.embedder.knows(term.text):
            near = next((word.spellings for word in unfamiliar if word.text == term.text), ())
            hint = f" Near spellings: {', '.join(near)}." if near else " Choose another word."
            raise ExploringError(f"The model does not know “{term.text}”.{hint}")
    vectors = library.embedder.embed_documents([term.text for term in terms])
    weights = np.array([term.weight for term in terms], dtype=np.float32)
    added: Embeddings = weights @ vectors
    length = float(np.linalg.norm(added))
    if length < LEAST_LENGTH * float(np.abs(weights).sum()):
        raise ExploringError("This adds up to nothing, which has no neighbours. Take other words.")
    return added / np.float32(length)


def _best(scores: NDArray[np.float32], count: int) -> list[int]:
    """The rows with the highest scores, best first; the earlier one where two are alike."""
    rows = np.argpartition(-scores, count)[:count] if count < len(scores) else np.arange(len(scores))
    return sorted(rows.tolist(), key=lambda row: (-scores[row], row))


def _passages(library: "Library", wanted: Embeddings, top_k: int) -> tuple[Found, ...]:
    vectors = library.vectors()
    cosines = np.clip(vectors.embeddings @ wanted, -1, 1)  # one column, however many chunks
    return tuple(best_of(library, {vectors.keys[row]: float(cosines[row]) for row in _best(cosines, top_k)}))


def _unfamiliar(library: "Library", terms: Sequence[Term]) -> tuple[Unfamiliar, ...]:
    words = sorted({term.text for term in terms if term.text.isalpha() and not _is_word(library, term.text)})
    near = vocabulary(library) if words else []
    return tuple(Unfamiliar(word, tuple(get_close_matches(word.casefold(), near, 3, SIMILAR_SPELLING))) for word in words)


def _is_word(library: "Library", word: str) -> bool:
    """Whether a word has a vector of its own; True where the model does not tell."""
    if not library.embedder.knows(word):
        return False
    if (reader := library.embedder.token_reader) is None:
        return True
    kinds = [token.kind for token in reader.tokens(word).tokens if token.kind != "special"]
    return len(kinds) == 1 and "unknown" not in kinds
