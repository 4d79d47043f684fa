"""The library in two dimensions, and where on it a question belongs."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import EmptyQuestionError, ExploringError
from rag.exploring.cache import read_arrays, write_arrays
from rag.exploring.layouts import Method, Points, lay_out, trustworthiness
from rag.exploring.vectors import Progress, Vectors, no_progress
from rag.types import ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

Of = Literal["chunks", "documents"]

MOST_PLACED = 20_000  # points of a map; of more chunks, a sample is placed
VERSION = 1  # raised whenever the same vectors would give another map

_making = threading.Lock()  # one map at a time: it takes all cores, and whoever waits for the same one finds it made


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Chunks or documents as points: those with a similar meaning are close to each other.

    Attributes:
        fingerprint: That of the vectors it was made from.
        of: What its points are.
        method: How they were placed.
        points: float32, `(n, 2)`; the axes have no meaning except for PCA, where they are the two principal components.
        rows: int, `(n,)`: the row of each point in `Vectors.keys`, or in `Vectors.records` where the points are documents.
        owners: int, `(n,)`: the index in `records` of each point's document.
        keys: The chunk of each point; empty where the points are documents.
        records: The library's documents.
        sampled_from: The number of chunks or documents; more than `n` if the points are a sample.
        trustworthiness: How far neighbours on the map are true neighbours, at most 1; None with fewer than 4 points.
    """

    fingerprint: str
    of: Of
    method: Method
    points: Points
    rows: NDArray[np.intp]
    owners: NDArray[np.intp]
    keys: tuple[ChunkKey, ...]
    records: tuple[DocumentRecord, ...]
    sampled_from: int
    trustworthiness: float | None

    def __len__(self) -> int:
        return len(self.points)

    def key(self, row: int) -> ChunkKey:
        """The chunk that a point opens: its own, or the first of its document."""
        return self.keys[row] if self.keys else (self.records[self.owners[row]].id, 0)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedQuestion:
    """A question on a map.

    Attributes:
        question: Its text.
        point: float32, `(2,)`: the mean of the `nearest` points, weighted by cosine. A question has no point of its own.
        nearest: int, `(k,)`: indices of its nearest points, nearest first.
        cosines: float32, `(n,)`, in [-1, 1]: of the question and each point of the map.
    """

    question: str
    point: Points
    nearest: NDArray[np.intp]
    cosines: NDArray[np.float32]


def map_library(corpus: "Corpus", *, of: Of = "chunks", method: Method = "tsne", seed: int = 0, progress: Progress = no_progress) -> Map:
    """Place the chunks or the documents of a library in two dimensions. A map is cached until the library changes.

    Args:
        corpus: The library, or `rag.Texts`, to map.
        of: What the points are. More than `MOST_PLACED` chunks are sampled, evenly over the documents.
        method: t-SNE (started from PCA), PCA, or UMAP, which needs `footnote[umap]`.
        seed: The same library and seed give the same map.
        progress: Called with the share done, in [0, 1].

    Raises:
        ExploringError: The library is empty, or UMAP is not installed.
        StorageError: The index cannot be read.
        ValueError: `of` or `method` is unknown.
    """
    if of not in get_args(Of) or method not in get_args(Method):
        raise ValueError(f"There is no map of {of!r} by {method!r}.")
    vectors = corpus.vectors()
    vectors.require()
    total = len(vectors) if of == "chunks" else len(vectors.records)
    rows = _sample(total, seed)
    fingerprint = vectors.fingerprint[:20]
    file = corpus.folder / "exploring" / f"map-{fingerprint}-{of}-{method}-{seed}-v{VERSION}.npz" if corpus.folder else None
    with _making:
        cached = read_arrays(file) if file else {}
        if cached.get("points", rows).shape != (len(rows), 2) or "trustworthiness" not in cached:
            embeddings = _embeddings(vectors, of)[rows]
            points = lay_out(embeddings, method, seed, progress)
            trust = trustworthiness(embeddings, points, seed)
            cached = {"points": points, "trustworthiness": np.array(np.nan if trust is None else trust)}
            if file:
                _keep(file, cached, fingerprint)
    progress(1.0)
    trust = float(cached["trustworthiness"])
    return Map(
        fingerprint=vectors.fingerprint,
        of=of,
        method=method,
        points=cached["points"].astype(np.float32),
        rows=rows,
        owners=vectors.owners[rows] if of == "chunks" else rows,
        keys=tuple(vectors.keys[row] for row in rows) if of == "chunks" else (),
        records=vectors.records,
        sampled_from=total,
        trustworthiness=None if np.isnan(trust) else trust,
    )


def place_question(corpus: "Corpus", placed: Map, question: str, top_k: int = 5) -> PlacedQuestion:
    """Place a question on a map: between its nearest points, closer to the more similar.

    Args:
        corpus: The library, or `rag.Texts`, of the map.
        placed: The map.
        question: Not empty.
        top_k: The number of nearest points that count.

    Raises:
        EmptyQuestionError: The question is empty.
        ExploringError: The library has changed since the map was made.
        EmbeddingError, StorageError: The model cannot be used, or the index cannot be read.
    """
    question = question.encode("utf-8", "replace").decode().strip()
    if not question:
        raise EmptyQuestionError("The question is empty. Ask something about your documents.")
    vectors = corpus.vectors()
    require_same(placed.fingerprint, vectors.fingerprint)
    cosines = np.clip(_embeddings(vectors, placed.of)[placed.rows] @ corpus.embedder.embed_query(question), -1, 1).astype(np.float32)
    nearest = np.argsort(-cosines, kind="stable")[: max(top_k, 1)]
    weights = np.maximum(cosines[nearest], 1e-6)
    point = (weights @ placed.points[nearest] / weights.sum()).astype(np.float32)
    return PlacedQuestion(question, point, nearest, cosines)


def _keep(file: Path, arrays: dict[str, NDArray[Any]], fingerprint: str) -> None:
    """Cache a map, and drop those of earlier states of the library."""
    write_arrays(file, arrays)
    for other in file.parent.glob("map-*"):
        if fingerprint not in other.name:
            other.unlink(missing_ok=True)


def require_same(one: str, other: str) -> None:
    """Raise an ExploringError if two fingerprints differ: the library has changed."""
    if one != other:
        raise ExploringError("The library has changed since this map was drawn. Draw it again.")


def _embeddings(vectors: Vectors, of: Of) -> Embeddings:
    return vectors.embeddings if of == "chunks" else vectors.documents


def _sample(total: int, seed: int) -> NDArray[np.intp]:
    """Rows at even distances from a random start, so that each document gets its share; all rows where there are few."""
    if total <= MOST_PLACED:
        return np.arange(total)
    start = np.random.default_rng(seed).random()
    return ((np.arange(MOST_PLACED) + start) * (total / MOST_PLACED)).astype(np.intp)
