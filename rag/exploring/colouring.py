"""The group of each point of a map, and its caption."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.errors import ExploringError
from rag.exploring.clusters import Clustering
from rag.exploring.lists import counted
from rag.exploring.mapping import Map, require_same
from rag.exploring.passages import read_chunks
from rag.formats.counting import pages_counted

if TYPE_CHECKING:
    from rag.exploring.corpus import Corpus

T = TypeVar("T", bound=Hashable)
LABEL = "label"  # the key of a text's own label among its metadata
UNLABELLED = "no label"
CAPTION = 200  # characters of a passage in its caption


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """The points of a map in groups: `groups` is the group of each point, 0 for the largest, -1 for none; `names` are the groups'."""

    groups: NDArray[np.intp]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """What a point stands for: a document's name, a page's printed label or "", and the beginning of the text."""

    document: str
    page_label: str
    text: str


def by_document(placed: Map) -> Colouring:
    """Group points by document, the one with the most points first."""
    owners = placed.owners.tolist()
    return _grouped(owners, {owner: placed.records[owner].name for owner in owners})


def by_label(placed: Map, key: str = LABEL) -> Colouring:
    """Group points by what their documents' metadata has for a key, the most frequent first.

    Raises:
        ExploringError: No document has that key.
    """
    labels = [str(placed.records[owner].metadata.get(key, "")) for owner in placed.owners.tolist()]
    if not any(labels):
        how = "" if key == LABEL else f" `rag add --meta {key}=VALUE` gives documents one."
        raise ExploringError(f"Nothing has a {key!r}.{how}")
    return _grouped(labels, {label: label or UNLABELLED for label in labels})


def _grouped(owners: Sequence[T], names: Mapping[T, str]) -> Colouring:
    numbers = {owner: number for number, (owner, _) in enumerate(Counter(owners).most_common())}
    return Colouring(np.array([numbers[owner] for owner in owners], dtype=np.intp), tuple(names[owner] for owner in numbers))


def by_cluster(placed: Map, clustering: Clustering) -> Colouring:
    """Group points by cluster; a document belongs to the cluster that holds most of its passages."""
    require_same(clustering.fingerprint, placed.fingerprint)
    names = tuple(cluster.name for cluster in clustering.clusters)
    if placed.of == "chunks":
        return Colouring(clustering.labels[placed.rows], names)
    votes = np.zeros((len(placed.records), len(names) + 1), dtype=np.intp)
    np.add.at(votes, (clustering.owners, clustering.labels), 1)  # label -1: the last column
    groups = votes.argmax(axis=1)
    return Colouring(np.where(groups == len(names), -1, groups)[placed.rows], names)


def captions(corpus: "Corpus", placed: Map) -> list[Caption]:
    """A caption for each point of a map."""
    if placed.of == "documents":
        records = [placed.records[owner] for owner in placed.owners]
        return [Caption(record.name, "", f"{counted(record.chunks, 'passage')} on {pages_counted(record)}") for record in records]
    chunks = read_chunks(corpus, placed.keys)
    found = []
    for key, owner in zip(placed.keys, placed.owners, strict=True):
        record, chunk = placed.records[owner], chunks.get(key)
        label = record.labels[chunk.page - 1] if chunk and record.pages > 1 else ""
        found.append(Caption(record.name, label, _beginning(chunk.text) if chunk else ""))
    return found


def _beginning(text: str) -> str:
    words = " ".join(text[: 2 * CAPTION].split())
    return words if len(words) <= CAPTION else words[:CAPTION].rsplit(" ", 1)[0] + " …"
