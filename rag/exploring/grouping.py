"""Vectors -> groups, by density or by means."""

import warnings

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings

Labels = NDArray[np.intp]
"""A group's number for each row; -1 for a row in none."""

CANDIDATES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40)
"""The numbers of groups that are tried."""

MANY = 100
FEWEST_OF_MANY = 5
"""Of `MANY` rows or more, so many groups at least are tried: the silhouette likes two halves, which say little of a library."""

MOST_OF_FEW = 8
"""Groups that are tried of few rows, at most; of many sqrt(n / 2), the rule of thumb of Mardia et al. (1979): people are to read them."""

SAMPLE = 2_000
"""Rows that the silhouette is told from: its time grows with their square."""

AT_ONCE = 10_000
"""More rows are grouped in small batches (Sculley 2010)."""


def by_density(short: Embeddings) -> tuple[Labels, str]:
    """HDBSCAN: groups of at least `max(3, sqrt(n) / 2)` rows, a good compromise between crumbs and lumps on the sets we looked at.

    Args:
        short: float32, `(n, d)`, reduced.

    Returns:
        Groups numbered from 0, and how they were found.
    """
    from sklearn.cluster import HDBSCAN

    smallest = max(3, int(len(short) ** 0.5 / 2))
    if len(short) < 2 * smallest:
        return np.full(len(short), -1), f"HDBSCAN needs at least {2 * smallest} passages."
    labels: Labels = HDBSCAN(min_cluster_size=smallest, min_samples=2, copy=True).fit_predict(short)
    return labels.astype(np.intp), f"Found by density (HDBSCAN, clusters of at least {smallest} passages)."


def by_means(short: Embeddings, k: int | None, seed: int) -> tuple[Labels, str]:
    """k-means, with the k of the best silhouette (Rousseeuw 1987) where none is given.

    Args:
        short: float32, `(n, d)`, reduced; n at least 1.
        k: Groups, from 1 to n; fewer come out where rows are the same.
        seed: The same one gives the same groups.

    Returns:
        Groups numbered from 0, and how they were found.
    """
    if k is not None:
        labels = _means(short, min(k, len(np.unique(short, axis=0))), seed)
        return labels, f"Found by k-means, {_counted(int(labels.max()) + 1)} as asked for."
    sample = short[np.random.default_rng(seed).permutation(len(short))[:SAMPLE]]
    most = min(len(np.unique(sample, axis=0)) - 1, len(sample) // 2, max(MOST_OF_FEW, int((len(short) / 2) ** 0.5)))
    least = FEWEST_OF_MANY if len(sample) >= MANY else 1
    scores = {candidate: _silhouette(sample, candidate, seed) for candidate in CANDIDATES if least <= candidate <= most}
    if not scores:
        return np.zeros(len(short), dtype=np.intp), "All in one: there are too few different passages to tell groups apart."
    best = max(scores, key=lambda candidate: (scores[candidate], -candidate))
    told = f"silhouette {scores[best]:.2f}, the best of {min(scores)} to {max(scores)}, on {len(sample):,} passages"
    return _means(short, best, seed), f"Found by k-means, {_counted(best)} ({told})."


def _silhouette(sample: Embeddings, k: int, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    labels = _means(sample, k, seed)
    return float(silhouette_score(sample, labels)) if 1 < len(np.unique(labels)) < len(sample) else -1.0


def _means(rows: Embeddings, k: int, seed: int) -> Labels:
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of rows that are nearly the same come fewer groups
        if len(rows) > AT_ONCE:
            labels = MiniBatchKMeans(k, random_state=seed, n_init=3, batch_size=4096).fit_predict(rows)
        else:
            labels = KMeans(k, random_state=seed, n_init=4).fit_predict(rows)
    _, numbered = np.unique(labels, return_inverse=True)  # a small batch may leave a group empty
    found: Labels = numbered.astype(np.intp)
    return found


def _counted(count: int) -> str:
    return f"{count} cluster{'s' if count != 1 else ''}"
