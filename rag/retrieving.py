"""Question -> passages."""

from collections.abc import Sequence

from rag.embedding.protocol import Embedder
from rag.storing.chunks import ChunkStore
from rag.types import Passage


def retrieve(question: str, top_k: int, document_ids: Sequence[str] | None, embedder: Embedder, store: ChunkStore) -> list[Passage]:
    """Find the passages nearest to a question in meaning.

    Args:
        question: Not empty.
        top_k: How many passages, at most.
        document_ids: Look in these documents only.
        embedder: The one that the store's chunks were embedded with.
        store: Where the chunks are.

    Returns:
        Best first. The score is the cosine; a second ranking would be joined here, over `(chunk, cosine)`.
    """
    found = store.query(embedder.embed_query(question), top_k, document_ids)
    records = store.records
    visible = [(chunk, cosine, records[chunk.document_id]) for chunk, cosine in found if chunk.document_id in records]
    return [
        Passage(
            rank=rank,
            score=cosine,
            cosine=cosine,
            document=record.name,
            document_id=record.id,
            page=chunk.page,
            page_label=record.labels[chunk.page - 1],
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
        )
        for rank, (chunk, cosine, record) in enumerate(visible, start=1)
    ]
