"""A whole document in chunks."""

from collections.abc import Iterator

from rag import Chunk, Document, Embedder
from rag.ingesting.chunking import Chunker


def chunk_document(document: Document, embedder: Embedder, chunk_tokens: int) -> Iterator[Chunk]:
    """Cut it as a library does that reads it page by page."""
    chunker = Chunker(document.id, embedder, chunk_tokens)
    for page in document.pages:
        yield from chunker.cut(page, [heading for heading in document.headings if heading.page == page.number])
