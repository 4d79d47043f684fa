"""Checks what any embedder returns before it is used: a wrong vector would be stored silently, and found never or always."""

from collections.abc import Callable, Sequence

import numpy as np

from rag.embedding.protocol import Closable, Embedder, Embeddings
from rag.embedding.token_reader import TokenReader
from rag.embedding.words import WordsEmbedder
from rag.errors import EmbeddingError
from rag.text.languages import count_letters
from rag.tracing import traced

UNIT_TOLERANCE = 1e-3  # how far from 1 the length of a vector may be
LEAST_LETTERS = 2  # of a token that means something by itself


class CheckedEmbedder:
    """An embedder whose vectors are right in number and size, finite, and of unit length; those that are not are an error."""

    def __init__(self, embedder: Embedder, stored_dimensions: Callable[[], int | None] = lambda: None) -> None:
        """Embed nothing yet; `stored_dimensions`, asked once, tells the length of the vectors that an index has, None where it has none."""
        self._embedder = embedder
        self._stored_dimensions = stored_dimensions
        self._dimensions: int | None = None

    @property
    def identity(self) -> str:
        """See `Embedder.identity`."""
        return self._embedder.identity

    def become(self, other: "CheckedEmbedder") -> None:
        """Take the other's model in place of one's own, which is closed; who uses this embedder uses that model from now on."""
        old, self._embedder = self._embedder, other._embedder
        self._dimensions = None
        if isinstance(old, Closable):
            old.close()

    def close(self) -> None:
        """Let go of connections and threads, where it has any."""
        if isinstance(self._embedder, Closable):
            self._embedder.close()

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._embedder.max_tokens

    def prepare(self) -> None:
        """Make the identity final, before an index is opened by it to add or to search: a model is exported that was not yet."""
        _ = self._embedder.max_tokens

    @property
    def token_reader(self) -> TokenReader | None:
        """Shows the model's tokens; None where they are unknown, as behind an endpoint."""
        reader: TokenReader | None = getattr(self._embedder, "token_reader", None)
        return reader

    @property
    def words(self) -> Sequence[str] | None:
        """See `WordsEmbedder.words`; None for other models."""
        return self._embedder.words if isinstance(self._embedder, WordsEmbedder) else None

    def knows(self, text: str) -> bool:
        """See `WordsEmbedder.knows`; other models know any text."""
        return not isinstance(self._embedder, WordsEmbedder) or self._embedder.knows(text)

    def familiarity(self, text: str) -> float:
        """The share of a text's letters that are in tokens of `LEAST_LETTERS` or more, in [0, 1]: a model spells out what it never learnt.

        1 where the tokens are unknown, as behind an endpoint, and where there are no letters.
        """
        if (reader := self.token_reader) is None:
            return 1.0
        lengths = [(token.kind != "unknown", count_letters(text[token.start : token.end])) for token in reader.tokens(text).tokens]
        whole = sum(length for _, length in lengths)
        return sum(length for is_known, length in lengths if is_known and length >= LEAST_LETTERS) / whole if whole else 1.0

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._embedder.token_spans(text)

    @traced("embed")
    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`; vectors that are wrong raise EmbeddingError too."""
        rows = self._embedder.embed_documents(texts)
        return self.checked(rows, len(texts)) if texts else rows

    @traced("embed")
    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`; a vector that is wrong raises EmbeddingError too."""
        row: Embeddings = self.checked(np.asarray(self._embedder.embed_query(text))[np.newaxis], 1)[0]
        return row

    def checked(self, given: Embeddings, count: int) -> Embeddings:
        """Vectors of `count` texts, wherever they were made; those that are wrong raise EmbeddingError."""
        name = self._embedder.identity.partition(" ")[0]
        try:
            rows = np.asarray(given, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise EmbeddingError(f"The embedding model {name} returned something other than vectors of numbers. Choose another.") from error
        if rows.ndim != 2 or rows.shape[0] != count or not rows.shape[1]:
            shape = " x ".join(map(str, rows.shape))
            raise EmbeddingError(f"The embedding model {name} returned {shape} numbers for {count} texts, not a vector each.")
        if self._dimensions is None:
            self._dimensions = self._stored_dimensions() or rows.shape[1]
        if rows.shape[1] != self._dimensions:
            raise EmbeddingError(
                f"The embedding model {name} gives vectors of {rows.shape[1]} numbers, and gave {self._dimensions} before: they cannot be "
                "compared. Restore RAG_EMBEDDING_MODEL or RAG_EMBEDDING_DIMENSIONS, or use another library."
            )
        lengths = np.linalg.norm(rows, axis=1)
        if not np.isfinite(lengths).all() or (np.abs(lengths - 1) > UNIT_TOLERANCE).any():
            worst = lengths[np.argmax(np.where(np.isfinite(lengths), np.abs(lengths - 1), np.inf))]
            fix = "Choose another, or divide each by its length: vectors / np.linalg.norm(vectors, axis=1, keepdims=True)."
            raise EmbeddingError(f"The embedding model {name} returned a vector of length {worst:.3g}; it must be 1. {fix}")
        return rows
