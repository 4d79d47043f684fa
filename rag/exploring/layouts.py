"""Vectors -> points in two dimensions."""

import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.exploring.extras import needs
from rag.exploring.vectors import Progress, no_progress

Method = Literal["tsne", "pca", "umap"]
Points = NDArray[np.float32]  # float32, `(n, 2)`

DIMENSIONS = 50  # vectors are first reduced to this many by PCA (van der Maaten and Hinton 2008, section 4.2): faster, and less noise
PERPLEXITY = 30.0  # effective number of neighbours of a point; a third of the points where there are few
FFT_FROM = 6_000  # number of points from which the forces are interpolated on a grid: `tests/benchmarks/maps.py` compares
THREADS_FROM = 3_000  # points from which all cores are used: on a busy machine, threads that wait for each other are slower than one
GRID = 2.0  # side of a cell of that grid. With 1 it takes twice as long and looks no better.
FEWEST = 4  # fewer points have no neighbourhoods to preserve: they are placed by PCA
TRUST_SAMPLE = 2_000
TRUST_NEIGHBOURS = 10


def reduced(embeddings: Embeddings, dimensions: int = DIMENSIONS, seed: int = 0) -> Embeddings:
    """Project `(n, d)` on its principal components: float32, `(n, min(n, d, dimensions))`, centred, largest variance first."""
    from sklearn.decomposition import PCA

    if np.ptp(embeddings, axis=0).max() == 0:  # all the same: no components
        return np.zeros((len(embeddings), min(*embeddings.shape, dimensions)), dtype=np.float32)
    fitted: Embeddings = PCA(min(*embeddings.shape, dimensions), random_state=seed).fit_transform(embeddings)
    return fitted.astype(np.float32)


def lay_out(embeddings: Embeddings, method: Method, seed: int, progress: Progress = no_progress) -> Points:
    """Place unit vectors so that near ones come near each other: t-SNE, PCA or UMAP. Identical vectors get one point.

    t-SNE: van der Maaten and Hinton 2008, started from PCA as Kobak and Berens 2019 advise. UMAP: McInnes 2018.
    """
    progress(0.0)
    short = reduced(embeddings, seed=seed)
    progress(0.05)
    flat = np.zeros((len(short), 2), dtype=np.float32)
    flat[:, : short.shape[1]] = short[:, :2]
    if method == "umap":
        with needs("umap-learn", "umap", "A map by UMAP"), warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is missing, for a kind of UMAP that is not used here
            import umap
    if method == "pca" or len(flat) < FEWEST or np.ptp(flat) == 0:
        return flat
    start = flat / flat[:, 0].std() * 1e-4
    if method == "tsne":
        return _tsne(short, start, seed, progress)
    neighbours = min(15, len(short) - 1)
    placed = umap.UMAP(n_neighbors=neighbours, init=start * 1e5, random_state=seed, n_jobs=1).fit_transform(short)
    return np.asarray(placed, dtype=np.float32)


def trustworthiness(embeddings: Embeddings, points: Points, seed: int = 0) -> float | None:
    """How far neighbours on a map are true neighbours (Venna and Kaski 2001), estimated on `TRUST_SAMPLE` points.

    1 if the nearest of every point on the map are its true nearest, about 0.5 if they are random; None with fewer than `FEWEST` points.
    """
    from sklearn.manifold import trustworthiness

    count = len(points)
    if count < FEWEST:
        return None
    rows = np.random.default_rng(seed).permutation(count)[:TRUST_SAMPLE]
    neighbours = min(TRUST_NEIGHBOURS, (len(rows) - 1) // 2)
    return float(trustworthiness(embeddings[rows], points[rows], n_neighbors=neighbours))


def _tsne(short: Embeddings, start: Points, seed: int, progress: Progress) -> Points:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors
    from sklearn.neighbors import NearestNeighbors

    count = min(int(3 * PERPLEXITY), len(short) - 1)
    distances, neighbours = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(short).kneighbors()
    progress(0.1)
    threads = -1 if len(short) >= THREADS_FROM else 1
    near = PerplexityBasedNN(perplexity=count / 3, knn_index=PrecomputedNeighbors(neighbours, distances), n_jobs=threads)
    forces = "fft" if len(short) >= FFT_FROM else "bh"
    points = TSNEEmbedding(start, near, negative_gradient_method=forces, ints_in_interval=GRID, random_state=seed, n_jobs=threads)
    for first, last, steps, exaggeration in ((0.15, 0.4, 250, 12), (0.4, 0.95, 500, 1)):

        def report(step: int, *_: Any, first: float = first, last: float = last, steps: int = steps) -> None:
            progress(first + (last - first) * step / steps)

        points = points.optimize(
            steps, exaggeration=exaggeration, momentum=0.8, callbacks=report, callbacks_every_iters=10, use_callbacks=True
        )
    return np.asarray(points, dtype=np.float32)
