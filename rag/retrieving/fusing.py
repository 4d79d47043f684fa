"""What was found by meaning and what was found by words -> one score a chunk."""

from collections.abc import Collection, Mapping

from rag.types import ChunkKey

LEXICAL_WEIGHT = 0.5
"""Of the words, beside the meaning. This and the next two were chosen on three sets of questions: `tests/benchmarks/README.md`."""

BEFORE_WEIGHT = 0.2
AFTER_WEIGHT = 0.1
"""What a chunk gains by the words found in the chunk before it and in the one after it: a passage on the subject has such neighbours."""


def fused(cosines: Mapping[ChunkKey, float], bm25: Mapping[ChunkKey, float]) -> dict[ChunkKey, float]:
    """Score chunks by meaning and words: cosine + a * (w + b * w of the chunk before + c * w of the chunk after), w = BM25 / best BM25.

    Args:
        cosines: Of the chunks to score, in [-1, 1].
        bm25: Of the same chunks, and of their neighbours where they are known; at least 0.

    Returns:
        A score for each key of `cosines`; -1 to about 1.7.
    """
    best = max(bm25.values(), default=0.0) or 1.0
    words = {key: score / best for key, score in bm25.items()}
    return {
        (document_id, ordinal): cosine
        + LEXICAL_WEIGHT
        * (
            words.get((document_id, ordinal), 0.0)
            + BEFORE_WEIGHT * words.get((document_id, ordinal - 1), 0.0)
            + AFTER_WEIGHT * words.get((document_id, ordinal + 1), 0.0)
        )
        for (document_id, ordinal), cosine in cosines.items()
    }


def with_neighbours(keys: Collection[ChunkKey]) -> set[ChunkKey]:
    """The keys, and those of the chunks before and after each; some of these may not exist."""
    return {(document_id, ordinal + step) for document_id, ordinal in keys for step in (-1, 0, 1) if ordinal + step >= 0}
