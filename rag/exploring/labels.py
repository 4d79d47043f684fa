"""What learns labels from a few examples, and gives them to vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.embedding import Told, embed_texts
from rag.exploring.lists import Sheet

if TYPE_CHECKING:
    from rag.library import Library

Method = Literal["names", "centroids", "regression"]
"""`names`: the cosine to each label's name, there being no examples. `centroids`: to the mean of each label's examples, or to its name
where it has none. `regression`: logistic regression, where each label has `ENOUGH` examples."""

ENOUGH = 5
"""Examples of each label from which on logistic regression is used."""

TEMPERATURE = 0.1
"""Cosines are divided by it before the softmax: a lead of 0.1 makes a label e = 2.7 times as likely. A rough guide.

With this and `STRENGTH`, the mean confidence was within 0.11 of the share that was right, on passages of four documents of one library,
labelled by document from 3 to 10 examples each; 0.05 was slightly better calibrated, 0.2 worse, and a C of 1 or 10 was
much too modest (0.54 and 0.78 where 0.93 were right).
"""

STRENGTH = 100.0
"""Of logistic regression, scikit-learn's C."""

SEED = 0

MOST_LABELS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labels with the vectors of their examples.

    Attributes:
        labels: In the order given.
        vectors: float32, `(examples, dimensions)`, rows of unit length.
        owners: int, `(examples,)`: the index of each one's label.
        names: float32, `(len(labels), dimensions)`: the vectors of the labels' names.
        method: What these examples are enough for.
        notes: Sentences that a person should know.
    """

    labels: tuple[str, ...]
    vectors: Embeddings
    owners: NDArray[np.intp]
    names: Embeddings
    method: Method
    notes: tuple[str, ...]


class Labeller(Protocol):
    """Says how likely each label is."""

    def __call__(self, vectors: Embeddings) -> NDArray[np.float64]:
        """float64, `(len(vectors), labels)`: rows of shares that sum to 1."""


def read_examples(text: str) -> dict[str, list[str]]:
    """Read lines "label: text"; a line without a colon is a label's name alone."""
    examples: dict[str, list[str]] = {}
    for line in text.splitlines():
        label, _, words = (part.strip() for part in line.partition(":"))
        if label or words:
            examples.setdefault(label, []).extend([words] if words else [])
    return examples


def examples_of(sheet: Sheet) -> dict[str, list[str]]:
    """Examples of a file: its columns "label" and "text", else its first two; or its lines, where it is a plain list.

    Raises:
        ExploringError: It is a table of one column.
    """
    if sheet.columns == ("",):
        return read_examples("\n".join(row[0] for row in sheet.rows))
    named = sheet.find("label"), sheet.find("text")
    if len(sheet.columns) < 2:
        raise ExploringError("The file of examples needs two columns: label and text.")
    label, text = (0, 1) if None in named else (named[0] or 0, named[1] or 0)
    examples: dict[str, list[str]] = {}
    for row in sheet.rows:
        words = " ".join(row[text].split())
        examples.setdefault(" ".join(row[label].split()), []).extend([words] if words else [])
    return examples


def embed_examples(library: "Library", examples: Mapping[str, Sequence[str]], tell: Told = lambda _: None) -> Examples:
    """Embed labels and their examples, as documents are. The same example given twice under a label counts once.

    Raises:
        ExploringError: There are fewer than 2 labels or too many, one has no name, or an example stands under two labels.
        EmbeddingError: The model cannot be used.
    """
    kept = _checked(examples)
    texts = [text for label in kept for text in kept[label]]
    embedded = embed_texts(library, [*kept, *texts], tell)
    owners = np.repeat(np.arange(len(kept)), [len(own) for own in kept.values()])
    counts = [len(own) for own in kept.values()]
    method: Method = "regression" if min(counts) >= ENOUGH else "centroids" if texts else "names"
    notes = [_without_examples(kept)] if texts and not all(counts) else []
    if cut := len([place for place in embedded.cut if place >= len(kept)]):
        notes.append(f"{cut} examples are longer than the model reads; their beginning counts.")
    return Examples(tuple(kept), embedded.vectors[len(kept) :], owners, embedded.vectors[: len(kept)], method, tuple(notes))


def learn(vectors: Embeddings, owners: NDArray[np.intp], names: Embeddings, method: Method) -> Labeller:
    """Learn labels; arguments as in `Examples`.

    Centroids are the means of unit vectors, made unit again (Rocchio's classifier: Manning, Raghavan, Schütze, "Introduction to
    Information Retrieval", 2008, chapter 14.2).
    """
    if method == "regression":
        return _regression(vectors, owners)
    centroids = np.array([vectors[owners == label].mean(axis=0) if (owners == label).any() else name for label, name in enumerate(names)])
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return lambda asked: softmax(asked @ centroids.T / TEMPERATURE)


def softmax(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Shares that sum to 1 in each row."""
    grown = np.exp(values.astype(np.float64) - values.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = grown / grown.sum(axis=1, keepdims=True)
    return shares


def _regression(vectors: Embeddings, owners: NDArray[np.intp]) -> Labeller:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, class_weight="balanced", random_state=SEED, max_iter=1000)
    model.fit(vectors, owners)
    return lambda asked: np.asarray(model.predict_proba(asked), dtype=np.float64)


def _checked(examples: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for name, texts in examples.items():
        if not (label := " ".join(name.split())):
            raise ExploringError('A line has no label before its colon. Write "label: text".')
        kept.setdefault(label, []).extend(words for text in texts if (words := text.strip()))
    if len(kept) < 2:
        raise ExploringError(f"Labelling needs at least 2 labels, and there {'is 1' if kept else 'are none'}. Give another.")
    if len(kept) > MOST_LABELS:
        raise ExploringError(f"At most {MOST_LABELS} labels are told apart, and there are {len(kept)}. Give fewer.")
    kept = {label: list(dict.fromkeys(texts)) for label, texts in kept.items()}
    seen: dict[str, str] = {}
    for label, texts in kept.items():
        for text in texts:
            if (other := seen.setdefault(text, label)) != label:
                raise ExploringError(f"“{_short(text)}” stands under {other!r} and under {label!r}. Take it out of one.")
    return kept


def _without_examples(kept: Mapping[str, Sequence[str]]) -> str:
    names = ", ".join(repr(label) for label, texts in kept.items() if not texts)
    return f"No example of {names}: the name itself stands in for one."


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
