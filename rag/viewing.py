"""A page of a document as it looks, and where words stand on it: read from the library's own copy of the file."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from rag.errors import DocumentNotFoundError
from rag.formats.protocol import FileToOpen, PageView, Rectangle
from rag.formats.registry import format_of
from rag.formats.viewer import Viewer
from rag.storing.originals import Originals
from rag.types import DocumentRecord

SCALES = (0.2, 8.0)
"""Pixels a point (1/72 inch) of the pictures that a page of a browser may ask for, at least and at most."""


class Pages:
    """The pages of a library's documents. Documents go by name or id, pages by physical number, 1-based.

    Every method raises `DocumentNotFoundError` where there is no such document or page, and `DocumentError` where the
    file cannot be read any more.
    """

    def __init__(self, find: Callable[[str], DocumentRecord], originals: Originals, viewer: Viewer) -> None:
        """Show the pages of what `find` finds."""
        self._find = find
        self._originals = originals
        self._viewer = viewer

    def image(self, document: str, page: int, *, scale: float = 2.0) -> bytes:
        """Draw a page as PNG, `scale` pixels a point (1/72 inch).

        Raises:
            TooManyRequestsError: Too many pages wait to be drawn.
        """
        return self.drawing(document, page, scale=scale).result()

    def drawing(self, document: str, page: int, *, scale: float = 2.0) -> Future[bytes]:
        """As `image`, without waiting for it. Where it is cancelled before its turn, nothing is drawn."""
        return self._viewer.render(self._file(document, page), page, scale=scale)

    def look(self, document: str, page: int, start: int = 0, end: int = 0) -> PageView:
        """What there is to a page besides its picture, and where `page.text[start:end]` stands in that.

        Raises:
            TooManyRequestsError: Too many pages wait to be looked at.
        """
        return self.looking(document, page, start, end).result()

    def looking(self, document: str, page: int, start: int = 0, end: int = 0) -> Future[PageView]:
        """As `look`, without waiting for it."""
        file = self._file(document, page)
        whole = not file.format.is_drawn and self._find(document).pages == 1  # read by a version that made no parts of a text
        return self._viewer.look(file, page, start, end, whole=whole)

    def marks(self, document: str, page: int, start: int, end: int) -> list[Rectangle]:
        """Where `page.text[start:end]` stands on the page's picture.

        Returns:
            Rectangles `(left, top, right, bottom)` as shares of the image's width and height, in [0, 1]; none where not known.
        """
        return list(self.look(document, page, start, end).marks)

    def text(self, document: str, page: int) -> str:
        """The text of a page, as it was when it was indexed."""
        return self.look(document, page).text

    def texts(self, document: str) -> list[str]:
        """The text of each page, as it was when it was indexed."""
        record = self._find(document)
        return [self.text(record.id, page) for page in range(1, record.pages + 1)]

    def original(self, document: str) -> Path:
        """The library's copy of a document's file."""
        record = self._find(document)
        return self._originals.path(record.id, record.media_type)

    def start(self) -> None:
        """Start the processes that show pages, so that the first page need not wait for them."""
        self._viewer.start()

    def close(self) -> None:
        """End what shows the pages, at once."""
        self._viewer.close()

    def _file(self, document: str, page: int) -> FileToOpen:
        record = self._find(document)
        if not 1 <= page <= record.pages:
            raise DocumentNotFoundError(f"{record.name} has no page {page}; it has {record.pages}.")
        passwords = (record.password,) if record.password else ()
        return FileToOpen(self.original(record.id).absolute(), record.name, format_of(record.media_type), passwords)
