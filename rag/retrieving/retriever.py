"""Question -> passages: semantic and keyword search, one fused score, the sentences that matter."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rag.embedding.checked import CheckedEmbedder
from rag.embedding.protocol import Embeddings, text_to_embed
from rag.retrieving.documents import named_most
from rag.retrieving.fusing import fused, with_neighbours
from rag.retrieving.passages import RankedChunk, distinct, joined
from rag.retrieving.second_look import SecondLook
from rag.retrieving.trimming import Sentence, sentences, trimmed
from rag.retrieving.wording import other_wordings, reworded
from rag.storing.index import Index
from rag.tracing import carried, traced
from rag.types import Chunk, ChunkKey, DocumentRecord, Passage, Wording

POOL = 50  # chunks taken from each of the two searches, at least
SPARE = 3  # chunks ranked for each passage wanted: some are joined, some are copies
LEAST_RANKED = 20  # chunks ranked, at least
MOST_RANKED = 500  # chunks ranked, at most, where copies take the places
WORDING_WEIGHT = 0.5  # of a question in the words of the library, next to the question as it was asked
EMBEDDED_ON_THE_SPOT = 10  # chunks without a vector yet that get one during the search: the best by keywords


@dataclass(frozen=True, slots=True)
class Query:
    """A text to search for, not empty, and its share of a chunk's score; the weights of all queries of one search sum to 1.

    `wordings` are those that it has in the place of the question's own words.
    """

    text: str
    weight: float = 1.0
    wordings: tuple[Wording, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A query with its vector, and how far it names documents."""

    query: Query
    vector: Embeddings
    named: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to search: everywhere, in some documents, or among some chunks."""

    document_ids: Sequence[str] | None = None
    chunks: Sequence[ChunkKey] | None = None


@dataclass(frozen=True, slots=True)
class UntrimmedPassage:
    """A passage with all sentences of its chunks; both are in reading order."""

    best: RankedChunk
    chunks: Sequence[Chunk]
    sentences: Sequence[Sentence]


class Retriever:
    """Finds passages in an index."""

    def __init__(
        self,
        embedder: CheckedEmbedder,
        index: Index,
        second_look: SecondLook | None = None,
        *,
        has_wordings: bool = True,
        has_profiles: bool = True,
    ) -> None:
        """Search `index`, embedded with `embedder`.

        Args:
            embedder: Of the index.
            index: Where to search.
            second_look: Orders the best chunks anew.
            has_wordings: Whether what a question names is searched for by its other names too; see `wording`.
            has_profiles: Whether documents that a question names count for more; see `rag.text.profiles`.
        """
        self._embedder = embedder
        self._index = index
        self._second_look = second_look
        self._least_ranked = second_look.depth if second_look else 0
        self._has_wordings = has_wordings
        self._has_profiles = has_profiles
        self._keywords = ThreadPoolExecutor(thread_name_prefix="keywords")  # keyword search runs beside semantic search

    def close(self) -> None:
        """End its threads."""
        self._keywords.shutdown()

    def retrieve(self, queries: Sequence[Query], top_k: int, scope: Scope, *, looks_twice: bool = True) -> list[Passage]:
        """Find the passages that answer best, best first; the first query is the one a reranker reads.

        Of given chunks every one is compared, and no other has a part in a passage or in a score. `looks_twice`: whether the best chunks
        are ordered anew by what takes a slower look at them.
        """
        found = self.find(queries, top_k, scope, looks_twice=looks_twice)
        records = self._index.records
        return [
            _passage(rank, passage, trimmed(passage.sentences), records[passage.best.chunk.document_id])
            for rank, passage in enumerate(found, start=1)
            if passage.best.chunk.document_id in records
        ]

    def find(self, queries: Sequence[Query], top_k: int, scope: Scope, *, looks_twice: bool = True) -> list[UntrimmedPassage]:
        """Find passages as `retrieve` does, not trimmed yet."""
        lexical = self._index.lexical
        ranked = self._distinct(queries, top_k, scope)
        if self._second_look and looks_twice and ranked:
            ranked = self._second_look.reordered(queries[0].text, ranked, top_k)
        places = {each.chunk.key: (rank, max(0.0, ranked[0].score - each.score)) for rank, each in enumerate(ranked, start=1)}
        weigh = lexical.term_weights(" ".join(query.text for query in queries)).weight
        found = []
        for group in joined(ranked, top_k):
            chunks = sorted((each.chunk for each in group), key=lambda chunk: chunk.ordinal)
            candidates = [sentence for chunk in chunks for sentence in sentences(chunk.start, chunk.text, *places[chunk.key], weigh)]
            found.append(UntrimmedPassage(group[0], chunks, candidates))
        return found

    def worded(self, queries: Sequence[Query]) -> list[Query]:
        """The queries, and beside the first one the same in the words of the library."""
        first, *others = queries
        if not self._has_wordings or not (wordings := other_wordings(first.text, self._index.lexical, self._is_word)):
            return list(queries)
        shares = (first.weight * (1 - WORDING_WEIGHT), first.weight * WORDING_WEIGHT)
        return [Query(first.text, shares[0]), Query(reworded(first.text, wordings), shares[1], tuple(wordings)), *others]

    def _is_word(self, text: str) -> bool:
        """Whether the embedding model knows it as one word."""
        return len(self._embedder.token_spans(text)) == 1

    def _distinct(self, queries: Sequence[Query], top_k: int, scope: Scope) -> list[RankedChunk]:
        """The best chunks without copies; more are ranked where copies take the places: a footer stands in every letter."""
        depth = max(SPARE * top_k, self._least_ranked, LEAST_RANKED)
        most = max(depth, MOST_RANKED)
        named = [self._index.lexical.documents(query.text) if self._has_profiles else {} for query in queries]
        hits = self._keywords.submit(carried(self._keyword_hits), queries, named, depth, scope)
        asked = [_Asked(query, self._embedder.embed_query(query.text), names) for query, names in zip(queries, named, strict=True)]
        while True:
            ranked = self._ranked(asked, hits, depth, scope)
            kept = distinct(ranked)
            if len(ranked) < depth or depth == most or len(joined(kept, top_k)) == top_k:
                return kept
            depth = min(4 * depth, most)
            hits = self._keywords.submit(carried(self._keyword_hits), queries, named, depth, scope)

    @traced("keywords")
    def _keyword_hits(self, queries: Sequence[Query], named: Sequence[Mapping[str, float]], depth: int, scope: Scope) -> list[ChunkKey]:
        """The chunks that keyword search finds for any of the queries, best first; given chunks are all taken."""
        if scope.chunks is not None:
            return list(dict.fromkeys(scope.chunks))
        lexical, most = self._index.lexical, max(POOL, depth)
        hits: list[tuple[ChunkKey, float]] = []
        for query, names in zip(queries, named, strict=True):
            within = named_most(names)
            if scope.document_ids is not None:
                within = [id_ for id_ in within if id_ in scope.document_ids]
            hits += lexical.search(query.text, most, scope.document_ids)
            hits += lexical.search(query.text, most, within) if within else []
        return list(dict.fromkeys(key for key, _ in sorted(hits, key=lambda hit: -hit[1])))

    @traced("vectors")
    def _ranked(self, asked: Sequence[_Asked], hits: Future[list[ChunkKey]], depth: int, scope: Scope) -> list[RankedChunk]:
        store, lexical = self._index.store, self._index.lexical
        if scope.chunks is None:
            near = [store.nearest(each.vector, max(POOL, depth), scope.document_ids) for each in asked]
            keys = set(hits.result()).union(*near)
            around = sorted(with_neighbours(keys))
        else:
            keys = set(hits.result())
            near = [store.cosines(each.vector, keys) for each in asked]
            around = sorted(keys)
        weighed = [self._keywords.submit(lexical.scores, each.query.text, around) for each in asked]
        waiting = self._waiting(hits.result())
        scores: dict[ChunkKey, float] = {}
        cosines: dict[ChunkKey, float] = {}
        for each, known, bm25 in zip(asked, near, weighed, strict=True):
            query, vector = each.query, each.vector
            compared = known | store.cosines(vector, keys - known.keys())
            compared |= {key: float(row @ vector) for key, row in waiting.items() if key not in compared}
            words = dict(zip(around, bm25.result(), strict=True))
            familiarity, reach = self._embedder.familiarity(query.text), self._reach(query.text, words)
            for key, score in fused(compared, words, familiarity, reach, each.named).items():
                scores[key] = scores.get(key, 0.0) + query.weight * score
                cosines[key] = max(cosines.get(key, -1.0), compared[key])
        best = sorted(scores, key=lambda key: (-scores[key], key))[:depth]
        chunks, records = self._index.chunks(best), self._index.records
        return [RankedChunk(chunks[key], scores[key], cosines[key]) for key in best if key in chunks and key[0] in records]

    def _reach(self, question: str, bm25: Mapping[ChunkKey, float]) -> float:
        """The share of a question's words that the best chunk by keywords has, headings and title included."""
        best = max(bm25, key=lambda key: bm25[key], default=None)
        chunk, record = (self._index.chunks([best]).get(best), self._index.records.get(best[0])) if best else (None, None)
        if not chunk or not record:
            return 1.0
        text = f"{record.title or record.name}\n{chunk.heading}\n{chunk.header}\n{chunk.text}"
        return self._index.lexical.term_weights(question).share(text)

    def _waiting(self, keys: Sequence[ChunkKey]) -> dict[ChunkKey, Embeddings]:
        """Vectors, made now, of the first of these chunks that have none yet."""
        pending = self._index.keyword_ready
        without = [key for key in dict.fromkeys(keys) if 0 <= pending.stored(key[0]) <= key[1]]
        chunks = list(pending.chunks(without[:EMBEDDED_ON_THE_SPOT]).values())
        if not chunks:
            return {}
        vectors = self._embedder.embed_documents([text_to_embed(chunk, self._embedder) for chunk in chunks])
        return dict(zip([chunk.key for chunk in chunks], vectors, strict=True))


def _passage(rank: int, found: UntrimmedPassage, span: tuple[int, int], record: DocumentRecord) -> Passage:
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
        header=first.header,
    )
