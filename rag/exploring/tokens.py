"""How the library's embedding model splits a text into tokens, and what it makes of each token."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.embedding.token_reader import Token, TokenizedText, TokenReader
from rag.errors import ExploringError
from rag.exploring.comparing import cosines
from rag.exploring.vectors import unit

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

MOST_CHARACTERS = 20_000  # longest text; the model reads far less

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f"
"""Scripts that write words without spaces: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


@dataclass(frozen=True, slots=True, eq=False)
class Poolings:
    """The token vectors of a text pooled into one vector, in the usual ways.

    Attributes:
        tokenized: The text.
        token_vectors: float32, `(tokens read, width)`, before pooling; special tokens included.
        names: "cls", "mean", "max" and "model".
        vectors: float32, `(4, dimensions)`, of unit length: the first token's vector, the mean of all, the largest value in each
            dimension, and the model's own vector.
        cosines: `(4, 4)`: each with each, in [-1, 1].
        used: How the model itself pools, such as "mean"; "" if unknown.
    """

    tokenized: TokenizedText
    token_vectors: Embeddings
    names: tuple[str, ...]
    vectors: Embeddings
    cosines: NDArray[np.float32]
    used: str


@dataclass(frozen=True, slots=True)
class WordPlace:
    """A word in a sentence: the span of its first occurrence, the tokens of that, and how often it occurs."""

    sentence: str
    start: int
    end: int
    pieces: tuple[Token, ...]
    occurrences: int


@dataclass(frozen=True, slots=True)
class WordInContext:
    """The same word in two sentences.

    Attributes:
        word: The word.
        first: Its place in the first sentence.
        second: Its place in the second.
        cosine: Of its two vectors in context, each the mean of its tokens in the last layer; in [-1, 1].
        static_cosine: Of its two vectors in the model's input table, before any context: 1 if its tokens are the same in both.
    """

    word: str
    first: WordPlace
    second: WordPlace
    cosine: float
    static_cosine: float


@dataclass(frozen=True, slots=True, eq=False)
class TokenSimilarities:
    """The cosine of each token of one text (rows) with each of another (columns), in context, in [-1, 1]."""

    rows: tuple[Token, ...]
    columns: tuple[Token, ...]
    cosines: NDArray[np.float32]


def tokenize(corpus: "Corpus", text: str) -> TokenizedText:
    """Split a text into tokens, as the library's model does.

    Args:
        corpus: The library, or `rag.Texts`, whose model is used.
        text: 20,000 characters at most.

    Raises:
        ExploringError: The text is empty or too long, or the model does not show its tokens.
        EmbeddingError: The model cannot be loaded.
    """
    return _reader(corpus).tokens(_checked(text))


def pool(corpus: "Corpus", text: str) -> Poolings:
    """Pool the token vectors of a text in the usual ways. The first call loads the model, which takes some seconds.

    Source: Reimers and Gurevych, Sentence-BERT (arXiv:1908.10084), section 3.

    Args:
        corpus: The library, or `rag.Texts`, whose model is used.
        text: 20,000 characters at most; the model does not read beyond its own limit.

    Raises:
        ExploringError, EmbeddingError: As for `tokenize`; also if the model's own vector and its token vectors differ in width.
    """
    reader, text = _reader(corpus), _checked(text)
    vectors, own = reader.token_vectors(text), reader.sentence_vector(text)
    if own.shape != vectors.shape[1:]:
        raise ExploringError(
            f"This model changes its vectors after pooling, from {vectors.shape[1]} numbers to {len(own)}. They cannot be compared."
        )
    pooled = unit(np.stack([vectors[0], vectors.mean(axis=0), vectors.max(axis=0), own]))
    return Poolings(reader.tokens(text), vectors, ("cls", "mean", "max", "model"), pooled, cosines(pooled), reader.pooling)


def compare_word(corpus: "Corpus", word: str, first: str, second: str) -> WordInContext:
    """Compare a word's vectors in two sentences, in context and before it. The first call loads the model.

    Args:
        corpus: The library, or `rag.Texts`, whose model is used.
        word: In any case; its first occurrence counts.
        first: A sentence with the word.
        second: Another sentence with the word.

    Raises:
        ExploringError: As for `tokenize`; also if a sentence lacks the word, or has it beyond what the model reads.
        EmbeddingError: As for `tokenize`.
    """
    reader, word = _reader(corpus), word.strip()
    if not word:
        raise ExploringError("There is no word to compare. Use one that is in both sentences.")
    places = [_place(reader.tokens(_checked(text)), word, which) for text, which in ((first, "first"), (second, "second"))]
    contextual, static = [], []
    for tokenized, place in places:
        rows = [row for row, token in enumerate(tokenized.read) if token in place.pieces]
        contextual.append(reader.token_vectors(tokenized.text)[rows].mean(axis=0))
        static.append(reader.static_vectors([token.id for token in place.pieces]).mean(axis=0))
    return WordInContext(word, places[0][1], places[1][1], _cosine(contextual), _cosine(static))


def token_similarities(corpus: "Corpus", first: str, second: str | None = None) -> TokenSimilarities:
    """Compare each token of a text, in context, with each of the same text or of another. The first call loads the model.

    Args:
        corpus: The library, or `rag.Texts`, whose model is used.
        first: A text.
        second: Another text; the first again if not given.

    Raises:
        ExploringError, EmbeddingError: As for `tokenize`.
    """
    reader = _reader(corpus)
    texts = [_checked(first), _checked(first if second is None else second)]
    rows, columns = (unit(reader.token_vectors(text)) for text in texts)
    read = [reader.tokens(text).read for text in texts]
    return TokenSimilarities(read[0], read[1], np.clip(rows @ columns.T, -1, 1))


def _reader(corpus: "Corpus") -> TokenReader:
    if (reader := corpus.embedder.token_reader) is None:
        raise ExploringError(
            "This embedding model does not show its tokens; no model at an endpoint does. "
            "Set RAG_EMBEDDING_MODEL to a sentence-transformers model on this machine."
        )
    return reader


def _checked(text: str) -> str:
    if not text.strip():
        raise ExploringError("The text is empty. Write a sentence or two.")
    if len(text) > MOST_CHARACTERS:
        raise ExploringError(
            f"The text has {len(text):,} characters. At most {MOST_CHARACTERS:,} are allowed: the model reads less anyway."
        )
    return text


def _place(tokenized: TokenizedText, word: str, which: str) -> tuple[TokenizedText, WordPlace]:
    # not within another word, except in scripts without spaces between words
    before = rf"(?<![^\W{UNSPACED}])" if re.match(rf"[^\W{UNSPACED}]", word) else ""
    after = rf"(?![^\W{UNSPACED}])" if re.search(rf"[^\W{UNSPACED}]$", word) else ""
    found = [match.span() for match in re.finditer(before + re.escape(word) + after, tokenized.text, re.IGNORECASE)]
    if not found:
        raise ExploringError(f"The word “{word}” is not in the {which} sentence. Use a word that is in both sentences.")
    start, end = found[0]
    pieces = tuple(token for token in tokenized.tokens if token.kind != "special" and token.start < end and token.end > start)
    if not pieces or not all(token.is_read for token in pieces):
        raise ExploringError(
            f"The word “{word}” is beyond the {tokenized.limit} tokens that the model reads. Shorten the {which} sentence."
        )
    return tokenized, WordPlace(tokenized.text, start, end, pieces, len(found))


def _cosine(vectors: list[Embeddings]) -> float:
    first, second = unit(np.stack(vectors))
    return float(np.clip(first @ second, -1, 1))
