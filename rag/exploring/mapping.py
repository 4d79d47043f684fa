"""The library in two dimensions, and where on it a question stands."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rag.embedding.protocol import Embeddings
from rag.errors import EmptyQuestionError, ExploringError
from rag.exploring.keeping import read, write
from rag.exploring.layouts import Method, Places, ProgressOf, lay_out, trustworthiness
from rag.exploring.vectors import Vectors
from rag.types import ChunkKey, DocumentRecord

if TYPE_CHECKING:
    from rag.library import Library

Of = Literal["chunks", "documents"]

MOST_PLACED = 20_000
"""Points of a map; of more, so many are chosen."""

VERSION = 1
"""Raised whenever the same vectors would give another map."""

_making = threading.Lock()  # one map at a time: it takes all cores, and a second asker finds it made


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Where chunks or documents stand, so that those that mean alike stand near each other.

    Attributes:
        fingerprint: Of the vectors it was made from.
        of: What its points are.
        method: How they were placed.
        points: float32, `(n, 2)`; the axes mean nothing but for PCA, where they are the two main directions.
        rows: int, `(n,)`: the row of each point in `Vectors.keys`, or in `Vectors.records` where the points are documents.
        owners: int, `(n,)`: the index in `records` of each point's document.
        keys: The chunk of each point; none where the points are documents.
        records: The library's documents.
        sampled_from: So many there are; more than `n` where points were chosen.
        trustworthiness: How far neighbours on it are neighbours in truth, at most 1; None with fewer than 4 points.
    """

    fingerprint: str
    of: Of
    method: Method
    points: Places
    rows: NDArray[np.intp]
    owners: NDArray[np.intp]
    keys: tuple[ChunkKey, ...]
    records: tuple[DocumentRecord, ...]
    sampled_from: int
    trustworthiness: float | None

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedQuestion:
    """A question on a map.

    Attributes:
        question: In words.
        point: float32, `(2,)`: the mean of the places of `nearest`, weighted by their cosines. It is no place of its own.
        nearest: int, `(k,)`: its nearest points, nearest first.
        cosines: float32, `(n,)`, in [-1, 1]: of the question and each point of the map.
    """

    question: str
    point: Places
    nearest: NDArray[np.intp]
    cosines: NDArray[np.float32]


def map_library(
    library: "Library", *, of: Of = "chunks", method: Method = "tsne", seed: int = 0, progress: ProgressOf | None = None
) -> Map:
    """Place the chunks or the documents of a library in two dimensions. What was made once is read until the library changes.

    Args:
        library: Which.
        of: What the points are: more than `MOST_PLACED` chunks are sampled, evenly over the documents.
        method: As for `lay_out`.
        seed: The same library and seed give the same map.
        progress: Told the share that is done, in [0, 1].

    Raises:
        ExploringError: There is nothing to place, or UMAP is not installed.
        StorageError: The index cannot be read.
        ValueError: `of` or `method` is none of those.
    """
    if of not in get_args(Of) or method not in get_args(Method):
        raise ValueError(f"There is no map of {of!r} by {method!r}.")
    vectors = library.vectors()
    vectors.require()
    total = len(vectors) if of == "chunks" else len(vectors.records)
    rows = _sample(total, seed)
    kept = _kept_in(library.folder, f"{vectors.fingerprint[:20]}-{of}-{method}-{seed}", len(rows))
    with _making:
        points, trust = kept.read() or (None, None)
        if points is None:
            embeddings = (vectors.embeddings if of == "chunks" else vectors.documents)[rows]
            points = lay_out(embeddings, method, seed, progress)
            trust = trustworthiness(embeddings, points, seed)
            kept.write(points, trust, vectors.fingerprint[:20])
    if progress:
        progress(1.0)
    return Map(
        fingerprint=vectors.fingerprint,
        of=of,
        method=method,
        points=points,
        rows=rows,
        owners=vectors.owners[rows] if of == "chunks" else rows,
        keys=tuple(vectors.keys[row] for row in rows) if of == "chunks" else (),
        records=vectors.records,
        sampled_from=total,
        trustworthiness=trust,
    )


def place_question(library: "Library", placed: Map, question: str, top_k: int = 5) -> PlacedQuestion:
    """Find where on a map a question stands: between its nearest points, nearer to the more similar.

    Args:
        library: The map's.
        placed: The map.
        question: In words; not empty.
        top_k: How many of its nearest points count.

    Raises:
        EmptyQuestionError: The question has no words.
        ExploringError: The library has changed since the map was made.
        EmbeddingError: The embedding model cannot be used.
        StorageError: The index cannot be read.
    """
    question = question.encode("utf-8", "replace").decode().strip()
    if not question:
        raise EmptyQuestionError("The question is empty. Ask something about your documents.")
    vectors = unchanged(library, placed)
    embeddings: Embeddings = (vectors.embeddings if placed.of == "chunks" else vectors.documents)[placed.rows]
    cosines = np.clip(embeddings @ library.embedder.embed_query(question), -1, 1).astype(np.float32)
    nearest = np.argsort(-cosines, kind="stable")[: max(top_k, 1)]
    weights = np.maximum(cosines[nearest], 1e-6)
    point = (weights @ placed.points[nearest] / weights.sum()).astype(np.float32)
    return PlacedQuestion(question, point, nearest, cosines)


def unchanged(library: "Library", placed: Map) -> Vectors:
    """The vectors that a map was made from.

    Raises:
        ExploringError: They are others by now.
        StorageError: The index cannot be read.
    """
    vectors = library.vectors()
    if vectors.fingerprint != placed.fingerprint:
        raise ExploringError("The library has changed since this map was drawn. Draw it again.")
    return vectors


def _sample(total: int, seed: int) -> NDArray[np.intp]:
    """Every so many-th row from a start by chance, so that each document gives its share; all where there are not too many."""
    if total <= MOST_PLACED:
        return np.arange(total)
    start = np.random.default_rng(seed).random()
    return ((np.arange(MOST_PLACED) + start) * (total / MOST_PLACED)).astype(np.intp)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A map's places in the library's folder."""

    file: Path
    count: int

    def read(self) -> tuple[Places, float | None] | None:
        stored = read(self.file) or {}
        points, trust = stored.get("points"), stored.get("trustworthiness")
        if points is None or trust is None or points.shape != (self.count, 2):
            return None
        return points.astype(np.float32), None if np.isnan(trust.astype(float)) else float(trust.astype(float))

    def write(self, points: Places, trust: float | None, fingerprint: str) -> None:
        write(self.file, {"points": points, "trustworthiness": np.array(np.nan if trust is None else trust)}, fingerprint)


def _kept_in(folder: Path, name: str, count: int) -> _Kept:
    return _Kept(folder / "exploring" / f"map-{name}-v{VERSION}.npz", count)
