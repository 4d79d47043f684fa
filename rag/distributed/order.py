"""What is said to a worker with each task, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

from rag.embedding.protocol import Embedder
from rag.formats.protocol import RecognisedPage
from rag.formats.recogniser import how_to_get_ocr
from rag.ingesting.chunking import index_identity
from rag.settings import Settings

_SENT = (
    *("embedding_backend", "embedding_base_url", "embedding_api_key", "embedding_dimensions", "embedding_max_tokens", "chunk_tokens"),
    *("max_file_megabytes", "parse_seconds", "parse_megabytes", "ocr", "openai_base_url", "openai_api_key"),
)
"""The settings that a worker reads and embeds by; where its exported models lie is its machine's own affair."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a worker is to work, and what it must have installed: else its work would not be what is done here."""

    settings: tuple[tuple[str, Any], ...] = field(repr=False)  # keys of endpoints are among them
    installation: str

    @classmethod
    def of(cls, settings: Settings, model: str, embedder: Embedder) -> "Order":
        """That of a library with an embedding model."""
        sent = [(name, getattr(settings, name)) for name in _SENT]
        return cls((("embedding_model", model), *sent), installation(embedder, settings.chunk_tokens))


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file whose bytes are sent beside it; `kept` is what OCR has read in it before, by file name."""

    id: str
    name: str
    suffix: str
    passwords: tuple[str, ...] = field(default=(), repr=False)
    kept: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What OCR has read of a page, and the files in which that is kept."""

    page: RecognisedPage
    kept: Mapping[str, bytes] = field(repr=False)


@cache
def _version() -> str:
    return version("footnote")


def installation(embedder: Embedder, chunk_tokens: int) -> str:
    """All that must be the same on two machines, so that what one reads and embeds is what the other would have made of it."""
    ocr = "without OCR" if how_to_get_ocr(is_wanted=True) else "with OCR"
    return f"Footnote {_version()} {ocr}, {index_identity(embedder, chunk_tokens)}"
