"""Opens a file with the reader of its format, in this process."""

from pathlib import Path

from rag.formats.protocol import FileToOpen, OpenedFile, PageContent
from rag.formats.registry import HEAD_BYTES, recognise


def opened(folder: Path, name: str, data: bytes | str) -> OpenedFile:
    """Write a file and open it."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return FileToOpen(path, name, recognise(name, path.read_bytes()[:HEAD_BYTES])).open()


def pages(folder: Path, name: str, data: bytes | str) -> list[PageContent]:
    """Its pages, which are the same when they are looked at one by one."""
    file = opened(folder, name, data)
    found = list(file.pages())
    assert len(found) == len(file)
    assert [file.page(index).text for index in range(len(file))] == [page.text for page in found]
    return found


def text(folder: Path, name: str, data: bytes | str) -> str:
    """The text of its only page."""
    (page,) = pages(folder, name, data)
    return page.text
