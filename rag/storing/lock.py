"""One process per library folder: two writers on one Chroma folder lose vectors without an error."""

import errno
import json
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import LibraryLockedError, StorageError, storage_errors

log = logging.getLogger(__name__)

READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}

COPIED = ("chroma", "chroma.seal.json", "lexical", "pending.sqlite3", "pending.sqlite3-wal", "library.json", "model.json")
"""The parts of an index, which are copied to be read: Chroma, SQLite and tantivy write even then."""


class LibraryLock:
    """Holds a library's folder for this process; the system releases it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock; raises `LibraryLockedError` where another `Library` has it, OSError where the folder cannot be written."""
        self.folder = folder
        self._holder = folder / "holder.json"
        self._lock = FileLock(folder / "lock", thread_local=False)  # whichever thread closes the library releases it
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise LibraryLockedError(f"The library {folder} is in use{self._who()}. Stop that first, or use its page.") from error
        self._facts = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]).strip(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.token = secrets.token_urlsafe(32)
        self.announce("")

    def announce(self, url: str, token: str = "") -> None:
        """Tell other processes of this user the URL of the server that this one is, and the token that opens it, if not its own."""
        with suppress(OSError):
            self._holder.touch(mode=0o600)
            self._holder.write_text(json.dumps({**self._facts, "url": url, "token": token or self.token}), encoding="utf-8")

    def _who(self) -> str:
        try:
            return " by `{command}` (process {pid} on {host}, since {since})".format_map(_read(self._holder))
        except KeyError:
            return " by another process"

    def release(self) -> None:
        """Release the library. Doing so twice is harmless."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()


@contextmanager
def held(file: Path, problem: str) -> Iterator[None]:
    """Hold a lock of one's own; raises `LibraryLockedError`, which says `problem`, where another process has it."""
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise LibraryLockedError(problem) from error
    try:
        yield
    finally:
        lock.release()


def holder(folder: Path) -> tuple[str, str]:
    """The URL of the server that holds a library, and the token that opens it to this user; "" for what is not known."""
    facts = _read(folder / "holder.json")
    return str(facts.get("url", "")), str(facts.get("token", ""))


def _read(holder: Path) -> dict[str, object]:
    try:
        return {**json.loads(holder.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError):
        return {}


class ReadOnlyCopy:
    """A copy, for this process, of the index of a library whose folder cannot be written; its files are read where they are."""

    def __init__(self, folder: Path) -> None:
        """Copy it."""
        self._made = tempfile.TemporaryDirectory(prefix="footnote-")
        self.folder = Path(self._made.name)
        for name in COPIED:
            source = folder / name
            if source.is_dir():
                shutil.copytree(source, self.folder / name)
            elif source.exists():
                shutil.copy2(source, self.folder / name)

    token = ""

    def announce(self, url: str, token: str = "") -> None:
        """Tell nobody: others have the library too."""

    def release(self) -> None:
        """Delete the copy. Doing so twice is harmless."""
        self._made.cleanup()


def lock_or_copy(folder: Path) -> LibraryLock | ReadOnlyCopy:
    """Hold a library, making its folder if need be; where that cannot be written, copy its index."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return LibraryLock(folder)
    except OSError as error:
        if error.errno not in READ_ONLY or not (folder / "chroma").is_dir():
            raise StorageError(f"The library {folder} cannot be used: {error.strerror}. Choose a folder that can be written.") from error
    log.warning("The library %s is read-only: it can be searched and asked, not changed.", folder)
    with storage_errors(f"The library {folder} is read-only, and its index could not be copied to {tempfile.gettempdir()}"):
        return ReadOnlyCopy(folder)
