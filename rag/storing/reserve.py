"""Room that a library keeps for the day the disk is full: without some, nothing can be opened, and nothing removed to make room."""

import os
from contextlib import suppress
from pathlib import Path

RESERVED_BYTES = 4_000_000
"""What Chroma needs to open, or to remove a document."""


class Reserve:
    """A file that holds nothing but its place on the disk."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "reserve"

    def fill(self) -> None:
        """Take the room, where it is not taken and there is plenty. A disk that refuses is no error."""
        if self._file.exists() or not hasattr(os, "posix_fallocate"):
            return
        unfinished = self._file.with_suffix(".partial")
        with suppress(OSError):
            try:
                with unfinished.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, RESERVED_BYTES)
                unfinished.replace(self._file)
            finally:
                unfinished.unlink(missing_ok=True)

    def release(self) -> bool:
        """Give the room back; whether there was any."""
        try:
            self._file.unlink()
        except OSError:
            return False
        return True
