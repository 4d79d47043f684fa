"""What the views look at: a library, or texts that are in none."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from rag.embedding.checked import CheckedEmbedder
from rag.exploring.vectors import Vectors
from rag.settings import Settings
from rag.types import Chunk, ChunkKey, DocumentRecord


class Corpus(Protocol):
    """Documents cut into chunks with their vectors: `rag.Library` and `rag.Texts`."""

    @property
    def embedder(self) -> CheckedEmbedder:
        """The model of the vectors."""

    @property
    def settings(self) -> Settings:
        """Say where what belongs to the model is cached."""

    @property
    def folder(self) -> Path | None:
        """Where what belongs to the corpus is cached; None for nowhere."""

    def vectors(self) -> Vectors:
        """All vectors at one moment."""

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """The chunks of these keys, those that there are."""

    def documents(self) -> list[DocumentRecord]:
        """All documents."""

    def document(self, name_or_id: str) -> DocumentRecord:
        """A document; raises DocumentNotFoundError where there is none, or several."""
