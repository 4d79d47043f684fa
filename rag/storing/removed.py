"""Removed documents: `removed/ID/about.json`, and `file` beside it where they can be brought back for a day.

One that a person removed while its file is in its place has no file there: it is noted, so that watched folders leave it out.
"""

import json
import os
import shutil
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

from rag.errors import LibraryDamagedError, NewerSchemaError, storage_errors
from rag.storing.schema import check_version
from rag.types import DocumentRecord, RemovedDocument

SCHEMA = 2  # of the files that describe; 1 had no "left_out"
SECONDS_KEPT = 86_400
_ABOUT, _FILE = "about.json", "file"


class RemovedFiles:
    """A folder of the files of removed documents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, file: Path, record: DocumentRecord) -> None:
        """Keep a document's file. It is there whole as soon as it is described. StorageError where the disk fails."""
        folder = self._folder / record.id
        with storage_errors(f"The file of {record.name} could not be kept"):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            folder.mkdir(exist_ok=True)
            (folder / _FILE).unlink(missing_ok=True)
            try:
                os.link(file, folder / _FILE)
            except OSError:  # no links there
                shutil.copyfile(file, folder / _FILE)
            self._describe(record, is_left_out=False)

    def leave_out(self, record: DocumentRecord) -> None:
        """Note that a person removed a document whose file is still in its place. StorageError where the disk fails."""
        with storage_errors(f"The removal of {record.name} could not be noted"):
            self._folder.mkdir(exist_ok=True, mode=0o700)
            (self._folder / record.id).mkdir(exist_ok=True)
            self._describe(record, is_left_out=True)

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

    def _describe(self, record: DocumentRecord, *, is_left_out: bool) -> None:
        described = {"name": record.name, "sources": list(record.sources), "password": "" if is_left_out else record.password}
        fields = {"schema": SCHEMA, **described, "removed": time.time(), "left_out": is_left_out, "metadata": dict(record.metadata)}
        (self._folder / record.id / _ABOUT).write_text(json.dumps(fields), encoding="utf-8")

    def _read(self) -> Iterator[tuple[RemovedDocument, bool]]:
        """Each, and whether it is left out."""
        for about in self._folder.glob(f"{'[0-9a-f]' * 64}/{_ABOUT}"):
            with suppress(OSError, ValueError, TypeError, KeyError, NewerSchemaError, LibraryDamagedError):
                fields = json.loads(about.read_text(encoding="utf-8"))
                check_version(fields.get("schema"), SCHEMA, f"The description of a removed file ({about.parent.name})")
                removed = RemovedDocument(
                    id=about.parent.name,
                    name=str(fields["name"]),
                    sources=tuple(map(str, fields["sources"])),
                    removed=float(fields["removed"]),
                    password=str(fields["password"]),
                    metadata=dict(fields.get("metadata", {})),
                )
                yield removed, fields.get("left_out") is True
