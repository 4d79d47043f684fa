"""The passages of a library in clusters of similar meaning, named by the terms that set them apart."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import ExploringError
from rag.exploring.grouping import Labels, by_density, by_means
from rag.exploring.layouts import reduced
from rag.exploring.naming import distinctive_terms
from rag.exploring.passages import passage_of
from rag.exploring.vectors import Vectors, unit
from rag.types import ChunkKey, Passage

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

ClusterMethod = Literal["auto", "hdbscan", "kmeans"]

MOST_BY_DENSITY = 5_000  # passages up to which "auto" tries HDBSCAN, whose time grows with their square
FEWEST_PLACED = 0.6  # share of passages that HDBSCAN must put in clusters; otherwise "auto" takes k-means, which places all
LARGEST_SHARE = 0.5  # largest share of passages in one of its clusters, likewise: one lump and a few crumbs tell nothing
TYPICAL = 3  # passages shown of a cluster
READ = 100  # passages of a cluster from which its terms are taken: those nearest to its centre


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Passages of similar meaning.

    Attributes:
        number: Its label in `Clustering.labels`: 0 for the largest.
        terms: The terms that set it apart, heaviest first.
        title: A title by a chat model, or "".
        size: The number of its passages.
        keys: Its most typical chunks: those nearest to the mean of its vectors.
        passages: The same as passages; `cosine` is the one to the mean.
        documents: Names of the documents its passages are from, with how many; most first.
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
        """Its title, or else its first terms."""
        return self.title or ", ".join(self.terms[:3]) or f"cluster {self.number + 1}"


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """All passages of a library in clusters.

    Attributes:
        fingerprint: That of the vectors it was made from.
        keys: All chunks, as in `Vectors`.
        owners: int: the index in `Vectors.records` of each chunk's document.
        labels: int: the number of each chunk's cluster; -1 for those in none.
        clusters: Largest first, each at the index of its number.
        outliers: The number of passages in no cluster.
        how: How the clusters were found, in a sentence.
    """

    fingerprint: str
    keys: tuple[ChunkKey, ...]
    owners: NDArray[np.intp]
    labels: Labels
    clusters: tuple[Cluster, ...]
    outliers: int
    how: str


def find_clusters(corpus: "Corpus", *, method: ClusterMethod = "auto", k: int | None = None, seed: int = 0) -> Clustering:
    """Cluster the passages of a library, and name the clusters by the terms that set them apart.

    The vectors are clustered, reduced to their 50 principal components, not the points of a map: t-SNE tears apart and squeezes together
    what does not fit in two dimensions.

    Args:
        corpus: The library, or `rag.Texts`, to cluster.
        method: HDBSCAN (Campello 2013) finds clusters of any density and leaves out what is in none; k-means puts every passage in the
            nearest of k clusters; "auto" takes HDBSCAN for up to `MOST_BY_DENSITY` passages if it places `FEWEST_PLACED` of them and no
            more than `LARGEST_SHARE` in one cluster.
        k: Number of clusters for k-means; chosen by silhouette if not given.
        seed: The same library and seed give the same clusters.

    Raises:
        ExploringError: There are no passages, or fewer than k.
        StorageError: The index cannot be read.
        ValueError: `method` is unknown, or `k` is given for HDBSCAN.
    """
    if method not in get_args(ClusterMethod) or (method == "hdbscan" and k is not None):
        raise ValueError(f"There are no clusters by {method!r} with k={k}.")
    vectors = corpus.vectors()
    vectors.require()
    if k is not None and not 1 <= k <= len(vectors):
        raise ExploringError(f"The library has {len(vectors)} passages: the number of clusters must be from 1 to {len(vectors)}.")
    labels, how = _group(reduced(vectors.embeddings, seed=seed), method, k, seed)
    labels = _largest_first(labels)
    clusters = _described(corpus, vectors, labels)
    return Clustering(vectors.fingerprint, vectors.keys, vectors.owners, labels, clusters, int((labels < 0).sum()), how)


def _group(short: Embeddings, method: ClusterMethod, k: int | None, seed: int) -> tuple[Labels, str]:
    if method == "hdbscan" or (method == "auto" and k is None and len(short) <= MOST_BY_DENSITY):
        labels, how = by_density(short)
        placed = labels[labels >= 0]
        is_telling = len(placed) >= FEWEST_PLACED * len(labels) and np.bincount(placed).max() <= LARGEST_SHARE * len(labels)
        if method == "hdbscan" or is_telling:
            return labels, how
    return by_means(short, k, seed)


def _largest_first(labels: Labels) -> Labels:
    order = np.argsort(-np.bincount(labels[labels >= 0]), kind="stable")
    return np.append(np.argsort(order), -1)[labels]  # label -1: the last number


def _described(corpus: "Corpus", vectors: Vectors, labels: Labels) -> tuple[Cluster, ...]:
    members = [np.flatnonzero(labels == number) for number in range(labels.max() + 1)]
    texts: list[list[str]] = []
    typical: list[dict[ChunkKey, Passage]] = []
    for rows in members:
        cosines = vectors.embeddings[rows] @ unit(vectors.embeddings[rows].mean(axis=0))
        nearest = np.argsort(-cosines, kind="stable")[:READ]
        chunks = corpus.chunks([vectors.keys[row] for row in rows[nearest]])
        found = [(row, float(cosine)) for row, cosine in zip(rows[nearest], cosines[nearest], strict=True) if vectors.keys[row] in chunks]
        texts.append([chunks[vectors.keys[row]].text for row, _ in found])
        typical.append(
            {
                vectors.keys[row]: passage_of(chunks[vectors.keys[row]], vectors.records[vectors.owners[row]], rank, cosine)
                for rank, (row, cosine) in enumerate(found[:TYPICAL], start=1)
            }
        )
    owners = [Counter(vectors.owners[rows].tolist()).most_common() for rows in members]
    documents = [tuple((vectors.records[owner].name, count) for owner, count in counts) for counts in owners]
    return tuple(
        Cluster(number, terms, "", len(members[number]), tuple(shown), tuple(shown.values()), documents[number])
        for number, (terms, shown) in enumerate(zip(distinctive_terms(texts), typical, strict=True))
    )
