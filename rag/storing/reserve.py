"""Disk space reserved for the day the disk is full: without some, nothing can be opened, nor removed to make room."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVED_BYTES = 4_000_000  # what Chroma needs to open, and to remove a document
FULL_BYTES = 16_000_000  # with less room than this, a disk is full


class Reserve:
    """A file that only takes up space."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "reserve"

    @property
    def is_needed(self) -> bool:
        """Whether the disk is full, or nearly so."""
        return shutil.disk_usage(self._file.parent).free < FULL_BYTES

    def fill(self) -> None:
        """Reserve the space, if there is plenty. A disk that refuses is no error."""
        if self._file.exists() or self.is_needed or not hasattr(os, "posix_fallocate"):
            return
        unfinished = self._file.with_suffix(".partial")
        with suppress(OSError):
            try:
                with unfinished.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, RESERVED_BYTES)
                unfinished.replace(self._file)
            finally:
                unfinished.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the space back, if the disk is full."""
        if self.is_needed:
            self._file.unlink(missing_ok=True)
