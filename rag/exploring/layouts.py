"""Vectors -> places in two dimensions."""

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError

Method = Literal["tsne", "pca", "umap"]
Places = NDArray[np.float32]
"""float32, `(n, 2)`."""

ProgressOf = Callable[[float], None]
"""Told the share that is done, in [0, 1]."""

DIMENSIONS = 50
"""Vectors are reduced to so many by PCA first, as van der Maaten and Hinton advise (2008, section 4.2): faster, and less noise."""

PERPLEXITY = 30.0
"""Neighbours that a point looks at, in effect; a third of the points where there are few."""

FFT_FROM = 6_000
"""Points from which on the forces are interpolated on a grid: `tests/benchmarks/maps.py` compares."""

THREADS_FROM = 3_000
"""Points from which on all cores work: with fewer, threads that wait for each other on a busy machine take many times as long as one."""

GRID = 2.0
"""Side of the grid's cells. With 1 the same takes twice as long and looks no better."""

FEWEST = 4
"""Fewer points have no neighbourhoods to keep: they are placed by PCA."""

TRUST_SAMPLE = 2_000
TRUST_NEIGHBOURS = 10


def reduced(embeddings: Embeddings, dimensions: int = DIMENSIONS, seed: int = 0) -> Embeddings:
    """Vectors without the directions in which they differ least.

    Args:
        embeddings: float32, `(n, d)`, n at least 1.
        dimensions: To keep, at most.
        seed: Where the directions are searched by chance, which scikit-learn does for large matrices.

    Returns:
        float32, `(n, min(n, d, dimensions))`, centred, the direction of the largest differences first.
    """
    from sklearn.decomposition import PCA

    if np.ptp(embeddings, axis=0).max() == 0:  # all the same: no directions
        return np.zeros((len(embeddings), min(*embeddings.shape, dimensions)), dtype=np.float32)
    fitted: Embeddings = PCA(min(*embeddings.shape, dimensions), random_state=seed).fit_transform(embeddings)
    return fitted.astype(np.float32)


def lay_out(embeddings: Embeddings, method: Method, seed: int, progress: ProgressOf | None = None) -> Places:
    """Place vectors so that near ones come near each other.

    Args:
        embeddings: float32, `(n, d)`, rows of unit length: by Euclidean distance they have the same neighbours as by cosine.
        method: t-SNE (van der Maaten and Hinton 2008; begun from PCA, as Kobak and Berens 2019 advise), PCA, or UMAP (McInnes 2018).
        seed: The same one gives the same places.
        progress: Told how far it is.

    Returns:
        float32, `(n, 2)`. Where all vectors are the same, all places are.

    Raises:
        ExploringError: UMAP is not installed.
    """
    tell = progress or (lambda _: None)
    tell(0.0)
    short = reduced(embeddings, seed=seed)
    tell(0.05)
    flat = np.zeros((len(short), 2), dtype=np.float32)
    flat[:, : short.shape[1]] = short[:, :2]
    if method == "umap":
        umap = _umap()
    if method == "pca" or len(flat) < FEWEST or np.ptp(flat) == 0:
        return flat
    begun = flat / flat[:, 0].std() * 1e-4
    return _tsne(short, begun, seed, tell) if method == "tsne" else _by_umap(umap, short, begun * 1e5, seed)


def trustworthiness(embeddings: Embeddings, places: Places, seed: int = 0) -> float | None:
    """How far neighbours on a map are neighbours in truth (Venna and Kaski 2001), of a sample of `TRUST_SAMPLE`.

    Args:
        embeddings: What was placed, `(n, d)`.
        places: Where, `(n, 2)`.
        seed: Of the sample.

    Returns:
        1 where the nearest `TRUST_NEIGHBOURS` of every point on the map are its nearest in truth, about 0.5 where they are there by
        chance; None with fewer than `FEWEST` points.
    """
    from sklearn.manifold import trustworthiness

    count = len(places)
    if count < FEWEST:
        return None
    rows = np.random.default_rng(seed).permutation(count)[:TRUST_SAMPLE]
    neighbours = min(TRUST_NEIGHBOURS, (len(rows) - 1) // 2)
    return float(trustworthiness(embeddings[rows], places[rows], n_neighbors=neighbours))


def _tsne(short: Embeddings, begun: Places, seed: int, tell: ProgressOf) -> Places:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors
    from sklearn.neighbors import NearestNeighbors

    count = min(int(3 * PERPLEXITY), len(short) - 1)
    distances, neighbours = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(short).kneighbors()
    tell(0.1)
    threads = -1 if len(short) >= THREADS_FROM else 1
    near = PerplexityBasedNN(perplexity=count / 3, knn_index=PrecomputedNeighbors(neighbours, distances), n_jobs=threads)
    forces = "fft" if len(short) >= FFT_FROM else "bh"
    places = TSNEEmbedding(begun, near, negative_gradient_method=forces, ints_in_interval=GRID, random_state=seed, n_jobs=threads)
    for first, last, steps, exaggeration in ((0.15, 0.4, 250, 12), (0.4, 0.95, 500, 1)):

        def told(step: int, *_: Any, first: float = first, last: float = last, steps: int = steps) -> None:
            tell(first + (last - first) * step / steps)

        places = places.optimize(
            steps, exaggeration=exaggeration, momentum=0.8, callbacks=told, callbacks_every_iters=10, use_callbacks=True
        )
    return np.asarray(places, dtype=np.float32)


def _umap() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is missing, for a kind of UMAP that is not used here
            import umap
    except ImportError as error:
        raise ExploringError("UMAP is not installed. `pip install 'footnote[umap]'` brings it; t-SNE and PCA need nothing more.") from error
    return umap


def _by_umap(umap: Any, short: Embeddings, begun: Places, seed: int) -> Places:
    neighbours = min(15, len(short) - 1)
    made = umap.UMAP(n_neighbors=neighbours, init=begun, random_state=seed, n_jobs=1).fit_transform(short)
    return np.asarray(made, dtype=np.float32)
