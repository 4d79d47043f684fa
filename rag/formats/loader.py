"""A file -> its pages, read one by one in a child process."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import DocumentError, FileTooLargeError, NoTextError, UnreadableFileError
from rag.files import check_is_file, unreadable
from rag.formats.counting import page_noun
from rag.formats.isolation import Worker, WorkerStoppedError
from rag.formats.properties import NOTHING_SAID, Properties
from rag.formats.protocol import FileToOpen, Format, Request
from rag.formats.recogniser import how_to_get_ocr
from rag.formats.registry import HEAD_BYTES, format_named, format_of, recognise
from rag.text.languages import language_told
from rag.types import Heading, Page

TELLING_CHARACTERS = 20_000  # from which on a text tells its language: front matter is often in another one

OnPage = Callable[[Page, Sequence[Heading], int], None]
"""Called with each page as it is read, the headings that begin on it, and how many pages there are."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is known of a file whose pages have been read: their printed labels, the numbers of blank or scanned ones, and so on.

    `ocr_pages` are the numbers of those read by OCR, `ocr_waiting` of those that it has still to look at.
    """

    title: str
    media_type: str
    labels: tuple[str, ...]
    empty_pages: tuple[int, ...]
    password: str = field(repr=False)
    ocr_pages: tuple[int, ...] = ()
    ocr_waiting: tuple[int, ...] = ()
    notice: str = ""  # a sentence for the person who adds it
    properties: Properties = NOTHING_SAID
    language: str = ""  # of its text


class Loader:
    """Reads files in a child process, one at a time, so that a hostile one harms nothing but itself."""

    def __init__(
        self, *, max_bytes: int = 200_000_000, seconds_without_progress: float = 60, memory_megabytes: int = 2048, has_ocr: bool = True
    ) -> None:
        """Start nothing yet. The time limit is for opening a file, and for each page; memory is at least 256 MB.

        `has_ocr` is whether OCR is wanted, which `rag.formats.recogniser` does.
        """
        self._max_bytes = max_bytes
        self.ocr_cure = how_to_get_ocr(is_wanted=has_ocr)
        """What to do so that scans are read, or ""; see `rag.formats.recogniser`."""
        self._worker = Worker(seconds=seconds_without_progress, megabytes=memory_megabytes)

    def close(self) -> None:
        """End the child process at once; the file it is at fails. What is read afterwards starts it anew."""
        self._worker.close()

    def start(self, names: Iterable[str] = ()) -> None:
        """Start the child process now, so that it is ready, and has the readers of files with these names, when one is to be read."""
        self._worker.start(list(dict.fromkeys(found.reader for name in names if (found := format_named(name)))))

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

    def describe(self, path: Path, *, name: str, media_type: str, password: str = "") -> Properties:
        """What a file says of itself; nothing where it cannot be opened."""
        file = FileToOpen(path.absolute(), name, format_of(media_type), (password,) if password else ())
        with suppress(WorkerStoppedError, DocumentError), closing(self._worker.ask(Request("describe", file))) as frames:
            headers = [frame.header for frame in frames]
            return next((Properties(each["author"], each["date"]) for each in headers if "author" in each), NOTHING_SAID)
        return NOTHING_SAID

    def read(self, path: Path, *, name: str, passwords: Sequence[str] = (), ocr: Path | None = None, on_page: OnPage) -> FileRead:
        """Read a file page by page, or raise a `DocumentError`. The suffix of `name` counts; where it is unknown, that of `path`.

        Of pages without legible text those words are taken that OCR has read before, which are kept in the folder `ocr`. A file without
        any text is a `NoTextError`, unless OCR is to look at it.

        `on_page` is called while the next pages are being read; what it raises ends the reading.
        """
        self.check_size(path, name)
        try:
            with path.open("rb") as opened:
                head = opened.read(HEAD_BYTES)
        except OSError as error:
            raise unreadable(path, error) from error
        file = FileToOpen(path.absolute(), name, recognise(name, head, path), tuple(passwords), ocr and ocr.absolute())
        labels, empty, by_ocr, waiting, pictures, total = list[str](), list[int](), list[int](), list[int](), 0, 0
        title = password = notice = ""
        properties, telling = NOTHING_SAID, ""
        try:
            with closing(self._worker.ask(Request("read", file))) as frames:
                for header in (frame.header for frame in frames):
                    if "pages" in header:
                        total, title, password, notice = (header[key] for key in ("pages", "title", "password", "notice"))
                        properties = Properties(header["author"], header["date"])
                        continue
                    page = Page(len(labels) + 1, header["label"], header["text"], header["is_ocr"])
                    labels.append(page.label)
                    empty += [] if page.text.strip() else [page.number]
                    by_ocr += [page.number] if page.is_ocr else []
                    waiting += [page.number] if header["awaits_ocr"] else []
                    pictures += header["is_picture"]
                    telling += f"{page.text}\n" if len(telling) < TELLING_CHARACTERS else ""
                    on_page(page, [Heading(level, words, page.number, start) for level, words, start in header["headings"]], total)
        except WorkerStoppedError as error:
            place = f"at page {len(labels) + 1} of {total}" if total else "while it was opened"
            raise UnreadableFileError(f"{name} could not be read: reading stopped {place}: {error}.") from error
        cure = self.ocr_cure if ocr else how_to_get_ocr(is_wanted=False)
        if len(empty) == len(labels) and (cure or not waiting):
            cure = cure and f"To read it by OCR, {cure} and add it again."
            raise NoTextError(_no_text(name, file.format, len(labels), pictures, cure=cure))
        return FileRead(
            title,
            file.format.media_type,
            tuple(labels),
            tuple(empty),
            password,
            tuple(by_ocr),
            tuple(waiting),
            notice,
            properties,
            language_told(telling),
        )


def _no_text(name: str, kind: Format, pages: int, pictures: int, *, cure: str) -> str:
    if not kind.is_drawn:
        return f"{name} has no text{f': its {pages} {page_noun(kind)}s contain no words' if pages > 1 else ''}."
    if pictures and not cure:
        return f"{name} has no text: OCR found no words on its {'page' if pages == 1 else f'{pages} pages'}."
    count, look, contain = ("1 page", "looks", "contains") if pages == 1 else (f"{pages} pages", "look", "contain")
    if pictures == pages:
        return f"{name} has no legible text: its {count} {look} scanned. {cure}"
    if pictures:
        looks = "looks" if pictures == 1 else "look"
        return f"{name} has no legible text: of its {count}, {pictures} {looks} scanned, the others blank. {cure}"
    return f"{name} has no text: its {count} {contain} no readable words."
