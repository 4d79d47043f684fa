"""A document's pages as pictures and text, with marks: read from the library's own copy of the file."""

from concurrent.futures import Future
from pathlib import Path

from rag.errors import DocumentNotFoundError
from rag.formats.protocol import FileToOpen, PageView
from rag.formats.registry import format_of
from rag.formats.viewer import Viewer
from rag.storing.index import Index
from rag.storing.originals import Originals

SCALES = (0.2, 8.0)  # the smallest and largest scale that a browser may ask for, in pixels a point (1/72 inch)


class Pages:
    """The pages of a library's documents. Documents go by name or id, pages by physical number, 1-based.

    Every method raises `DocumentNotFoundError` if there is no such document or page, and `DocumentError` if the file can no longer be read.
    """

    def __init__(self, index: Index, originals: Originals, viewer: Viewer) -> None:
        self._index = index
        self._originals = originals
        self._viewer = viewer

    def image(self, document: str, page: int, *, scale: float = 2.0) -> bytes:
        """Draw a page as PNG, `scale` pixels a point (1/72 inch).

        Raises:
            TooManyRequestsError: Too many pages are waiting to be drawn.
        """
        return self.drawing(document, page, scale=scale).result()

    def drawing(self, document: str, page: int, *, scale: float = 2.0) -> Future[bytes]:
        """As `image`, without waiting for it. If it is cancelled before its turn, nothing is drawn."""
        return self._viewer.render(self._file(document, page), page, scale=scale)

    def look(self, document: str, page: int, start: int = 0, end: int = 0) -> PageView:
        """Everything about a page but its picture, and where `page.text[start:end]` is on it.

        Raises:
            DocumentNotFoundError: There is no such document or page.
            TooManyRequestsError: Too many pages are waiting to be read.
        """
        return self.looking(document, page, start, end).result()

    def looking(self, document: str, page: int, start: int = 0, end: int = 0) -> Future[PageView]:
        """As `look`, without waiting for it."""
        file = self._file(document, page)
        whole = not file.format.is_drawn and self._index.find(document).pages == 1  # read by a version that made no parts of a text
        return self._viewer.look(file, page, start, end, whole=whole)

    def text(self, document: str, page: int) -> str:
        """The text of a page, as it was when it was indexed."""
        return self.look(document, page).text

    def texts(self, document: str) -> list[str]:
        """The text of each page, as it was when it was indexed."""
        record = self._index.find(document)
        return [self.text(record.id, page) for page in range(1, record.pages + 1)]

    def original(self, document: str) -> Path:
        """The library's copy of a document's file."""
        record = self._index.find(document)
        return self._originals.path(record.id, record.media_type)

    def start(self) -> None:
        """Start the processes that draw pages, so that the first page need not wait for them."""
        self._viewer.start()

    def close(self) -> None:
        """End these processes at once."""
        self._viewer.close()

    def _file(self, document: str, page: int) -> FileToOpen:
        record = self._index.find(document)
        if not 1 <= page <= record.pages:
            raise DocumentNotFoundError(f"{record.name} has no page {page}; it has {record.pages}.")
        passwords = (record.password,) if record.password else ()
        return FileToOpen(
            self.original(record.id).absolute(),
            record.name,
            format_of(record.media_type),
            passwords,
            self._originals.ocr(record.id, record).absolute(),
        )
