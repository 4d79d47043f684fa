"""Many texts -> their vectors, some at a time."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from rag import arguments
from rag.embedding.protocol import Embedder, Embeddings, truncated

BATCH = 64  # texts embedded between two progress reports


def embed_all(embedder: Embedder, texts: Iterable[str], progress: Callable[[float], None] | None = None) -> Embeddings:
    """Embed texts as documents, each once; of one that is longer than the model reads, its beginning.

    Returns float32 of shape `(len(texts), dimensions)`, rows of unit length; `(0, 0)` for no texts.
    """
    given = [arguments.valid(text) for text in arguments.texts("texts", texts)]
    if empty := [place for place, text in enumerate(given) if not text.strip()]:
        raise ValueError(f"texts[{empty[0]}] is empty. Leave it out.")
    distinct: Sequence[str] = list(dict.fromkeys(given))
    batches = []
    for first in range(0, len(distinct), BATCH):
        batches.append(embedder.embed_documents([truncated(text, embedder) for text in distinct[first : first + BATCH]]))
        if progress:
            progress(min(1.0, (first + BATCH) / len(distinct)))
    if not batches:
        return np.empty((0, 0), dtype=np.float32)
    places = {text: place for place, text in enumerate(distinct)}
    vectors: Embeddings = np.concatenate(batches)[[places[text] for text in given]]
    return vectors
