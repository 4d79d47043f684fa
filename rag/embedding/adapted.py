"""A model with prompts that were given for it, or with shorter vectors than its own."""

import logging
from collections.abc import Sequence

import numpy as np

from rag.embedding.catalogue import NO_PROMPTS, Prompts, find_listed, shortest_vectors
from rag.embedding.model_files import model_name
from rag.embedding.protocol import Closable, Embedder, Embeddings
from rag.embedding.token_reader import TokenReader
from rag.errors import EmbeddingError

log = logging.getLogger(__name__)


class AdaptedEmbedder:
    """Puts a prompt before each text, and keeps the first numbers of each vector, scaled to unit length again."""

    def __init__(self, embedder: Embedder, prompts: Prompts = NO_PROMPTS, dimensions: int | None = None) -> None:
        """Load nothing yet."""
        self._embedder = embedder
        self._prompts = prompts
        self._dimensions = dimensions

    @property
    def identity(self) -> str:
        """That of the model, and what is done to it."""
        prompts = f":prompts={tuple(self._prompts)}" if self._prompts != NO_PROMPTS else ""
        return self._embedder.identity + prompts + (f":dimensions={self._dimensions}" if self._dimensions else "")

    @property
    def max_tokens(self) -> int:
        """Those of the model, less those of the prompt."""
        return self._embedder.max_tokens - len(self._embedder.token_spans(self._prompts.passage) if self._prompts.passage else ())

    @property
    def token_reader(self) -> TokenReader | None:
        """See `CheckedEmbedder.token_reader`; without prompts, as everywhere."""
        return getattr(self._embedder, "token_reader", None)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._embedder.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        return self._shortened(self._embedder.embed_documents([self._prompts.passage + text for text in texts]))

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        return self._shortened(self._embedder.embed_query(self._prompts.query + text))

    def close(self) -> None:
        """Close the model."""
        if isinstance(self._embedder, Closable):
            self._embedder.close()

    def _shortened(self, rows: Embeddings) -> Embeddings:
        if not self._dimensions or not rows.size:
            return rows
        if self._dimensions > rows.shape[-1]:
            own = rows.shape[-1]
            raise EmbeddingError(
                f"The model's vectors have {own} numbers. Set RAG_EMBEDDING_DIMENSIONS to at most {own}, not {self._dimensions}."
            )
        first = rows[..., : self._dimensions]
        return np.asarray(first / np.linalg.norm(first, axis=-1, keepdims=True), dtype=np.float32)


def shortened(embedder: Embedder, model: str, dimensions: int) -> AdaptedEmbedder:
    """A model whose vectors are cut to so many numbers, where it was trained for that (Kusupati and others, Matryoshka, 2022).

    EmbeddingError where it is known that it was not; of a model that is not known, a warning is logged.
    """
    name = model_name(model.removeprefix("transformers:").partition("?")[0])
    least = shortest_vectors(name)
    if least is not None and dimensions < least:
        raise EmbeddingError(f"{name} was trained for vectors of {least} numbers or more. Raise RAG_EMBEDDING_DIMENSIONS.")
    if least is None and (find_listed(name) or model.startswith(("words:", "gensim:", "combine:"))):
        raise EmbeddingError(f"{name} was not trained for shorter vectors, which would find worse. Unset RAG_EMBEDDING_DIMENSIONS.")
    if least is None:
        log.warning("It is not known whether %s was trained for shorter vectors; without that, they find worse.", name)
    return AdaptedEmbedder(embedder, dimensions=dimensions)
