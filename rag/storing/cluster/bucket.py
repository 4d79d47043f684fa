"""The place where the servers of a cluster keep files: an S3 bucket, or a folder that they share.

Names are relative, with "/" between their parts. What is written is there whole or not at all; what is written again is replaced so.
Every method raises `StorageError` where the place refuses, does not answer, or is gone; a missing file is none.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

from rag.endpoints.addresses import without_secrets
from rag.errors import SettingsError, StorageError, storage_errors
from rag.tracing import calling

CLAIM = "library.json"  # whose files are here
PARTIAL = ".partial"  # ends the name of a file that is not whole yet
_EXAMPLES = "such as s3://bucket/prefix, or file:///folder for a folder that all servers share"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in a bucket: its name, its size in bytes, and when it was last written, in seconds since 1970."""

    name: str
    size: int
    changed: float


class Bucket(Protocol):
    """A place for files. Thread-safe."""

    @property
    def address(self) -> str:
        """Where it is, as it may be shown."""
        ...

    def within(self, folder: str) -> Self:
        """A folder in it, as a place of its own; it is closed with this one."""
        ...

    def put_file(self, file: Path, name: str) -> None:
        """Store a file."""
        ...

    def get_file(self, name: str, file: Path) -> bool:
        """Fetch what is stored to a file, whole or not at all; whether it is there."""
        ...

    def read(self, name: str) -> bytes | None:
        """Read what is stored; None where it is not there."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Store bytes."""
        ...

    def copy(self, name: str, to: str) -> bool:
        """Store the same under another name, without fetching it; whether it is there."""
        ...

    def delete(self, *names: str) -> None:
        """Delete files. Missing ones are harmless."""
        ...

    def find(self, name: str) -> Stored | None:
        """Look for one file, by its whole name."""
        ...

    def list(self, begin: str) -> Iterator[Stored]:
        """List the files whose names begin so, in any order: a folder, where it ends in "/". It takes time: some thousand a second."""
        ...

    def close(self) -> None:
        """Let go of connections. Doing so twice is harmless."""
        ...


def open_bucket(url: str) -> Bucket:
    """Use the place at an address; nothing is asked of it yet. Raises `SettingsError`."""
    shown = without_secrets(url)
    parts = urlsplit(url.strip())
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"RAG_ORIGINALS_URL ({shown}) takes no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path.strip("/"):
        return SharedFolder(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        from rag.storing.cluster.s3 import S3Bucket

        return S3Bucket(parts.netloc, parts.path.strip("/"))
    raise SettingsError(f"RAG_ORIGINALS_URL ({shown}) must be a place for files, {_EXAMPLES}.")


def claim(bucket: Bucket, library_id: str, *, may_write: bool) -> None:
    """See that a place has the files of this library of a cluster, or of none, and mark it if it may be written to.

    Raises `StorageError` where it has those of another library, and where it cannot be used.
    """
    found = bucket.read(CLAIM)
    if found is None:
        if may_write:
            bucket.write(CLAIM, json.dumps({"schema": 1, "id": library_id}).encode())
        return
    with suppress(ValueError, KeyError, TypeError):
        if json.loads(found)["id"] == library_id:
            return
    raise StorageError(
        f"{bucket.address} has the files of another cluster, as {CLAIM} there says. Two clusters must not share it: set RAG_ORIGINALS_URL "
        "to another place, or correct RAG_DATABASE_URL."
    )


def checked(name: str) -> str:
    """A name as it is; ValueError where it would lie elsewhere: names of documents never reach here."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{name!r} is no name of a stored file")
    return name


class SharedFolder:
    """A `Bucket` in a folder that all servers see, such as one on NFS. The folder itself must be there: a lost mount is no empty place."""

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        """Use a folder; `root` is the one that must be there, if it is another."""
        self._folder = folder
        self._root = root or folder

    @property
    def address(self) -> str:
        """See `Bucket`."""
        return f"file://{self._folder}"

    def within(self, folder: str) -> "SharedFolder":
        """See `Bucket`."""
        return SharedFolder(self._folder / checked(folder), self._root)

    def put_file(self, file: Path, name: str) -> None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be stored"), file.open("rb") as source, self._written(name) as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def get_file(self, name: str, file: Path) -> bool:
        """See `Bucket`."""
        with self._translated(f"{name} could not be fetched"):
            source = self._folder / checked(name)
            if self._is_missing(source):
                return False
            return fetched(file, lambda partial: shutil.copyfile(source, partial))

    def read(self, name: str) -> bytes | None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be read"):
            file = self._folder / checked(name)
            with suppress(FileNotFoundError):
                return file.read_bytes()
            self._is_missing(file)
            return None

    def write(self, name: str, data: bytes) -> None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be stored"), self._written(name) as target:
            target.write(data)

    def copy(self, name: str, to: str) -> bool:
        """See `Bucket`."""
        with self._translated(f"{name} could not be copied"):
            source = self._folder / checked(name)
            if self._is_missing(source):
                return False
            with source.open("rb") as opened, self._written(to) as target:
                shutil.copyfileobj(opened, target, 1 << 20)
            return True

    def delete(self, *names: str) -> None:
        """See `Bucket`. Folders that are empty then are left: another server may be about to write there."""
        with self._translated("Files could not be deleted"):
            for name in names:
                (self._folder / checked(name)).unlink(missing_ok=True)

    def find(self, name: str) -> Stored | None:
        """See `Bucket`."""
        with self._translated(f"{name} could not be looked for"):
            file = self._folder / checked(name)
            if self._is_missing(file):
                return None
            status = file.stat()
            return Stored(name, status.st_size, status.st_mtime)

    def list(self, begin: str) -> Iterator[Stored]:
        """See `Bucket`. Files that are not whole yet are left out."""
        folder = self._folder / PurePosixPath(f"{begin}x").parent
        with self._translated(f"{begin} could not be listed"):
            self._check_there()
            for root, _, files in os.walk(folder):
                for file in (Path(root, each) for each in files if not each.endswith(PARTIAL)):
                    name = file.relative_to(self._folder).as_posix()
                    if name.startswith(begin):
                        with suppress(FileNotFoundError):  # it is gone meanwhile
                            status = file.stat()
                            yield Stored(name, status.st_size, status.st_mtime)

    def close(self) -> None:
        """See `Bucket`."""

    def _is_missing(self, file: Path) -> bool:
        if file.exists():
            return False
        self._check_there()
        return True

    def _check_there(self) -> None:
        if not self._root.is_dir():
            raise StorageError(f"The folder {self._root}, where the cluster keeps its files, is not there. Mount it, or make it.")

    def _written(self, name: str) -> "_Unfinished":
        self._check_there()
        return _Unfinished(self._folder / checked(name))

    @contextmanager
    def _translated(self, problem: str) -> Iterator[None]:
        cure = "See that the shared folder is mounted, has room, and can be written."
        with calling("bucket"), storage_errors(f"{self.address}: {problem}", cure=cure):
            yield


class _Unfinished:
    """A file that takes its place when it is whole, and on the disk."""

    def __init__(self, target: Path) -> None:
        self._target = target
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=PARTIAL, delete=False)  # noqa: SIM115 - see __exit__

    def __enter__(self) -> "tempfile._TemporaryFileWrapper[bytes]":
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        partial = Path(self._file.name)
        try:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
            if kind is None:
                partial.replace(self._target)
        finally:
            partial.unlink(missing_ok=True)


def fetched(file: Path, fetch: Callable[[Path], object]) -> bool:
    """Have a file written under another name until it is whole. True."""
    partial = file.with_name(f"{os.urandom(8).hex()}{PARTIAL}")
    try:
        fetch(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return True
