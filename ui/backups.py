"""Backups of a server: all its libraries, its people and what it keeps of them, while it serves."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path

from rag.errors import LibraryError, LibraryLockedError, storage_errors
from rag.remote.library import at_home
from rag.settings import Settings
from rag.storing.backups import Backup, BackupFolder, below, keep_library
from rag.storing.lock import LibraryLock
from rag.types import BackupPart

LIBRARIES = "libraries"  # the folder of the libraries beside the main one
SECONDS_BETWEEN = 0.2  # two tries to reach a library that another process holds


def back_up(folder: Path, target: Path, settings: Settings, tell: Callable[[str], None], seconds: float = 0) -> Backup:
    """Back a server's folder up; a server that holds it goes on serving, and does a part of the work.

    `tell` hears which library it is at; a library that another process than a server holds is waited for so many seconds.
    Raises LibraryError where `folder` is no library or `target` lies in it, and StorageError.
    """
    if not (folder / "originals").is_dir() and not (folder / "conversations.sqlite3").exists():
        raise LibraryError(f"There is no library at {folder}. --library selects another.")
    here, there = folder.resolve(), target.resolve()
    if there == here or here in there.parents or there in here.parents:
        raise LibraryError(f"A backup of {folder} cannot lie in that folder, nor around it. Choose another one, best on another disk.")
    backups = BackupFolder(target)
    with backups.writing():
        parts, seen = list[BackupPart](), set[Path]()
        pending = [*_beside(folder), folder]  # last the one with the file of people, which says whose the others are
        while pending:
            for each in pending:
                tell("main library" if each == folder else f"library {each.name}")
                found = _parts(each, target, settings, seconds)
                parts += found if each == folder else below(found, f"{LIBRARIES}/{each.name}")
            seen.update(pending)
            pending = [each for each in _beside(folder) if each not in seen]  # made meanwhile
        return backups.finish(parts, version("footnote"))


def _beside(folder: Path) -> list[Path]:
    return sorted(each for each in (folder / LIBRARIES).glob("*") if each.is_dir())


def _parts(folder: Path, target: Path, settings: Settings, seconds: float) -> list[BackupPart]:
    """The parts of a library: by the server that holds it, or while nobody does."""
    until = time.monotonic() + seconds
    while folder.is_dir():  # else it was removed meanwhile
        try:
            with storage_errors(f"The library {folder} could not be held", cure="Run this as the user whom it belongs to."):
                lock = LibraryLock(folder)
        except LibraryLockedError:
            if library := at_home(folder, settings):
                with library:
                    return library.back_up(target)
            if time.monotonic() >= until:
                raise
            time.sleep(SECONDS_BETWEEN)
            continue
        try:
            return keep_library(folder, target, nullcontext())
        finally:
            lock.release()
    return []
