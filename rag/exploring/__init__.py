"""What the vectors say about the whole library: maps, clusters, duplicates, comparisons, classes, tokens, neighbours.

Each function takes an open `Library`; what it returns is a value, and `rag.exploring.figures` draws it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.exploring.vectors import Vectors

_LOADED_LATER = {
    "Vectors": "rag.exploring.vectors",
}
"""Names whose modules take time to load."""

__all__ = [
    "Vectors",
]


def __getattr__(name: str) -> object:
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_LATER[name]), name)
    return value
