"""Cosines of semantic search and BM25 of keyword search -> one score a chunk."""

from collections.abc import Collection, Mapping

from rag.types import ChunkKey

LEXICAL_WEIGHT = 0.5
"""Weight of BM25 next to the cosine. This and the next two were chosen on three sets of questions: `tests/benchmarks/README.md`."""

BEFORE_WEIGHT = 0.2
AFTER_WEIGHT = 0.1  # weights of the BM25 of the chunk before and of the one after: a passage on the subject has such neighbours


DOCUMENT_WEIGHT = 0.15  # of each nat by which the question names the chunk's document

LEAST_SEMANTIC_WEIGHT = 0.3  # of the cosine, where the embedding model does not know the question's language at all


FULL_REACH = 0.3
"""The share of a question's words that the best chunk by keywords must have for BM25 to count in full: a stray word says nothing, as where
a question is in another language than the documents. Nineteen in twenty questions that are answered have more."""


def fused(
    cosines: Mapping[ChunkKey, float],
    bm25: Mapping[ChunkKey, float],
    familiarity: float = 1.0,
    reach: float = 1.0,
    documents: Mapping[str, float] | None = None,
) -> dict[ChunkKey, float]:
    """Score the chunks of `cosines`: s * cosine + a * (w + b * w of the chunk before + c * w of the chunk after) + d, w = BM25 / best BM25.

    `bm25` has their neighbours too, where they are known. `familiarity`, in [0, 1]: how far the embedding model knows the question's
    language, from which s follows; `reach`, in [0, 1]: the share of the question's words that the best chunk by BM25 has, by which a falls
    below `FULL_REACH`. `documents`: how far the question names them, in nats, from which d follows. Scores are -1 to about 1.7, and more
    where a document is named.
    """
    named = documents or {}
    semantic = max(LEAST_SEMANTIC_WEIGHT, familiarity)
    lexical = LEXICAL_WEIGHT * min(1.0, reach / FULL_REACH)
    best = max(bm25.values(), default=0.0) or 1.0
    words = {key: score / best for key, score in bm25.items()}
    return {
        (document_id, ordinal): semantic * cosine
        + DOCUMENT_WEIGHT * named.get(document_id, 0.0)
        + lexical
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
