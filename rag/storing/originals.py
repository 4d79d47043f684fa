"""The files themselves, by content hash, so that a citation can always open its page and a lost index can be made again.

Beside the files, `about/` says of each what it is called and where it came from, and `quarantine/` keeps for 30 days what has no record.
"""

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import StorageError, UnreadableFileError
from rag.files import hash_file, unreadable
from rag.formats.registry import format_of
from rag.types import DocumentRecord

log = logging.getLogger(__name__)

BLOCK_BYTES = 1 << 20

PARTIAL = ".partial"
"""Ends the name of a copy that is not whole yet."""

REMOVED = ".removed"
"""Ends the name of a file whose document is being removed."""

DAYS_IN_QUARANTINE = 30


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file without a record.

    Attributes:
        path: Where it is.
        id: The SHA-256 that it is named by; not checked.
        name: What it was called, or a made-up name where that is not known.
        sources: As in `DocumentRecord`; empty where they are not known.
        password: What opened it, or "".
        added: When it was added, ISO 8601; "" where that is not known.
    """

    path: Path
    id: str
    name: str
    sources: tuple[str, ...]
    password: str = field(repr=False)
    added: str

    @property
    def is_known(self) -> bool:
        """Whether it was a document once: a file whose adding was cut short was not."""
        return bool(self.sources)


class Originals:
    """A folder of files named by their documents' ids."""

    def __init__(self, folder: Path, *, is_read_only: bool = False) -> None:
        self._folder = folder
        self._about = folder.with_name("about")
        self.quarantine = folder.with_name("quarantine")
        self._is_read_only = is_read_only

    def path(self, document_id: str, media_type: str) -> Path:
        """Where a document's file lies, or would lie."""
        suffixes = format_of(media_type).suffixes or [file.suffix for file in self._folder.glob(f"{document_id}.*")]
        return self._folder / f"{document_id}{suffixes[0] if suffixes else ''}"

    def keep(self, file: Path, document_id: str, media_type: str) -> bool:
        """Copy a file in; it is there whole or not at all. A copy that has been cut or changed is made anew.

        Returns:
            Whether it was not there before.

        Raises:
            UnreadableFileError: The file is not any more what its hash was taken of.
            OSError: The disk refused.
        """
        target = self.path(document_id, media_type)
        if target.exists() and (file.samefile(target) or _is_copy(target, document_id)):
            return False
        self._folder.mkdir(exist_ok=True)
        self._about.mkdir(exist_ok=True, mode=0o700)
        partial = target.with_suffix(PARTIAL)
        try:
            digest = hashlib.sha256()
            with partial.open("wb") as copy:
                for block in _blocks(file):
                    digest.update(block)
                    copy.write(block)
            if digest.hexdigest() != document_id:
                raise UnreadableFileError(f"{file.name} was changed while it was read. Add it again.")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return True

    @property
    def are_described(self) -> bool:
        """Whether anything was ever written about documents; an older library has no such folder."""
        return self._about.is_dir()

    def ids(self) -> set[str]:
        """The documents that there are files of."""
        return {file.name.partition(".")[0] for file in self._folder.glob("*")}

    def describe(self, records: Iterable[DocumentRecord]) -> None:
        """Write down what documents are called and where they came from, where that is not written yet or has changed.

        What the disk refuses is left for the next opening: it is needed only when the record is lost.
        """
        if self._is_read_only:
            return
        with suppress(OSError):
            self._about.mkdir(exist_ok=True, mode=0o700)
            for record in records:
                file = self._about / f"{record.id}.json"
                about = {"name": record.name, "sources": list(record.sources), "password": record.password, "added": record.added}
                words = json.dumps({"schema": 1, **about})
                if not file.exists() or file.read_text(encoding="utf-8") != words:
                    unfinished = file.with_suffix(PARTIAL)
                    unfinished.write_text(words, encoding="utf-8")
                    unfinished.replace(file)

    def describe_missing(self, records: Mapping[str, DocumentRecord]) -> None:
        """As `describe`, of those alone of which nothing is written."""
        if records and not self._is_read_only:
            described = {file.stem for file in self._about.glob("*.json")}
            self.describe(record for id_, record in records.items() if id_ not in described)

    def set_aside(self, document_id: str) -> None:
        """Say that a document is being removed: should that be cut short, the next opening deletes its file, unless its record is there."""
        for file in self._folder.glob(f"{document_id}.*"):
            if file.suffix not in {PARTIAL, REMOVED}:
                file.rename(file.with_name(file.name + REMOVED))

    def discard(self, document_id: str) -> None:
        """Delete a document's file, and what is written about it."""
        for file in (*self._folder.glob(f"{document_id}.*"), self._about / f"{document_id}.json"):
            file.unlink(missing_ok=True)

    def problem(self, record: DocumentRecord) -> str:
        """What is wrong with the copy of a document's file, by its size alone: "missing", "cut" or ""."""
        try:
            size = self.path(record.id, record.media_type).stat().st_size
        except OSError:
            return "missing"
        return "" if size == record.size else "cut"

    def changed(self, record: DocumentRecord) -> str:
        """As `problem`, by every byte: "changed" too."""
        return self.problem(record) or ("" if _is_copy(self.path(record.id, record.media_type), record.id) else "changed")

    def orphans(self, known: Container[str]) -> list[Orphan]:
        """The files of documents that are not known, in the order they were added. Ends first what a crash left half-done."""
        found = []
        for file in sorted(self._folder.glob("*")):
            document_id = file.name.partition(".")[0]
            if self._is_read_only or file.is_dir():
                continue
            if file.suffix == PARTIAL or (file.suffix == REMOVED and document_id not in known):
                file.unlink(missing_ok=True)
            elif file.suffix == REMOVED:
                file.rename(file.with_suffix(""))
            elif document_id not in known:
                found.append(self._orphan(file, document_id))
        return sorted(found, key=lambda orphan: (orphan.added, orphan.name))

    def isolate(self, orphan: Orphan) -> Path:
        """Move a file without a record to the quarantine, under its name.

        Returns:
            Where it is now.

        Raises:
            StorageError: The disk refused.
        """
        try:
            folder = self.quarantine / orphan.id
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            about = self._about / f"{orphan.id}.json"
            if about.exists():
                about.replace(folder / "about.json")
            target = folder / (Path(orphan.name).name or orphan.id)
            orphan.path.replace(target)
            os.utime(folder)
        except OSError as error:
            raise StorageError(f"{orphan.path} could not be moved to the quarantine: {error.strerror}.") from error
        return target

    def isolated(self) -> list[Orphan]:
        """The files in the quarantine."""
        found = []
        for folder in sorted(self.quarantine.glob("[0-9a-f]" * 64)):
            about = _read_about(folder / "about.json")
            found += [
                Orphan(file, folder.name, file.name, about.sources, about.password, about.added)
                for file in folder.iterdir()
                if file.name != "about.json"
            ]
        return found

    def tidy_quarantine(self, known: Container[str]) -> None:
        """Delete from the quarantine what has been there for 30 days, and what is a document again."""
        oldest = time.time() - DAYS_IN_QUARANTINE * 86_400
        for folder in self.quarantine.glob("*") if not self._is_read_only else ():
            with suppress(OSError):
                if folder.name in known or folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder)

    def _orphan(self, file: Path, document_id: str) -> Orphan:
        about = _read_about(self._about / f"{document_id}.json")
        name = about.name or f"recovered-{document_id[:8]}{file.suffix}"
        return Orphan(file, document_id, name, about.sources, about.password, about.added)


@dataclass(frozen=True, slots=True)
class _About:
    name: str = ""
    sources: tuple[str, ...] = ()
    password: str = field(default="", repr=False)
    added: str = ""


def _read_about(file: Path) -> _About:
    """What is written about a file; nothing where that is missing or damaged."""
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        return _About(str(about["name"]), tuple(map(str, about["sources"])), str(about["password"]), str(about["added"]))
    except (OSError, ValueError, KeyError, TypeError):
        return _About()


def _is_copy(file: Path, document_id: str) -> bool:
    try:
        return hash_file(file) == document_id
    except UnreadableFileError:
        return False


def _blocks(file: Path) -> Iterator[bytes]:
    """A file's bytes.

    Raises:
        UnreadableFileError: It vanished, or cannot be read any more.
    """
    try:
        with file.open("rb") as source:
            while block := source.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise unreadable(file, error) from error
