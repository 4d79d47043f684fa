"""A file -> a document; a page of it -> a picture, and where the words stand in it."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.errors import DocumentError, FileTooLargeError, NoTextError, PasswordNeededError, UnreadableFileError
from rag.headings import place_heading, text_headings
from rag.loading import kinds, text
from rag.loading.files import check_is_file, unreadable
from rag.loading.frames import Frame
from rag.loading.isolation import Worker, WorkerStoppedError
from rag.loading.marks import PageView
from rag.types import Document, Heading, Page

_MEGABYTE = 1_000_000


OnPage = Callable[[Page, Sequence[Heading], int], None]
"""Told of each page as it is read: the page, the headings that begin on it, and how many pages there are."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is known of a file whose pages have been read.

    Attributes:
        title: The title it gives itself, or "".
        media_type: "application/pdf", "text/markdown" or "text/plain".
        labels: The printed label of each page.
        empty_pages: Physical numbers of pages without text: blank or scanned.
        password: What opened the file, or "".
    """

    title: str
    media_type: str
    labels: tuple[str, ...]
    empty_pages: tuple[int, ...]
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document, and the password that opened its file ("" where none was needed)."""

    document: Document
    password: str = field(repr=False)


class Loader:
    """Reads files. PDFs are read and drawn in a child process, so a hostile one harms nothing but itself.

    The process is started at first need and serves one request at a time: to look at a page while a long file is read
    takes a second loader.
    """

    def __init__(self, *, max_bytes: int = 200_000_000, seconds_without_progress: float = 60, memory_megabytes: int = 2048) -> None:
        """Start nothing yet.

        Args:
            max_bytes: Larger files are refused.
            seconds_without_progress: Longest time to open a PDF, and for each page of it.
            memory_megabytes: Memory the child process may take, where the system can limit it; at least 256.
        """
        self._max_bytes = max_bytes
        self._worker = Worker(seconds=seconds_without_progress, megabytes=memory_megabytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the child process. What is asked of the loader afterwards starts it anew."""
        self._worker.close()

    def start(self) -> None:
        """Start the child process now, so that it is ready when a PDF is to be read."""
        self._worker.start()

    def check_size(self, path: Path, name: str | None = None) -> None:
        """Refuse what is too large or empty, before any more work is put into it.

        Args:
            path: The file.
            name: What it is called in messages, if not by its path.

        Raises:
            FileTooLargeError: It is larger than the limit.
            UnreadableFileError: It is empty, not there, forbidden, or not a file.
        """
        name = name or path.name
        try:
            size = check_is_file(path)
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        if size > self._max_bytes:
            sizes = f"{size / _MEGABYTE:,.1f} MB, and at most {self._max_bytes / _MEGABYTE:,.10g} MB are read"
            raise FileTooLargeError(f"{name} is too large: it has {sizes}; split it, or raise RAG_MAX_FILE_MEGABYTES.")
        if size == 0:
            raise UnreadableFileError(f"{name} is empty (0 bytes); nothing can be found in it.")

    def load(
        self,
        path: Path,
        *,
        name: str,
        document_id: str,
        passwords: Sequence[str] = (),
        on_page: OnPage | None = None,
    ) -> LoadedDocument:
        """Read a file whole.

        Args:
            path: The file.
            name: What it is called, in the document and in messages; its ending counts, not that of `path`.
            document_id: The SHA-256 of its bytes.
            passwords: As for `read`.
            on_page: As for `read`.

        Raises:
            DocumentError: As for `read`.
        """
        pages: list[Page] = []
        headings: list[Heading] = []

        def keep(page: Page, begun: Sequence[Heading], total: int) -> None:
            pages.append(page)
            headings.extend(begun)
            if on_page:
                on_page(page, begun, total)

        read = self.read(path, name=name, passwords=passwords, on_page=keep)
        return LoadedDocument(Document(document_id, name, read.title, read.media_type, tuple(pages), tuple(headings)), read.password)

    def read(self, path: Path, *, name: str, passwords: Sequence[str] = (), on_page: OnPage) -> FileRead:
        """Read a file page by page; nothing of it is kept here.

        Args:
            path: The file.
            name: What it is called in messages; its ending counts, not that of `path`.
            passwords: Tried in turn on an encrypted PDF, after none.
            on_page: Called after each page, while the next ones are being read. What it raises ends the reading.

        Raises:
            UnsupportedFileError: It is of a kind that is not read, or not what its name says.
            FileTooLargeError: It is larger than the limit.
            PasswordNeededError: No password opens it.
            NoTextError: It has no text: scanned, or blank.
            UnreadableFileError: It is empty, damaged, vanished, forbidden, or took too long or too much memory.
        """
        self.check_size(path, name)
        media_type = kinds.media_type(name, _read_bytes(path, kinds.HEAD_BYTES))
        if media_type == "application/pdf":
            return self._read_pdf(path, name, passwords, on_page)
        words = text.decode(_read_bytes(path), name)
        on_page(Page(1, "1", words), text_headings(words), 1)
        title = text.markdown_title(words) if media_type == "text/markdown" else text.plain_title(words)
        return FileRead(title, media_type, ("1",), (), "")

    def render(self, path: Path, page_number: int, *, scale: float = 2.0, password: str = "") -> bytes:
        """Draw a page of a PDF as it would be shown: cropped, turned, with the forms filled in.

        Args:
            path: The PDF.
            page_number: Physical page, 1-based.
            scale: Pixels a point (1/72 inch), above 0; less for pages whose picture would pass 16 megapixels.
            password: What opens the file.

        Returns:
            A PNG.

        Raises:
            UnreadableFileError: The file cannot be drawn, or has no such page.
            PasswordNeededError: The password is wrong.
        """
        if not scale > 0:
            raise ValueError(f"scale must be above 0, not {scale}")
        return self._show("render", path, page_number, password, scale=scale).payload

    def look(self, path: Path, page_number: int, start: int = 0, end: int = 0, *, password: str = "") -> PageView:
        """What there is to a page of a PDF besides its picture, and where `page.text[start:end]` stands in that.

        Args:
            path: The PDF.
            page_number: Physical page, 1-based.
            start: Offset in the page's text, as `load` gave it.
            end: Offset after the last character; not above `start` where no words are to be marked.
            password: What opens the file.

        Returns:
            The marks are one rectangle a line, `(left, top, right, bottom)` as fractions of the picture, in [0, 1], origin top
            left, in reading order.

        Raises:
            UnreadableFileError: The file cannot be opened, or has no such page.
            PasswordNeededError: The password is wrong.
        """
        header = self._show("look", path, page_number, password, start=start, end=end).header
        size = (header["size"][0], header["size"][1]) if header["size"] else None
        return PageView(size, header["text"], tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in header["marks"]))

    def _read_pdf(self, path: Path, name: str, passwords: Sequence[str], on_page: OnPage) -> FileRead:
        labels, empty, pictures, total = list[str](), list[int](), 0, 0
        title = password = ""
        outline: dict[int, list[tuple[int, str]]] = {}
        refusal: DocumentError | None = None
        request = Frame({"verb": "read", "path": os.path.abspath(path), "passwords": list(passwords)})  # noqa: PTH100
        try:
            with closing(self._worker.ask(request)) as frames:
                for frame in frames:
                    header = frame.header
                    if "error" in header:
                        refusal = _pdf_error(name, header["error"], header["reason"], tried=bool(passwords))
                    elif "pages" in header:
                        total, title, password = (header[key] for key in ("pages", "title", "password"))
                        for level, words, number in header["outline"]:
                            outline.setdefault(number, []).append((level, words))
                    else:
                        page = Page(len(labels) + 1, header["label"], header["text"])
                        labels.append(page.label)
                        empty += [] if page.text.strip() else [page.number]
                        pictures += header["is_picture"]
                        on_page(page, _headings(page, outline.get(page.number, ())), total)
        except WorkerStoppedError as error:
            place = f"at page {len(labels) + 1} of {total}" if total else "while it was opened"
            raise UnreadableFileError(f"{name} could not be read: reading stopped {place}: {error}.") from error
        if refusal:
            raise refusal
        if len(empty) == len(labels):
            raise NoTextError(_no_text(name, len(labels), pictures))
        return FileRead(title, "application/pdf", tuple(labels), tuple(empty), password)

    def _show(self, verb: str, path: Path, page_number: int, password: str, **details: float) -> Frame:
        header = {"verb": verb, "path": os.path.abspath(path), "page": page_number, "passwords": [password] if password else []}  # noqa: PTH100
        try:
            (frame,) = self._worker.ask(Frame(header | details))
        except WorkerStoppedError as error:
            raise UnreadableFileError(f"page {page_number} of {path.name} could not be drawn: {error}.") from error
        if "error" in frame.header:
            raise _pdf_error(path.name, frame.header["error"], frame.header["reason"], tried=bool(password))
        return frame


def _headings(page: Page, outline: Sequence[tuple[int, str]]) -> list[Heading]:
    """The outline's entries for a page where they stand on it, in reading order: an outline may name them in any."""
    placed = [Heading(level, title, page.number, place_heading(title, page.text)) for level, title in outline]
    return sorted(placed, key=lambda heading: heading.start)


def _read_bytes(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise unreadable(path, error) from error


def _pdf_error(name: str, kind: str, reason: str, *, tried: bool) -> DocumentError:
    match kind:
        case "password" if tried:
            return PasswordNeededError(f"{name} is encrypted and none of the passwords given opens it.")
        case "password":
            return PasswordNeededError(f"{name} is encrypted; give its password to read it.")
        case "protected":
            return UnreadableFileError(f"{name} is encrypted in a way that is not read; print it to a new PDF and add that.")
        case "page":
            return UnreadableFileError(f"{name} {reason}.")
        case "file":
            return UnreadableFileError(reason)
        case _:
            return UnreadableFileError(f"{name} is damaged, or no PDF: it could not be read ({reason}); try a fresh copy of it.")


def _no_text(name: str, pages: int, pictures: int) -> str:
    ocr = "run OCR on it (for example with ocrmypdf) and add it again"
    count, look, hold = ("1 page", "looks", "holds") if pages == 1 else (f"{pages} pages", "look", "hold")
    if pictures == pages:
        return f"{name} has no text: its {count} {look} scanned; {ocr}."
    if pictures:
        return f"{name} has no text: of its {count}, {pictures} {'looks' if pictures == 1 else 'look'} scanned, the others blank; {ocr}."
    return f"{name} has no text: its {count} {hold} no words that can be read."
