"""Node embeddings: a vector for each document from its place in the graph of related documents, not from its text.

node2vec (Grover and Leskovec, 2016): random walks over the graph are sentences whose words are documents, and Word2Vec learns a vector
for each. Documents that the same walks pass are near each other, also where no line joins the two.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.embedding.protocol import Embeddings
from rag.embedding.trained import OPTIONS, gensim_models
from rag.errors import ExploringError
from rag.exploring.graph import LEAST_WEIGHT, NEIGHBOURS, SEED, DocumentGraph, graph_of
from rag.exploring.vectors import Vectors, unit

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

WALKS = 10  # from each document; from each of a few more, so that there are
LEAST_WALKS = 500
LENGTH = 40  # documents of a walk
WINDOW = 10  # documents before and after one in a walk that count as its context
EPOCHS = 5


@dataclass(frozen=True, slots=True)
class NearNode:
    """A document whose place in the graph is like another's.

    Attributes:
        document: Its name.
        document_id: Its id.
        cosine: Of the two node embeddings, in [-1, 1].
        text_cosine: Of the two documents' own vectors, the means of their passages, in [-1, 1].
        is_joined: Whether a line of the graph joins the two.
    """

    document: str
    document_id: str
    cosine: float
    text_cosine: float
    is_joined: bool


@dataclass(frozen=True, slots=True, eq=False)
class NodeEmbeddings:
    """A vector for each document of a graph.

    Attributes:
        graph: The graph.
        vectors: float32, `(len(graph.records), dimensions)`, rows of unit length; zeros for documents that no line joins to another.
        text_vectors: float32: the documents' own vectors, in the same order.
    """

    graph: DocumentGraph
    vectors: Embeddings
    text_vectors: Embeddings

    def nearest(self, document_id: str, top_k: int = 5) -> list[NearNode]:
        """The documents whose places are most like one's, best first.

        Raises:
            ExploringError: The document is not in the graph, or no line joins it to another.
            ValueError: `top_k` is less than 1.
        """
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, not {top_k}")
        own = next((number for number, record in enumerate(self.graph.records) if record.id == document_id), None)
        if own is None:
            raise ExploringError(f"This document is not in the graph, which has the {len(self.graph.records)} with the most passages.")
        if not self.vectors[own].any():
            raise ExploringError("No line of the graph joins this document to another, so no walk passes it. Compare the documents' text.")
        joined = {edge.left + edge.right - own for edge in self.graph.edges if own in (edge.left, edge.right)}
        cosines, texts = (np.clip(rows @ rows[own], -1, 1) for rows in (self.vectors, self.text_vectors))
        others = [int(row) for row in np.argsort(-cosines, kind="stable") if row != own and self.vectors[row].any()]
        records = self.graph.records
        return [
            NearNode(records[row].name, records[row].id, float(cosines[row]), float(texts[row]), row in joined) for row in others[:top_k]
        ]


def node_embeddings(
    corpus: "Corpus", *, neighbours: int = NEIGHBOURS, p: float = 1.0, q: float = 1.0, dimensions: int = 32, seed: int = SEED
) -> NodeEmbeddings:
    """Embed documents by their place in the graph of related documents, with node2vec. The same seed gives the same vectors.

    Args:
        corpus: A library, or `rag.Texts`, of two documents at least.
        neighbours: As for `related_documents`.
        p: The higher, the more rarely a walk steps back to where it came from; above 0.
        q: Below 1 walks lead away and tell communities; above 1 they stay near their start and tell roles, such as hub or bridge.
        dimensions: Of a vector, 2 or more.
        seed: Of the walks and of the training.

    Raises:
        ExploringError: There are fewer than two documents, or none is near another.
        EmbeddingError: gensim is not installed.
        ValueError: An argument is out of range.
        StorageError: The index cannot be read.
    """
    vectors = corpus.vectors()
    return embed_nodes(vectors, graph_of(vectors, neighbours), p=p, q=q, dimensions=dimensions, seed=seed)


def embed_nodes(
    vectors: Vectors, graph: DocumentGraph, *, p: float = 1.0, q: float = 1.0, dimensions: int = 32, seed: int = SEED
) -> NodeEmbeddings:
    """As `node_embeddings`, of a graph that was made of these vectors."""
    if not (p > 0 and q > 0 and dimensions >= 2):
        raise ValueError(f"p and q must be above 0 and dimensions at least 2, not {p}, {q} and {dimensions}")
    if not graph.edges:
        raise ExploringError("No document is near another, so there is no graph to walk over. Add documents about the same things.")
    rows = {record.id: row for row, record in enumerate(vectors.records)}
    texts = vectors.documents[[rows[record.id] for record in graph.records]]
    options = OPTIONS | {"sample": 0, "epochs": EPOCHS, "seed": seed}  # none is left out for being frequent
    model = gensim_models().Word2Vec(_walks(graph, p, q, seed), vector_size=dimensions, sg=1, window=WINDOW, **options)
    found = np.zeros((len(graph.records), dimensions), dtype=np.float32)
    found[list(map(int, model.wv.index_to_key))] = model.wv.vectors
    return NodeEmbeddings(graph, unit(found), texts)


def _walks(graph: DocumentGraph, p: float, q: float, seed: int) -> list[list[str]]:
    """Walks from each document that is joined to another, in an order of their own in each round."""
    near: dict[int, dict[int, float]] = {}
    for edge in graph.edges:
        for here, there in ((edge.left, edge.right), (edge.right, edge.left)):
            near.setdefault(here, {})[there] = max(edge.cosine, LEAST_WEIGHT)
    chance, starts = random.Random(seed), sorted(near)
    return [
        _walk(near, start, p, q, chance)
        for _ in range(max(WALKS, LEAST_WALKS // len(starts)))
        for start in chance.sample(starts, len(starts))
    ]


def _walk(near: Mapping[int, Mapping[int, float]], start: int, p: float, q: float, chance: random.Random) -> list[str]:
    """A biased walk of the second order: where it goes next depends on where it came from."""
    before, here = None, start
    walk = [str(start)]
    while len(walk) < LENGTH:
        bias = {there: 1 / p if there == before else 1.0 if before is None or there in near[before] else 1 / q for there in near[here]}
        (there,) = chance.choices(list(bias), [near[here][there] * bias[there] for there in bias])
        before, here = here, there
        walk.append(str(there))
    return walk
