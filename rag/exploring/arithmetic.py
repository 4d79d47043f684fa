"""Sums of words as sums of their vectors: king - man + woman."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.expressions import Term, parse_expression
from rag.exploring.passages import FoundPassage, best_passages
from rag.exploring.vectors import Progress, no_progress
from rag.exploring.word_vectors import vocabulary, word_vectors

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

Among = Literal["vocabulary", "library"]

LEAST_LENGTH = 1e-3  # a sum shorter than this share of the total length of its terms has no direction
SIMILAR_SPELLING = 0.8  # how similar a word must be to be suggested as a near spelling, in [0, 1]; `difflib`'s ratio


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A word near a sum, and the cosine of its vector and the sum, in [-1, 1]."""

    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Unfamiliar:
    """A word of a sum that is not in the model's vocabulary, and similarly spelled words that are."""

    text: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What is near a sum of words.

    Attributes:
        terms: The terms of the sum.
        neighbours: The nearest words, best first, without those of the sum itself.
        passages: The nearest passages, if the library was searched.
        looked_at: How many words were compared.
        echo: The word of the sum that would have come first, had it not been left out; "" if none would.
        unfamiliar: Single words of the sum that the model has no token for: it composes their vectors from pieces.
    """

    terms: tuple[Term, ...]
    neighbours: tuple[Neighbour, ...]
    passages: tuple[FoundPassage, ...]
    looked_at: int
    echo: str
    unfamiliar: tuple[Unfamiliar, ...]


def solve(
    corpus: "Corpus",
    expression: str,
    *,
    among: Among | Sequence[str] = "vocabulary",
    top_k: int = 10,
    progress: Progress = no_progress,
) -> Arithmetic:
    """Add up words, and find what is near the sum.

    The unit vector of each term is multiplied by its weight, and the sum is scaled to unit length. Words that are terms themselves are
    left out of the result. Source: Mikolov et al., Linguistic Regularities in Continuous Space Word Representations (NAACL 2013),
    section 4. The vectors of the vocabulary are cached on disk, beside the exported models.

    Args:
        corpus: The library, or `rag.Texts`, whose model embeds and whose passages are searched.
        expression: A sum such as `king - man + woman`; see `parse_expression`.
        among: The model's "vocabulary"; the "library", that is its frequent words and its passages; or texts of your own.
        top_k: The number of words, and of passages, at most.
        progress: Called with the share of the words embedded, in [0, 1], while some are not embedded yet.

    Raises:
        ExploringError: The expression cannot be parsed or adds up to nothing, or there is nothing to search.
        EmbeddingError, StorageError: The model cannot be used, or the index cannot be read.
        ValueError: `top_k` is less than 1, or `among` is unknown.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    terms = parse_expression(expression)
    words, rows = _candidates(corpus, among, progress)
    unfamiliar = _unfamiliar(corpus, terms)
    total = _sum(corpus, terms, unfamiliar)
    cosines = rows @ total
    own = {term.text.casefold() for term in terms}
    is_own = np.array([word.casefold() in own for word in words])
    first = words[int(np.argmax(cosines))]
    best = [row for row in np.argsort(-cosines, kind="stable").tolist() if not is_own[row]][:top_k]
    return Arithmetic(
        terms=terms,
        neighbours=tuple(Neighbour(words[row], float(np.clip(cosines[row], -1, 1))) for row in best),
        passages=_passages(corpus, total, top_k) if among == "library" else (),
        looked_at=len(words),
        echo=first if first.casefold() in own else "",
        unfamiliar=unfamiliar,
    )


def _candidates(corpus: "Corpus", among: Among | Sequence[str], progress: Progress) -> tuple[list[str], Embeddings]:
    """The words to search, and their vectors."""
    if not isinstance(among, str):
        words = list(dict.fromkeys(text for text in among if text.strip()))
        if not words:
            raise ExploringError("There is nothing to search. Give at least one text.")
        return words, corpus.embedder.embed_documents(words)
    if among not in {"vocabulary", "library"}:
        raise ValueError(f'among must be "vocabulary", "library" or a list of texts, not {among!r}')
    known = word_vectors(corpus)
    words = vocabulary(corpus) if among == "vocabulary" else known.frequent(corpus)
    known.learn(words, corpus.embedder, progress, keep=among == "vocabulary")
    return words, known.rows(words)


def _sum(corpus: "Corpus", terms: Sequence[Term], unfamiliar: Sequence[Unfamiliar]) -> Embeddings:
    for term in terms:
        if not corpus.embedder.knows(term.text):
            near = next((word.spellings for word in unfamiliar if word.text == term.text), ())
            hint = f" Near spellings: {', '.join(near)}." if near else " Choose another word."
            raise ExploringError(f"The model does not know “{term.text}”.{hint}")
    weights = np.array([term.weight for term in terms], dtype=np.float32)
    added: Embeddings = weights @ corpus.embedder.embed_documents([term.text for term in terms])
    length = float(np.linalg.norm(added))
    if length < LEAST_LENGTH * float(np.abs(weights).sum()):
        raise ExploringError("This adds up to nothing, which has no neighbours. Use other words.")
    return added / np.float32(length)


def _passages(corpus: "Corpus", total: Embeddings, top_k: int) -> tuple[FoundPassage, ...]:
    vectors = corpus.vectors()
    cosines = np.clip(vectors.embeddings @ total, -1, 1)
    return tuple(best_passages(corpus, {vectors.keys[row]: float(cosines[row]) for row in np.argsort(-cosines, kind="stable")[:top_k]}))


def _unfamiliar(corpus: "Corpus", terms: Sequence[Term]) -> tuple[Unfamiliar, ...]:
    words = sorted({term.text for term in terms if term.text.isalpha() and not _is_word(corpus, term.text)})
    near = vocabulary(corpus) if words else []
    return tuple(Unfamiliar(word, tuple(get_close_matches(word.casefold(), near, 3, SIMILAR_SPELLING))) for word in words)


def _is_word(corpus: "Corpus", word: str) -> bool:
    """Whether a word has a vector of its own; True if the model does not tell."""
    if not corpus.embedder.knows(word):
        return False
    if (reader := corpus.embedder.token_reader) is None:
        return True
    kinds = [token.kind for token in reader.tokens(word).tokens if token.kind != "special"]
    return len(kinds) == 1 and "unknown" not in kinds
