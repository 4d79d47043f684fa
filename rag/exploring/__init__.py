"""What the vectors say about the whole library: maps, clusters, duplicates, comparisons, classes, tokens, neighbours.

Each function takes an open `Library`; what it returns is a value, and `rag.exploring.figures` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.classifying import Classification, Labelled, classify
    from rag.exploring.comparing import Match, Pair, Similarities, compare, compare_documents, compare_passages, most_similar
    from rag.exploring.labels import read_examples
    from rag.exploring.scores import ScoreDistribution, score_distribution
    from rag.exploring.validating import CrossValidation, cross_validate
    from rag.exploring.vectors import Vectors

_LOADED_LATER = {
    "Classification": "rag.exploring.classifying",
    "CrossValidation": "rag.exploring.validating",
    "Labelled": "rag.exploring.classifying",
    "Match": "rag.exploring.comparing",
    "Pair": "rag.exploring.comparing",
    "ScoreDistribution": "rag.exploring.scores",
    "Similarities": "rag.exploring.comparing",
    "Vectors": "rag.exploring.vectors",
    "classify": "rag.exploring.classifying",
    "compare": "rag.exploring.comparing",
    "compare_documents": "rag.exploring.comparing",
    "compare_passages": "rag.exploring.comparing",
    "cross_validate": "rag.exploring.validating",
    "most_similar": "rag.exploring.comparing",
    "read_examples": "rag.exploring.labels",
    "score_distribution": "rag.exploring.scores",
}
"""Names whose modules take time to load."""

__all__ = [
    "Classification",
    "CrossValidation",
    "Labelled",
    "Match",
    "Pair",
    "ScoreDistribution",
    "Similarities",
    "Vectors",
    "classify",
    "compare",
    "compare_documents",
    "compare_passages",
    "cross_validate",
    "most_similar",
    "read_examples",
    "score_distribution",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
