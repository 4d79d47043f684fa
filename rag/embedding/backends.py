"""The setting RAG_EMBEDDING_MODEL -> an embedder of its kind, and the backend that runs it."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from rag.embedding.combined import CombinedEmbedder, parse_parts
from rag.embedding.model_files import model_key
from rag.embedding.onnx_embedder import OnnxEmbedder
from rag.embedding.plugin import load_plugin
from rag.embedding.protocol import Embedder, Embeddings
from rag.embedding.sentence_transformer import POOLINGS, SentenceTransformerEmbedder
from rag.embedding.token_reader import TokenReader
from rag.embedding.trained import TrainedEmbedder
from rag.embedding.words import WordsEmbedder
from rag.endpoints.embeddings import EndpointEmbedder
from rag.errors import EmbeddingError
from rag.settings import EmbeddingEndpoint

log = logging.getLogger(__name__)

Backend = Literal["auto", "onnx", "torch"]


def build_embedder(model: str, backend: Backend, cache: Path, endpoint: EmbeddingEndpoint | None = None) -> Embedder:
    """The embedder that a setting means; nothing is loaded, and nothing asked, before its first use.

    Args:
        model: A sentence-transformers model: the built-in one's name, a folder, or a name in the local Hugging Face cache. Or one of
            another kind: `transformers:MODEL?pooling=HOW`, `openai:MODEL`, `words:FILE`, `gensim:FOLDER`,
            `combine:WEIGHT*MODEL,WEIGHT*MODEL` or `plugin:MODULE:CLASS`.
        backend: "onnx" (ONNX Runtime), "torch" (sentence-transformers), or "auto": the first where the model can be exported.
        cache: The folder of exported models.
        endpoint: Where `openai:MODEL` answers.

    Raises:
        EmbeddingError: It is not written as its kind wants it.
    """
    kind, _, rest = model.strip().partition(":")
    made: Embedder
    match kind:
        case "transformers":
            made = _on_backend(*_name_and_pooling(rest), backend, cache)
        case "openai":
            made = _at_endpoint(rest, endpoint)
        case "combine":
            made = CombinedEmbedder([(weight, build_embedder(part, backend, cache, endpoint)) for weight, part in parse_parts(rest)])
        case "words":
            made = WordsEmbedder(Path(rest))
        case "gensim":
            made = TrainedEmbedder(Path(rest))
        case "plugin":
            made = load_plugin(rest)
        case _:
            made = _on_backend(model, None, backend, cache)
    return made


def _on_backend(model: str, pooling: str | None, backend: Backend, cache: Path) -> Embedder:
    if backend == "torch":
        return SentenceTransformerEmbedder(model, pooling)
    onnx = OnnxEmbedder(model, cache, pooling)
    return onnx if backend == "onnx" else ExportedOrNot(model, onnx, pooling)


def _name_and_pooling(given: str) -> tuple[str, str]:
    name, _, option = given.rpartition("?")
    pooling = option.removeprefix("pooling=")
    if not name or option == pooling or pooling not in POOLINGS:
        raise EmbeddingError(
            f"transformers:{given} states no pooling that is known: write RAG_EMBEDDING_MODEL=transformers:FOLDER?pooling=mean, "
            f"or {', '.join(pooling for pooling in POOLINGS if pooling != 'mean')}, as the model's makers advise."
        )
    return name, pooling


def _at_endpoint(model: str, endpoint: EmbeddingEndpoint | None) -> Embedder:
    if not model or endpoint is None:
        missing = (
            "RAG_EMBEDDING_BASE_URL, with RAG_EMBEDDING_API_KEY where a key is needed" if model else "RAG_EMBEDDING_MODEL=openai:MODEL"
        )
        raise EmbeddingError(f"The embedding model openai:{model} is at an endpoint that is not stated. Set {missing}.")
    return EndpointEmbedder(model, endpoint)


class ExportedOrNot:
    """ONNX where a model can be exported, else sentence-transformers; decided at first use."""

    def __init__(self, model: str, onnx: OnnxEmbedder, pooling: str | None = None) -> None:
        self._name = model
        self._onnx = onnx
        self._pooling = pooling

    @cached_property
    def _chosen(self) -> OnnxEmbedder | SentenceTransformerEmbedder:
        _ = model_key(self._name, self._pooling)  # a model that is not here is an error, not a reason to try otherwise
        try:
            _ = self._onnx.identity
        except EmbeddingError as error:
            log.warning("%s It runs by sentence-transformers, about three times slower.", error)
            return SentenceTransformerEmbedder(self._name, self._pooling)
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
