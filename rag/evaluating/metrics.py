"""Ranks -> figures: of each question, and of all with their intervals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import log2
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rag.evaluating import intervals
from rag.evaluating.intervals import Floats, Statistic

if TYPE_CHECKING:
    from rag.evaluating.running import Row

NDCG_DEPTH = 10  # passages that nDCG counts, whatever k is
SHARE = (0.0, 1.0)

LABELS = {
    "recall_at_k": "recall@{k}",
    "hit_at_1": "hit@1",
    "hit_at_k": "hit@{k}",
    "mrr_at_k": "MRR@{k}",
    "ndcg_at_10": "nDCG@10",
    "page_hit_at_1": "page hit@1",
    "page_hit_at_k": "page hit@{k}",
    "text_precision_at_k": "text precision@{k}",
    "text_recall_at_k": "text recall@{k}",
    "text_iou_at_k": "text IoU@{k}",
    "abstention_auroc": "abstention AUROC",
    "false_answer_rate": "false answers",
    "false_refusal_rate": "false refusals",
    "latency_p50_ms": "latency p50, ms",
    "latency_p95_ms": "latency p95, ms",
}


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one answerable question; each in [0, 1], higher is better.

    Attributes:
        recall_at_k: Share of the gold items that the first k passages hit.
        hit_at_1: 1 where the first passage hits a gold item.
        hit_at_k: 1 where any of the first k does.
        mrr_at_k: One over the rank of the first that does; 0 where none of the first k does.
        ndcg_at_10: Discounted cumulative gain of the first 10 passages, over the best possible. The gain of a passage is the
            number of gold items that it is the first to hit (Järvelin and Kekäläinen, 2002; as trec_eval has it).
        page_hit_at_1: 1 where the first passage is on a gold item's page or the one after it; None without gold pages.
        page_hit_at_k: 1 where any of the first k is.
        text_precision_at_k: Share of the first k passages' characters that are gold; None where not all the gold is text.
        text_recall_at_k: Share of the gold characters that the first k passages hold.
        text_iou_at_k: Characters in both, over those in either.
    """

    recall_at_k: float
    hit_at_1: float
    hit_at_k: float
    mrr_at_k: float
    ndcg_at_10: float
    page_hit_at_1: float | None = None
    page_hit_at_k: float | None = None
    text_precision_at_k: float | None = None
    text_recall_at_k: float | None = None
    text_iou_at_k: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure over all questions that have one.

    Attributes:
        key: Its name; those of `Scores` and `abstention_auroc`, `false_answer_rate`, `false_refusal_rate`,
            `latency_p50_ms`, `latency_p95_ms`.
        label: Its name for a reader, such as "recall@5".
        value: The figure; a share in [0, 1], or milliseconds.
        low: Lower end of its 95 % interval.
        high: Upper end.
        questions: How many it rests on.
        better: Which way is better.
    """

    key: str
    label: str
    value: float
    low: float
    high: float
    questions: int
    better: Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a metric is computed from; `bounds` is None for milliseconds."""

    key: str
    values: Floats  # one a row, NaN where it has none
    statistic: Statistic
    bounds: tuple[float, float] | None
    better: Literal["higher", "lower"]
    groups: tuple[Any, ...]  # rows that are resampled apart, such as answerable and not; one array of booleans `(rows,)` each


def ndcg(ranks: Sequence[int | None], depth: int) -> float:
    """The nDCG at `depth`, from the rank at which each gold item is first hit: gain / log2(rank + 1), as trec_eval's `ndcg_cut`.

    Gold items first hit by the same passage add up to its gain; one that is never hit is a relevant passage not retrieved.
    """
    gains = Counter(rank for rank in ranks if rank is not None)
    best = sorted([*gains.values(), *[1] * ranks.count(None)], reverse=True)[:depth]
    gained = sum(gains[rank] / log2(rank + 1) for rank in range(1, depth + 1))
    return gained / sum(gain / log2(rank + 1) for rank, gain in enumerate(best, start=1))


def recall(ranks: Sequence[int | None], top_k: int) -> float:
    """Share of the gold items hit among the first `top_k` passages."""
    return sum(rank is not None and rank <= top_k for rank in ranks) / len(ranks)


def recall_curve(rows: Sequence["Row"], depth: int) -> list[float]:
    """Mean recall@k over the answerable questions, for k from 1 to `depth`; empty where there are none."""
    ranks = [row.first_ranks for row in rows if row.scores]
    return [sum(recall(found, top_k) for found in ranks) / len(ranks) for top_k in range(1, depth + 1)] if ranks else []


def samples(rows: Sequence["Row"], min_confidence: float) -> list[Sample]:
    """What each metric is computed from. A row that failed has no value in any."""
    found = []
    for field in fields(Scores):
        values = np.array([getattr(row.scores, field.name) if row.scores else None for row in rows], dtype=np.float64)
        found.append(Sample(field.name, values, intervals.mean, SHARE, "higher", (~np.isnan(values),)))
    searched = np.array([not row.error for row in rows], dtype=bool)
    answerable = np.array([row.question.is_answerable for row in rows], dtype=bool)
    if (searched & answerable).any() and (searched & ~answerable).any():
        found += _abstention(rows, min_confidence, searched & answerable, searched & ~answerable)
    milliseconds = np.array([None if row.error else row.milliseconds for row in rows], dtype=np.float64)
    for share in (50, 95):
        found.append(Sample(f"latency_p{share}_ms", milliseconds, intervals.percentile(share), None, "lower", (searched,)))
    return [sample for sample in found if all(group.any() for group in sample.groups)]


def summarise(rows: Sequence["Row"], min_confidence: float, top_k: int) -> tuple[Metric, ...]:
    """All figures over these rows, each with its 95 % interval."""
    metrics = []
    for sample in samples(rows, min_confidence):
        groups = [sample.values[group] for group in sample.groups]
        value = intervals.estimate(sample.statistic, groups)
        low, high = intervals.interval(sample.statistic, groups, sample.bounds)
        metrics.append(Metric(sample.key, LABELS[sample.key].format(k=top_k), value, low, high, sum(map(len, groups)), sample.better))
    return tuple(metrics)


def _abstention(rows: Sequence["Row"], min_confidence: float, answerable: Any, unanswerable: Any) -> Iterator[Sample]:
    confidence = np.array([row.confidence for row in rows], dtype=np.float64)
    yield Sample("abstention_auroc", intervals.ordinal_codes(confidence), intervals.auroc, SHARE, "higher", (answerable, unanswerable))
    with np.errstate(invalid="ignore"):
        false_answers, false_refusals = (confidence >= min_confidence).astype(float), (confidence < min_confidence).astype(float)
    yield Sample("false_answer_rate", false_answers, intervals.mean, SHARE, "lower", (unanswerable,))
    yield Sample("false_refusal_rate", false_refusals, intervals.mean, SHARE, "lower", (answerable,))
