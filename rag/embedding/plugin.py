"""An embedder of one's own, named by module and class."""

import importlib
from collections.abc import Sequence

from rag.embedding.protocol import Embedder, Embeddings
from rag.errors import EmbeddingError

NEEDED = ("identity", "max_tokens", "token_spans", "embed_documents", "embed_query")
"""What `Embedder` asks for."""


class PluginEmbedder:
    """A plug-in, its identity marked as such."""

    def __init__(self, name: str, embedder: Embedder) -> None:
        self._name = name
        self._embedder = embedder

    @property
    def identity(self) -> str:
        """Module, class, argument, and what the plug-in says of itself."""
        return f"plugin:{self._name}:{self._embedder.identity}"

    @property
    def max_tokens(self) -> int:
        """See `Embedder.max_tokens`."""
        return self._embedder.max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """See `Embedder.token_spans`."""
        return self._embedder.token_spans(text)

    def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """See `Embedder.embed_documents`."""
        return self._embedder.embed_documents(texts)

    def embed_query(self, text: str) -> Embeddings:
        """See `Embedder.embed_query`."""
        return self._embedder.embed_query(text)

    def close(self) -> None:
        """Close what the plug-in holds, if it can be closed."""
        if callable(close := getattr(self._embedder, "close", None)):
            close()


def load_plugin(given: str) -> PluginEmbedder:
    """Load "MODULE:CLASS" or "MODULE:CLASS?ARGUMENT"; the module's own code runs.

    Raises:
        EmbeddingError: There is no such module or class, it cannot be made, or it lacks something that `Embedder` asks for.
    """
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
        raise EmbeddingError(
            f"The embedding plug-in {given!r} has no {', '.join(missing)}; `Embedder` in rag/embedding/protocol.py says what these are."
        )
    return PluginEmbedder(path if not question else f"{path}?{argument}", made)
