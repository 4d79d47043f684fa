"""Pages read by OCR, in a child process of its own: files are read and shown meanwhile, and a page that ends it costs that page alone."""

from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from typing import Protocol

from rag.errors import UnreadableFileError
from rag.formats.isolation import Worker, WorkerClosedError, WorkerStoppedError
from rag.formats.protocol import FileToOpen, RecognisedPage, Request


def how_to_get_ocr(*, is_wanted: bool) -> str:
    """What to do so that OCR reads scans, as an imperative clause; "" where it does."""
    if not find_spec("rapidocr"):
        return 'run pip install "footnote[ocr]"'
    return "" if is_wanted else "set RAG_OCR=true"


class PageReader(Protocol):
    """Has OCR read pages: see `Recogniser`."""

    @property
    def cure(self) -> str:
        """What to do so that it can, or ""."""

    @property
    def at_once(self) -> int:
        """How many pages to begin before the first is read."""

    def read(self, file: FileToOpen, page: int) -> Future[RecognisedPage]:
        """Begin with a page."""

    def rest(self) -> None:
        """There is no other page to read for now."""


class Recogniser:
    """Has OCR read one page after another.

    Attributes:
        cure: What to do so that it can, or "".
    """

    at_once = 1

    def __init__(self, *, is_wanted: bool, seconds: float = 60, megabytes: int = 2048) -> None:
        """Start nothing yet. The limits are for a page, and for the memory of the process."""
        self.cure = how_to_get_ocr(is_wanted=is_wanted)
        self._worker = Worker(seconds=seconds, megabytes=megabytes)
        self._thread = ThreadPoolExecutor(1, "ocr")

    def read(self, file: FileToOpen, page: int) -> Future[RecognisedPage]:
        """Read a page, 1-based, of a file whose folder for OCR is there.

        It fails with `UnreadableFileError` where the page cannot be read, and `WorkerClosedError` where the program is being closed.
        """
        return self._thread.submit(self._read, file, page)

    def rest(self) -> None:
        """End the process until there is another page to read: it holds 0.4 GB."""
        self._worker.close()

    def close(self) -> None:
        """End the process at once; the page it is at is read anew another time."""
        self._worker.close()
        self._thread.shutdown(cancel_futures=True)

    def _read(self, file: FileToOpen, page: int) -> RecognisedPage:
        try:
            (frame,) = self._worker.ask(Request("recognise", file, page))
        except WorkerClosedError:
            raise
        except WorkerStoppedError as error:
            raise UnreadableFileError(f"Page {page} of {file.name} could not be read by OCR: {error}.") from error
        return RecognisedPage(**frame.header)
