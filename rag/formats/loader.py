"""A file -> a document, page by page."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from rag.errors import DocumentError, FileTooLargeError, NoTextError, UnreadableFileError
from rag.formats import registry as kinds
from rag.formats.files import check_is_file, unreadable
from rag.formats.frames import Frame
from rag.formats.isolation import Worker, WorkerStoppedError
from rag.formats.refusals import refusal
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
    """Reads files, in a child process, so that a hostile one harms nothing but itself.

    The process is started at first need and reads one file at a time.
    """

    def __init__(self, *, max_bytes: int = 200_000_000, seconds_without_progress: float = 60, memory_megabytes: int = 2048) -> None:
        """Start nothing yet.

        Args:
            max_bytes: Larger files are refused.
            seconds_without_progress: Longest time to open a file, and for each page of it.
            memory_megabytes: Memory the child process may take, where the system can limit it; at least 256.
        """
        self._max_bytes = max_bytes
        self._worker = Worker(seconds=seconds_without_progress, megabytes=memory_megabytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the child process at once; the file it is at fails. What is read afterwards starts it anew."""
        self._worker.close()

    def start(self) -> None:
        """Start the child process now, so that it is ready when a file is to be read."""
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
        media_type = kinds.media_type(name, _head(path))
        labels, empty, pictures, total = list[str](), list[int](), 0, 0
        title = password = ""
        problem: DocumentError | None = None
        try:
            with closing(self._worker.ask(_request(path, name, media_type, passwords))) as frames:
                for frame in frames:
                    header = frame.header
                    if "error" in header:
                        problem = refusal(name, frame, tried=bool(passwords))
                    elif "pages" in header:
                        total, title, password = (header[key] for key in ("pages", "title", "password"))
                    else:
                        page = Page(len(labels) + 1, header["label"], header["text"])
                        labels.append(page.label)
                        empty += [] if page.text.strip() else [page.number]
                        pictures += header["is_picture"]
                        on_page(page, [Heading(level, words, page.number, start) for level, words, start in header["headings"]], total)
        except WorkerStoppedError as error:
            place = f"at page {len(labels) + 1} of {total}" if total else "while it was opened"
            raise UnreadableFileError(f"{name} could not be read: reading stopped {place}: {error}.") from error
        if problem:
            raise problem
        if len(empty) == len(labels):
            raise NoTextError(_no_text(name, len(labels), pictures))
        return FileRead(title, media_type, tuple(labels), tuple(empty), password)


def _request(path: Path, name: str, media_type: kinds.MediaType, passwords: Sequence[str]) -> Frame:
    file = {"path": os.path.abspath(path), "name": name, "media_type": media_type, "passwords": list(passwords)}  # noqa: PTH100
    return Frame({"verb": "read", **file})


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(kinds.HEAD_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error


def _no_text(name: str, pages: int, pictures: int) -> str:
    ocr = "run OCR on it (for example with ocrmypdf) and add it again"
    count, look, hold = ("1 page", "looks", "holds") if pages == 1 else (f"{pages} pages", "look", "hold")
    if pictures == pages:
        return f"{name} has no text: its {count} {look} scanned; {ocr}."
    if pictures:
        return f"{name} has no text: of its {count}, {pictures} {'looks' if pictures == 1 else 'look'} scanned, the others blank; {ocr}."
    return f"{name} has no text: its {count} {hold} no words that can be read."
