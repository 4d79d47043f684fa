"""A page of a document as it looks, and where words stand on it: read from the library's own copy of the file."""

from collections.abc import Callable
from pathlib import Path

from rag.errors import DocumentNotFoundError
from rag.loading.loader import Loader
from rag.loading.marks import PageView, Rectangle
from rag.storing.originals import Originals
from rag.types import DocumentRecord

PDF = "application/pdf"


class Pages:
    """The pages of a library's documents. Documents go by name or id, pages by physical number, 1-based.

    Every method raises `DocumentNotFoundError` where there is no such document or page, and `DocumentError` where the
    file cannot be read any more.
    """

    def __init__(self, find: Callable[[str], DocumentRecord], originals: Originals, loader: Loader) -> None:
        """Show the pages of what `find` finds, with a loader of their own: a page can be drawn while a file is read."""
        self._find = find
        self._originals = originals
        self._loader = loader

    def image(self, document: str, page: int, *, scale: float = 2.0) -> bytes:
        """Draw a page of a PDF as PNG, `scale` pixels a point (1/72 inch)."""
        record = self._record(document, page)
        return self._loader.render(self.original(record.id), page, scale=scale, password=record.password)

    def look(self, document: str, page: int, start: int = 0, end: int = 0) -> PageView:
        """What there is to a PDF's page besides its picture, and where `page.text[start:end]` stands in that."""
        record = self._record(document, page)
        return self._loader.look(self.original(record.id), page, start, end, password=record.password)

    def marks(self, document: str, page: int, start: int, end: int) -> list[Rectangle]:
        """Where `page.text[start:end]` stands on a PDF's drawn page.

        Returns:
            Rectangles `(left, top, right, bottom)` as shares of the image's width and height, in [0, 1]; none where not known.
        """
        return list(self.look(document, page, start, end).marks)

    def text(self, document: str, page: int) -> str:
        """The text of a page, as it was when it was indexed."""
        record = self._record(document, page)
        return self.look(document, page).text if record.media_type == PDF else self.texts(record.id)[page - 1]

    def texts(self, document: str) -> list[str]:
        """The text of each page, as it was when it was indexed."""
        record = self._find(document)
        loaded = self._loader.load(self.original(record.id), name=record.name, document_id=record.id, passwords=[record.password])
        return [page.text for page in loaded.document.pages]

    def original(self, document: str) -> Path:
        """The library's copy of a document's file."""
        record = self._find(document)
        return self._originals.path(record.id, record.media_type)

    def start(self) -> None:
        """Start the process that draws, so that the first page need not wait for it."""
        self._loader.start()

    def close(self) -> None:
        """End what draws the pages."""
        self._loader.close()

    def _record(self, document: str, page: int) -> DocumentRecord:
        record = self._find(document)
        if not 1 <= page <= record.pages:
            raise DocumentNotFoundError(f"{record.name} has no page {page}; it has {record.pages}.")
        return record
