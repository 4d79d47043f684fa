"""Ranks -> figures: of each question, and of all with their intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rag.evaluating import intervals
from rag.evaluating.intervals import Floats, Statistic

if TYPE_CHECKING:
    from rag.evaluating.running import Row

NDCG_DEPTH = 10
"""Passages that nDCG looks at, whatever k is."""

SHARE = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Scores:
    """What one answerable question scored; each in [0, 1], higher is better.

    Attributes:
        recall_at_k: Share of the gold items that a passage among the first k hits.
        hit_at_1: 1 where the first passage hits a gold item.
        hit_at_k: 1 where any of the first k does.
        mrr_at_k: One over the rank of the first that does; 0 where none of the first k does.
        ndcg_at_10: Gain of the first 10 passages, discounted by the logarithm of the rank, of the best there is. The gain is
            the number of gold items hit for the first time (Järvelin and Kekäläinen, 2002; as trec_eval has it).
        page_hit_at_1: 1 where the first passage is on a gold item's page or the one after it; None without gold pages.
        page_hit_at_k: 1 where any of the first k is.
        text_precision_at_k: Share of the first k passages' characters that are gold; None where not all the gold is text.
        text_recall_at_k: Share of the gold characters that the first k passages hold.
        text_iou_at_k: Characters in both, of those in either.
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
    """What a metric is made from.

    Attributes:
        key: The metric's name.
        values: One a row, NaN where it has none.
        statistic: Makes the figure.
        bounds: What it lies in; None for milliseconds.
        better: Which way is better.
        groups: Rows that are resampled apart, such as answerable and not; one array of booleans `(rows,)` each.
    """

    key: str
    values: Floats
    statistic: Statistic
    bounds: tuple[float, float] | None
    better: Literal["higher", "lower"]
    groups: tuple[Any, ...]


def standard_scores(ranks: Sequence[Sequence[int | None]], depth: int, top_k: int) -> list[dict[str, float]]:
    """Hits, reciprocal rank and nDCG of each question, by ir_measures (that is, trec_eval).

    What it takes for a document is a rank here, and how relevant that is, is the number of gold items first hit there: two
    gold items that one passage hits are both found at its rank. A gold item never hit is a document never retrieved.

    Args:
        ranks: For each question, the rank of each gold item's first hit, or None.
        depth: How many passages were asked for.
        top_k: Where the metrics at k are cut.
    """
    import ir_measures
    from ir_measures import RR, Success, nDCG

    wanted: dict[str, Any] = {
        "hit_at_1": Success @ 1,
        "hit_at_k": Success @ top_k,
        "mrr_at_k": RR @ top_k,
        "ndcg_at_10": nDCG @ NDCG_DEPTH,
    }
    gold = {str(number): _relevance(found) for number, found in enumerate(ranks)}
    run = {number: {str(rank): float(-rank) for rank in range(1, depth + 1)} for number in gold}
    values: dict[str, dict[Any, float]] = {number: {} for number in gold}
    for metric in ir_measures.iter_calc(set(wanted.values()), gold, run) if gold else []:
        values[metric.query_id][metric.measure] = float(metric.value)
    return [{name: values[number][measure] for name, measure in wanted.items()} for number in gold]


def recall(ranks: Sequence[int | None], top_k: int) -> float:
    """Share of the gold items hit among the first `top_k` passages."""
    return sum(rank is not None and rank <= top_k for rank in ranks) / len(ranks)


def recall_curve(rows: Sequence["Row"], depth: int) -> list[float]:
    """Mean recall@k over the answerable questions, for k from 1 to `depth`; empty where there are none."""
    ranks = [row.first_ranks for row in rows if row.scores]
    return [sum(recall(found, top_k) for found in ranks) / len(ranks) for top_k in range(1, depth + 1)] if ranks else []


def samples(rows: Sequence["Row"], min_confidence: float) -> list[Sample]:
    """What each metric is made from. A row that failed has no value in any."""
    found = []
    for field in fields(Scores):
        values = _values([getattr(row.scores, field.name) if row.scores else None for row in rows])
        found.append(Sample(field.name, values, intervals.mean, SHARE, "higher", (~np.isnan(values),)))
    searched = np.array([not row.error for row in rows], dtype=bool)
    answerable = np.array([row.question.is_answerable for row in rows], dtype=bool)
    if (searched & answerable).any() and (searched & ~answerable).any():
        found += _abstention(rows, min_confidence, searched & answerable, searched & ~answerable)
    milliseconds = _values([None if row.error else row.milliseconds for row in rows])
    for share in (50, 95):
        found.append(Sample(f"latency_p{share}_ms", milliseconds, intervals.percentile(share), None, "lower", (searched,)))
    return [sample for sample in found if all(group.any() for group in sample.groups)]


def summarise(rows: Sequence["Row"], min_confidence: float, top_k: int) -> tuple[Metric, ...]:
    """All figures over these rows, each with its 95 % interval."""
    metrics = []
    for sample in samples(rows, min_confidence):
        drawn = parts(sample.values, sample)
        value = intervals.estimate(sample.statistic, drawn)
        low, high = intervals.interval(sample.statistic, drawn, sample.bounds)
        metrics.append(Metric(sample.key, label(sample.key, top_k), value, low, high, sum(map(len, drawn)), sample.better))
    return tuple(metrics)


def parts(values: Floats, sample: Sample) -> list[Floats]:
    """The values of each of the sample's groups."""
    if sample.statistic is intervals.auroc:
        values = intervals.codes(values) if values.ndim == 1 else np.stack([intervals.codes(column) for column in values.T], axis=1)
    return [values[group] for group in sample.groups]


def label(key: str, top_k: int) -> str:
    """A metric's name for a reader."""
    return _LABELS[key].format(k=top_k)


_LABELS = {
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


def _abstention(rows: Sequence["Row"], min_confidence: float, answerable: Any, unanswerable: Any) -> Iterator[Sample]:
    confidence = _values([row.confidence for row in rows])
    yield Sample("abstention_auroc", confidence, intervals.auroc, SHARE, "higher", (answerable, unanswerable))
    with np.errstate(invalid="ignore"):
        false_answers, false_refusals = (confidence >= min_confidence).astype(float), (confidence < min_confidence).astype(float)
    yield Sample("false_answer_rate", false_answers, intervals.mean, SHARE, "lower", (unanswerable,))
    yield Sample("false_refusal_rate", false_refusals, intervals.mean, SHARE, "lower", (answerable,))


def _relevance(ranks: Sequence[int | None]) -> dict[str, int]:
    relevance: dict[str, int] = {}
    for number, rank in enumerate(ranks):
        name = f"missed {number}" if rank is None else str(rank)
        relevance[name] = relevance.get(name, 0) + 1
    return relevance


def _values(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
