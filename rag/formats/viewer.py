"""A page of a file -> its picture, its words, and where they stand: made in child processes, under limits."""

from concurrent.futures import Future

from rag.formats.isolation import Frame, Worker
from rag.formats.pool import Pool
from rag.formats.protocol import FileToOpen, PageView, Request

DRAW_SECONDS = 10.0
"""A page that takes longer to draw is given up."""

LOOK_SECONDS = 20.0
"""A page whose words take longer to find is given up; of a long text, all of it is decoded first."""

DRAWERS = 2
"""Child processes that draw: one page that takes long keeps no other document waiting."""


class Viewer:
    """Draws and looks at pages. Its child processes are not the one that reads files: a page is shown while a file is read."""

    def __init__(self, *, draw_seconds: float = DRAW_SECONDS, look_seconds: float = LOOK_SECONDS, memory_megabytes: int = 2048) -> None:
        """Start nothing yet. `memory_megabytes`, at least 256, is for each child process."""
        self._drawing = Pool([Worker(seconds=draw_seconds, megabytes=memory_megabytes) for _ in range(DRAWERS)], _picture)
        self._looking = Pool([Worker(seconds=look_seconds, megabytes=memory_megabytes)], _view)

    def start(self) -> None:
        """Start the processes now that the first page needs."""
        self._drawing.start()
        self._looking.start()

    def close(self) -> None:
        """End the processes at once; what they are at fails. What is asked afterwards starts them anew."""
        self._drawing.close()
        self._looking.close()

    def render(self, file: FileToOpen, page: int, *, scale: float = 2.0) -> Future[bytes]:
        """Draw a page as it would be shown: cropped, turned, with the forms filled in.

        Args:
            file: Of a format that is drawn.
            page: Physical page, 1-based.
            scale: Pixels a point (1/72 inch), above 0; less for pages whose picture would pass 16 megapixels.

        Returns:
            A PNG; or `UnreadableFileError` where the file cannot be drawn, has no such page, or takes too long or too much memory, and
            `PasswordNeededError` where the password is wrong. It may be cancelled.

        Raises:
            TooManyRequestsError: Too many pages wait to be drawn.
        """
        if not scale > 0:
            raise ValueError(f"scale must be above 0, not {scale}")
        return self._drawing.ask(Request("draw", file, page, scale=scale))

    def look(self, file: FileToOpen, page: int, start: int = 0, end: int = 0, *, whole: bool = False) -> Future[PageView]:
        """A page's text, and where `text[start:end]` stands in its picture; fails as `render` does.

        Args:
            file: The file.
            page: Physical page, 1-based.
            start: Offset in the page's text, as it was read.
            end: Offset after the last character; not above `start` where no words are to be marked.
            whole: Whether the file was read as one page, as long texts once were.

        Raises:
            TooManyRequestsError: Too many pages wait to be looked at.
        """
        return self._looking.ask(Request("look", file, page, start=start, end=end, whole=whole))


def _picture(frame: Frame) -> bytes:
    return frame.payload


def _view(frame: Frame) -> PageView:
    size = frame.header["size"]
    marks = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in frame.header["marks"])
    return PageView((size[0], size[1]) if size else None, frame.header["text"], marks)
