"""`plugin:MODULE:CLASS`: an embedder from outside this package."""

import importlib

from rag.embedding.protocol import Closable, Embedder
from rag.errors import EmbeddingError

NEEDED = ("identity", "max_tokens", "token_spans", "embed_documents", "embed_query")  # the members of `Embedder`


class PluginEmbedder:
    """A plug-in, its identity marked as such."""

    def __init__(self, name: str, embedder: Embedder) -> None:
        self._name = name
        self._embedder = embedder
        self.token_spans = embedder.token_spans
        self.embed_documents = embedder.embed_documents
        self.embed_query = embedder.embed_query

    @property
    def identity(self) -> str:
        """Module, class, argument, and the plug-in's own identity."""
        return f"plugin:{self._name}:{self._embedder.identity}"

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._embedder.max_tokens

    def close(self) -> None:
        """Close the plug-in, where it can be closed."""
        if isinstance(self._embedder, Closable):
            self._embedder.close()


def load_plugin(given: str) -> PluginEmbedder:
    """Load "MODULE:CLASS" or "MODULE:CLASS?ARGUMENT"; the module's own code runs, and what it raises becomes an EmbeddingError."""
    path, question, argument = given.partition("?")
    module_name, _, class_name = path.partition(":")
    try:
        made = getattr(importlib.import_module(module_name), class_name)(*([argument] if question else []))
    except ModuleNotFoundError as error:
        raise EmbeddingError(
            f"The embedding plug-in {given!r} cannot be loaded: there is no module {error.name!r}. "
            "Write plugin:MODULE:CLASS, and install the module or put its folder on PYTHONPATH."
        ) from error
    except Exception as error:  # whatever a plug-in's own code raises
        raise EmbeddingError(f"The embedding plug-in {given!r} cannot be loaded: {type(error).__name__}: {error}") from error
    if missing := [name for name in NEEDED if not hasattr(type(made), name) and not hasattr(made, name)]:
        raise EmbeddingError(f"The embedding plug-in {given!r} has no {', '.join(missing)}: see `Embedder` in rag/embedding/protocol.py.")
    return PluginEmbedder(given, made)
