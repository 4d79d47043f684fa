"""What the vectors say about the whole library: maps, clusters, duplicates, comparisons, classes, tokens, neighbours.

Each function takes an open `Library`; what it returns is a value, and `rag.exploring.figures` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.arithmetic import Arithmetic, Neighbour, Unfamiliar, prepare_words, solve
    from rag.exploring.expressions import Term, parse_expression
    from rag.exploring.tokens import Poolings, TokenSimilarities, WordInContext, WordPlace, compare_word, pool, token_similarities, tokenize
    from rag.exploring.vectors import Vectors

_LOADED_LATER = {
    "Arithmetic": "rag.exploring.arithmetic",
    "Neighbour": "rag.exploring.arithmetic",
    "Poolings": "rag.exploring.tokens",
    "Term": "rag.exploring.expressions",
    "TokenSimilarities": "rag.exploring.tokens",
    "Unfamiliar": "rag.exploring.arithmetic",
    "Vectors": "rag.exploring.vectors",
    "WordInContext": "rag.exploring.tokens",
    "WordPlace": "rag.exploring.tokens",
    "compare_word": "rag.exploring.tokens",
    "parse_expression": "rag.exploring.expressions",
    "pool": "rag.exploring.tokens",
    "prepare_words": "rag.exploring.arithmetic",
    "solve": "rag.exploring.arithmetic",
    "token_similarities": "rag.exploring.tokens",
    "tokenize": "rag.exploring.tokens",
}
"""Names whose modules take time to load."""

__all__ = [
    "Arithmetic",
    "Neighbour",
    "Poolings",
    "Term",
    "TokenSimilarities",
    "Unfamiliar",
    "Vectors",
    "WordInContext",
    "WordPlace",
    "compare_word",
    "parse_expression",
    "pool",
    "prepare_words",
    "solve",
    "token_similarities",
    "tokenize",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
