"""Reads a file whole: what the library does page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from rag.formats.loader import Loader, OnPage
from rag.formats.protocol import FileToOpen, TextPages
from rag.formats.registry import HEAD_BYTES, recognise
from rag.types import Document, Heading, Page


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document, and the password that opened its file ("" where none was needed)."""

    document: Document
    password: str = field(repr=False)


def load(
    loader: Loader, path: Path, *, name: str = "", document_id: str = "", passwords: Sequence[str] = (), on_page: OnPage | None = None
) -> LoadedDocument:
    """Read a file, called by its own name where no other is given."""
    pages: list[Page] = []
    headings: list[Heading] = []

    def keep(page: Page, begun: Sequence[Heading], total: int) -> None:
        pages.append(page)
        headings.extend(begun)
        if on_page:
            on_page(page, begun, total)

    name = name or path.name
    read = loader.read(path, name=name, passwords=passwords, on_page=keep)
    return LoadedDocument(Document(document_id, name, read.title, read.media_type, tuple(pages), tuple(headings)), read.password)


def opened(path: Path, data: bytes, *, passwords: Sequence[str] = ()) -> TextPages:
    """Write a file and open it with the reader of its format, here and not in a child process."""
    path.write_bytes(data)
    return cast(TextPages, FileToOpen(path, path.name, recognise(path.name, data[:HEAD_BYTES]), tuple(passwords)).open())
