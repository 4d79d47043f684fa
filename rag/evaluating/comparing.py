"""Two evaluations of the same questions -> what differs, question by question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rag.evaluating import intervals
from rag.evaluating.intervals import Floats
from rag.evaluating.metrics import LABELS, Sample, samples
from rag.evaluating.running import Evaluation, Row

SAME = 1e-9  # figures of one question that differ by less are equal


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in A and in B, over the questions that were searched in both.

    Attributes:
        key: The metric's name.
        label: Its name for a reader.
        a: The figure in A.
        b: The figure in B.
        difference: B - A.
        low: Lower end of the paired 95 % interval of the difference.
        high: Upper end.
        questions: How many it rests on.
        better_when: Which way is better.
        better: Questions that are better in B; None where the metric has no figure for a single question.
        worse: Questions that are worse in B.
        equal: The others.
    """

    key: str
    label: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    questions: int
    better_when: Literal["higher", "lower"]
    better: int | None
    worse: int | None
    equal: int | None

    @property
    def verdict(self) -> Literal["better", "worse", "open"]:
        """Whether B is better or worse; open where the interval contains 0."""
        if self.low <= 0 <= self.high:
            return "open"
        return "better" if (self.difference > 0) == (self.better_when == "higher") else "worse"


@dataclass(frozen=True, slots=True)
class Change:
    """One question in A and in B, and how much higher its nDCG@10 is in B."""

    a: Row
    b: Row
    difference: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations of the same questions.

    Attributes:
        a: The one.
        b: The other.
        differences: One for each metric that both have.
        changes: The answerable questions whose nDCG@10 differs, those that changed most first.
    """

    a: Evaluation
    b: Evaluation
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compare two evaluations, paired by question; a question that failed in either counts in neither.

    Raises:
        ValueError: They are not of the same questions, or not of the same k.
    """
    if [row.question for row in a.rows] != [row.question for row in b.rows] or a.top_k != b.top_k:
        raise ValueError("only evaluations of the same questions with the same top_k can be compared")
    pairs = [(one, other) for one, other in zip(a.rows, b.rows, strict=True) if not one.error and not other.error]
    in_a = {sample.key: sample for sample in samples([one for one, _ in pairs], a.min_confidence)}
    in_b = {sample.key: sample for sample in samples([other for _, other in pairs], b.min_confidence)}
    differences = tuple(_difference(in_a[key], in_b[key], a.top_k) for key in in_a if key in in_b)
    changes = [Change(one, other, other.scores.ndcg_at_10 - one.scores.ndcg_at_10) for one, other in pairs if one.scores and other.scores]
    changed = [change for change in changes if abs(change.difference) > SAME]
    return Comparison(a, b, differences, tuple(sorted(changed, key=lambda change: -abs(change.difference))))


def _difference(a: Sample, b: Sample, top_k: int) -> Difference:
    values = np.stack([a.values, b.values], axis=1)
    groups = [values[group] for group in a.groups]
    figure_a, figure_b = (intervals.estimate(a.statistic, [group[:, variant] for group in groups]) for variant in (0, 1))

    def gain(drawn: Sequence[Floats]) -> Floats:
        in_a, in_b = (a.statistic([sample[:, :, variant] for sample in drawn]) for variant in (0, 1))
        return in_b - in_a

    low, high = intervals.interval(gain, groups, (-1.0, 1.0) if a.bounds else None)
    better = worse = equal = None
    if len(groups) == 1:
        gains = (groups[0][:, 1] - groups[0][:, 0]) * (1 if a.better == "higher" else -1)
        better, worse = int((gains > SAME).sum()), int((gains < -SAME).sum())
        equal = len(gains) - better - worse
    return Difference(
        key=a.key,
        label=LABELS[a.key].format(k=top_k),
        a=figure_a,
        b=figure_b,
        difference=figure_b - figure_a,
        low=low,
        high=high,
        questions=sum(map(len, groups)),
        better_when=a.better,
        better=better,
        worse=worse,
        equal=equal,
    )
