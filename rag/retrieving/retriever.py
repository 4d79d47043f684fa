"""Question -> passages: by meaning and by words, one fused score, the sentences that matter."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rag.embedding.protocol import Embedder, Embeddings
from rag.reranking.protocol import Reranker
from rag.retrieving.fusing import fused, with_neighbours
from rag.retrieving.passages import Ranked, distinct, joined
from rag.retrieving.trimming import Part, Sentence, sentences, trimmed
from rag.storing.index import Index
from rag.types import Chunk, ChunkKey, DocumentRecord, Passage

POOL = 50
"""Chunks looked at, at least, from each of the two halves."""

SPARE = 3
"""Chunks ranked for each passage wanted: some join, some are copies."""

MOST_RANKED = 500
"""Chunks ranked, at most, where copies fill the places."""

EMBEDDED_ON_THE_SPOT = 10
"""Chunks compared with the question by a vector made on the spot, at most: the best by their words of those that wait for one."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for.

    Attributes:
        text: In words; not empty.
        weight: Its share of a chunk's score; those of all queries of one search make 1.
    """

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Within:
    """Where is searched: everywhere, in some documents, or among some chunks."""

    document_ids: Sequence[str] | None = None
    chunks: Sequence[ChunkKey] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A passage before it is trimmed.

    Attributes:
        best: The best of its chunks.
        chunks: Its chunks, in reading order.
        sentences: Their sentences, in reading order.
    """

    best: Ranked
    chunks: Sequence[Chunk]
    sentences: Sequence[Sentence]


class Retriever:
    """Finds passages in an index."""

    def __init__(self, embedder: Embedder, index: Index, reranker: Reranker | None = None, rerank_depth: int = 20) -> None:
        """Put it together.

        Args:
            embedder: The one that the index's chunks were embedded with.
            index: Where to look.
            reranker: What has the last word on the order, or None for the fused score.
            rerank_depth: Chunks shown to the reranker, at least.
        """
        self._embedder = embedder
        self._index = index
        self._reranker = reranker
        self._rerank_depth = rerank_depth
        self._aside = ThreadPoolExecutor(thread_name_prefix="words")  # the words are searched while the vectors are

    def close(self) -> None:
        """End its threads."""
        self._aside.shutdown()

    def retrieve(self, queries: Sequence[Query], top_k: int, within: Within) -> list[Passage]:
        """Find the passages that answer best.

        Args:
            queries: One or more; a follow-up question is searched as a whole question and as it was asked.
            top_k: How many passages, at most.
            within: Where to look. Among given chunks every one is compared, and no other has a part in a passage or in a score.

        Returns:
            Best first.

        Raises:
            StorageError: The index cannot be read.
            EmbeddingError: The model cannot be used.
            RerankingError: The reranker cannot be used.
        """
        found = self.find(queries, top_k, within)
        records = self._index.records
        return [
            _passage(rank, passage, trimmed(passage.sentences), records[passage.best.chunk.document_id])
            for rank, passage in enumerate(found, start=1)
            if passage.best.chunk.document_id in records
        ]

    def find(self, queries: Sequence[Query], top_k: int, within: Within) -> list[Found]:
        """Find passages, as `retrieve` does, with what is known of their sentences; not trimmed yet."""
        lexical = self._index.lexical
        ranked = self._distinct(queries, top_k, within)
        if self._reranker and ranked:
            ranked = self._reranked(queries[0].text, ranked, max(self._rerank_depth, top_k), self._reranker)
        places = {each.chunk.key: (rank, max(0.0, ranked[0].score - each.score)) for rank, each in enumerate(ranked, start=1)}
        weigh = lexical.wording(" ".join(query.text for query in queries)).weight
        found = []
        for group in joined(ranked, top_k):
            chunks = sorted((each.chunk for each in group), key=lambda chunk: chunk.ordinal)
            parts = [Part(chunk.start, chunk.text, *places[chunk.key]) for chunk in chunks]
            found.append(Found(group[0], chunks, [sentence for part in parts for sentence in sentences(part, weigh)]))
        return found

    def _distinct(self, queries: Sequence[Query], top_k: int, within: Within) -> list[Ranked]:
        """The best chunks without copies, more of them where copies fill the places: a footer stands in every letter."""
        depth = max(SPARE * top_k, self._rerank_depth)
        most = max(depth, MOST_RANKED)
        hits = self._aside.submit(self._by_words, queries, depth, within)
        vectors = [self._embedder.embed_query(query.text) for query in queries]
        while True:
            ranked = self._ranked(queries, vectors, hits, depth, within)
            kept = distinct(ranked)
            if len(ranked) < depth or depth == most or len(joined(kept, top_k)) == top_k:
                return kept
            depth = min(4 * depth, most)
            hits = self._aside.submit(self._by_words, queries, depth, within)

    def _by_words(self, queries: Sequence[Query], depth: int, within: Within) -> list[ChunkKey]:
        """The chunks that share the most telling words with any of the queries, best first; given chunks are all looked at."""
        if within.chunks is not None:
            return list(dict.fromkeys(within.chunks))
        hits = [hit for query in queries for hit in self._index.lexical.search(query.text, max(POOL, depth), within.document_ids)]
        return [(hit.document_id, hit.ordinal) for hit in sorted(hits, key=lambda hit: -hit.score)]

    def _ranked(
        self,
        queries: Sequence[Query],
        vectors: Sequence[Embeddings],
        hits: Future[list[ChunkKey]],
        depth: int,
        within: Within,
    ) -> list[Ranked]:
        store, lexical = self._index.store, self._index.lexical
        if within.chunks is None:
            near = [store.nearest(vector, max(POOL, depth), within.document_ids) for vector in vectors]
            keys = set(hits.result()).union(*near)
            around = sorted(with_neighbours(keys))
        else:
            keys = set(hits.result())
            near = [store.cosines(vector, keys) for vector in vectors]
            around = sorted(keys)
        weighed = [self._aside.submit(lexical.scores, query.text, around) for query in queries]
        waiting = self._waiting(hits.result())
        scores: dict[ChunkKey, float] = {}
        cosines: dict[ChunkKey, float] = {}
        for query, vector, known, bm25 in zip(queries, vectors, near, weighed, strict=True):
            compared = known | store.cosines(vector, keys - known.keys())
            compared |= {key: float(row @ vector) for key, row in waiting.items() if key not in compared}
            for key, score in fused(compared, dict(zip(around, bm25.result(), strict=True))).items():
                scores[key] = scores.get(key, 0.0) + query.weight * score
                cosines[key] = max(cosines.get(key, -1.0), compared[key])
        best = sorted(scores, key=lambda key: (-scores[key], key))[:depth]
        chunks, records = self._index.chunks(best), self._index.records
        return [Ranked(chunks[key], scores[key], cosines[key]) for key in best if key in chunks and key[0] in records]

    def _waiting(self, keys: Sequence[ChunkKey]) -> dict[ChunkKey, Embeddings]:
        """Vectors of chunks that wait for theirs, of the first ones among these."""
        pending = self._index.keyword_ready
        without = [key for key in dict.fromkeys(keys) if 0 <= pending.stored(key[0]) <= key[1]]
        chunks = list(pending.chunks(without[:EMBEDDED_ON_THE_SPOT]).values())
        if not chunks:
            return {}
        return dict(zip([chunk.key for chunk in chunks], self._embedder.embed_documents([chunk.text for chunk in chunks]), strict=True))

    def _reranked(self, question: str, ranked: Sequence[Ranked], depth: int, reranker: Reranker) -> list[Ranked]:
        shown = ranked[:depth]
        scores = reranker.scores(question, [each.chunk.text for each in shown])
        again = [Ranked(each.chunk, score, each.cosine) for each, score in zip(shown, scores, strict=True)]
        return sorted(again, key=lambda each: -each.score)


def _passage(rank: int, found: Found, span: tuple[int, int], record: DocumentRecord) -> Passage:
    first = found.chunks[0]
    whole = first.text + "".join(chunk.gap + chunk.text for chunk in found.chunks[1:])
    start, end = span
    sections = [section for chunk in found.chunks for section in ((chunk.start, chunk.heading), *chunk.sections)]
    begun = [path for place, path in sections if place <= start]
    return Passage(
        rank=rank,
        score=found.best.score,
        cosine=found.best.cosine,
        document=record.name,
        document_id=record.id,
        page=first.page,
        page_label=record.labels[first.page - 1],
        start=start,
        end=end,
        text=whole[start - first.start : end - first.start],
        heading=begun[-1],
        chunk_start=first.start,
        chunk_text=whole,
        sections=tuple((place, path) for place, path in sections if start < place < end),
    )
