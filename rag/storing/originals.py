"""The files themselves, by content hash, so that a citation can always open its page."""

import shutil
from pathlib import Path

SUFFIXES = {"application/pdf": ".pdf", "text/markdown": ".md", "text/plain": ".txt"}


class Originals:
    """A folder of files named by their documents' ids."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, document_id: str, media_type: str) -> Path:
        """Where a document's file lies, or would lie."""
        return self._folder / f"{document_id}{SUFFIXES[media_type]}"

    def keep(self, file: Path, document_id: str, media_type: str) -> None:
        """Copy a file in; it is there whole or not at all.

        Raises:
            OSError: The disk refused.
        """
        target = self.path(document_id, media_type)
        if target.exists():
            return
        self._folder.mkdir(exist_ok=True)
        partial = target.with_suffix(".partial")
        try:
            shutil.copyfile(file, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def discard(self, document_id: str) -> None:
        """Delete a document's file."""
        for file in self._folder.glob(f"{document_id}.*"):
            file.unlink(missing_ok=True)

    def sweep(self, document_ids: set[str]) -> None:
        """Delete the files of all documents but these."""
        for file in self._folder.glob("*"):
            if file.stem not in document_ids:
                file.unlink(missing_ok=True)
