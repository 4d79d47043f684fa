"""Backups of folders while they are used: what files hold, each content once, and a list for each backup, which is written last.

BACKUPS/2026-11-27T14-15-00Z.json  a backup: its parts, each with its path, SHA-256, size, mode and time of change
BACKUPS/parts/ab/abcdef...         what parts hold, under its SHA-256: what two backups have in common is there once

Of a library, what is made again from the rest is left out: see `LEFT_OUT`. Only its owner can read a folder of backups.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from rag.errors import LibraryError, StorageError, UnreadableFileError, storage_errors
from rag.storing.chroma_client import SCHEMAS
from rag.storing.lock import held
from rag.storing.schema import check_version
from rag.types import BackupPart

LAYOUT = 1  # of a folder of backups
BLOCK_BYTES = 1 << 20
DATABASE = ".sqlite3"
RESTORING = ".restoring"  # where a backup is restored until it is whole
FROZEN = ("about", "chroma", "erase", "library.json", "model.json", "ocr", "originals", "pending.sqlite3", "removed")
"""What must be of one moment."""
LEFT_OUT = {
    *("lexical", "exploring", "next"),  # made again when they are missing
    *("incoming", "uploads", "quarantine"),  # temporary, or damaged
    *("lock", "holder.json", "reserve", "chroma.seal.json"),  # of the process that has the library open
    "libraries",  # each has parts of its own
    "removed-libraries",
}
_ID = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")
_CURE = "Choose another folder, or see that the disk works and has room."
_DAMAGED = "The backup {name} in {folder} is damaged: {what}. Take another one, or make a new one."


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: its name, which is when it was made, the version of the program, and its parts."""

    name: str
    version: str
    parts: tuple[BackupPart, ...]

    @property
    def size(self) -> int:
        """The bytes of its parts."""
        return sum(part.size for part in self.parts)


class BackupFolder:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / "parts"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make the folder where it is not there, and keep other processes from writing to it. Raises `StorageError`."""
        with backup_failures(self.folder):
            _make(self._parts)
            with held(self.folder / "lock", f"Another backup is being written to {self.folder}. Wait for its end."):
                for left in self._parts.glob("*.partial"):  # by one that was killed
                    left.unlink()
                yield

    def keep(self, file: Path, known: str = "") -> tuple[str, int]:
        """Keep what a file holds; its SHA-256 and size. It is not read where `known`, its SHA-256 by its name, is kept in its size."""
        if known and (kept := self.path(known)).exists() and (size := file.stat().st_size) == kept.stat().st_size:
            return known, size
        digest, size = hashlib.sha256(), 0
        with self._unfinished() as unfinished, file.open("rb") as source, unfinished.open("wb") as target:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                size += target.write(block)
            target.close()
            self._finish(unfinished, digest.hexdigest())
        return digest.hexdigest(), size

    def keep_database(self, file: Path) -> tuple[str, int]:
        """As `keep`, of a SQLite file that others write to."""
        with self._unfinished() as unfinished:
            uri = f"{file.absolute().as_uri()}?mode=rw"  # makes none where it is gone
            with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(unfinished)) as target:
                source.backup(target)
            with unfinished.open("rb") as copy:
                digest = hashlib.file_digest(copy, "sha256").hexdigest()
            size = unfinished.stat().st_size
            self._finish(unfinished, digest)
        return digest, size

    def path(self, sha256: str) -> Path:
        """Where what has this SHA-256 lies, or would lie."""
        return self._parts / sha256[:2] / sha256

    def finish(self, parts: Sequence[BackupPart], version: str) -> Backup:
        """Write the list of a backup, all of whose parts are kept: from now on it is there. Raises `StorageError`."""
        with backup_failures(self.folder):
            if lost := [part.path for part in parts if not self.path(part.sha256).is_file()]:
                raise StorageError(f"The backup is not whole: {lost[0]} is gone from {self.folder}. Make it again.")
            os.sync()
            now = datetime.now(UTC)
            while (name := f"{now:%Y-%m-%dT%H-%M-%SZ}") in self.names():
                now += timedelta(seconds=1)
            listed = [asdict(part) for part in parts]
            about = {"layout": LAYOUT, "version": version, "schemas": SCHEMAS, "digest": _digest(listed), "parts": listed}
            with self._unfinished() as unfinished:
                unfinished.write_text(json.dumps(about), encoding="utf-8")
                unfinished.replace(self.folder / f"{name}.json")
        return Backup(name, version, tuple(parts))

    def names(self) -> list[str]:
        """The backups there are, oldest first."""
        return sorted(file.stem for file in self.folder.glob("*.json") if _NAME.fullmatch(file.stem))

    def read(self, name: str = "") -> Backup:
        """A backup, the last one without a name. Raises `UnreadableFileError` where it is damaged, `NewerSchemaError` where it is newer."""
        names = self.names()
        if not names or (name and name not in names):
            wanted = f"{name!r} is not in" if name else "There is no backup in"
            raise UnreadableFileError(f"{wanted} {self.folder}. It holds: {', '.join(names) or 'nothing that `rag backup make` wrote'}.")
        name = name or names[-1]
        try:
            about: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            check_version(about["layout"], LAYOUT, f"The backup {name}")
            for part, known in SCHEMAS.items():
                check_version(about["schemas"].get(part, 1), known, f"The backup {name}")
            return Backup(name, str(about["version"]), _listed(about))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableFileError(_DAMAGED.format(name=name, folder=self.folder, what=error)) from error

    def problems(self, backup: Backup) -> Iterator[str]:
        """What is missing or changed of a backup, as parts of sentences: every byte is read."""
        for sha256 in {part.sha256: None for part in backup.parts}:
            paths = [part.path for part in backup.parts if part.sha256 == sha256]
            try:
                with self.path(sha256).open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                yield f"{paths[0]} cannot be read ({error.strerror})"
            else:
                if found != sha256:
                    yield f"{paths[0]} has changed"

    def remove_old(self, keep: int) -> int:
        """Delete all backups but the last `keep`, and what only they hold; how many were deleted."""
        old = self.names()[:-keep]
        with self.writing(), storage_errors(f"Old backups could not be deleted from {self.folder}", cure="Delete them yourself."):
            for name in old:
                (self.folder / f"{name}.json").unlink()
            needed = {part.sha256 for name in self.names() for part in self.read(name).parts}
            for file in self._parts.glob("*/*"):
                if file.name not in needed:
                    file.unlink()
        return len(old)

    def restore(self, backup: Backup, folder: Path) -> None:
        """Write the parts of a backup to a folder that is empty or not there.

        Raises `LibraryError` where it holds something, `UnreadableFileError` where a part is damaged, and `StorageError`; it is empty then.
        """
        if folder.exists() and (not folder.is_dir() or any(each.name != "lost+found" for each in folder.iterdir())):
            raise LibraryError(f"{folder} is not empty, and nothing there is overwritten. Restore to a new or empty folder.")
        unfinished = folder / RESTORING
        try:
            with storage_errors(f"The backup could not be restored to {folder}", cure=_CURE):
                _make(unfinished)
                folder.chmod(0o700)
                if (free := shutil.disk_usage(folder).free) < backup.size:
                    raise StorageError(f"The backup has {backup.size / 1e6:,.0f} MB, and {folder} has room for {free / 1e6:,.0f} MB.")
                for part in backup.parts:
                    self._restore(backup, part, unfinished)
                for file in unfinished.iterdir():
                    file.replace(folder / file.name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _restore(self, backup: Backup, part: BackupPart, folder: Path) -> None:
        target, digest = folder / part.path, hashlib.sha256()
        _make(target.parent)
        try:
            source = self.path(part.sha256).open("rb")
        except FileNotFoundError as error:
            what = f"{part.path} is missing"
            raise UnreadableFileError(_DAMAGED.format(name=backup.name, folder=self.folder, what=what)) from error
        with source, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != part.sha256:
            what = f"{part.path} has changed"
            raise UnreadableFileError(_DAMAGED.format(name=backup.name, folder=self.folder, what=what))
        target.chmod(part.mode)
        os.utime(target, ns=(part.changed, part.changed))

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """A file that is gone in the end, unless it was moved to its place."""
        file = self._parts / f"{os.urandom(8).hex()}.partial"
        file.touch(mode=0o600)
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _finish(self, unfinished: Path, sha256: str) -> None:
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        unfinished.replace(target)


def keep_library(folder: Path, backups: Path, frozen: AbstractContextManager[Any]) -> list[BackupPart]:
    """Keep the parts of a library's folder, those in `FROZEN` within `frozen`, while which nobody changes them. Raises `StorageError`."""
    kept = BackupFolder(backups)
    with backup_failures(backups):
        for file in (folder / "originals").glob("*"):  # before the rest waits for them
            with suppress(FileNotFoundError):
                kept.keep(file, _known(file))
        parts = list(_kept(folder, ["queue"], kept))  # first: what leaves it is in the rest
        with frozen:
            parts += _kept(folder, FROZEN, kept)
        others = {file.name for file in folder.iterdir()} - LEFT_OUT - {"queue", *FROZEN}
        return parts + list(_kept(folder, sorted(others), kept))


def backup_failures(folder: Path) -> AbstractContextManager[None]:
    """Turn what the disk and SQLite raise into a `StorageError`."""
    return storage_errors(f"The backup could not be written to {folder}", (OSError, sqlite3.Error), _CURE)


def below(parts: Iterable[BackupPart], folder: str) -> list[BackupPart]:
    """Parts of a folder as those of one above it."""
    return [replace(part, path=f"{folder}/{part.path}") for part in parts]


def _kept(folder: Path, names: Collection[str], backups: BackupFolder) -> Iterator[BackupPart]:
    """Keep files, and all files in folders, but what is not whole or gone meanwhile."""
    for file in (each for name in names for each in [folder / name, *sorted((folder / name).rglob("*"))]):
        if file.suffix == ".partial" or f"{DATABASE}-" in file.name or not file.is_file():
            continue
        try:
            status = file.stat()
            sha256, size = backups.keep_database(file) if file.suffix == DATABASE else backups.keep(file, _known(file))
        except FileNotFoundError:
            continue
        yield BackupPart(file.relative_to(folder).as_posix(), sha256, size, status.st_mode & 0o777, status.st_mtime_ns)


def _make(folder: Path) -> None:
    """Make a folder, and those above it, for its owner alone."""
    for each in (*reversed(folder.parents), folder):
        each.mkdir(exist_ok=True, mode=0o700)


def _known(file: Path) -> str:
    """The SHA-256 in the name of a copy of a document's file."""
    return file.stem if file.parent.name == "originals" and _ID.fullmatch(file.stem) else ""


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _listed(about: Mapping[str, Any]) -> tuple[BackupPart, ...]:
    """The parts of a backup; ValueError where the list is not as it was written, or one would not lie where it is restored to."""
    if _digest(about["parts"]) != about["digest"]:
        raise ValueError("its list is not the one that was written")
    parts = tuple(BackupPart(**fields) for fields in about["parts"])
    for part in parts:
        path = PurePosixPath(part.path)
        if path.is_absolute() or ".." in path.parts or not path.parts or not _ID.fullmatch(part.sha256):
            raise ValueError(f"{part.path!r} is no path of it")
    return parts
