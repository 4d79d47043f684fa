"""Removed documents: `removed/ID/about.json`, and `file` beside it where they can be brought back for a day.

One that a person removed while its file is in its place has no file there: it is noted, so that watched folders leave it out.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from rag.errors import LibraryDamagedError, NewerSchemaError, UnreadableFileError, storage_errors
from rag.files import hash_file
from rag.storing.cluster.bucket import Bucket, Stored
from rag.storing.originals import Originals
from rag.storing.schema import check_version
from rag.types import DocumentRecord, RemovedDocument

SCHEMA = 2  # of the files that describe; 1 had no "left_out"
SECONDS_KEPT = 86_400
SECONDS_LISTED = 10.0  # how long a list of what is in a bucket is taken to be true
_ABOUT, _FILE = "about.json", "file"


class RemovedFiles:
    """A folder of the files of removed documents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, originals: Originals, record: DocumentRecord) -> None:
        """Keep a document's file. It is there whole as soon as it is described. StorageError where the disk fails."""
        file, folder = originals.path(record.id, record.media_type), self._folder / record.id
        with storage_errors(f"The file of {record.name} could not be kept"):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            folder.mkdir(exist_ok=True)
            (folder / _FILE).unlink(missing_ok=True)
            try:
                os.link(file, folder / _FILE)
            except OSError:  # no links there
                shutil.copyfile(file, folder / _FILE)
            self._write(record.id, _described(record, is_left_out=False))

    def leave_out(self, record: DocumentRecord) -> None:
        """Note that a person removed a document whose file is still in its place. StorageError where the disk fails."""
        with storage_errors(f"The removal of {record.name} could not be noted"):
            self._write(record.id, _described(record, is_left_out=True))

    def left_out(self, known: Container[str]) -> list[RemovedDocument]:
        """What was noted so, without documents that are there again."""
        return [each for each, is_left_out in self._read() if is_left_out and each.id not in known]

    def documents(self, known: Container[str]) -> list[RemovedDocument]:
        """What can be brought back, the newest first, without documents that are there again."""
        since = time.time() - SECONDS_KEPT
        found = [each for each, is_left_out in self._read() if not is_left_out and each.id not in known and each.removed > since]
        return sorted(found, key=lambda each: -each.removed)

    def path(self, document_id: str) -> Path:
        """The file of a removed document."""
        return self._folder / document_id / _FILE

    def tidy(self, known: Container[str]) -> None:
        """Delete what has been kept for a day, and what is a document again."""
        kept = {each.id for each in (*self.documents(known), *self.left_out(known))}
        for folder in self._folder.glob("*"):
            if folder.name not in kept and (folder / _ABOUT).exists():
                with suppress(OSError):
                    shutil.rmtree(folder)

    def _write(self, document_id: str, about: str) -> None:
        self._folder.mkdir(exist_ok=True, mode=0o700)
        (self._folder / document_id).mkdir(exist_ok=True)
        (self._folder / document_id / _ABOUT).write_text(about, encoding="utf-8")

    def _abouts(self) -> Iterator[tuple[str, str]]:
        """Each document's id, with what was written of it."""
        for about in self._folder.glob(f"{'[0-9a-f]' * 64}/{_ABOUT}"):
            with suppress(OSError, ValueError):
                yield about.parent.name, about.read_text(encoding="utf-8")

    def _read(self) -> Iterator[tuple[RemovedDocument, bool]]:
        """Each, and whether it is left out."""
        for document_id, about in self._abouts():
            with suppress(ValueError, TypeError, KeyError, NewerSchemaError, LibraryDamagedError):
                fields = json.loads(about)
                check_version(fields.get("schema"), SCHEMA, f"The description of a removed file ({document_id})")
                removed = RemovedDocument(
                    id=document_id,
                    name=str(fields["name"]),
                    sources=tuple(map(str, fields["sources"])),
                    removed=float(fields["removed"]),
                    password=str(fields["password"]),
                    metadata=dict(fields.get("metadata", {})),
                )
                yield removed, fields.get("left_out") is True


class SharedRemovedFiles(RemovedFiles):
    """The files of removed documents in a cluster: in its bucket, and what is brought back on this machine for a while."""

    def __init__(self, bucket: Bucket, folder: Path, is_writer: Callable[[], bool] = lambda: True) -> None:
        """Ask nothing of the bucket yet. `is_writer` says whether this process may change what is there."""
        super().__init__(folder)
        self._bucket = bucket.within("removed")
        self._whole_bucket = bucket
        self._is_writer = is_writer
        self._known: dict[Stored, str] = {}
        self._listed = -SECONDS_LISTED

    def keep(self, originals: Originals, record: DocumentRecord) -> None:
        """See `RemovedFiles`."""
        name = originals.name(record.id, record.media_type)
        if self._whole_bucket.copy(f"originals/{name}", f"removed/{record.id}/{_FILE}"):
            self._write(record.id, _described(record, is_left_out=False))

    def path(self, document_id: str) -> Path:
        """See `RemovedFiles`. Raises `UnreadableFileError` where the file in the bucket is not the one that was stored."""
        file = super().path(document_id)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._bucket.get_file(f"{document_id}/{_FILE}", file)
            if file.exists() and hash_file(file) != document_id:
                file.unlink()
                raise UnreadableFileError(f"The file of the removed document in {self._bucket.address} is damaged. Add it again yourself.")
        return file

    def tidy(self, known: Container[str]) -> None:
        """See `RemovedFiles`."""
        if self._is_writer():
            kept = {each.id for each in (*self.documents(known), *self.left_out(known))}
            if old := {document_id for document_id, _ in self._abouts()} - kept:
                self._bucket.delete(*(f"{document_id}/{name}" for document_id in old for name in (_ABOUT, _FILE)))
                self._listed = -SECONDS_LISTED
                for document_id in old:
                    shutil.rmtree(self._folder / document_id, ignore_errors=True)

    def _write(self, document_id: str, about: str) -> None:
        self._bucket.write(f"{document_id}/{_ABOUT}", about.encode())
        self._known = {stored: text for stored, text in self._known.items() if not stored.name.startswith(document_id)}
        self._listed = -SECONDS_LISTED

    def _abouts(self) -> Iterator[tuple[str, str]]:
        if time.monotonic() - self._listed > SECONDS_LISTED:
            known, now = self._known, time.monotonic()
            found = [stored for stored in self._bucket.list("") if PurePosixPath(stored.name).name == _ABOUT]
            texts = {stored: known[stored] if stored in known else self._text(stored) for stored in found}
            self._known, self._listed = texts, now
        for stored, text in self._known.items():
            yield PurePosixPath(stored.name).parts[0], text

    def _text(self, stored: Stored) -> str:
        return (self._bucket.read(stored.name) or b"").decode(errors="replace")


def _described(record: DocumentRecord, *, is_left_out: bool) -> str:
    described = {"name": record.name, "sources": list(record.sources), "password": "" if is_left_out else record.password}
    fields = {"schema": SCHEMA, **described, "removed": time.time(), "left_out": is_left_out, "metadata": dict(record.metadata)}
    return json.dumps(fields)
