"""Question and passages -> how well each passage answers: a second, slower look at the best ones found.

The scores come from a cross-encoder on this machine, which sentence-transformers runs, or from an endpoint (`rag.endpoints.rerank`).
Implement `Reranker` to add another, and name it in `build_reranker`.
"""

import json
import math
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import SecretStr

from rag.embedding.model_files import EXTRA, model_folder, model_name, weights_sha256
from rag.embedding.sentence_transformer import UNLIMITED_TOKENS, is_installed, model_options
from rag.errors import EmbeddingError, RerankingError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

TIMEOUT_SECONDS = 30.0  # longest wait for an endpoint: a person is waiting
BATCH_SIZE = 16  # pairs in one pass: larger passes are hardly faster on two cores
QUESTION_SHARE = 0.5  # a question longer than this share of the model's limit is cut, so that there is room for a passage
SCORING_HEADS = ("ForSequenceClassification", "ForCausalLM")
"""How the names of models end that can score a pair; another would be given a scoring layer of random weights."""

WANTED = "Set RAG_RERANKER to a folder that holds a cross-encoder with one score, such as ms-marco-MiniLM-L6-v2."


class Reranker(Protocol):
    """Reads a question and a passage together, and says how well the one answers the other. Any thread may call it."""

    @property
    def identity(self) -> str:
        """All that its scores depend on: the model, the hash of its weights or its address. Quick to tell: nothing is loaded for it."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Score texts against a question.

        Args:
            question: In words. A very long one is cut.
            texts: Those to compare. What is too long for the model is cut at the end.

        Returns:
            One for each text, in their order; higher is better, on any scale, finite. Only scores of one call can be compared.

        Raises:
            RerankingError: The model or the endpoint cannot be used.
        """


def build_reranker(
    reranker: str, model: str | None = None, api_key: SecretStr | None = None, timeout_seconds: float = TIMEOUT_SECONDS
) -> Reranker:
    """The reranker that a setting names: an endpoint's http(s) address, else a cross-encoder's folder or the name of a downloaded one.

    Nothing is loaded, and nothing asked, before its first use. `model` and `api_key` are the endpoint's, where it needs them.
    """
    if reranker.strip().lower().startswith(("http://", "https://")):
        from rag.endpoints.rerank import EndpointReranker

        return EndpointReranker(reranker.strip(), model, api_key, timeout_seconds)
    return CrossEncoderReranker(reranker)


class CrossEncoderReranker:
    """Any cross-encoder with one score: a folder, or a name in the local Hugging Face cache. Loaded at first use."""

    def __init__(self, model: str) -> None:
        self._name = model
        self._lock = threading.RLock()

    @cached_property
    def identity(self) -> str:
        """Name and hash of the weights; RerankingError where the model is not on this machine."""
        try:
            weights = weights_sha256(self._folder)
        except (EmbeddingError, OSError) as error:
            raise RerankingError(f"There are no model weights to read in {self._folder}. {WANTED}") from error
        return f"cross-encoder:{model_name(self._name)}:{weights}"

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker.scores`: the model's plain output, before any sigmoid, which would make the best ones equal."""
        if not texts:
            return []
        with self._lock:
            model = self._model
            import torch

            pairs = self._pairs(question, texts)
            try:
                found = model.predict(pairs, batch_size=BATCH_SIZE, show_progress_bar=False, activation_fn=torch.nn.Identity())
            except (RuntimeError, ValueError, IndexError) as error:
                raise RerankingError(f"The reranker {self._name!r} failed: {error}. Unset RAG_RERANKER to go on without it.") from error
        scores = [float(score) for score in found]
        if not all(map(math.isfinite, scores)):
            raise RerankingError(f"The reranker {self._name!r} returns scores that are not numbers: its weights are damaged. {WANTED}")
        return scores

    def _pairs(self, question: str, texts: Sequence[str]) -> list[tuple[str, str]]:
        """Question and text, cut so that the question stays whole where it leaves room for a text."""
        tokenizer = self._model.tokenizer
        limit = min(self._model.max_seq_length or UNLIMITED_TOKENS, UNLIMITED_TOKENS) - tokenizer.num_special_tokens_to_add(pair=True)
        asked, asked_tokens = _cut(tokenizer, question, max(1, int(limit * QUESTION_SHARE)))
        return [(asked, _cut(tokenizer, text, max(1, limit - asked_tokens))[0]) for text in texts]

    @cached_property
    def _folder(self) -> Path:
        is_name = "/" not in self._name and not Path(self._name).is_dir()
        try:
            return model_folder(f"cross-encoder/{self._name}" if is_name else self._name)
        except EmbeddingError as error:
            raise RerankingError(
                f"The reranker {self._name!r} is not on this machine. {WANTED} HF_HUB_OFFLINE=0 allows downloading one by its name."
            ) from error

    @cached_property
    def _model(self) -> "CrossEncoder":
        """The model; called with the lock held."""
        folder = self._folder
        _ = self.identity
        if not is_installed():
            raise RerankingError(f"The reranker {self._name!r} needs {EXTRA}")
        if not scores_pairs(folder):
            raise RerankingError(f"{self._name!r} is not a cross-encoder: it was not trained to score pairs. {WANTED}")
        from safetensors import SafetensorError
        from sentence_transformers import CrossEncoder

        try:
            model: CrossEncoder = CrossEncoder(str(folder), local_files_only=True, model_kwargs=model_options())
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise RerankingError(f"The reranker {self._name!r} could not be loaded from {folder}: {error}") from error
        if model.num_labels != 1:
            raise RerankingError(f"The reranker {self._name!r} returns {model.num_labels} numbers for a pair, not one score. {WANTED}")
        if not getattr(model.tokenizer, "is_fast", False):
            raise RerankingError(f"The reranker {self._name!r} has no fast tokenizer, so texts cannot be cut to its limit. {WANTED}")
        return model


def _cut(tokenizer: Any, text: str, max_tokens: int) -> tuple[str, int]:
    """The beginning of a text that has at most so many tokens, and how many it has."""
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate is refused
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False)
    offsets = encoded["offset_mapping"]
    return (text, len(offsets)) if len(offsets) <= max_tokens else (text[: offsets[max_tokens - 1][1]], max_tokens)


def scores_pairs(folder: Path) -> bool:
    """Whether a model's files say that it has a scoring layer."""
    if _read(folder / "config_sentence_transformers.json").get("model_type") == "CrossEncoder":
        return True
    return any(str(name).endswith(SCORING_HEADS) for name in _read(folder / "config.json").get("architectures") or [])


def _read(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
