"""Files of removed documents that can be brought back for a day: `removed/ID/file`, and what is known of it beside it."""

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

SCHEMA = 1  # of the files that describe
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
            described = {"name": record.name, "sources": list(record.sources), "password": record.password, "removed": time.time()}
            (folder / _ABOUT).write_text(json.dumps({"schema": SCHEMA, **described}), encoding="utf-8")

    def documents(self, known: Container[str]) -> list[RemovedDocument]:
        """What can be brought back, the newest first, without documents that are there again."""
        found = [each for each in self._read() if each.id not in known and each.removed > time.time() - SECONDS_KEPT]
        return sorted(found, key=lambda each: -each.removed)

    def path(self, document_id: str) -> Path:
        """The file of a removed document."""
        return self._folder / document_id / _FILE

    def tidy(self, known: Container[str]) -> None:
        """Delete what has been kept for a day, and what is a document again."""
        kept = {each.id for each in self.documents(known)}
        for folder in self._folder.glob("*"):
            if folder.name not in kept and (folder / _ABOUT).exists():
                with suppress(OSError):
                    shutil.rmtree(folder)

    def _read(self) -> Iterator[RemovedDocument]:
        for about in self._folder.glob(f"{'[0-9a-f]' * 64}/{_ABOUT}"):
            with suppress(OSError, ValueError, TypeError, KeyError, NewerSchemaError, LibraryDamagedError):
                fields = json.loads(about.read_text(encoding="utf-8"))
                check_version(fields.get("schema"), SCHEMA, f"The description of a removed file ({about.parent.name})")
                yield RemovedDocument(
                    id=about.parent.name,
                    name=str(fields["name"]),
                    sources=tuple(map(str, fields["sources"])),
                    removed=float(fields["removed"]),
                    password=str(fields["password"]),
                )
