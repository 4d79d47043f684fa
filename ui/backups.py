"""Backups of a server, or of a cluster: all libraries, people and what is kept of them, while it serves."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path

from rag.errors import LibraryError, LibraryLockedError, SettingsError, storage_errors
from rag.remote.library import at_home
from rag.settings import Settings
from rag.storing.backups import Backup, BackupFolder, below, keep_library
from rag.storing.cluster.backups import ClusterPlace, Kept, is_of_cluster, keep_cluster, restore_cluster
from rag.storing.cluster.bucket import open_bucket
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


def back_up_cluster(target: Path, settings: Settings, tell: Callable[[str], None]) -> tuple[Backup, Kept]:
    """Back up the cluster that the settings name, while its servers work; they need not. `tell` hears what is read.

    Raises LibraryError where the database has nothing, SettingsError, and StorageError.
    """
    backups = BackupFolder(target)
    with _place(settings) as place, backups.writing():
        kept = keep_cluster(place, target, tell)
        return backups.finish(kept.parts, version("footnote")), kept


def restore_to_cluster(folder: Path, backup: Backup, settings: Settings, tell: Callable[[str], None]) -> None:
    """Restore a backup of a cluster to the one that the settings name, which must be empty; raises as `restore_cluster`."""
    if not is_of_cluster(backup):
        raise LibraryError(
            f"Backup {backup.name} is one of a single machine. Restore it to a folder; a server that is started there with "
            "RAG_DATABASE_URL, RAG_CHROMA_URL and RAG_ORIGINALS_URL moves its documents into the cluster."
        )
    with _place(settings) as place:
        restore_cluster(place, BackupFolder(folder), backup, tell)


@contextmanager
def _place(settings: Settings) -> Iterator[ClusterPlace]:
    """What the servers of the settings' cluster share."""
    if not (settings.database_url and settings.chroma_url and settings.originals_url):
        raise SettingsError("A backup of a cluster needs what its servers share: RAG_DATABASE_URL, RAG_CHROMA_URL and RAG_ORIGINALS_URL.")
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else ""
    with closing(open_bucket(settings.originals_url)) as bucket:
        yield ClusterPlace(settings.database_url, settings.chroma_url, token, bucket)
