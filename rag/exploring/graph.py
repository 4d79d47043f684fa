"""Related documents as a graph: which are near each other, and where each is drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.vectors import Vectors
from rag.types import DocumentRecord

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

LEAST = 0.3  # cosine of two documents' vectors below which they are not joined

NEIGHBOURS = 3  # that count as a document's nearest

MOST_DOCUMENTS = 500  # those with the most passages: the time of a spring layout grows with their square, 1 s for 500

HOLD = 0.8  # relative strength of the invisible links that keep unconnected parts from flying apart
LEAST_WEIGHT = 0.05  # of an edge, whose cosine may be below 0
SEED = 7  # the same library always gives the same picture


@dataclass(frozen=True, slots=True)
class Edge:
    """Two documents that are near each other: their indices in `records`, left < right, and the cosine of their vectors."""

    left: int
    right: int
    cosine: float


@dataclass(frozen=True, slots=True, eq=False)
class DocumentGraph:
    """Documents, and which of them are near each other.

    Attributes:
        records: The documents.
        sizes: The number of passages of each.
        positions: float, `(len(records), 2)`: where each is drawn, in [-1, 1]; near ones close together.
        edges: Strongest first.
        left_out: The number of smaller documents that are not in the graph.
    """

    records: tuple[DocumentRecord, ...]
    sizes: tuple[int, ...]
    positions: NDArray[np.float64]
    edges: tuple[Edge, ...]
    left_out: int


def related_documents(corpus: "Corpus", *, neighbours: int = NEIGHBOURS, least: float = LEAST) -> DocumentGraph:
    """Join each document with its nearest ones, by the cosine of their vectors.

    Two are joined if each is among the other's nearest; and each with its very nearest, so that a small one is not lost.

    Args:
        corpus: A library, or `rag.Texts`, of two documents at least.
        neighbours: How many count as a document's nearest, 1 or more.
        least: Documents with a smaller cosine are not joined; in [-1, 1].

    Raises:
        ExploringError: There are fewer than two documents.
        ValueError: `neighbours` is less than 1.
        StorageError: The index cannot be read.
    """
    return graph_of(corpus.vectors(), neighbours, least)


def graph_of(vectors: Vectors, neighbours: int, least: float = LEAST) -> DocumentGraph:
    """As `related_documents`, of vectors that were read."""
    if neighbours < 1:
        raise ValueError(f"neighbours must be at least 1, not {neighbours}")
    vectors.require(documents=2)
    sizes = np.bincount(vectors.owners, minlength=len(vectors.records))
    drawn = np.sort(np.argsort(-sizes, kind="stable")[:MOST_DOCUMENTS])
    cosines = np.clip(vectors.documents[drawn] @ vectors.documents[drawn].T, -1, 1)
    edges = _edges(cosines, min(neighbours, len(drawn) - 1), least)
    records = tuple(vectors.records[number] for number in drawn)
    return DocumentGraph(records, tuple(sizes[drawn].tolist()), _layout(cosines, edges), edges, len(vectors.records) - len(drawn))


def _edges(cosines: NDArray[np.float32], neighbours: int, least: float) -> tuple[Edge, ...]:
    itself = np.eye(len(cosines), dtype=bool)
    nearest = np.argsort(np.where(itself, np.inf, -cosines), axis=1, kind="stable")[:, :neighbours]
    among, first = itself[nearest].any(axis=1), itself[nearest[:, 0]]
    joined = np.triu((among & among.T) | first | first.T, 1) & (cosines >= least)
    edges = [Edge(int(a), int(b), float(cosines[a, b])) for a, b in zip(*np.nonzero(joined), strict=True)]
    return tuple(sorted(edges, key=lambda edge: (-edge.cosine, edge.left, edge.right)))


def _layout(cosines: NDArray[np.float32], edges: tuple[Edge, ...]) -> NDArray[np.float64]:
    """A spring layout of the edges, and of weaker invisible ones: the spanning tree of the highest cosines."""
    import networkx
    from scipy.sparse.csgraph import minimum_spanning_tree

    count = len(cosines)
    tree = minimum_spanning_tree(2 - cosines.astype(np.float64)).tocoo()  # never 0, which would be no link
    graph: Any = networkx.Graph()
    graph.add_nodes_from(range(count))
    for left, right in zip(tree.row.tolist(), tree.col.tolist(), strict=True):
        graph.add_edge(left, right, weight=HOLD * max(float(cosines[left, right]), LEAST_WEIGHT))
    graph.add_weighted_edges_from((edge.left, edge.right, max(edge.cosine, LEAST_WEIGHT)) for edge in edges)
    placed = networkx.spring_layout(graph, seed=SEED, iterations=100, k=1.6 / np.sqrt(count), method="force")
    return np.array([placed[number] for number in range(count)], dtype=np.float64)
