"""Copies of the keyword index in a cluster's bucket: a new server fetches the last one instead of making the index anew, and catches up.

snapshots/INDEX/VERSION.json   a snapshot: the version of the record that it holds, and its files; it is written last
snapshots/INDEX/files/SHA256   what a file holds; tantivy never changes one, so two snapshots share most

INDEX stands for the index's identity: its schema, analysis, embedding model and chunking.
"""

import hashlib
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rag.errors import LibraryDamagedError, NewerSchemaError, RagError, StorageError, storage_errors
from rag.storing.cluster.bucket import Bucket
from rag.storing.lexical import LexicalIndex
from rag.storing.lexical_files import is_whole, reset_folder
from rag.storing.schema import check_version

log = logging.getLogger(__name__)

SCHEMA = 1  # of the lists
KEPT = 2  # snapshots: one may just be being fetched while another is stored
SECONDS_UNLISTED = 3_600  # a file that no list names is left so long: its list may be about to be written
SECONDS_UNTIL_FIRST = 30.0  # after a server has begun to write
AT_ONCE = 4  # files that are fetched or stored at once


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A file of a snapshot."""

    name: str
    sha256: str
    size: int


class Snapshots:
    """The snapshots of one index."""

    def __init__(self, bucket: Bucket, folder: Path, identity: str) -> None:
        """Ask nothing of the bucket yet. `folder` is that of the keyword index on this machine, `identity` as `identity_of` tells it."""
        self._bucket = bucket.within(f"snapshots/{hashlib.sha256(identity.encode()).hexdigest()[:16]}")
        self._folder = folder
        self._identity = identity
        self._hashes: dict[tuple[str, int], str] = {}  # of files that were stored, by name and size

    def fetch(self, newest: int | None = None) -> int | None:
        """Fetch the newest whole snapshot in place of the index's folder, which must not be open; the version it holds, None without one.

        Versions above `newest` are passed over: the record is an older one, restored from a backup. Raises `StorageError` where the disk
        fails; what the bucket refuses or has lost is passed over, and logged.
        """
        try:
            for version in reversed(self._versions()):
                if (newest is None or version <= newest) and self._fetched(version):
                    return version
        except StorageError as error:
            log.warning("No snapshot of the keyword index could be fetched. It is rebuilt. %s", error)
        return None

    def store(self, index: LexicalIndex, version: int) -> int:
        """Store what is committed of the index, which holds at least that version of the record; how many bytes were new.

        Raises `StorageError`.
        """
        frozen = self._folder.with_name(f"{self._folder.name}.frozen")
        try:
            index.freeze(frozen)
            files = [self._told(file) for file in sorted(frozen.iterdir())]
            stored = {PurePosixPath(each.name).name for each in self._bucket.list("files/")}
            new = list({each.sha256: each for each in files if each.sha256 not in stored}.values())
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda each: self._bucket.put_file(frozen / each.name, f"files/{each.sha256}"), new))
            listed = {"schema": SCHEMA, "version": version, "identity": self._identity, "made": time.time()}
            self._bucket.write(_list_name(version), json.dumps(listed | {"files": [asdict(each) for each in files]}).encode())
            self._tidy()
        finally:
            shutil.rmtree(frozen, ignore_errors=True)
        return sum(each.size for each in new)

    def newest(self) -> int:
        """The version of the newest snapshot; 0 without one. Raises `StorageError`."""
        return max(self._versions(), default=0)

    def _versions(self) -> list[int]:
        """Of the snapshots there are, ascending."""
        names = [each.name for each in self._bucket.list("") if "/" not in each.name]
        return sorted(int(name.removesuffix(".json")) for name in names if name.removesuffix(".json").isdecimal())

    def _fetched(self, version: int) -> bool:
        """Fetch one snapshot to the index's folder; whether it was whole."""
        files = self._files(version)
        arriving = self._folder.with_name(f"{self._folder.name}.arriving")
        try:
            with storage_errors("The keyword index could not be fetched"):
                reset_folder(arriving)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                are_good = files is not None and all(pool.map(lambda each: self._has_arrived(each, arriving), files))
            if not are_good or not is_whole(arriving, self._identity):
                log.warning("A snapshot of the keyword index (version %d) is damaged or missing, and is passed over.", version)
                return False
            with storage_errors("The keyword index could not be fetched"):
                reset_folder(self._folder)
                self._folder.rmdir()
                arriving.rename(self._folder)
            return True
        finally:
            shutil.rmtree(arriving, ignore_errors=True)

    def _has_arrived(self, file: SnapshotFile, folder: Path) -> bool:
        target = folder / file.name
        if not self._bucket.get_file(f"files/{file.sha256}", target):
            return False
        with target.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256

    def _files(self, version: int) -> Sequence[SnapshotFile] | None:
        """The files of a snapshot; None where its list is gone, damaged, of another index or of a newer program."""
        with suppress(ValueError, KeyError, TypeError, NewerSchemaError, LibraryDamagedError):
            listed: dict[str, Any] = json.loads(self._bucket.read(_list_name(version)) or b"")
            check_version(listed["schema"], SCHEMA, "A snapshot of the keyword index")
            files = [SnapshotFile(**each) for each in listed["files"]]
            if listed["identity"] == self._identity and all(each.name == Path(each.name).name for each in files):
                return files
        return None

    def _told(self, file: Path) -> SnapshotFile:
        """A file with its hash; those of tantivy's are never changed, so each is read once."""
        size = file.stat().st_size
        sha256 = self._hashes.get((file.name, size), "")
        if not sha256:
            with file.open("rb") as opened:
                sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            if file.suffix != ".json":
                self._hashes[file.name, size] = sha256
        return SnapshotFile(file.name, sha256, size)

    def _tidy(self) -> None:
        """Delete all snapshots but the last, and the files that only they had."""
        versions = self._versions()
        self._bucket.delete(*map(_list_name, versions[:-KEPT]))
        needed = {file.sha256 for version in versions[-KEPT:] for file in self._files(version) or ()}
        before = time.time() - SECONDS_UNLISTED
        files = list(self._bucket.list("files/"))
        self._bucket.delete(*[each.name for each in files if PurePosixPath(each.name).name not in needed and each.changed < before])


class SnapshotKeeper:
    """Stores a snapshot every so often, where this server writes and the record has changed. Give it `close`."""

    def __init__(
        self, snapshots: Callable[[], Snapshots], store: Callable[[Snapshots, int], int], is_writer: Callable[[], bool], seconds: float
    ) -> None:
        """Begin. `store` stores the index unless the version given is that of its words, and returns their version."""
        self._snapshots = snapshots
        self._store = store
        self._is_writer = is_writer
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        stored, wait = -1, min(self._seconds, SECONDS_UNTIL_FIRST)
        while not self._ended.wait(wait):
            wait = self._seconds
            if not self._is_writer():
                stored, wait = -1, min(self._seconds, SECONDS_UNTIL_FIRST)
                continue
            try:
                snapshots = self._snapshots()
                stored = self._store(snapshots, snapshots.newest() if stored < 0 else stored)
            except RagError as error:
                log.warning("The keyword index could not be stored for new servers; this is tried again. %s", error)

    def close(self) -> None:
        """End, when what is being stored is stored. Doing so twice is harmless."""
        self._ended.set()
        self._thread.join()


def _list_name(version: int) -> str:
    return f"{version:020d}.json"
