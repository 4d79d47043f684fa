"""A file -> its pages, read one by one in a child process."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import FileTooLargeError, NoTextError, UnreadableFileError
from rag.files import check_is_file, unreadable
from rag.formats.isolation import Worker, WorkerStoppedError
from rag.formats.protocol import FileToOpen, Request
from rag.formats.registry import HEAD_BYTES, recognise
from rag.types import Heading, Page

OnPage = Callable[[Page, Sequence[Heading], int], None]
"""Called with each page as it is read, the headings that begin on it, and how many pages there are."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is known of a file whose pages have been read: their printed labels, the numbers of blank or scanned ones, and so on."""

    title: str
    media_type: str
    labels: tuple[str, ...]
    empty_pages: tuple[int, ...]
    password: str = field(repr=False)


class Loader:
    """Reads files in a child process, one at a time, so that a hostile one harms nothing but itself."""

    def __init__(self, *, max_bytes: int = 200_000_000, seconds_without_progress: float = 60, memory_megabytes: int = 2048) -> None:
        """Start nothing yet. The time limit is for opening a file, and for each page; memory is at least 256 MB."""
        self._max_bytes = max_bytes
        self._worker = Worker(seconds=seconds_without_progress, megabytes=memory_megabytes)

    def close(self) -> None:
        """End the child process at once; the file it is at fails. What is read afterwards starts it anew."""
        self._worker.close()

    def start(self) -> None:
        """Start the child process now, so that it is ready when a file is to be read."""
        self._worker.start()

    def check_size(self, path: Path, name: str | None = None) -> None:
        """Refuse what is too large, empty or no file, before any more work is put into it: a `DocumentError`."""
        name = name or path.name
        try:
            size = check_is_file(path)
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        if size > self._max_bytes:
            sizes = f"{size / 1e6:,.1f} MB; the limit is {self._max_bytes / 1e6:,.10g} MB"
            raise FileTooLargeError(f"{name} is too large ({sizes}). Split it, or raise RAG_MAX_FILE_MEGABYTES.")
        if size == 0:
            raise UnreadableFileError(f"{name} is empty (0 bytes).")

    def read(self, path: Path, *, name: str, passwords: Sequence[str] = (), on_page: OnPage) -> FileRead:
        """Read a file page by page, or raise a `DocumentError`. The suffix of `name` counts, not that of `path`.

        `on_page` is called while the next pages are being read; what it raises ends the reading.
        """
        self.check_size(path, name)
        try:
            with path.open("rb") as opened:
                head = opened.read(HEAD_BYTES)
        except OSError as error:
            raise unreadable(path, error) from error
        file = FileToOpen(path.absolute(), name, recognise(name, head), tuple(passwords))
        labels, empty, pictures, total = list[str](), list[int](), 0, 0
        title = password = ""
        try:
            with closing(self._worker.ask(Request("read", file))) as frames:
                for header in (frame.header for frame in frames):
                    if "pages" in header:
                        total, title, password = (header[key] for key in ("pages", "title", "password"))
                        continue
                    page = Page(len(labels) + 1, header["label"], header["text"])
                    labels.append(page.label)
                    empty += [] if page.text.strip() else [page.number]
                    pictures += header["is_picture"]
                    on_page(page, [Heading(level, words, page.number, start) for level, words, start in header["headings"]], total)
        except WorkerStoppedError as error:
            place = f"at page {len(labels) + 1} of {total}" if total else "while it was opened"
            raise UnreadableFileError(f"{name} could not be read: reading stopped {place}: {error}.") from error
        if len(empty) == len(labels):
            raise NoTextError(_no_text(name, len(labels), pictures))
        return FileRead(title, file.format.media_type, tuple(labels), tuple(empty), password)


def _no_text(name: str, pages: int, pictures: int) -> str:
    ocr = "run OCR on it (for example with ocrmypdf) and add it again"
    count, look, contain = ("1 page", "looks", "contains") if pages == 1 else (f"{pages} pages", "look", "contain")
    if pictures == pages:
        return f"{name} has no text: its {count} {look} scanned; {ocr}."
    if pictures:
        return f"{name} has no text: of its {count}, {pictures} {'looks' if pictures == 1 else 'look'} scanned, the others blank; {ocr}."
    return f"{name} has no text: its {count} {contain} no readable words."
