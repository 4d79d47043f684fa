"""What the library needs of an embedding model: implement `Embedder` to add one."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rag.types import Chunk

Embeddings = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors, and says how it cuts text into tokens.

    Both embedding methods and `token_spans` may be called from several threads.
    """

    @property
    def identity(self) -> str:
        """All that its vectors depend on: model, hash of the weights, prompts, pooling. Quick to tell: nothing is loaded for it."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a document's text that are read; special tokens and prompt are already taken off."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """The `(start, end)` character offsets of each token of `text`, in order, special tokens left out."""

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """Embed texts that will be searched.

        Returns:
            float32 of shape `(len(texts), dimensions)`, rows of unit length.

        Raises:
            EmbeddingError: The model cannot be loaded or used.
        """

    def embed_query(self, text: str) -> Embeddings:
        """Embed a question.

        Returns:
            float32 of shape `(dimensions,)`, unit length.

        Raises:
            EmbeddingError: The model cannot be loaded or used.
        """


@runtime_checkable
class Closable(Protocol):
    """An embedder, chat model or reranker that holds connections or threads."""

    def close(self) -> None:
        """Let go of them. Doing so twice is harmless; the next use opens new ones."""


def text_to_embed(chunk: Chunk, embedder: Embedder) -> str:
    """A chunk's text, below as much of the header of its table as the model reads with it."""
    if not chunk.header:
        return chunk.text
    room = max(0, embedder.max_tokens - len(embedder.token_spans(chunk.text)))
    spans = embedder.token_spans(chunk.header)
    header = chunk.header if len(spans) <= room else chunk.header[: spans[room][0]]
    return truncated(f"{header.rstrip()}\n{chunk.text}".strip(), embedder)


def truncated(text: str, embedder: Embedder) -> str:
    """As much of a text as the model reads."""
    if len(text) <= embedder.max_tokens:  # a token has at least one character
        return text
    spans = embedder.token_spans(text)
    return text if len(spans) <= embedder.max_tokens else text[: spans[embedder.max_tokens - 1][1]]
