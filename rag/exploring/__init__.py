"""What the vectors say about a whole library, or about texts that are in none.

Each view starts in one module, takes an open `Library` or `Texts` and returns values, which `rag.exploring.figures` draws:

- map: `mapping` (points by `layouts`, groups and captions by `colouring`); clusters: `clusters` (by `grouping`, names by `naming`)
- duplicates: `duplicates` (by `pairing`, changes by `changes`); related documents and passages: `related`, `graph`, `nodes`
- comparisons: `comparing`, `scores`, `counting`; labels: `classifying`, `labels`
- tokens: `tokens`; sums of words: `arithmetic` (`expressions`, `word_vectors`)

`corpus` is what all of them read, through `vectors` and `passages`; texts from outside come through `lists` and `embedding`.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.arithmetic import Arithmetic, Neighbour, Unfamiliar, solve
    from rag.exploring.changes import Change, Difference, differences
    from rag.exploring.classifying import Classification, CrossValidation, Labelled, classify, cross_validate
    from rag.exploring.clusters import Cluster, Clustering, find_clusters
    from rag.exploring.comparing import Match, Pair, Similarities, compare, compare_documents, compare_passages, most_similar
    from rag.exploring.counting import WordCounts, count_words
    from rag.exploring.duplicates import DocumentPair, Duplicates, PassageGroup, find_duplicates
    from rag.exploring.expressions import Term, parse_expression
    from rag.exploring.graph import DocumentGraph, related_documents
    from rag.exploring.labels import read_examples
    from rag.exploring.mapping import Map, PlacedQuestion, map_library, place_question
    from rag.exploring.naming import title_clusters
    from rag.exploring.nodes import NearNode, NodeEmbeddings, node_embeddings
    from rag.exploring.passages import FoundPassage
    from rag.exploring.related import RelatedDocument, more_like, related_to
    from rag.exploring.scores import ScoreDistribution, score_distribution
    from rag.exploring.tokens import Poolings, TokenSimilarities, WordInContext, WordPlace, compare_word, pool, token_similarities, tokenize
    from rag.exploring.vectors import Vectors

__all__ = ["Arithmetic", "Neighbour", "Unfamiliar", "solve"]
__all__ += ["Change", "Difference", "differences"]
__all__ += ["Classification", "CrossValidation", "Labelled", "classify", "cross_validate"]
__all__ += ["Cluster", "Clustering", "find_clusters"]
__all__ += ["Match", "Pair", "Similarities", "compare", "compare_documents", "compare_passages", "most_similar"]
__all__ += ["WordCounts", "count_words"]
__all__ += ["DocumentPair", "Duplicates", "PassageGroup", "find_duplicates"]
__all__ += ["Term", "parse_expression"]
__all__ += ["DocumentGraph", "related_documents"]
__all__ += ["read_examples"]
__all__ += ["Map", "PlacedQuestion", "map_library", "place_question"]
__all__ += ["title_clusters"]
__all__ += ["NearNode", "NodeEmbeddings", "node_embeddings"]
__all__ += ["FoundPassage"]
__all__ += ["RelatedDocument", "more_like", "related_to"]
__all__ += ["ScoreDistribution", "score_distribution"]
__all__ += ["Poolings", "TokenSimilarities", "WordInContext", "WordPlace", "compare_word", "pool", "token_similarities", "tokenize"]
__all__ += ["Vectors"]
__all__.sort()


def __getattr__(name: str) -> object:
    for module in iter_modules(__path__) if name in __all__ else ():  # they take time to load, so each is loaded when it is needed
        if hasattr(loaded := import_module(f"{__name__}.{module.name}"), name):
            globals()[name] = getattr(loaded, name)
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
