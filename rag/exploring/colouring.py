"""Which group each point of a map belongs to, and what a point stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import ExploringError
from rag.exploring.clusters import Clustering
from rag.exploring.mapping import Map
from rag.types import Chunk, ChunkKey

if TYPE_CHECKING:
    from rag.library import Library

CAPTION = 200
"""Characters of a passage in its caption."""

READ_BATCH = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """The points of a map in groups.

    Attributes:
        groups: int, a group for each point, 0 for the largest; -1 for a point in none.
        names: Of the groups.
    """

    groups: NDArray[np.intp]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """What a point stands for: a document's name, a page's printed label or "", and the beginning of the words."""

    document: str
    page_label: str
    text: str


def by_document(placed: Map) -> Colouring:
    """The points of each document, those of the one with most points first."""
    counts = np.bincount(placed.owners, minlength=len(placed.records))
    return _ordered(placed.owners, counts, [record.name for record in placed.records])


def by_cluster(placed: Map, clustering: Clustering) -> Colouring:
    """The points of each cluster; a document is of the cluster that most of its passages are in.

    Raises:
        ExploringError: The clusters are those of another state of the library.
    """
    if clustering.fingerprint != placed.fingerprint:
        raise ExploringError("The library has changed since this map was drawn. Draw it again.")
    names = tuple(cluster.name for cluster in clustering.clusters)
    if placed.of == "chunks":
        return Colouring(clustering.labels[placed.rows], names)
    votes = np.zeros((len(placed.records), len(names) + 1), dtype=np.intp)
    np.add.at(votes, (clustering.owners, clustering.labels), 1)  # label -1: the last column
    groups = votes.argmax(axis=1)
    return Colouring(np.where(groups == len(names), -1, groups)[placed.rows], names)


def captions(library: "Library", placed: Map) -> list[Caption]:
    """What each point of a map stands for.

    Raises:
        StorageError: The index cannot be read.
    """
    if placed.of == "documents":
        records = [placed.records[owner] for owner in placed.owners]
        return [Caption(record.name, "", f"{record.chunks} passages on {record.pages} pages") for record in records]
    chunks: dict[ChunkKey, Chunk] = {}
    for first in range(0, len(placed.keys), READ_BATCH):
        chunks |= library.chunks(placed.keys[first : first + READ_BATCH])
    found = []
    for key, owner in zip(placed.keys, placed.owners, strict=True):
        record, chunk = placed.records[owner], chunks.get(key)
        label = record.labels[chunk.page - 1] if chunk and record.pages > 1 else ""
        found.append(Caption(record.name, label, _beginning(chunk.text) if chunk else ""))
    return found


def _ordered(groups: NDArray[np.intp], counts: NDArray[np.intp], names: Sequence[str]) -> Colouring:
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    numbers = np.full(len(counts), -1)
    numbers[order] = np.arange(len(order))
    return Colouring(numbers[groups], tuple(names[place] for place in order))


def _beginning(text: str) -> str:
    words = " ".join(text[: 2 * CAPTION].split())
    return words if len(words) <= CAPTION else words[:CAPTION].rsplit(" ", 1)[0] + " …"
