"""Where the libraries of a server lie: below its own folder, which is the main library's."""

from pathlib import Path

from rag.errors import storage_errors
from rag.storing.lock import LibraryLock

REMOVED = "removed-libraries"  # whole folders, until somebody deletes them


def folder_of(server: Path, library_id: str) -> Path:
    """The folder of a library other than the main one."""
    return server / "libraries" / library_id


def put_away(server: Path, library_id: str) -> Path | None:
    """Move a removed library's folder aside, and say where to; None where it was never opened.

    Raises LibraryLockedError where a process holds it, StorageError where the disk refuses.
    """
    folder, aside = folder_of(server, library_id), server / REMOVED / library_id
    if not folder.is_dir():
        return None
    with storage_errors(f"The library in {folder} could not be moved to {aside}"):
        lock = LibraryLock(folder)
        try:
            aside.parent.mkdir(mode=0o700, exist_ok=True)
            folder.rename(aside)
        finally:
            lock.release()
    (aside / "holder.json").unlink(missing_ok=True)
    return aside
