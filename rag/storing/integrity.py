"""Checks Chroma's folder before Chroma opens it: a damaged file may crash Chroma, and the process with it.

A library that is closed well is sealed: sizes, times and checksums of its files are written down. An intact seal makes opening cheap.
Without one, as after a crash, SQLite checks its file, the vectors' links are checked, and a child process searches the index.
"""

import json
import logging
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import StorageError
from rag.storing.chroma_client import connect, translated
from rag.storing.hnsw import vectors_problem
from rag.storing.protocol import READ_BATCH
from rag.storing.schema import user_version

log = logging.getLogger(__name__)

DATABASE = "chroma.sqlite3"
BLOCK_BYTES = 1 << 22
MOST_SUMMED = 1 << 29
"""Bytes of the database of which a checksum is taken. Chroma writes to it whenever it is opened, so that all of it would be read at each
closing: 13 GB where there are a million chunks. A larger one counts as changed where it has another time."""

TRIAL_SECONDS = 300.0  # a trial takes two seconds, mostly for loading Chroma; longer on a cold disk and with many chunks
DAMAGED = 3
"""Exit status of a trial that found damage. Any other failure, such as a full disk or lack of memory, says nothing about the files."""

CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}
"""Signals that end a process that reads damaged files."""

WINDOWS = 8  # parts of a collection that are read and searched, evenly spread
NOT_DAMAGE = re.compile(r"code: (5|6|7|8|10|13|14|23)\b")
"""SQLite's codes for a locked file, for lack of memory, space or rights, and for a failing disk."""

_TRIAL = """
import json, sys
sys.path[:], folder = json.loads(sys.argv[1])
from rag.storing.integrity import try_out
try_out(folder)
"""

Stamp = tuple[int, int, int]
"""A file's size in bytes, the time of its last change in nanoseconds, and its CRC-32, or that time again (see `MOST_SUMMED`)."""


class Seal:
    """Sizes, times and checksums of a folder's files when it was last closed well, in a file beside it."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self.folder = folder
        self._file = folder.with_suffix(".seal.json")
        self._known: dict[str, Stamp] = {}

    def close(self) -> None:
        """Seal the files as they are now; nobody may have them open. What the disk refuses costs a trial at the next opening."""
        with suppress(OSError):
            stamps = {name: _stamp(self.folder / name, self._known.get(name)) for name in _files(self.folder)}
            unfinished = self._file.with_suffix(".partial")
            unfinished.write_text(json.dumps(stamps), encoding="utf-8")
            unfinished.replace(self._file)

    def break_open(self) -> str:
        """Remove the seal until the next `close`; return what is wrong with the files, as part of a sentence, or ""."""
        sealed = self._sealed()
        self._file.unlink(missing_ok=True)
        files = _files(self.folder)
        if not files and not sealed:
            return ""  # a new library
        if not (self.folder / DATABASE).exists():
            return f"{DATABASE} is missing"
        if not (self.folder / DATABASE).stat().st_size:
            return f"{DATABASE} is empty"  # which Chroma would take for a new one
        problem = "" if sealed is None else self._compare(sealed, files)
        if problem is None:
            return ""
        return problem or database_problem(self.folder / DATABASE) or vectors_problem(self.folder) or _try_open(self.folder)

    def _sealed(self) -> dict[str, Stamp] | None:
        try:
            sealed = json.loads(self._file.read_text(encoding="utf-8"))
            return {str(name): (int(size), int(changed), int(crc)) for name, (size, changed, crc) in sealed.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def _compare(self, sealed: Mapping[str, Stamp], files: list[str]) -> str | None:
        """What is damaged by the seal; None where nothing has changed, "" where a trial must decide."""
        if missing := sealed.keys() - set(files):
            return f"{sorted(missing)[0]} is missing"
        self._known = {name: _stamp(self.folder / name, sealed.get(name)) for name in files}
        changed = [name for name, stamp in self._known.items() if stamp[::2] != sealed.get(name, ())[::2]]  # touched is not changed
        if not changed:
            return None
        vectors = [name for name in changed if name != DATABASE]
        if vectors and DATABASE not in changed:  # Chroma writes them only after the database
            return f"{vectors[0]} is damaged"
        return ""


def set_aside(folder: Path, quarantine: Path) -> Path:
    """Move a damaged folder or file to the quarantine; return where it is now."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    target = quarantine / f"damaged-{moment}" / folder.name
    target.parent.mkdir(parents=True, mode=0o700)
    folder.rename(target)
    for beside in folder.parent.glob(f"{folder.name}-*"):  # what SQLite keeps beside its file
        beside.rename(target.with_name(beside.name))
    return target


def _files(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file() and "-journal" not in file.name)


def _stamp(file: Path, known: Stamp | None) -> Stamp:
    status = file.stat()
    if known and known[:2] == (status.st_size, status.st_mtime_ns):
        return known
    if file.name == DATABASE and status.st_size > MOST_SUMMED:
        return status.st_size, status.st_mtime_ns, status.st_mtime_ns
    crc = 0
    with file.open("rb") as opened:
        while block := opened.read(BLOCK_BYTES):
            crc = zlib.crc32(block, crc)
    return status.st_size, status.st_mtime_ns, crc


def database_problem(database: Path) -> str:
    """What is wrong with a SQLite file, which nobody may have open, as part of a sentence; "" where nothing is, or it is not there."""
    if not database.exists():
        return ""
    try:
        with closing(sqlite3.connect(database)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            user_version(connection)
    except sqlite3.DatabaseError as error:
        damage = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF not in damage:
            return ""  # locked, or no space for its journal: that says nothing about the file
        state = error
    return "" if state == "ok" else f"{database.name} is damaged ({' '.join(str(state).split())})"


def _try_open(folder: Path) -> str:
    path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the current folder
    command = [sys.executable, "-P", "-c", _TRIAL, json.dumps([path, str(folder.resolve())])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("The index could not be checked before it was opened: %s", error)
        return ""
    if -done.returncode in CRASHES:
        return f"opening it crashes ({signal.Signals(-done.returncode).name})"
    return done.stdout.strip() if done.returncode == DAMAGED else ""


def try_out(folder: str) -> None:
    """Read and search every collection, in a child process that may crash; on damage, exit with `DAMAGED` and the reason on stdout."""
    try:
        client = connect(Path(folder), None)
        with translated("tried"):
            for collection in client.list_collections():
                count = collection.count()
                for first in sorted({count * window // WINDOWS for window in range(WINDOWS)}):
                    found = collection.get(limit=READ_BATCH // WINDOWS, offset=first, include=["embeddings", "documents", "metadatas"])
                    if (embeddings := found["embeddings"]) is not None and len(embeddings):
                        collection.query(query_embeddings=embeddings, n_results=10, include=["distances"])
    except StorageError as error:
        reason = " ".join(str(error.__cause__ or error).split())
        if not isinstance(error.__cause__, OSError) and not NOT_DAMAGE.search(reason):
            sys.stdout.write(reason)
            sys.stdout.flush()
            sys.exit(DAMAGED)
