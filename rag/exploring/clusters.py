"""The passages of a library in groups that mean alike, with names."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.grouping import Labels, by_density, by_means
from rag.exploring.layouts import reduced
from rag.exploring.passages import passage_of
from rag.exploring.terms import telling_terms
from rag.exploring.vectors import Vectors
from rag.types import ChunkKey, Passage

if TYPE_CHECKING:
    from rag.library import Library

ClusterMethod = Literal["auto", "hdbscan", "kmeans"]

MOST_BY_DENSITY = 5_000
"""Passages up to which "auto" tries HDBSCAN, whose time grows with their square."""

FEWEST_PLACED = 0.6
"""The share of passages that HDBSCAN must put in clusters, or "auto" takes k-means, which places all."""

LARGEST_SHARE = 0.5
"""The share of passages that the largest of its clusters may have, likewise: one lump and a few crumbs tell nothing."""

TYPICAL = 3
"""Passages shown of a cluster."""

READ = 100
"""Passages of a cluster that its terms are told from: those nearest to its middle."""


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Passages that mean alike.

    Attributes:
        number: Its label in `Clustering.labels`: 0 for the largest.
        terms: The terms that set it apart, heaviest first.
        title: By a chat model, or "".
        size: Its passages.
        keys: Its most typical chunks: nearest to the mean of its vectors.
        passages: The same as passages; `cosine` is that to the mean.
        documents: Names of the documents it has passages of, with how many; most first.
    """

    number: int
    terms: tuple[str, ...]
    title: str
    size: int
    keys: tuple[ChunkKey, ...]
    passages: tuple[Passage, ...]
    documents: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        """Its title, else its first terms."""
        return self.title or ", ".join(self.terms[:3]) or f"cluster {self.number + 1}"


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """All passages of a library, in clusters.

    Attributes:
        fingerprint: Of the vectors it was made from.
        keys: All chunks, as in `Vectors`.
        owners: int: the index in `Vectors.records` of each chunk's document.
        labels: int, the number of each chunk's cluster; -1 for those in none.
        clusters: Largest first, each at its number.
        outliers: Passages that are in no cluster.
        how: How they were found, in a sentence.
    """

    fingerprint: str
    keys: tuple[ChunkKey, ...]
    owners: NDArray[np.intp]
    labels: Labels
    clusters: tuple[Cluster, ...]
    outliers: int
    how: str


def find_clusters(library: "Library", *, method: ClusterMethod = "auto", k: int | None = None, seed: int = 0) -> Clustering:
    """Group the passages of a library, and name the groups by the terms that set them apart.

    The vectors are grouped, reduced to their 50 main directions, not the places on a map: t-SNE tears apart and presses together what
    it has no room for.

    Args:
        library: Which.
        method: HDBSCAN (Campello 2013) finds groups of their own density and leaves out what is in none; k-means puts every passage into
            the nearest of k groups; "auto" takes HDBSCAN for up to `MOST_BY_DENSITY` passages where it places `FEWEST_PLACED` of them, and
            no more than `LARGEST_SHARE` in one cluster.
        k: Clusters of k-means; chosen by silhouette if not given.
        seed: The same library and seed give the same clusters.

    Raises:
        ExploringError: There are no passages, or fewer than k.
        StorageError: The index cannot be read.
        ValueError: `method` is none of those, or `k` is given for HDBSCAN.
    """
    if method not in get_args(ClusterMethod) or (method == "hdbscan" and k is not None):
        raise ValueError(f"There are no clusters by {method!r} with k={k}.")
    vectors = library.vectors()
    vectors.require()
    if k is not None and not 1 <= k <= len(vectors):
        raise ExploringError(f"The library has {len(vectors)} passages: the number of clusters must be from 1 to {len(vectors)}.")
    labels, how = _group(reduced(vectors.embeddings, seed=seed), method, k, seed)
    labels = _largest_first(labels)
    return Clustering(
        fingerprint=vectors.fingerprint,
        keys=vectors.keys,
        owners=vectors.owners,
        labels=labels,
        clusters=_described(library, vectors, labels),
        outliers=int((labels < 0).sum()),
        how=how,
    )


def _group(short: Embeddings, method: ClusterMethod, k: int | None, seed: int) -> tuple[Labels, str]:
    if method == "hdbscan" or (method == "auto" and k is None and len(short) <= MOST_BY_DENSITY):
        labels, how = by_density(short)
        placed = labels[labels >= 0]
        is_telling = len(placed) >= FEWEST_PLACED * len(labels) and np.bincount(placed).max() <= LARGEST_SHARE * len(labels)
        if method == "hdbscan" or is_telling:
            return labels, how
    return by_means(short, k, seed)


def _largest_first(labels: Labels) -> Labels:
    sizes = np.bincount(labels[labels >= 0])
    order = np.argsort(-sizes, kind="stable")
    numbers = np.empty_like(order)
    numbers[order] = np.arange(len(order))
    return np.where(labels >= 0, numbers[labels] if len(numbers) else -1, -1)


def _described(library: "Library", vectors: Vectors, labels: Labels) -> tuple[Cluster, ...]:
    members = [np.flatnonzero(labels == number) for number in range(labels.max() + 1)]
    ranked = [_nearest_to_the_mean(vectors.embeddings, rows) for rows in members]
    texts: list[list[str]] = []
    found: list[dict[ChunkKey, Passage]] = []
    for nearest, cosines in ranked:
        keys = [vectors.keys[row] for row in nearest[:READ]]
        chunks = library.chunks(keys)
        texts.append([chunks[key].text for key in keys if key in chunks])
        shown = [(row, cosine) for row, cosine in zip(nearest, cosines, strict=True) if vectors.keys[row] in chunks][:TYPICAL]
        passages = [
            passage_of(chunks[vectors.keys[row]], vectors.records[vectors.owners[row]], rank, float(cosine))
            for rank, (row, cosine) in enumerate(shown, start=1)
        ]
        found.append(dict(zip([vectors.keys[row] for row, _ in shown], passages, strict=True)))
    return tuple(
        Cluster(number, terms, "", len(rows), tuple(shown), tuple(shown.values()), _documents(vectors, rows))
        for number, (terms, rows, shown) in enumerate(zip(telling_terms(texts), members, found, strict=True))
    )


def _nearest_to_the_mean(embeddings: Embeddings, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Embeddings]:
    """The rows, those nearest to the mean of their vectors first, with their cosines to it; as many as are read."""
    mean = embeddings[rows].mean(axis=0)
    cosines = embeddings[rows] @ (mean / max(float(np.linalg.norm(mean)), 1e-9))
    best = np.argsort(-cosines, kind="stable")[:READ]
    return rows[best], cosines[best]


def _documents(vectors: Vectors, rows: NDArray[np.intp]) -> tuple[tuple[str, int], ...]:
    counts = Counter(vectors.owners[rows].tolist())
    return tuple((vectors.records[owner].name, count) for owner, count in counts.most_common())
