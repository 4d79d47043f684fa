"""How far a figure might be off: percentile bootstrap over questions.

B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Sequence[Floats]], Floats]
"""Samples, each `(resamples, questions)` -> the figure of each resample, `(resamples,)`."""

RESAMPLES = 10_000
SEED = 20_000
CONFIDENCE = 0.95

BATCH_VALUES = 2_000_000  # values resampled at once, which bounds the memory


def mean(samples: Sequence[Floats]) -> Floats:
    """The mean of the only sample."""
    return np.asarray(samples[0].mean(axis=1))


def percentile(share: float) -> Statistic:
    """A percentile of the only sample, with linear interpolation; `share` in [0, 100]."""
    return lambda samples: np.asarray(np.percentile(samples[0], share, axis=1))


def auroc(samples: Sequence[Floats]) -> Floats:
    """The chance that a value of the first sample is above one of the second; equal ones count half. Both hold ordinal codes.

    The area under the ROC curve is the Mann-Whitney statistic: Hanley and McNeil, Radiology 143 (1982).
    """
    positive, negative = (np.asarray(sample, dtype=np.int64) for sample in samples)
    size = 1 + int(max(positive.max(), negative.max()))
    above, below = _counts(positive, size), _counts(negative, size)
    wins = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
    return np.asarray(wins / (positive.shape[1] * negative.shape[1]))


def ordinal_codes(values: Floats) -> Floats:
    """Each value's rank among the distinct ones, from 0: what `auroc` takes, and counts quickly."""
    return np.unique(values, return_inverse=True)[1].astype(np.float64)


def estimate(statistic: Statistic, samples: Sequence[Floats]) -> float:
    """The figure itself."""
    return float(statistic([sample[np.newaxis] for sample in samples])[0])


def interval(statistic: Statistic, samples: Sequence[Floats], bounds: tuple[float, float] | None) -> tuple[float, float]:
    """The 95 % interval of a figure, the same in every run.

    Samples are resampled apart from each other. One of shape `(questions, variants)` keeps the measures of a question together.

    Where all resamples agree (one question, or all alike), the bootstrap would claim certainty. Then the interval is as far as the
    figure would move if a share `1 - 0.025 ** (1 / n)` of questions were otherwise, which `n` alike leave possible; for shares of
    0 and 1 that is Clopper and Pearson's exact interval (Biometrika 26, 1934). Without bounds it is the figure alone.
    """
    random = np.random.default_rng(SEED)
    batch = max(1, BATCH_VALUES // sum(sample.size for sample in samples))
    counts = [min(batch, RESAMPLES - first) for first in range(0, RESAMPLES, batch)]
    figures = np.concatenate(
        [statistic([sample[random.integers(0, len(sample), (count, len(sample)))] for sample in samples]) for count in counts]
    )
    tail = (1 - CONFIDENCE) / 2
    if np.ptp(figures) > 1e-12:
        low, high = np.percentile(figures, [100 * tail, 100 * (1 - tail)])
        return float(low), float(high)
    value = float(figures[0])
    if bounds is None:
        return value, value
    possible = 1 - tail ** (1 / min(len(sample) for sample in samples))
    return value - possible * (value - bounds[0]), value + possible * (bounds[1] - value)


def _counts(coded: npt.NDArray[np.int64], size: int) -> Floats:
    """How often each code occurs in each row: `(rows, size)`."""
    rows = len(coded)
    flat = (coded + size * np.arange(rows)[:, np.newaxis]).ravel()
    return np.bincount(flat, minlength=rows * size).reshape(rows, size).astype(np.float64)
