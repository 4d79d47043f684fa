"""What the vectors say about the whole library: maps, clusters, duplicates, comparisons, classes, tokens, neighbours.

Each function takes an open `Library`; what it returns is a value, and `rag.exploring.figures` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.differing import Difference, differences
    from rag.exploring.duplicates import DocumentPair, Duplicates, PassageGroup, find_duplicates
    from rag.exploring.found import Found
    from rag.exploring.related import RelatedDocument, more_like, related_to
    from rag.exploring.related_graph import DocumentGraph, related_documents
    from rag.exploring.revising import Change
    from rag.exploring.vectors import Vectors

_LOADED_LATER = {
    "Change": "rag.exploring.revising",
    "Difference": "rag.exploring.differing",
    "DocumentGraph": "rag.exploring.related_graph",
    "DocumentPair": "rag.exploring.duplicates",
    "Duplicates": "rag.exploring.duplicates",
    "Found": "rag.exploring.found",
    "PassageGroup": "rag.exploring.duplicates",
    "RelatedDocument": "rag.exploring.related",
    "Vectors": "rag.exploring.vectors",
    "differences": "rag.exploring.differing",
    "find_duplicates": "rag.exploring.duplicates",
    "more_like": "rag.exploring.related",
    "related_documents": "rag.exploring.related_graph",
    "related_to": "rag.exploring.related",
}
"""Names whose modules take time to load."""

__all__ = [
    "Change",
    "Difference",
    "DocumentGraph",
    "DocumentPair",
    "Duplicates",
    "Found",
    "PassageGroup",
    "RelatedDocument",
    "Vectors",
    "differences",
    "find_duplicates",
    "more_like",
    "related_documents",
    "related_to",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
