"""Any cross-encoder that classifies (evidence, claim): an NLI model, MiniCheck's encoders, HHEM 1; a folder, or a downloaded one.

What its outputs mean is read from the labels in its configuration.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.model_files import EXTRA, model_folder
from rag.embedding.sentence_transformer import is_installed, model_options
from rag.errors import EmbeddingError, VerifierError
from rag.reranking import scores_pairs
from rag.verifying.model import Evidence, Opinion

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

BATCH_SIZE = 8
SUPPORTED = {"entailment", "entail", "entailed", "supported", "supports", "support", "consistent", "faithful", "factual", "grounded"}
CONTRADICTED = {"contradiction", "contradict", "contradicts", "contradicted", "refuted", "refutes", "refute"}
WANTED = "Set RAG_VERIFIER to a model that tells entailment from the rest, or to off."


class CrossEncoderModel:
    """A `ClaimModel`; loaded at first use."""

    def __init__(self, model: str) -> None:
        self._name = model
        self._lock = threading.RLock()

    def opinions(self, asked: Sequence[Evidence]) -> list[Opinion]:
        """See `ClaimModel.opinions`."""
        if not asked:
            return []
        pairs = [(f"{each.heading}: {each.text}" if each.heading else each.text, each.claim) for each in asked]
        with self._lock:
            model, (supported, contradicted) = self._model
            import torch

            try:
                found = model.predict(pairs, batch_size=BATCH_SIZE, show_progress_bar=False, activation_fn=torch.nn.Identity())
            except (RuntimeError, ValueError, IndexError) as error:
                raise VerifierError(f"The verifier {self._name!r} failed: {error}. {WANTED}") from error
        logits = np.asarray(found, dtype=np.float64).reshape(len(pairs), -1)
        if not np.isfinite(logits).all():
            raise VerifierError(f"The verifier {self._name!r} returns scores that are not numbers: its weights are damaged. {WANTED}")
        if logits.shape[1] == 1:
            return [Opinion(1 / (1 + math.exp(-value)), 0.0) for value in np.clip(logits[:, 0], -30, 30)]
        odds = np.exp(logits - logits.max(1, keepdims=True))
        shares = odds / odds.sum(1, keepdims=True)
        return [Opinion(float(row[supported]), 0.0 if contradicted is None else float(row[contradicted])) for row in shares]

    @cached_property
    def _model(self) -> "tuple[CrossEncoder, tuple[int, int | None]]":
        """The model, and which of its outputs say supported and contradicted; called with the lock held."""
        folder = self._folder()
        if not is_installed():
            raise VerifierError(f"The verifier {self._name!r} needs {EXTRA}")
        if not scores_pairs(folder):
            raise VerifierError(f"{self._name!r} is not a cross-encoder: it was not trained to classify pairs. {WANTED}")
        from safetensors import SafetensorError
        from sentence_transformers import CrossEncoder

        try:
            model = CrossEncoder(str(folder), local_files_only=True, model_kwargs=model_options())
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise VerifierError(f"The verifier {self._name!r} could not be loaded from {folder}: {error} {WANTED}") from error
        return model, outputs_of(self._name, {int(key): str(label) for key, label in model.model.config.id2label.items()})

    def _folder(self) -> Path:
        is_name = "/" not in self._name and not Path(self._name).is_dir()
        try:
            return model_folder(f"cross-encoder/{self._name}" if is_name else self._name)
        except EmbeddingError as error:
            raise VerifierError(f"The verifier {self._name!r} is not on this machine. {WANTED}") from error


def outputs_of(name: str, labels: Mapping[int, str]) -> tuple[int, int | None]:
    """Which outputs say supported and contradicted, None where none says the latter; VerifierError where the labels do not tell.

    One output is the odds that a claim is supported (HHEM). Two without names are MiniCheck's: no and yes.
    """
    known = {label.strip().casefold(): place for place, label in labels.items()}
    if len(labels) == 1:
        return 0, None
    if known == {"label_0": 0, "label_1": 1}:
        return 1, None
    supported = [place for label, place in known.items() if label in SUPPORTED]
    contradicted = [place for label, place in known.items() if label in CONTRADICTED]
    if len(supported) != 1 or len(contradicted) > 1:
        shown = ", ".join(labels.values())
        raise VerifierError(f"The labels of the verifier {name!r} do not tell which one means that a claim is supported: {shown}. {WANTED}")
    return supported[0], contradicted[0] if contradicted else None
