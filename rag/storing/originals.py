"""The library's copies of files, by content hash, so that a citation can always open its page and a lost index can be rebuilt.

Beside them, `about/` has the name and sources of each, `ocr/` what OCR read on the pages of some, and `quarantine/` keeps files without
a record for 30 days.
"""

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rag.errors import LibraryDamagedError, NewerSchemaError, UnreadableFileError, storage_errors
from rag.files import hash_file, unreadable
from rag.formats.registry import format_of
from rag.storing.schema import check_version
from rag.types import DocumentRecord, MetadataValue

log = logging.getLogger(__name__)

SCHEMA = 1  # of the files in `about`
BLOCK_BYTES = 1 << 20

PARTIAL = ".partial"  # ends the name of a copy that is not whole yet
REMOVED = ".removed"  # ends the name of a file whose document is being removed
DAYS_IN_QUARANTINE = 30


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file without a record: `id` is the SHA-256 in its name, unchecked; the rest as in `DocumentRecord`, as far as it is known."""

    path: Path
    id: str
    name: str
    sources: tuple[str, ...]
    password: str = field(repr=False)
    added: str
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    stored: str = ""  # in a cluster: what it is called in the bucket; it is at `path` after `Originals.fetch`

    @property
    def is_known(self) -> bool:
        """Whether it was a document once: a file whose adding was interrupted was not."""
        return bool(self.sources)


class Originals:
    """A folder of files named by their documents' ids."""

    def __init__(self, folder: Path, *, is_read_only: bool = False) -> None:
        self._folder = folder
        self._about = folder.with_name("about")
        self._ocr = folder.with_name("ocr")
        self.quarantine = folder.with_name("quarantine")
        self._is_read_only = is_read_only

    def path(self, document_id: str, media_type: str) -> Path:
        """Where a document's file lies, or would lie."""
        return self._folder / self.name(document_id, media_type)

    def name(self, document_id: str, media_type: str) -> str:
        """What a document's file is called."""
        suffixes = format_of(media_type).suffixes or [file.suffix for file in self._folder.glob(f"{document_id}.*")]
        return f"{document_id}{suffixes[0] if suffixes else ''}"

    def ocr(self, document_id: str, record: DocumentRecord | None = None) -> Path:  # noqa: ARG002 - see `SharedOriginals`
        """The folder where what OCR reads on a document's pages lies, or would lie: `rag.formats.ocr.file` writes it."""
        return self._ocr / document_id

    def keep_ocr(self, document_id: str) -> None:
        """Store what OCR has read of a document by now: on one machine it is in its place."""

    def new_ocr(self, record: DocumentRecord) -> Path:
        """The same, made where it is not there: OCR writes nothing of a document that was removed, whose folder is gone."""
        folder = self.ocr(record.id)
        with storage_errors(f"OCR of {record.name} cannot be kept"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def lacks_ocr(self, record: DocumentRecord) -> bool:
        """Whether what OCR read is lost, of some page."""
        kept = {file.name.partition(".")[0] for file in self.ocr(record.id).glob("*.json.gz")}
        return not kept.issuperset(map(str, record.ocr_pages))

    def keep(self, file: Path, document_id: str, media_type: str) -> bool:
        """Copy a file in, whole or not at all, in place of a copy that has been cut or changed; return whether it was not there before.

        Raises `UnreadableFileError` where the file has changed since its hash was taken.
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
                for block in blocks_of(file):
                    digest.update(block)
                    copy.write(block)
            if digest.hexdigest() != document_id:
                raise UnreadableFileError(f"{file.name} was changed while it was read. Add it again.")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return True

    def settle(self, document_ids: Iterable[str]) -> None:
        """Note that documents have their records."""

    def abandon(self, document_id: str) -> None:
        """Delete a file that was just kept, and whose document could not be stored."""
        self.discard(document_id)

    def move_in(self) -> None:
        """Store what lies here where the servers of a cluster find it."""

    @property
    def are_described(self) -> bool:
        """Whether the folder `about` is there; an older library has none."""
        return self._about.is_dir()

    def ids(self) -> set[str]:
        """The ids of all files."""
        return {file.name.partition(".")[0] for file in self._folder.glob("*")}

    def describe(self, records: Iterable[DocumentRecord]) -> None:
        """Write documents' names, sources and metadata, where they are not written yet or have changed; unknown fields of a file stay.

        What the disk refuses is left for the next opening: it is needed only when the record is lost.
        """
        if self._is_read_only:
            return
        with suppress(OSError):
            self._about.mkdir(exist_ok=True, mode=0o700)
            for record in records:
                file = self._about / f"{record.id}.json"
                try:
                    known = _read_fields(file)
                except NewerSchemaError:
                    continue
                if known != (fields := described(record, known)):
                    unfinished = file.with_suffix(PARTIAL)
                    unfinished.write_text(json.dumps(fields), encoding="utf-8")
                    unfinished.replace(file)

    def describe_missing(self, records: Mapping[str, DocumentRecord]) -> None:
        """As `describe`, for those alone that have no file in `about`."""
        if records and not self._is_read_only:
            described = {file.stem for file in self._about.glob("*.json")}
            self.describe(record for id_, record in records.items() if id_ not in described)

    def set_aside(self, document_id: str) -> None:
        """Mark a document as being removed: after an interruption, the next opening deletes its file, unless its record is there."""
        for file in self._folder.glob(f"{document_id}.*"):
            if file.suffix not in {PARTIAL, REMOVED}:
                file.rename(file.with_name(file.name + REMOVED))

    def discard(self, document_id: str) -> None:
        """Delete a document's file, its description, and what OCR read of it."""
        shutil.rmtree(self.ocr(document_id), ignore_errors=True)
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
        """As `problem`, by every byte: also "changed"."""
        return self.problem(record) or ("" if _is_copy(self.path(record.id, record.media_type), record.id) else "changed")

    def problems(self, records: Iterable[DocumentRecord], *, is_thorough: bool = False) -> list[tuple[DocumentRecord, str]]:
        """The documents with something wrong with their copies, and what: as `problem`, or as `changed` where it `is_thorough`."""
        told = ((record, self.changed(record) if is_thorough else self.problem(record)) for record in records)
        return [(record, problem) for record, problem in told if problem]

    def changed_at(self, record: DocumentRecord) -> float:
        """When the copy of a document's file was last changed, in seconds since 1970; 0 where it is missing."""
        try:
            return self.path(record.id, record.media_type).stat().st_mtime
        except OSError:
            return 0.0

    def drop_copy(self, document_id: str) -> None:
        """Delete what this machine has of a document that another one has removed: nothing, where there is one machine."""

    def orphans(self, known: Container[str], awaited: Collection[str] = ()) -> list[Orphan]:  # noqa: ARG002 - see `SharedOriginals`
        """The files of unknown documents, in the order they were added. Finishes first what a crash interrupted."""
        found = []
        for file in sorted(self._folder.glob("*")):
            document_id = file.name.partition(".")[0]
            if self._is_read_only or file.is_dir():
                continue
            if file.suffix == PARTIAL:
                file.unlink(missing_ok=True)
            elif file.suffix == REMOVED and document_id not in known:
                shutil.rmtree(self.ocr(document_id), ignore_errors=True)
                file.unlink(missing_ok=True)
            elif file.suffix == REMOVED:
                file.rename(file.with_suffix(""))
            elif document_id not in known:
                found.append(orphan_of(file, document_id, _read_fields(self._about / f"{document_id}.json")))
        return sorted(found, key=lambda orphan: (orphan.added, orphan.name))

    def fetch(self, orphan: Orphan) -> None:
        """See that a file without a record is on this machine."""

    def isolate(self, orphan: Orphan) -> Path:
        """Move a file without a record to the quarantine, under its name; return where it is now."""
        with storage_errors(f"{orphan.path} could not be moved to the quarantine"):
            folder = self.quarantine / orphan.id
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            about = self._about / f"{orphan.id}.json"
            if about.exists():
                about.replace(folder / "about.json")
            target = folder / (Path(orphan.name).name or orphan.id)
            orphan.path.replace(target)
            os.utime(folder)
        return target

    def isolated(self) -> list[Orphan]:
        """The files in the quarantine."""
        found = []
        for folder in sorted(self.quarantine.glob("[0-9a-f]" * 64)):
            files = [file for file in folder.iterdir() if file.name != "about.json"]
            fields = _read_fields(folder / "about.json")
            found += [replace(orphan_of(file, folder.name, fields), name=file.name) for file in files]
        return found

    def release(self, orphan: Orphan) -> None:
        """Delete a file from the quarantine, which is a document again."""
        shutil.rmtree(orphan.path.parent, ignore_errors=True)

    def tidy_quarantine(self, known: Container[str]) -> None:
        """Delete from the quarantine what has been there for 30 days, and what is a document again; and OCR of files never added."""
        oldest = time.time() - DAYS_IN_QUARANTINE * 86_400
        for folder in self._ocr.glob("*") if not self._is_read_only else ():
            with suppress(OSError):
                if folder.name not in known and folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder)
        for folder in self.quarantine.glob("*") if not self._is_read_only else ():
            with suppress(OSError):
                if folder.name in known or folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder)


def orphan_of(file: Path, document_id: str, fields: Mapping[str, Any]) -> Orphan:
    """A file with its description, as far as that can be read."""
    sources = fields.get("sources", ())
    return Orphan(
        path=file,
        id=document_id,
        name=str(fields.get("name") or f"recovered-{document_id[:8]}{file.suffix}"),
        sources=tuple(map(str, sources)) if isinstance(sources, list) else (),
        password=str(fields.get("password", "")),
        added=str(fields.get("added", "")),
        metadata=metadata if isinstance(metadata := fields.get("metadata"), dict) else {},
    )


def described(record: DocumentRecord, known: Mapping[str, Any]) -> dict[str, Any]:
    """What is written of a document in `about`, beside fields of a file that this program does not know."""
    told: dict[str, Any] = {"name": record.name, "sources": list(record.sources), "added": record.added}
    return {**known, "schema": SCHEMA, **told, "password": record.password, "metadata": dict(record.metadata)}


def _read_fields(file: Path) -> dict[str, Any]:
    """A file of `about`, as `about_fields` tells it."""
    try:
        return about_fields(file.read_bytes(), file.name)
    except OSError:
        return {}


def about_fields(content: bytes | None, name: str) -> dict[str, Any]:
    """What a file of `about` holds; {} where it is missing or damaged, `NewerSchemaError` where a newer program wrote it."""
    try:
        fields: dict[str, Any] = {**json.loads(content or b"")}
        check_version(fields.get("schema"), SCHEMA, f"The description of a file ({name})")
    except (ValueError, TypeError, LibraryDamagedError):
        return {}
    return fields


def _is_copy(file: Path, document_id: str) -> bool:
    with suppress(UnreadableFileError):
        return hash_file(file) == document_id
    return False


def blocks_of(file: Path) -> Iterator[bytes]:
    """A file's bytes; `UnreadableFileError` where it vanished or cannot be read."""
    try:
        with file.open("rb") as source:
            while block := source.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise unreadable(file, error) from error
