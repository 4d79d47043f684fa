"""Embeds texts that are in no document the way documents are embedded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.protocol import Embeddings, truncated
from rag.errors import ExploringError
from rag.exploring.lists import limited
from rag.exploring.vectors import Progress, no_progress

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

BATCH = 64  # texts embedded between two progress reports


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedTexts:
    """Texts, stripped and valid UTF-8, and their unit vectors; `cut` are the indices of those of which only the beginning was read."""

    texts: tuple[str, ...]
    vectors: Embeddings
    cut: tuple[int, ...]


def embed_texts(corpus: "Corpus", texts: Sequence[str], progress: Progress = no_progress) -> EmbeddedTexts:
    """Embed texts as documents, `MOST_TEXTS` at most, none empty; a text has the same vector wherever it stands in the list."""
    given = tuple(map(_clean, texts))
    if not given:
        raise ExploringError("There are no texts. Write one per line.")
    if not all(given):
        raise ExploringError(f"Text {given.index('') + 1} of the list is empty. Leave it out.")
    distinct = list(dict.fromkeys(limited(given)))
    read = [truncated(text, corpus.embedder) for text in distinct]
    batches = []
    for first in range(0, len(read), BATCH):
        batches.append(corpus.embedder.embed_documents(read[first : first + BATCH]))
        progress(min(1.0, (first + BATCH) / len(read)))
    places = {text: place for place, text in enumerate(distinct)}
    vectors = np.concatenate(batches)[[places[text] for text in given]]
    return EmbeddedTexts(given, vectors, tuple(row for row, text in enumerate(given) if len(read[places[text]]) < len(text)))


def embed_question(corpus: "Corpus", question: str) -> Embeddings:
    """Embed a question, not empty and not longer than the model reads: float32, `(dimensions,)`, of unit length."""
    question = _clean(question)
    if not question:
        raise ExploringError("The question is empty. Write one.")
    if truncated(question, corpus.embedder) != question:
        raise ExploringError(f"The question is longer than the {corpus.embedder.max_tokens} tokens that the model reads. Shorten it.")
    return corpus.embedder.embed_query(question)


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode().strip()
