"""Texts that are in no document, embedded as the documents are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.lists import MOST_TEXTS

if TYPE_CHECKING:
    from rag.embedding.protocol import Embedder
    from rag.library import Library

BATCH = 64
"""Texts between two words of progress."""

Told = Callable[[float], None]
"""Told how much is done, in [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Texts and their vectors.

    Attributes:
        texts: Valid UTF-8, without white space around them.
        vectors: float32, `(len(texts), dimensions)`, rows of unit length.
        cut: Indices of those longer than the model reads: the vector is that of their beginning.
    """

    texts: tuple[str, ...]
    vectors: Embeddings
    cut: tuple[int, ...]


def embed_texts(library: "Library", texts: Sequence[str], tell: Told = lambda _: None) -> Embedded:
    """Embed texts with the model of a library, as documents: the same text has the same vector wherever it stands in the list.

    Args:
        library: Whose model.
        texts: None empty.
        tell: Told how far it is.

    Raises:
        ExploringError: There is none, one is empty, or there are more than `MOST_TEXTS`.
        EmbeddingError: The model cannot be used.
    """
    given = tuple(text.encode(errors="replace").decode().strip() for text in texts)
    if not given:
        raise ExploringError("There are no texts. Write one a line.")
    if not all(given):
        raise ExploringError(f"Text {given.index('') + 1} of the list is empty. Leave it out.")
    if len(given) > MOST_TEXTS:
        raise ExploringError(f"The list has {len(given):,} texts; at most {MOST_TEXTS:,} can be taken at a time. Give a part of it.")
    different = list(dict.fromkeys(given))
    read = [beginning(library.embedder, text) for text in different]
    rows = []
    for first in range(0, len(read), BATCH):
        rows.append(library.embedder.embed_documents(read[first : first + BATCH]))
        tell(min(1.0, (first + BATCH) / len(read)))
    places = {text: place for place, text in enumerate(different)}
    was_cut = {text for text, part in zip(different, read, strict=True) if len(part) < len(text)}
    vectors = np.concatenate(rows)[[places[text] for text in given]]
    return Embedded(given, vectors, tuple(place for place, text in enumerate(given) if text in was_cut))


def embed_question(library: "Library", question: str) -> Embeddings:
    """Embed a question with the model of a library.

    Returns:
        float32, `(dimensions,)`, of unit length.

    Raises:
        ExploringError: It is empty, or longer than the model reads.
        EmbeddingError: The model cannot be used.
    """
    question = question.encode(errors="replace").decode().strip()
    if not question:
        raise ExploringError("The question is empty. Write one.")
    if beginning(library.embedder, question) != question:
        raise ExploringError(f"The question is longer than the {library.embedder.max_tokens} tokens that the model reads. Shorten it.")
    return library.embedder.embed_query(question)


def beginning(embedder: "Embedder", text: str) -> str:
    """As much of a text as the model reads: all of it, or its first `max_tokens` tokens."""
    if len(text) <= embedder.max_tokens:  # a token has a character at least
        return text
    spans = embedder.token_spans(text)
    return text if len(spans) <= embedder.max_tokens else text[: spans[embedder.max_tokens - 1][1]]
