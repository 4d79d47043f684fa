"""Which backend runs an embedding model."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from rag.embedding.model_files import published_weights_sha256
from rag.embedding.onnx_embedder import OnnxEmbedder
from rag.embedding.protocol import Embedder, Embeddings
from rag.embedding.sentence_transformer import SentenceTransformerEmbedder
from rag.embedding.token_reader import TokenReader
from rag.errors import EmbeddingError

log = logging.getLogger(__name__)

Backend = Literal["auto", "onnx", "torch"]


def build_embedder(model: str, backend: Backend, cache: Path) -> Embedder:
    """The embedder for a sentence-transformers model on this machine; nothing is loaded yet.

    Args:
        model: The built-in one's name, a folder, or a name in the local Hugging Face cache.
        backend: "onnx" (ONNX Runtime), "torch" (sentence-transformers), or "auto": the first where the model can be exported.
        cache: The folder of exported models.
    """
    if backend == "torch":
        return SentenceTransformerEmbedder(model)
    onnx = OnnxEmbedder(model, cache)
    return onnx if backend == "onnx" else ExportedOrNot(model, onnx)


class ExportedOrNot:
    """ONNX where a model can be exported, else sentence-transformers; decided at first use."""

    def __init__(self, model: str, onnx: OnnxEmbedder) -> None:
        self._name = model
        self._onnx = onnx

    @cached_property
    def _chosen(self) -> OnnxEmbedder | SentenceTransformerEmbedder:
        published_weights_sha256(self._name)  # a model that is not here is an error, not a reason to try otherwise
        try:
            _ = self._onnx.identity
        except EmbeddingError as error:
            log.warning("%s It runs by sentence-transformers, about three times slower.", error)
            return SentenceTransformerEmbedder(self._name)
        return self._onnx

    @property
    def identity(self) -> str:
        """See `Embedder.identity`."""
        return self._chosen.identity

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._chosen.max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._chosen.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        return self._chosen.embed_documents(texts)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        return self._chosen.embed_query(text)

    @property
    def token_reader(self) -> TokenReader:
        """See `HasTokens.token_reader`."""
        return self._chosen.token_reader
