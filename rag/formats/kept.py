"""Pages of long texts, kept as they were read: to open a sheet of a million cells for one of its pages takes seconds."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path

from rag.formats.protocol import FileToOpen, OpenedFile, PageContent, TextPages

LEAST_CHARACTERS = 500_000
SCHEMA = 1
_ABOUT = "about"
_DAMAGED = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


class KeptPages:
    """An `OpenedFile` whose pages are read from an archive, one by one."""

    def __init__(self, path: Path, password: str) -> None:
        """Raises what `open_kept` takes for damage."""
        self.password = password
        self._zip = zipfile.ZipFile(path)
        about = json.loads(self._zip.read(_ABOUT))
        if about["schema"] != SCHEMA:
            raise ValueError
        self.title = str(about["title"])
        self._count = int(about["pages"])

    def __len__(self) -> int:
        return self._count

    def pages(self) -> Iterator[PageContent]:
        """See `OpenedFile`."""
        return map(self.page, range(self._count))

    def page(self, index: int) -> PageContent:
        """See `OpenedFile`."""
        return PageContent(**json.loads(self._zip.read(str(index))))

    def close(self) -> None:
        """See `OpenedFile`."""
        self._zip.close()


def keep(file: FileToOpen, opened: OpenedFile) -> None:
    """Keep the pages of a file that was just read, if it is long and there is a folder for it. What the disk refuses is not kept."""
    if file.ocr is None or not isinstance(opened, TextPages) or sum(len(page.text) for page in opened.contents) < LEAST_CHARACTERS:
        return
    path = _path(file.ocr)
    with suppress(OSError):
        file.ocr.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_suffix(".partial")
        with closing(zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1)) as written:
            for index, page in enumerate(opened.contents):
                written.writestr(str(index), json.dumps(asdict(page)))
            written.writestr(_ABOUT, json.dumps({"schema": SCHEMA, "title": opened.title, "pages": len(opened)}))
        unfinished.replace(path)


def open_kept(file: FileToOpen) -> OpenedFile | None:
    """The pages of a file as they were kept, or None."""
    path = file.ocr and _path(file.ocr)
    if not path or not path.exists():
        return None
    with suppress(*_DAMAGED):
        return KeptPages(path, next(iter(file.passwords), ""))
    return None


def _path(folder: Path) -> Path:
    return folder / "pages.zip"
