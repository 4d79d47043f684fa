"""How long a map and clusters of made vectors take, and how far the map is to be trusted, beside scikit-learn's own t-SNE.

`python -m tests.benchmarks.maps 2000 20000 100000`; the library itself maps at most 20,000 of them. scikit-learn's t-SNE is run up to
5,000. Everything runs one after the other in one process: compare within a run.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rag.exploring.clusters import MOST_BY_DENSITY
from rag.exploring.grouping import by_density, by_means
from rag.exploring.layouts import PERPLEXITY, lay_out, reduced, trustworthiness

TOPICS = 40
DIMENSIONS = 384
SCATTER = 1.2
"""Of the vectors around their topic's, beside the topics' own around 0."""

MOST_BY_SKLEARN = 5_000
MOST_MAPPED = 20_000


def made(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around the vectors of `TOPICS` topics, and the topic of each."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(TOPICS, DIMENSIONS))
    topics = random.integers(TOPICS, size=count)
    rows = centres[topics] + SCATTER * random.normal(size=(count, DIMENSIONS))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), topics


def by_sklearn(rows: np.ndarray) -> np.ndarray:
    """The same map by scikit-learn: the same start, the same perplexity."""
    from sklearn.manifold import TSNE

    short = reduced(rows)
    begun = short[:, :2] / short[:, 0].std() * 1e-4
    places: np.ndarray = TSNE(perplexity=PERPLEXITY, init=begun, random_state=0, n_jobs=-1).fit_transform(short)
    return places


def timed(name: str, make: Callable[[], Any]) -> Any:
    """Do it, and print how long it took."""
    began = time.perf_counter()
    result = make()
    print(f"  {name:<28} {time.perf_counter() - began:7.1f} s", end="", flush=True)
    return result


def agreement(labels: np.ndarray, topics: np.ndarray) -> float:
    """The adjusted Rand index of clusters and topics; 1 where they are the same."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(topics, labels))


def main() -> None:
    """Measure the sizes given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[500, 2_000, 5_000, 20_000])
    for count in parser.parse_args().sizes:
        rows, topics = made(count)
        print(f"{count:,} vectors, {TOPICS} topics")
        if count <= MOST_MAPPED:
            places = timed("t-SNE, as the map is made", partial(lay_out, rows, "tsne", 0))
            print(f"   trustworthiness {trustworthiness(rows, places):.3f}")
        if count <= MOST_BY_SKLEARN:
            places = timed("t-SNE by scikit-learn", partial(by_sklearn, rows))
            print(f"   trustworthiness {trustworthiness(rows, places):.3f}")
        short = timed("reduced by PCA", partial(reduced, rows))
        print()
        if count <= MOST_BY_DENSITY:
            labels, how = timed("HDBSCAN", partial(by_density, short))
            print(f"   adjusted Rand index {agreement(labels, topics):.2f}  {how}")
        labels, how = timed("k-means, k by silhouette", partial(by_means, short, None, 0))
        print(f"   adjusted Rand index {agreement(labels, topics):.2f}  {how}")


if __name__ == "__main__":
    main()
