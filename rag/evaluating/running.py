"""Questions -> an evaluation: each is searched once and judged."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from rag.errors import RagError
from rag.evaluating.judging import first_ranks, page_rank, text_overlap
from rag.evaluating.metrics import NDCG_DEPTH, Metric, Scores, ndcg, recall, summarise
from rag.evaluating.questions import Question
from rag.types import Passage

OnProgress = Callable[[int, int], None]
"""Called after each question with how many are done and how many there are."""


class Retriever(Protocol):
    """What is measured; `Library` is one."""

    @property
    def min_confidence(self) -> float:
        """Below this confidence it declines to answer; in [0, 1]."""

    def retrieve(self, question: str, *, top_k: int, documents: Sequence[str] | None) -> list[Passage]:
        """Passages, best first, from these documents or from all."""

    def confidence(self, question: str, passages: Sequence[Passage]) -> float:
        """How sure it is that the passages answer the question, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question, searched and judged.

    Attributes:
        question: What was asked.
        passages: What was found, best first: up to k, and up to 10 where k is less.
        first_ranks: For each gold item the rank of the first passage that hits it, 1-based; None where none does.
        scores: None for a question without gold, and for one that failed.
        confidence: That its first k passages answer it, in [0, 1]; None if it failed.
        milliseconds: How long retrieving took.
        error: Why it could not be searched, or "".
    """

    question: Question
    passages: tuple[Passage, ...]
    first_ranks: tuple[int | None, ...]
    scores: Scores | None
    confidence: float | None
    milliseconds: float
    error: str

    @property
    def is_missed(self) -> bool:
        """Whether none of the first k passages hits any of its gold."""
        return self.scores is not None and not self.scores.hit_at_k


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        top_k: The k of the metrics at k.
        depth: Passages asked for: k, and at least 10.
        min_confidence: Below it, a question counts as refused.
        rows: One for each question, in their order.
        metrics: The figures over all of them.
    """

    top_k: int
    depth: int
    min_confidence: float
    rows: tuple[Row, ...]
    metrics: tuple[Metric, ...]

    @property
    def failed(self) -> tuple[Row, ...]:
        """The questions that could not be searched."""
        return tuple(row for row in self.rows if row.error)

    @property
    def missed(self) -> tuple[Row, ...]:
        """The questions none of whose gold is among the first k passages."""
        return tuple(row for row in self.rows if row.is_missed)


def evaluate(retriever: Retriever, questions: Sequence[Question], top_k: int, progress: OnProgress | None = None) -> Evaluation:
    """Search each question and measure what is found.

    The first question is searched once before, so that loading a model is not measured.

    Args:
        retriever: What is measured.
        questions: At least one.
        top_k: The k of the metrics at k; at least 1.
        progress: Called after each question.

    Returns:
        The figures; a question that cannot be searched is a row with an error, and stops no other.

    Raises:
        ValueError: There are no questions, or `top_k` is less than 1.
    """
    if not questions or top_k < 1:
        raise ValueError(f"an evaluation needs at least one question and a top_k of at least 1, not {len(questions)} and {top_k}")
    depth = max(top_k, NDCG_DEPTH)
    with suppress(RagError):  # it fails again below, where it is counted
        retriever.retrieve(questions[0].text, top_k=depth, documents=questions[0].documents)
    rows = []
    for number, question in enumerate(questions, start=1):
        rows.append(_row(retriever, question, depth, top_k))
        if progress:
            progress(number, len(questions))
    return Evaluation(top_k, depth, retriever.min_confidence, tuple(rows), summarise(rows, retriever.min_confidence, top_k))


def _row(retriever: Retriever, question: Question, depth: int, top_k: int) -> Row:
    began = time.perf_counter()
    try:
        passages = tuple(retriever.retrieve(question.text, top_k=depth, documents=question.documents))
        milliseconds = (time.perf_counter() - began) * 1000
        confidence = retriever.confidence(question.text, passages[:top_k])
    except RagError as error:
        milliseconds = (time.perf_counter() - began) * 1000
        return Row(question, (), first_ranks((), question.gold), None, None, milliseconds, str(error) or type(error).__name__)
    ranks = first_ranks(passages, question.gold)
    scores = _scores(question, passages, ranks, top_k) if question.gold else None
    return Row(question, passages, ranks, scores, confidence, milliseconds, "")


def _scores(question: Question, passages: Sequence[Passage], ranks: Sequence[int | None], top_k: int) -> Scores:
    hits = [rank for rank in ranks if rank is not None and rank <= top_k]
    page = page_rank(passages[:top_k], question.gold)
    paged = any(item.pages for item in question.gold)
    precision, covered, iou = text_overlap(passages[:top_k], question.gold) or (None, None, None)
    return Scores(
        recall_at_k=recall(ranks, top_k),
        hit_at_1=float(1 in ranks),
        hit_at_k=float(bool(hits)),
        mrr_at_k=1 / min(hits) if hits else 0.0,
        ndcg_at_10=ndcg(ranks, NDCG_DEPTH),
        page_hit_at_1=float(page == 1) if paged else None,
        page_hit_at_k=float(page is not None) if paged else None,
        text_precision_at_k=precision,
        text_recall_at_k=covered,
        text_iou_at_k=iou,
    )
