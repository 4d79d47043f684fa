"""The setting RAG_EMBEDDING_MODEL -> an embedder of its kind, and the backend that runs it.

A new kind is a file of its own in this folder, which implements `protocol.Embedder`, and a line of the `match` below.
"""

from pathlib import Path
from typing import Literal

from rag.embedding.catalogue import is_narrow
from rag.embedding.centred import CentredEmbedder
from rag.embedding.combined import CombinedEmbedder, parse_parts
from rag.embedding.model_files import model_name
from rag.embedding.onnx_embedder import OnnxEmbedder
from rag.embedding.plugin import load_plugin
from rag.embedding.protocol import Embedder
from rag.embedding.sentence_transformer import POOLINGS, SentenceTransformerEmbedder
from rag.embedding.trained import TrainedEmbedder
from rag.embedding.words import WordsEmbedder
from rag.endpoints.embeddings import EndpointEmbedder
from rag.errors import EmbeddingError
from rag.settings import EmbeddingEndpoint

Backend = Literal["auto", "onnx", "torch"]


def build_embedder(model: str, backend: Backend, cache: Path, endpoint: EmbeddingEndpoint | None = None) -> Embedder:
    """The embedder that a setting names; nothing is loaded, and nothing asked, before its first use.

    `model` is a sentence-transformers model: the built-in one's name, a folder, or a name in the local Hugging Face cache. Or it is one of
    another kind: `transformers:MODEL?pooling=HOW`, `openai:MODEL`, which answers at `endpoint`, `words:FILE`, `gensim:FOLDER`,
    `combine:WEIGHT*MODEL,WEIGHT*MODEL` or `plugin:MODULE:CLASS`; EmbeddingError where it lacks what its kind needs. `backend` "auto" is
    "onnx" (ONNX Runtime) where the model can be exported, to a folder in `cache`, else "torch" (sentence-transformers).
    """
    kind, _, rest = model.strip().partition(":")
    match kind:
        case "openai":
            served = _at_endpoint(rest, endpoint)
            return CentredEmbedder(served, cache) if is_narrow(rest) else served
        case "combine":
            return CombinedEmbedder([(weight, build_embedder(part, backend, cache, endpoint)) for weight, part in parse_parts(rest)])
        case "words":
            return WordsEmbedder(Path(rest))
        case "gensim":
            return TrainedEmbedder(Path(rest))
        case "plugin":
            return load_plugin(rest)
        case _:
            name, pooling = _name_and_pooling(rest) if kind == "transformers" else (model, None)
            onnx = OnnxEmbedder(name, cache, pooling, may_fall_back=backend == "auto")
            made = SentenceTransformerEmbedder(name, pooling) if backend == "torch" else onnx
            return CentredEmbedder(made, cache) if is_narrow(model_name(name)) else made


def _name_and_pooling(given: str) -> tuple[str, str]:
    name, _, option = given.rpartition("?")
    pooling = option.removeprefix("pooling=")
    if not name or option == pooling or pooling not in POOLINGS:
        raise EmbeddingError(
            f"transformers:{given} names no known pooling. Write RAG_EMBEDDING_MODEL=transformers:FOLDER?pooling=HOW, where HOW is "
            f"{', '.join(POOLINGS)}, as the model's authors advise."
        )
    return name, pooling


def _at_endpoint(model: str, endpoint: EmbeddingEndpoint | None) -> Embedder:
    if not model or endpoint is None:
        missing = "RAG_EMBEDDING_BASE_URL, and RAG_EMBEDDING_API_KEY if it needs a key" if model else "RAG_EMBEDDING_MODEL=openai:MODEL"
        raise EmbeddingError(f"The embedding model openai:{model} has no endpoint. Set {missing}.")
    return EndpointEmbedder(model, endpoint)
