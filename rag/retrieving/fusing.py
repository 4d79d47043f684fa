"""Cosines of semantic search and BM25 of keyword search -> one score a chunk."""

from collections.abc import Collection, Mapping

from rag.types import ChunkKey

LEXICAL_WEIGHT = 0.5
"""Weight of BM25 next to the cosine. This and the next two were chosen on three sets of questions: `tests/benchmarks/README.md`."""

BEFORE_WEIGHT = 0.2
AFTER_WEIGHT = 0.1  # weights of the BM25 of the chunk before and of the one after: a passage on the subject has such neighbours


LEAST_SEMANTIC_WEIGHT = 0.3  # of the cosine, where the embedding model does not know the question's language at all


def fused(cosines: Mapping[ChunkKey, float], bm25: Mapping[ChunkKey, float], familiarity: float = 1.0) -> dict[ChunkKey, float]:
    """Score the chunks of `cosines`: s * cosine + a * (w + b * w of the chunk before + c * w of the chunk after), w = BM25 / best BM25.

    `bm25` has their neighbours too, where they are known. `familiarity`, in [0, 1]: how far the embedding model knows the question's
    language, from which s follows. Scores are -1 to about 1.7.
    """
    semantic = max(LEAST_SEMANTIC_WEIGHT, familiarity)
    best = max(bm25.values(), default=0.0) or 1.0
    words = {key: score / best for key, score in bm25.items()}
    return {
        (document_id, ordinal): semantic * cosine
        + LEXICAL_WEIGHT
        * (
            words.get((document_id, ordinal), 0.0)
            + BEFORE_WEIGHT * words.get((document_id, ordinal - 1), 0.0)
            + AFTER_WEIGHT * words.get((document_id, ordinal + 1), 0.0)
        )
        for (document_id, ordinal), cosine in cosines.items()
    }


def with_neighbours(keys: Collection[ChunkKey]) -> set[ChunkKey]:
    """The keys and their neighbours', some of which may not exist."""
    return {(document_id, ordinal + step) for document_id, ordinal in keys for step in (-1, 0, 1) if ordinal + step >= 0}
