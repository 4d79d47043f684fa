"""The files themselves, by content hash, so that a citation can always open its page."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from rag.errors import UnreadableFileError
from rag.loading.files import unreadable

BLOCK_BYTES = 1 << 20
SUFFIXES = {"application/pdf": ".pdf", "text/markdown": ".md", "text/plain": ".txt"}


class Originals:
    """A folder of files named by their documents' ids."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, document_id: str, media_type: str) -> Path:
        """Where a document's file lies, or would lie."""
        return self._folder / f"{document_id}{SUFFIXES[media_type]}"

    def keep(self, file: Path, document_id: str, media_type: str) -> bool:
        """Copy a file in; it is there whole or not at all.

        Returns:
            Whether it was not there before.

        Raises:
            UnreadableFileError: The file is not any more what its hash was taken of.
            OSError: The disk refused.
        """
        target = self.path(document_id, media_type)
        if target.exists():
            return False
        self._folder.mkdir(exist_ok=True)
        partial = target.with_suffix(".partial")
        try:
            digest = hashlib.sha256()
            with partial.open("wb") as copy:
                for block in _blocks(file):
                    digest.update(block)
                    copy.write(block)
            if digest.hexdigest() != document_id:
                raise UnreadableFileError(f"{file.name} was changed while it was read. Add it again.")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return True

    def discard(self, document_id: str) -> None:
        """Delete a document's file."""
        for file in self._folder.glob(f"{document_id}.*"):
            file.unlink(missing_ok=True)

    def sweep(self, document_ids: set[str]) -> None:
        """Delete the files of all documents but these."""
        for file in self._folder.glob("*"):
            if file.stem not in document_ids:
                file.unlink(missing_ok=True)


def _blocks(file: Path) -> Iterator[bytes]:
    """A file's bytes.

    Raises:
        UnreadableFileError: It vanished, or cannot be read any more.
    """
    try:
        with file.open("rb") as source:
            while block := source.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise unreadable(file, error) from error
