"""What the vectors say about the whole library: maps, clusters, duplicates, comparisons, classes, tokens, neighbours.

Each function takes an open `Library`; what it returns is a value, and `rag.exploring.figures` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.clusters import Cluster, Clustering, find_clusters
    from rag.exploring.mapping import Map, PlacedQuestion, map_library, place_question
    from rag.exploring.titling import title_clusters
    from rag.exploring.vectors import Vectors

_LOADED_LATER = {
    "Cluster": "rag.exploring.clusters",
    "Clustering": "rag.exploring.clusters",
    "Map": "rag.exploring.mapping",
    "PlacedQuestion": "rag.exploring.mapping",
    "Vectors": "rag.exploring.vectors",
    "find_clusters": "rag.exploring.clusters",
    "map_library": "rag.exploring.mapping",
    "place_question": "rag.exploring.mapping",
    "title_clusters": "rag.exploring.titling",
}
"""Names whose modules take time to load."""

__all__ = [
    "Cluster",
    "Clustering",
    "Map",
    "PlacedQuestion",
    "Vectors",
    "find_clusters",
    "map_library",
    "place_question",
    "title_clusters",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
