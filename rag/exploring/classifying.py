"""Labels for documents, passages or texts, from a few examples or the labels' names alone; and how well they are told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.embedding import embed_texts
from rag.exploring.labels import SEED, Method, embed_examples, learn
from rag.exploring.lists import write_csv
from rag.exploring.passages import read_chunks
from rag.exploring.vectors import Progress, no_progress
from rag.types import ChunkKey

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

UNSURE_BELOW = 0.6  # confidence below which a label is a guess: above a half, which the likelier of two labels always has
MOST_FOLDS = 5
LEAST_EXAMPLES = 2  # examples per label for cross-validation: one to label, another to learn from

Of = Literal["documents", "chunks"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """An item and its label.

    Attributes:
        label: The likeliest label.
        confidence: Its probability by logistic regression, or else the softmax of cosines, a rough guide; in [0, 1].
        is_sure: Whether the confidence reaches the limit asked for.
        text: The text, the passage's text, or the document's name.
        document: The document's name; "" for a text that is in none.
        page: The passage's physical page, 1-based; None for documents and texts.
        key: The passage, or the document's first one; None for texts.
    """

    label: str
    confidence: float
    is_sure: bool
    text: str
    document: str = ""
    page: int | None = None
    key: ChunkKey | None = None


@dataclass(frozen=True, slots=True)
class Classification:
    """The labels of many items.

    Attributes:
        labels: The labels given.
        method: How they were assigned.
        unsure_below: The confidence asked for.
        found: One for each document, passage or text, in their order.
        notes: Sentences for the reader.
    """

    labels: tuple[str, ...]
    method: Method
    unsure_below: float
    found: tuple[Labelled, ...]
    notes: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """The number of items that surely have each label."""
        return {label: sum(item.is_sure and item.label == label for item in self.found) for label in self.labels}

    def to_csv(self) -> str:
        """A table of label, confidence, sure, document, page and text; no spreadsheet takes a cell for a formula."""
        rows = (
            (item.label, f"{item.confidence:.4f}", "yes" if item.is_sure else "no", item.document, str(item.page or ""), item.text)
            for item in self.found
        )
        return write_csv(("label", "confidence", "sure", "document", "page", "text"), rows)


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Examples labelled by what the other examples teach.

    Attributes:
        labels: The labels given.
        method: How labels were assigned: as `classify` does with all examples.
        folds: Parts held out in turn; as many as there are examples if one was held out at a time.
        confusion: int, `(labels, labels)`: examples by their own label (row) and the label assigned (column).
        accuracy: Share of examples that got their own label, in [0, 1].
        macro_f1: Mean F1 of the labels, in [0, 1]; 0 for a label never assigned.
        baseline: Accuracy of always assigning the most frequent label.
        notes: Sentences for the reader.
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
        """The number of examples."""
        return int(self.confusion.sum())

    @property
    def leaves_one_out(self) -> bool:
        """Whether one example was held out at a time."""
        return self.folds == self.examples


def classify(
    corpus: "Corpus",
    examples: Mapping[str, Sequence[str]],
    texts: Sequence[str] | None = None,
    of: Of = "documents",
    unsure_below: float = UNSURE_BELOW,
    progress: Progress = no_progress,
) -> Classification:
    """Assign each document, passage or text its likeliest label.

    Without examples, items are compared with the labels' names. With 5 examples of each label, logistic regression learns from them;
    otherwise the nearest mean of examples decides. A document's vector is the mean of its passages'.

    Args:
        corpus: The library, or `rag.Texts`, whose model embeds, and whose documents or passages are labelled.
        examples: Texts by label, at least 2 labels; a label's list may be empty.
        texts: Texts to label in place of the library's documents.
        of: "documents" or "chunks", if there are no `texts`.
        unsure_below: Labels with less confidence are marked as guesses; in [0, 1].
        progress: Called with the share done, in [0, 1].

    Raises:
        ExploringError: There are fewer than 2 labels or too many, an example has two labels, or there is nothing to label.
        EmbeddingError, StorageError: The model cannot be used, or the index cannot be read.
        ValueError: `of` or `unsure_below` is out of range.
    """
    if of not in {"documents", "chunks"} or not 0 <= unsure_below <= 1:
        raise ValueError('of must be "documents" or "chunks", and unsure_below from 0 to 1')
    if texts is None:
        corpus.vectors().require()
    elif not texts:
        raise ExploringError("There are no texts to label. Write one per line.")
    given = embed_examples(corpus, examples, lambda done: progress(done / 2))
    label = learn(given.vectors, given.owners, given.names, given.method)
    notes = list(given.notes)
    if texts is not None:
        embedded = embed_texts(corpus, texts, lambda done: progress(0.5 + done / 2))
        vectors, items = embedded.vectors, [partial(Labelled, text=text) for text in embedded.texts]
        if embedded.cut:
            notes.append(f"{len(embedded.cut)} texts are longer than the model reads; only their beginning counts.")
    else:
        vectors, items = _of_library(corpus, of, lambda done: progress(0.5 + done / 2))
        if waiting := corpus.vectors().waiting:
            notes.append(f"{waiting} documents have no label yet, since they are still being indexed.")
    shares = label(vectors)
    best = shares.argmax(axis=1)
    found = tuple(
        item(given.labels[place], float(row[place]), bool(row[place] >= unsure_below))
        for item, row, place in zip(items, shares, best, strict=True)
    )
    return Classification(given.labels, given.method, unsure_below, found, tuple(notes))


def cross_validate(corpus: "Corpus", examples: Mapping[str, Sequence[str]], progress: Progress = no_progress) -> CrossValidation:
    """Label each example by what the others teach.

    Stratified folds, as many as the rarest label has examples and at most 5; if that label has 2, one example is held out at a time,
    since a half would teach too little.

    Args:
        corpus: The library, or `rag.Texts`, whose model embeds the examples; its documents do not matter.
        examples: Texts by label; at least 2 of each.
        progress: Called with the share done, in [0, 1].

    Raises:
        ExploringError: A label has too few examples, or as for `classify`.
        EmbeddingError: The model cannot be used.
    """
    from sklearn.metrics import confusion_matrix, f1_score
    from sklearn.model_selection import LeaveOneOut, StratifiedKFold

    given = embed_examples(corpus, examples, progress)
    counts = np.bincount(given.owners, minlength=len(given.labels))
    if missing := [
        f"{LEAST_EXAMPLES - count} more of {label!r}" for label, count in zip(given.labels, counts, strict=True) if count < LEAST_EXAMPLES
    ]:
        raise ExploringError(f"Checking needs at least {LEAST_EXAMPLES} examples of each label. Give {', '.join(missing)}.")
    if counts.min() == LEAST_EXAMPLES:
        folds, splits = len(given.owners), LeaveOneOut().split(given.vectors)
    else:
        folds = min(MOST_FOLDS, int(counts.min()))
        splits = StratifiedKFold(folds, shuffle=True, random_state=SEED).split(given.vectors, given.owners)
    assigned = np.empty_like(given.owners)
    for taught, held_out in splits:
        label = learn(given.vectors[taught], given.owners[taught], given.names, given.method)
        assigned[held_out] = label(given.vectors[held_out]).argmax(axis=1)
    return CrossValidation(
        labels=given.labels,
        method=given.method,
        folds=folds,
        confusion=confusion_matrix(given.owners, assigned, labels=np.arange(len(given.labels))),
        accuracy=float((assigned == given.owners).mean()),
        macro_f1=float(f1_score(given.owners, assigned, average="macro", zero_division=0)),
        baseline=float(counts.max() / counts.sum()),
        notes=given.notes,
    )


def _of_library(corpus: "Corpus", of: Of, progress: Progress) -> tuple[Embeddings, list[partial[Labelled]]]:
    """The vectors of documents or passages, and what their labels will stand beside."""
    vectors = corpus.vectors()
    if of == "documents":
        return vectors.documents, [
            partial(Labelled, text=record.name, document=record.name, key=(record.id, 0)) for record in vectors.records
        ]
    names = {record.id: record.name for record in vectors.records}
    chunks = read_chunks(corpus, vectors.keys, progress)
    rows = [row for row, key in enumerate(vectors.keys) if key in chunks]  # one may have been removed meanwhile
    keys = [vectors.keys[row] for row in rows]
    items = [partial(Labelled, text=chunks[key].text, document=names[key[0]], page=chunks[key].page, key=key) for key in keys]
    return np.ascontiguousarray(vectors.embeddings[rows]), items
