"""The setting RAG_EMBEDDING_MODEL -> an embedder of its kind, and the backend that runs it.

A new kind is a file of its own in this folder, which implements `protocol.Embedder`, and a line of the `match` below.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl

from rag.embedding.adapted import AdaptedEmbedder
from rag.embedding.built_in import PRECISION, BuiltInEmbedder
from rag.embedding.catalogue import NO_PROMPTS, Prompts, family_prompts, find_listed, is_narrow
from rag.embedding.centred import CentredEmbedder
from rag.embedding.combined import CombinedEmbedder, parse_parts
from rag.embedding.model_files import model_folder, model_name, prompts_in
from rag.embedding.onnx_embedder import OnnxEmbedder
from rag.embedding.plugin import load_plugin
from rag.embedding.protocol import Embedder
from rag.embedding.sentence_transformer import POOLINGS, SentenceTransformerEmbedder
from rag.embedding.trained import TrainedEmbedder
from rag.embedding.words import WordsEmbedder
from rag.endpoints.embeddings import EndpointEmbedder
from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL, EmbeddingEndpoint

Backend = Literal["auto", "onnx", "torch"]


def build_embedder(model: str, backend: Backend, cache: Path, endpoint: EmbeddingEndpoint | None = None) -> Embedder:
    """The embedder that a setting names; nothing is loaded, and nothing asked, before its first use.

    `model` is a sentence-transformers model: the built-in one's name, a folder, or a name in the local Hugging Face cache. Or it is one of
    another kind: `transformers:MODEL?pooling=HOW`, `openai:MODEL`, which answers at `endpoint`, `words:FILE`, `gensim:FOLDER`,
    `combine:WEIGHT*MODEL,WEIGHT*MODEL` or `plugin:MODULE:CLASS`; EmbeddingError where it lacks what its kind needs. The first two take
    prompts as URLs take options: `&query=PROMPT&passage=PROMPT`, with %20 for a space at the end. `backend` "auto" is "onnx" (ONNX
    Runtime) where the model can be exported, to a folder in `cache`, else "torch" (sentence-transformers).
    """
    kind, _, rest = model.strip().partition(":")
    match kind:
        case "openai":
            name, options = _options(rest, "query", "passage")
            served = _with_prompts(_at_endpoint(name, endpoint), family_prompts(name), options)
            return CentredEmbedder(served, cache) if is_narrow(name) else served
        case "combine":
            return CombinedEmbedder([(weight, build_embedder(part, backend, cache, endpoint)) for weight, part in parse_parts(rest)])
        case "words":
            return WordsEmbedder(Path(rest))
        case "gensim":
            return TrainedEmbedder(Path(rest))
        case "plugin":
            return load_plugin(rest)
        case _:
            name, options = _options(rest, "pooling", "query", "passage") if kind == "transformers" else (model, {})
            pooling = options.get("pooling")
            if kind == "transformers" and (not name or pooling not in POOLINGS):
                raise EmbeddingError(
                    f"{model} names no known pooling. Write RAG_EMBEDDING_MODEL=transformers:FOLDER?pooling=HOW, where HOW is "
                    f"{', '.join(POOLINGS)}, as the model's authors advise."
                )
            name = DEFAULT_EMBEDDING_MODEL if (listed := find_listed(name)) and listed.setting == DEFAULT_EMBEDDING_MODEL else name
            made = _on_this_machine(name, pooling, backend, cache)
            if "query" in options or "passage" in options:
                made = _with_prompts(made, prompts_in(model_folder(name)), options)
            return CentredEmbedder(made, cache) if is_narrow(model_name(name)) else made


def _on_this_machine(name: str, pooling: str | None, backend: Backend, cache: Path) -> Embedder:
    if backend == "torch":
        return SentenceTransformerEmbedder(name, pooling)
    exported = OnnxEmbedder(name, cache, pooling, may_fall_back=backend == "auto")
    if name != DEFAULT_EMBEDDING_MODEL or pooling or exported.is_exported_other_than(PRECISION):
        return exported
    return BuiltInEmbedder()


def _options(given: str, *known: str) -> tuple[str, dict[str, str]]:
    """MODEL?OPTION=VALUE&OPTION=VALUE as the model and its options."""
    name, mark, query = given.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := [option for option in options if option not in known] or ([query] if mark and not options else []):
        raise EmbeddingError(f"{given} has an unknown option {unknown[0]!r}. Known are: {', '.join(known)}.")
    return name, options


def _with_prompts(embedder: Embedder, own: Prompts, options: Mapping[str, str]) -> Embedder:
    """A model with the prompts of its options; one that has prompts of its own puts these before its texts already."""
    prompts = Prompts(options.get("passage", ""), options.get("query", ""))
    if prompts in {NO_PROMPTS, own}:
        return embedder
    if own != NO_PROMPTS:
        raise EmbeddingError(f"The embedding model has prompts of its own: {own.query!r} and {own.passage!r}. Leave out query and passage.")
    return AdaptedEmbedder(embedder, prompts)


def _at_endpoint(model: str, endpoint: EmbeddingEndpoint | None) -> Embedder:
    if not model or endpoint is None:
        missing = "RAG_EMBEDDING_BASE_URL, and RAG_EMBEDDING_API_KEY if it needs a key" if model else "RAG_EMBEDDING_MODEL=openai:MODEL"
        raise EmbeddingError(f"The embedding model openai:{model} has no endpoint. Set {missing}.")
    return EndpointEmbedder(model, endpoint)
