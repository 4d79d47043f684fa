"""How well labels are told apart: each example labelled by what the others teach."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import ExploringError
from rag.exploring.embedding import Told
from rag.exploring.labels import SEED, Examples, Method, embed_examples, learn

if TYPE_CHECKING:
    from rag.library import Library

MOST_FOLDS = 5

LEAST_EXAMPLES = 2
"""Of each label: one to be labelled, another to learn from."""

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Labels given to examples by what the other examples teach.

    Attributes:
        labels: As given.
        method: How labels were found: as `classify` finds them with all examples.
        folds: Parts that were left out in turn; as many as there are examples where one was left out at a time.
        confusion: int, `(labels, labels)`: examples by their own label (row) and the one they got (column).
        accuracy: The share that got their own label, in [0, 1].
        macro_f1: The mean over labels of F1, the harmonic mean of precision and recall, in [0, 1]; 0 for a label never given.
        baseline: The accuracy of always giving the most frequent label.
        notes: Sentences that a person should know.
    """

    labels: tuple[str, ...]
    method: Method
    folds: int
    confusion: NDArray[np.intp]
    accuracy: float
    macro_f1: float
    baseline: float
    notes: tuple[str, ...]

    @property
    def examples(self) -> int:
        """How many were labelled."""
        return int(self.confusion.sum())

    @property
    def leaves_one_out(self) -> bool:
        """Whether one example was left out at a time."""
        return self.folds == self.examples


def cross_validate(library: "Library", examples: Mapping[str, Sequence[str]], tell: Told = lambda _: None) -> CrossValidation:
    """Label each example by what the others teach.

    Stratified folds, as many as the rarest label has examples and at most `MOST_FOLDS`; where that label has 2, one example is left
    out at a time, since a half would teach too little.

    Args:
        library: Whose model embeds the examples; its documents do not matter.
        examples: Texts by label; at least `LEAST_EXAMPLES` of each.
        tell: Told how far it is.

    Raises:
        ExploringError: A label has too few examples, or as for `classify`.
        EmbeddingError: The model cannot be used.
    """
    given = embed_examples(library, examples, tell)
    counts = np.bincount(given.owners, minlength=len(given.labels))
    if missing := [
        f"{LEAST_EXAMPLES - count} more of {label!r}" for label, count in zip(given.labels, counts, strict=True) if count < LEAST_EXAMPLES
    ]:
        raise ExploringError(f"Checking needs at least {LEAST_EXAMPLES} examples of each label. Give {', '.join(missing)}.")
    folds, splits = _splits(given, int(counts.min()))
    got = np.empty_like(given.owners)
    for taught, left_out in splits:
        label = learn(given.vectors[taught], given.owners[taught], given.names, given.method)
        got[left_out] = label(given.vectors[left_out]).argmax(axis=1)
    return _measured(given, got, folds, counts)


def _splits(given: Examples, least: int) -> tuple[int, Iterable[Split]]:
    from sklearn.model_selection import LeaveOneOut, StratifiedKFold

    if least == LEAST_EXAMPLES:
        return len(given.owners), LeaveOneOut().split(given.vectors)
    folds = min(MOST_FOLDS, least)
    return folds, StratifiedKFold(folds, shuffle=True, random_state=SEED).split(given.vectors, given.owners)


def _measured(given: Examples, got: NDArray[np.intp], folds: int, counts: NDArray[np.intp]) -> CrossValidation:
    from sklearn.metrics import confusion_matrix, f1_score

    return CrossValidation(
        labels=given.labels,
        method=given.method,
        folds=folds,
        confusion=confusion_matrix(given.owners, got, labels=np.arange(len(given.labels))),
        accuracy=float((got == given.owners).mean()),
        macro_f1=float(f1_score(given.owners, got, average="macro", zero_division=0)),
        baseline=float(counts.max() / counts.sum()),
        notes=given.notes,
    )
