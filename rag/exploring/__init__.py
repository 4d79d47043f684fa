"""What the vectors say about the whole library: maps, clusters, duplicates, comparisons, classes, tokens, neighbours.

Each function takes an open `Library`; what it returns is a value, and `rag.exploring.figures` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.arithmetic import Arithmetic, Neighbour, Unfamiliar, prepare_words, solve
    from rag.exploring.classifying import Classification, Labelled, classify
    from rag.exploring.clusters import Cluster, Clustering, find_clusters
    from rag.exploring.comparing import Match, Pair, Similarities, compare, compare_documents, compare_passages, most_similar
    from rag.exploring.differing import Difference, differences
    from rag.exploring.duplicates import DocumentPair, Duplicates, PassageGroup, find_duplicates
    from rag.exploring.expressions import Term, parse_expression
    from rag.exploring.labels import read_examples
    from rag.exploring.mapping import Map, PlacedQuestion, map_library, place_question
    from rag.exploring.passages import Found
    from rag.exploring.related import RelatedDocument, more_like, related_to
    from rag.exploring.related_graph import DocumentGraph, related_documents
    from rag.exploring.revising import Change
    from rag.exploring.scores import ScoreDistribution, score_distribution
    from rag.exploring.titling import title_clusters
    from rag.exploring.tokens import Poolings, TokenSimilarities, WordInContext, WordPlace, compare_word, pool, token_similarities, tokenize
    from rag.exploring.validating import CrossValidation, cross_validate
    from rag.exploring.vectors import Vectors

_LOADED_LATER = {
    "Arithmetic": "rag.exploring.arithmetic",
    "Change": "rag.exploring.revising",
    "Classification": "rag.exploring.classifying",
    "Cluster": "rag.exploring.clusters",
    "Clustering": "rag.exploring.clusters",
    "CrossValidation": "rag.exploring.validating",
    "Difference": "rag.exploring.differing",
    "DocumentGraph": "rag.exploring.related_graph",
    "DocumentPair": "rag.exploring.duplicates",
    "Duplicates": "rag.exploring.duplicates",
    "Found": "rag.exploring.passages",
    "Labelled": "rag.exploring.classifying",
    "Map": "rag.exploring.mapping",
    "Match": "rag.exploring.comparing",
    "Neighbour": "rag.exploring.arithmetic",
    "Pair": "rag.exploring.comparing",
    "PassageGroup": "rag.exploring.duplicates",
    "PlacedQuestion": "rag.exploring.mapping",
    "Poolings": "rag.exploring.tokens",
    "RelatedDocument": "rag.exploring.related",
    "ScoreDistribution": "rag.exploring.scores",
    "Similarities": "rag.exploring.comparing",
    "Term": "rag.exploring.expressions",
    "TokenSimilarities": "rag.exploring.tokens",
    "Unfamiliar": "rag.exploring.arithmetic",
    "Vectors": "rag.exploring.vectors",
    "WordInContext": "rag.exploring.tokens",
    "WordPlace": "rag.exploring.tokens",
    "classify": "rag.exploring.classifying",
    "compare": "rag.exploring.comparing",
    "compare_documents": "rag.exploring.comparing",
    "compare_passages": "rag.exploring.comparing",
    "compare_word": "rag.exploring.tokens",
    "cross_validate": "rag.exploring.validating",
    "differences": "rag.exploring.differing",
    "find_clusters": "rag.exploring.clusters",
    "find_duplicates": "rag.exploring.duplicates",
    "map_library": "rag.exploring.mapping",
    "more_like": "rag.exploring.related",
    "most_similar": "rag.exploring.comparing",
    "parse_expression": "rag.exploring.expressions",
    "place_question": "rag.exploring.mapping",
    "pool": "rag.exploring.tokens",
    "prepare_words": "rag.exploring.arithmetic",
    "read_examples": "rag.exploring.labels",
    "related_documents": "rag.exploring.related_graph",
    "related_to": "rag.exploring.related",
    "score_distribution": "rag.exploring.scores",
    "solve": "rag.exploring.arithmetic",
    "title_clusters": "rag.exploring.titling",
    "token_similarities": "rag.exploring.tokens",
    "tokenize": "rag.exploring.tokens",
}
"""Names whose modules take time to load."""

__all__ = [
    "Arithmetic",
    "Change",
    "Classification",
    "Cluster",
    "Clustering",
    "CrossValidation",
    "Difference",
    "DocumentGraph",
    "DocumentPair",
    "Duplicates",
    "Found",
    "Labelled",
    "Map",
    "Match",
    "Neighbour",
    "Pair",
    "PassageGroup",
    "PlacedQuestion",
    "Poolings",
    "RelatedDocument",
    "ScoreDistribution",
    "Similarities",
    "Term",
    "TokenSimilarities",
    "Unfamiliar",
    "Vectors",
    "WordInContext",
    "WordPlace",
    "classify",
    "compare",
    "compare_documents",
    "compare_passages",
    "compare_word",
    "cross_validate",
    "differences",
    "find_clusters",
    "find_duplicates",
    "map_library",
    "more_like",
    "most_similar",
    "parse_expression",
    "place_question",
    "pool",
    "prepare_words",
    "read_examples",
    "related_documents",
    "related_to",
    "score_distribution",
    "solve",
    "title_clusters",
    "token_similarities",
    "tokenize",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
