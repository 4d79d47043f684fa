"""A file -> its pages, read one by one in a child process."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
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
    """What is known of a file whose pages have been read: their printed labels, the numbers of blank or scanned ones, and so on.

    `ocr_pages` are the numbers of those read by OCR.
    """

    title: str
    media_type: str
    labels: tuple[str, ...]
    empty_pages: tuple[int, ...]
    password: str = field(repr=False)
    ocr_pages: tuple[int, ...] = ()
    notice: str = ""  # a sentence for the person who adds it


class Loader:
    """Reads files in a child process, one at a time, so that a hostile one harms nothing but itself."""

    def __init__(
        self, *, max_bytes: int = 200_000_000, seconds_without_progress: float = 60, memory_megabytes: int = 2048, has_ocr: bool = True
    ) -> None:
        """Start nothing yet. The time limit is for opening a file, and for each page; memory is at least 256 MB.

        `has_ocr` is whether OCR is wanted; it is used where it is installed.
        """
        self._max_bytes = max_bytes
        self._has_ocr = has_ocr
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

    def read(self, path: Path, *, name: str, passwords: Sequence[str] = (), ocr: Path | None = None, on_page: OnPage) -> FileRead:
        """Read a file page by page, or raise a `DocumentError`. The suffix of `name` counts, not that of `path`.

        Pages without legible text are read by OCR where it is installed and there is a folder, `ocr`, to keep what it reads.

        `on_page` is called while the next pages are being read; what it raises ends the reading.
        """
        self.check_size(path, name)
        try:
            with path.open("rb") as opened:
                head = opened.read(HEAD_BYTES)
        except OSError as error:
            raise unreadable(path, error) from error
        file = FileToOpen(path.absolute(), name, recognise(name, head), tuple(passwords), ocr and ocr.absolute(), self._has_ocr)
        labels, empty, by_ocr, pictures, total = list[str](), list[int](), list[int](), 0, 0
        title = password = notice = ""
        try:
            with closing(self._worker.ask(Request("read", file))) as frames:
                for header in (frame.header for frame in frames):
                    if "pages" in header:
                        total, title, password, notice = (header[key] for key in ("pages", "title", "password", "notice"))
                        continue
                    page = Page(len(labels) + 1, header["label"], header["text"], header["is_ocr"])
                    labels.append(page.label)
                    empty += [] if page.text.strip() else [page.number]
                    by_ocr += [page.number] if page.is_ocr else []
                    pictures += header["is_picture"]
                    on_page(page, [Heading(level, words, page.number, start) for level, words, start in header["headings"]], total)
        except WorkerStoppedError as error:
            place = f"at page {len(labels) + 1} of {total}" if total else "while it was opened"
            raise UnreadableFileError(f"{name} could not be read: reading stopped {place}: {error}.") from error
        if len(empty) == len(labels):
            raise NoTextError(_no_text(name, len(labels), pictures, cure=_ocr_cure(is_wanted=self._has_ocr and ocr is not None)))
        return FileRead(title, file.format.media_type, tuple(labels), tuple(empty), password, tuple(by_ocr), notice)


def _ocr_cure(*, is_wanted: bool) -> str:
    """What has a scan read by OCR; "" where OCR has been at it."""
    if not find_spec("rapidocr"):
        return 'To read it by OCR, run pip install "footnote[ocr]" and add it again.'
    return "" if is_wanted else "To read it by OCR, set RAG_OCR=true and add it again."


def _no_text(name: str, pages: int, pictures: int, *, cure: str) -> str:
    if not cure:
        return f"{name} has no text: OCR found no words on its {'page' if pages == 1 else f'{pages} pages'}."
    count, look, contain = ("1 page", "looks", "contains") if pages == 1 else (f"{pages} pages", "look", "contain")
    if pictures == pages:
        return f"{name} has no legible text: its {count} {look} scanned. {cure}"
    if pictures:
        looks = "looks" if pictures == 1 else "look"
        return f"{name} has no legible text: of its {count}, {pictures} {looks} scanned, the others blank. {cure}"
    return f"{name} has no text: its {count} {contain} no readable words."
