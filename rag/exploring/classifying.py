"""Labels for documents, passages or texts, from a few examples or from the labels' names alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.embedding import Told, embed_texts
from rag.exploring.labels import Method, embed_examples, learn
from rag.exploring.lists import write_csv
from rag.types import ChunkKey

if TYPE_CHECKING:
    from rag.library import Library

UNSURE_BELOW = 0.6
"""Confidence below which a label is a guess: above a half, which the likelier of two labels always has."""

READ_BATCH = 2_000
"""Passages read at a time."""

Of = Literal["documents", "chunks"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What got a label.

    Attributes:
        label: The likeliest.
        confidence: Its share, in [0, 1]: the probability of logistic regression, or else the softmax of cosines, a rough guide.
        is_sure: Whether the confidence is no less than asked for.
        text: The text, the passage's words, or the document's name.
        document: The document's name; "" for a text that is in none.
        page: The passage's physical page, 1-based; None for documents and texts.
        key: The passage, or the document's first; None for texts.
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
    """Labels of many.

    Attributes:
        labels: Those that were given.
        method: How they were found.
        unsure_below: The confidence asked for.
        found: One for each document, passage or text, in their order.
        notes: Sentences that a person should know.
    """

    labels: tuple[str, ...]
    method: Method
    unsure_below: float
    found: tuple[Labelled, ...]
    notes: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """How many surely have each label; those of which it is unsure are in none."""
        return {label: sum(one.is_sure and one.label == label for one in self.found) for label in self.labels}

    def to_csv(self) -> str:
        """A table: label, confidence, sure, document, page, text; no spreadsheet takes a cell for a formula."""
        columns = ("label", "confidence", "sure", "document", "page", "text")
        return write_csv(
            columns,
            (
                (one.label, f"{one.confidence:.4f}", "yes" if one.is_sure else "no", one.document, str(one.page or ""), one.text)
                for one in self.found
            ),
        )


def classify(
    library: "Library",
    examples: Mapping[str, Sequence[str]],
    texts: Sequence[str] | None = None,
    of: Of = "documents",
    unsure_below: float = UNSURE_BELOW,
    tell: Told = lambda _: None,
) -> Classification:
    """Give each document, passage or text the likeliest of some labels. All are embedded as documents are.

    Where no label has an example, the names of the labels are compared. Where each has `ENOUGH` of `rag.exploring.labels`, logistic
    regression learns from them; else the nearest mean of examples decides. A document's vector is the mean of its passages'.

    Args:
        library: Whose model embeds, and whose documents or passages get labels.
        examples: Texts by label, at least 2 labels; a label's list may be empty.
        texts: What gets labels in place of the library's documents.
        of: "documents" or "chunks", where there are no `texts`.
        unsure_below: Labels with less confidence are marked as guesses; in [0, 1].
        tell: Told how far it is.

    Raises:
        ExploringError: The labels cannot be told apart (see `embed_examples`), or there is nothing to give them to.
        EmbeddingError: The model cannot be used.
        StorageError: The index cannot be read.
        ValueError: `of` or `unsure_below` is not what it may be.
    """
    if of not in {"documents", "chunks"} or not 0 <= unsure_below <= 1:
        raise ValueError('of must be "documents" or "chunks", and unsure_below from 0 to 1')
    if texts is None:
        library.vectors().require()
    elif not texts:
        raise ExploringError("There are no texts to label. Write one a line.")
    given = embed_examples(library, examples, lambda done: tell(done / 2))
    label = learn(given.vectors, given.owners, given.names, given.method)
    notes = list(given.notes)
    if texts is not None:
        embedded = embed_texts(library, texts, lambda done: tell(0.5 + done / 2))
        vectors, subjects = embedded.vectors, [_Subject(text) for text in embedded.texts]
        if embedded.cut:
            notes.append(f"{len(embedded.cut)} texts are longer than the model reads; their beginning counts.")
    else:
        vectors, subjects = _of_library(library, of, lambda done: tell(0.5 + done / 2))
        if waiting := library.vectors().waiting:
            notes.append(f"{waiting} documents have no label, since their vectors are still being made.")
    shares = label(vectors)
    best = shares.argmax(axis=1)
    found = tuple(
        Labelled(given.labels[place], float(row[place]), bool(row[place] >= unsure_below), one.text, one.document, one.page, one.key)
        for one, row, place in zip(subjects, shares, best, strict=True)
    )
    return Classification(given.labels, given.method, unsure_below, found, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Subject:
    text: str
    document: str = ""
    page: int | None = None
    key: ChunkKey | None = None


def _of_library(library: "Library", of: Of, tell: Told) -> tuple[Embeddings, list[_Subject]]:
    vectors = library.vectors()
    if of == "documents":
        return vectors.documents, [_Subject(record.name, record.name, None, (record.id, 0)) for record in vectors.records]
    names = {record.id: record.name for record in vectors.records}
    subjects: list[_Subject] = []
    rows: list[int] = []
    for first in range(0, len(vectors.keys), READ_BATCH):
        keys = vectors.keys[first : first + READ_BATCH]
        chunks = library.chunks(keys)
        rows += [vectors.places[key] for key in keys if key in chunks]  # one may have been removed meanwhile
        subjects += [_Subject(chunks[key].text, names[key[0]], chunks[key].page, key) for key in keys if key in chunks]
        tell(min(1.0, (first + READ_BATCH) / len(vectors.keys)))
    return np.ascontiguousarray(vectors.embeddings[rows]), subjects
