"""Vectors -> groups, by density (HDBSCAN) or by means (k-means)."""

import warnings

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.exploring.lists import counted

Labels = NDArray[np.intp]  # the number of each row's group, from 0; -1 for a row in none
CANDIDATES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40)  # numbers of groups that are tried
MANY = 100
FEWEST_OF_MANY = 5  # with `MANY` rows or more, at least this many groups are tried: the silhouette favours two halves, which tell little
MOST_OF_FEW = 8  # with few rows, at most this many; with many, sqrt(n / 2) (Mardia et al. 1979's rule of thumb): people are to read them
SAMPLE = 2_000  # rows on which the silhouette is computed: its time grows with their square
AT_ONCE = 10_000  # more rows are grouped in mini-batches (Sculley 2010)


def by_density(short: Embeddings) -> tuple[Labels, str]:
    """Group reduced vectors by HDBSCAN; the second value says how.

    Groups have at least `max(3, sqrt(n) / 2)` rows, a good compromise between crumbs and lumps on the sets we looked at.
    """
    from sklearn.cluster import HDBSCAN

    smallest = max(3, int(len(short) ** 0.5 / 2))
    if len(short) < 2 * smallest:
        return np.full(len(short), -1), f"HDBSCAN needs at least {2 * smallest} passages."
    labels: Labels = HDBSCAN(min_cluster_size=smallest, min_samples=2, copy=True).fit_predict(short)
    return labels.astype(np.intp), f"Found by density (HDBSCAN, clusters of at least {smallest} passages)."


def by_means(short: Embeddings, k: int | None, seed: int) -> tuple[Labels, str]:
    """Group reduced vectors by k-means; the second value says how.

    Without k, the one with the best silhouette (Rousseeuw 1987) is taken; identical rows may give fewer groups than asked for.
    """
    if k is not None:
        labels = _means(short, min(k, len(np.unique(short, axis=0))), seed)
        return labels, f"Found by k-means, {counted(int(labels.max()) + 1, 'cluster')} as asked for."
    sample = short[np.random.default_rng(seed).permutation(len(short))[:SAMPLE]]
    most = min(len(np.unique(sample, axis=0)) - 1, len(sample) // 2, max(MOST_OF_FEW, int((len(short) / 2) ** 0.5)))
    least = FEWEST_OF_MANY if len(sample) >= MANY else 1
    scores = {candidate: _silhouette(sample, candidate, seed) for candidate in CANDIDATES if least <= candidate <= most}
    if not scores:
        return np.zeros(len(short), dtype=np.intp), "All in one: there are too few different passages to tell groups apart."
    best = max(scores, key=lambda candidate: (scores[candidate], -candidate))
    why = f"silhouette {scores[best]:.2f}, the best of {min(scores)} to {max(scores)}, on {len(sample):,} passages"
    return _means(short, best, seed), f"Found by k-means, {counted(best, 'cluster')} ({why})."


def _silhouette(sample: Embeddings, k: int, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    labels = _means(sample, k, seed)
    return float(silhouette_score(sample, labels)) if 1 < len(np.unique(labels)) < len(sample) else -1.0


def _means(rows: Embeddings, k: int, seed: int) -> Labels:
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # rows that are nearly identical give fewer groups
        if len(rows) > AT_ONCE:
            labels = MiniBatchKMeans(k, random_state=seed, n_init=3, batch_size=4096).fit_predict(rows)
        else:
            labels = KMeans(k, random_state=seed, n_init=4).fit_predict(rows)
    _, numbered = np.unique(labels, return_inverse=True)  # a mini-batch may leave a group empty
    found: Labels = numbered.astype(np.intp)
    return found
