"""The best chunks -> the same in another order: the built-in reader has its say, or a reranker decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.reading.reader import Reader
from rag.reranking import Reranker
from rag.retrieving.passages import RankedChunk
from rag.types import Passage

READER_WEIGHT = 0.06  # of the reader's logit that a text answers, next to a chunk's score. Measured: tests/benchmarks


class SecondLook(Protocol):
    """A slower look at the best chunks; `depth` says at how many."""

    @property
    def depth(self) -> int:
        """How many chunks are wanted, where there are as many."""

    def reordered(self, question: str, ranked: Sequence[RankedChunk], top_k: int) -> list[RankedChunk]:
        """Chunks, best first, in another order; as many as make `top_k` passages, where there are as many."""


@dataclass(frozen=True, slots=True)
class RerankerLook:
    """A reranker's scores take the place of those found; what it has not scored is left out."""

    reranker: Reranker
    depth: int

    def reordered(self, question: str, ranked: Sequence[RankedChunk], top_k: int) -> list[RankedChunk]:
        """See `SecondLook.reordered`."""
        shown = ranked[: max(self.depth, top_k)]
        scores = self.reranker.scores(question, [each.chunk.header + each.chunk.text for each in shown])
        again = [replace(each, score=score) for each, score in zip(shown, scores, strict=True)]
        return sorted(again, key=lambda each: -each.score)


@dataclass(frozen=True, slots=True)
class ReaderLook:
    """What the reader says of the first chunks is added to their scores; the others follow in their order.

    `name_of` gives a document's name by its id.
    """

    reader: Reader
    depth: int
    name_of: Callable[[str], str]

    def reordered(self, question: str, ranked: Sequence[RankedChunk], top_k: int) -> list[RankedChunk]:
        """See `SecondLook.reordered`."""
        shown = ranked[: max(self.depth, top_k)]
        units = self.reader.read(question, [_as_passage(each, self.name_of(each.chunk.document_id)) for each in shown], 2 * len(shown))
        said = dict[int, float]()
        for unit in units:
            said[unit.index] = max(unit.window, said.get(unit.index, unit.window))
        best, least = max(said.values(), default=0.0), min(said.values(), default=0.0)
        again = [replace(each, score=each.score + READER_WEIGHT * (said.get(place, least) - best)) for place, each in enumerate(shown)]
        rest = [replace(each, score=each.score + READER_WEIGHT * (least - best)) for each in ranked[len(shown) :]]
        return sorted([*again, *rest], key=lambda each: -each.score)


def _as_passage(ranked: RankedChunk, name: str) -> Passage:
    chunk = ranked.chunk
    return Passage(
        rank=1,
        score=ranked.score,
        cosine=ranked.cosine,
        document=name,
        document_id=chunk.document_id,
        page=chunk.page,
        page_label="",
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        heading=chunk.heading,
        chunk_start=chunk.start,
        chunk_text=chunk.text,
        header=chunk.header,
    )
