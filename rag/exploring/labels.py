"""Labels and their examples: read, embedded, and what learns to assign them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.embedding import embed_texts
from rag.exploring.lists import Sheet, shortened
from rag.exploring.vectors import Progress, unit

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

Method = Literal["names", "centroids", "regression"]
"""`names`: cosine to each label's name, as there are no examples. `centroids`: cosine to the mean of each label's examples, or to its name
if it has none. `regression`: logistic regression, if each label has `ENOUGH` examples."""

ENOUGH = 5  # examples per label from which logistic regression is used

TEMPERATURE = 0.1
"""Cosines are divided by it before the softmax: a lead of 0.1 makes a label e = 2.7 times as likely. A rough guide.

With this and `STRENGTH`, the mean confidence was within 0.11 of the accuracy on passages of four documents of one library, labelled by
document from 3 to 10 examples each; 0.05 was slightly better calibrated, 0.2 worse, and a C of 1 or 10 was far too modest (0.54 and 0.78
where 0.93 were right).
"""

STRENGTH = 100.0  # C of scikit-learn's logistic regression
SEED = 0

MOST_LABELS = 50

Labeller = Callable[[Embeddings], NDArray[np.float64]]
"""How likely each label is: `(n, dimensions)` -> `(n, labels)`, rows of probabilities that sum to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labels and their examples as unit vectors `(examples, dimensions)`; `owners` are the indices of their labels.

    `names` are the vectors of the labels' names, `(labels, dimensions)`; `notes` are sentences for the reader.
    """

    labels: tuple[str, ...]
    vectors: Embeddings
    owners: NDArray[np.intp]
    names: Embeddings
    method: Method
    notes: tuple[str, ...]


def read_examples(text: str) -> dict[str, list[str]]:
    """Read lines "label: text"; a line without a colon is a label's name alone."""
    examples: dict[str, list[str]] = {}
    for line in text.splitlines():
        label, _, words = (part.strip() for part in line.partition(":"))
        if label or words:
            examples.setdefault(label, []).extend([words] if words else [])
    return examples


def examples_of(sheet: Sheet) -> dict[str, list[str]]:
    """Examples from the columns "label" and "text" of a file, or its first two; or from its lines, if it is a plain list."""
    if sheet.columns == ("",):
        return read_examples("\n".join(row[0] for row in sheet.rows))
    if len(sheet.columns) < 2:
        raise ExploringError("The file of examples needs two columns: label and text.")
    label, text = sheet.find("label"), sheet.find("text")
    if label is None or text is None:
        label, text = 0, 1
    examples: dict[str, list[str]] = {}
    for row in sheet.rows:
        words = " ".join(row[text].split())
        examples.setdefault(" ".join(row[label].split()), []).extend([words] if words else [])
    return examples


def embed_examples(corpus: "Corpus", examples: Mapping[str, Sequence[str]], progress: Progress) -> Examples:
    """Embed labels and their examples as documents. An example given twice under a label counts once."""
    given = _checked(examples)
    texts = [text for label in given for text in given[label]]
    embedded = embed_texts(corpus, [*given, *texts], progress)
    counts = [len(own) for own in given.values()]
    method: Method = "regression" if min(counts) >= ENOUGH else "centroids" if texts else "names"
    notes = []
    if texts and not all(counts):
        bare = ", ".join(repr(label) for label, own in given.items() if not own)
        notes.append(f"There is no example of {bare}: the name itself stands in for one.")
    if cut := sum(place >= len(given) for place in embedded.cut):
        notes.append(f"{cut} examples are longer than the model reads; only their beginning counts.")
    vectors, names = embedded.vectors[len(given) :], embedded.vectors[: len(given)]
    return Examples(tuple(given), vectors, np.repeat(np.arange(len(given)), counts), names, method, tuple(notes))


def learn(vectors: Embeddings, owners: NDArray[np.intp], names: Embeddings, method: Method) -> Labeller:
    """Learn labels from the fields of `Examples`, or from a part of them.

    Centroids are the means of unit vectors, scaled to unit length (Rocchio's classifier: Manning, Raghavan, Schütze, "Introduction to
    Information Retrieval", 2008, chapter 14.2).
    """
    if method == "regression":
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=STRENGTH, class_weight="balanced", random_state=SEED, max_iter=1000).fit(vectors, owners)
        return lambda rows: np.asarray(model.predict_proba(rows), dtype=np.float64)
    from scipy.special import softmax

    means = [vectors[owners == label].mean(axis=0) if (owners == label).any() else name for label, name in enumerate(names)]
    centroids = unit(np.array(means))
    return lambda rows: np.asarray(softmax((rows @ centroids.T / TEMPERATURE).astype(np.float64), axis=1))


def _checked(examples: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, texts in examples.items():
        if not (label := " ".join(name.split())):
            raise ExploringError('A line has no label before its colon. Write "label: text".')
        given.setdefault(label, []).extend(words for text in texts if (words := text.strip()))
    if len(given) < 2:
        raise ExploringError(f"Labelling needs at least 2 labels, and there {'is 1' if given else 'are none'}. Add another.")
    if len(given) > MOST_LABELS:
        raise ExploringError(f"At most {MOST_LABELS} labels are allowed, and there are {len(given)}. Give fewer.")
    given = {label: list(dict.fromkeys(texts)) for label, texts in given.items()}
    seen: dict[str, str] = {}
    for label, texts in given.items():
        for text in texts:
            if (other := seen.setdefault(text, label)) != label:
                raise ExploringError(f"“{shortened(text, 60)}” is under {other!r} and under {label!r}. Remove one of them.")
    return given
