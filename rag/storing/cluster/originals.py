"""Documents' files in a cluster: the bucket is their place, and the library's folder a cache.

originals/ID.suffix       a document's file
about/ID.json             its name and sources
ocr/ID/PAGE.json.gz       what OCR read on a page
unfinished/ID.adding      it has no record yet; a writer that takes over adds it again, or isolates it
unfinished/ID.removing    it may have no record any more; a writer that takes over deletes it then
quarantine/ID/            a file without a record, and about.json, for 30 days

What is unfinished is written down, so that no writer has to list a million files when it opens the library.
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from rag.errors import NewerSchemaError, StorageError, UnreadableFileError
from rag.files import hash_file
from rag.formats.registry import format_of
from rag.storing.cluster.bucket import PARTIAL, Bucket
from rag.storing.cluster.file_cache import FileCache
from rag.storing.originals import DAYS_IN_QUARANTINE, REMOVED, Originals, Orphan, about_fields, blocks_of, described, orphan_of
from rag.types import DocumentRecord

log = logging.getLogger(__name__)

SECONDS_KNOWN = 600  # a file that was there then is taken to be there still
MOST_KNOWN = 100_000
LOCKS = 64  # so many files at most are fetched at once
OCR_ENDING = ".json.gz"


class SharedOriginals(Originals):
    """Documents' files in a bucket. Thread-safe. Whatever asks the bucket raises `StorageError`, but what may wait for another time."""

    def __init__(
        self, bucket: Bucket, folder: Path, *, is_writer: Callable[[], bool] = lambda: True, most_bytes: int | None = None
    ) -> None:
        """Ask nothing of the bucket yet. `is_writer` says whether this process may change what is there, `most_bytes` is of the cache."""
        super().__init__(folder)
        self._bucket = bucket
        self._is_writer = is_writer
        self._cache = FileCache(self._folder, self._ocr, most_bytes=most_bytes)
        self._locks = [threading.Lock() for _ in range(LOCKS)]
        self._known: dict[str, tuple[int, float]] = {}  # the sizes of files that were there, and when
        self._problems: dict[str, str] = {}  # as `problem` tells them
        self._ocr_seen: dict[str, object] = {}  # what the record said of OCR when its pages were last fetched

    def path(self, document_id: str, media_type: str) -> Path:
        """Where a document's file lies on this machine, fetched if need be; nowhere yet where the bucket has none.

        It stays for some minutes. Raises `UnreadableFileError` where the file in the bucket is not the one that was stored.
        """
        name = self.name(document_id, media_type)
        file = self._folder / name
        if not self._cache.use(file):
            with self._lock(document_id):
                if not self._cache.use(file):  # else another thread has fetched it
                    self._fetch(document_id, name, file)
        return file

    def name(self, document_id: str, media_type: str) -> str:
        """What a document's file is called."""
        if suffixes := format_of(media_type).suffixes:
            return f"{document_id}{suffixes[0]}"
        found = next((each.name for each in self._bucket.list(f"originals/{document_id}")), document_id)
        return found.removeprefix("originals/")

    def ocr(self, document_id: str, record: DocumentRecord | None = None) -> Path:
        """The folder on this machine where what OCR read lies, fetched if need be: with a record, if that has changed since."""
        folder = super().ocr(document_id)
        state = record and (record.ocr_pages, record.ocr_waiting, record.ocr_failed, record.ocr_total)
        if state and not any(state):  # OCR has nothing of it
            return folder
        if record and folder.exists() and self._ocr_seen.get(document_id) == state:
            return folder
        for each in self._bucket.list(f"ocr/{document_id}/"):
            file = folder / PurePosixPath(each.name).name
            if not file.exists():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._bucket.get_file(each.name, file)
                self._cache.added(each.size)
        if record:
            self._ocr_seen[document_id] = state
        return folder

    def keep_ocr(self, document_id: str) -> None:
        """Store what OCR has read of a document and is not stored yet."""
        stored = {each.name for each in self._bucket.list(f"ocr/{document_id}/")}
        for file in sorted(super().ocr(document_id).glob(f"*{OCR_ENDING}")):
            if (name := f"ocr/{document_id}/{file.name}") not in stored:
                self._bucket.put_file(file, name)

    def lacks_ocr(self, record: DocumentRecord) -> bool:
        """See `Originals`."""
        if not record.ocr_pages:
            return False
        kept = {PurePosixPath(each.name).name.partition(".")[0] for each in self._bucket.list(f"ocr/{record.id}/")}
        return not kept.issuperset(map(str, record.ocr_pages))

    def keep(self, file: Path, document_id: str, media_type: str) -> bool:
        """Store a file, and return when it is in the bucket: see `Originals`."""
        name = self.name(document_id, media_type)
        self._folder.mkdir(exist_ok=True)
        partial = self._folder / f"{os.urandom(8).hex()}{PARTIAL}"
        try:
            digest = hashlib.sha256()
            with partial.open("wb") as copy:
                for block in blocks_of(file):
                    digest.update(block)
                    copy.write(block)
            if digest.hexdigest() != document_id:
                raise UnreadableFileError(f"{file.name} was changed while it was read. Add it again.")
            size = partial.stat().st_size
            if self._is_writer():
                self._bucket.write(f"unfinished/{document_id}.adding", b"")
            found = self._bucket.find(f"originals/{name}")
            is_new = found is None or found.size != size or self._problems.get(document_id) == "changed"
            if is_new:
                self._bucket.put_file(partial, f"originals/{name}")
            partial.replace(self._folder / name)
        finally:
            partial.unlink(missing_ok=True)
        self._note(document_id, size)
        self._cache.added(size)
        return is_new

    def settle(self, document_ids: Iterable[str]) -> None:
        """See `Originals`. What the bucket refuses is done by the next opening."""
        if self._is_writer():
            with suppress(StorageError):
                self._bucket.delete(*(f"unfinished/{id_}.adding" for id_ in document_ids))

    def abandon(self, document_id: str) -> None:
        """Leave a file for the next opening to look at: another writer may have taken over, and added the same."""

    def move_in(self) -> None:
        """Store what a library of one machine has here, before it becomes one of the cluster; what is there already is left."""
        for part in ("originals", "about", "ocr", "removed"):
            folder, stored = self._folder.with_name(part), {each.name: each.size for each in self._bucket.list(f"{part}/")}
            for file in sorted(folder.rglob("*")):
                name = f"{part}/{file.relative_to(folder).as_posix()}"
                if file.is_file() and file.suffix not in {PARTIAL, REMOVED} and stored.get(name) != file.stat().st_size:
                    self._bucket.put_file(file, name)

    @property
    def are_described(self) -> bool:
        """See `Originals`."""
        return True

    def ids(self) -> set[str]:
        """See `Originals`; nobody needs them here, where there may be millions."""
        return set()

    def describe(self, records: Iterable[DocumentRecord]) -> None:
        """See `Originals`. What the bucket refuses is left for the next time that the record changes."""
        if not self._is_writer():
            return
        for record in records:
            name = f"about/{record.id}.json"
            try:
                with suppress(NewerSchemaError):
                    known = about_fields(self._bucket.read(name), name)
                    if known != (fields := described(record, known)):
                        self._bucket.write(name, json.dumps(fields).encode())
            except StorageError as error:
                log.warning("The description of %s could not be stored: %s", record.name, error)

    def describe_missing(self, records: Mapping[str, DocumentRecord]) -> None:
        """See `Originals`; each was described when its file was stored."""

    def set_aside(self, document_id: str) -> None:
        """See `Originals`."""
        self._bucket.write(f"unfinished/{document_id}.removing", b"")

    def discard(self, document_id: str) -> None:
        """Delete a document's file, its description, and what OCR read of it, in the bucket and here."""
        files = [each.name for begin in (f"originals/{document_id}", f"ocr/{document_id}/") for each in self._bucket.list(begin)]
        self._bucket.delete(*files, f"about/{document_id}.json")
        self._bucket.delete(*(f"unfinished/{document_id}.{ending}" for ending in ("adding", "removing")))
        self.drop_copy(document_id)

    def drop_copy(self, document_id: str) -> None:
        """Delete what this machine has of a document, which was removed."""
        for known in (self._known, self._problems, self._ocr_seen):
            known.pop(document_id, None)
        self._cache.drop(document_id)

    def problem(self, record: DocumentRecord) -> str:
        """See `Originals`; a file that was seen some minutes ago is taken to be there."""
        if record.id in self._problems:
            return self._problems[record.id]
        known = self._known.get(record.id)
        if known is None or time.monotonic() - known[1] > SECONDS_KNOWN:
            found = self._bucket.find(f"originals/{self.name(record.id, record.media_type)}")
            if found is None:
                return "missing"
            known = self._note(record.id, found.size)
        return "" if known[0] == record.size else "cut"

    def changed(self, record: DocumentRecord) -> str:
        """As `problem`: the bytes are compared whenever a file is fetched."""
        return self.problem(record)

    def problems(self, records: Iterable[DocumentRecord], *, is_thorough: bool = False) -> list[tuple[DocumentRecord, str]]:
        """See `Originals`. What was noticed when files were fetched; a thorough look lists all files, and compares their sizes."""
        if not is_thorough:
            return [(record, self._problems[record.id]) for record in records if record.id in self._problems]
        sizes = {_id(each.name): each.size for each in self._bucket.list("originals/")}
        told = []
        for record in records:
            size = sizes.get(record.id)
            if problem := "missing" if size is None else "cut" if size != record.size else self._problems.get(record.id, ""):
                told.append((record, problem))
        return told

    def changed_at(self, record: DocumentRecord) -> float:
        """See `Originals`."""
        found = self._bucket.find(f"originals/{self.name(record.id, record.media_type)}")
        return found.changed if found else 0.0

    def orphans(self, known: Container[str], awaited: Collection[str] = ()) -> list[Orphan]:
        """The files of documents that were not finished, or are awaited, and are unknown. All files, where no document is known."""
        if not self._is_writer():
            return []
        markers = {each.name: _id(each.name) for each in self._bucket.list("unfinished/")}
        for name, document_id in markers.items():
            if document_id not in known and name.endswith(".removing"):
                self.discard(document_id)
        self._bucket.delete(*[name for name, document_id in markers.items() if document_id in known])
        unknown = {document_id for document_id in (*markers.values(), *awaited) if document_id not in known}
        begins = [f"originals/{document_id}" for document_id in unknown] if known else ["originals/"]
        found = [self._orphan(each.name, "about/{}.json") for begin in begins for each in self._bucket.list(begin)]
        return sorted(found, key=lambda orphan: (orphan.added, orphan.name))

    def fetch(self, orphan: Orphan) -> None:
        """See `Originals`."""
        if not self._cache.use(orphan.path):
            orphan.path.parent.mkdir(parents=True, exist_ok=True)
            self._bucket.get_file(orphan.stored, orphan.path)

    def isolate(self, orphan: Orphan) -> Path:
        """Move a file without a record to the quarantine in the bucket; return where it would be on this machine."""
        self._bucket.copy(f"about/{orphan.id}.json", f"quarantine/{orphan.id}/about.json")
        for each in list(self._bucket.list(f"originals/{orphan.id}")):
            self._bucket.copy(each.name, f"quarantine/{orphan.id}/{PurePosixPath(each.name).name}")
        self.discard(orphan.id)
        return self.quarantine / orphan.id

    def isolated(self) -> list[Orphan]:
        """See `Originals`; `fetch` brings their files here."""
        files = [each.name for each in self._bucket.list("quarantine/") if PurePosixPath(each.name).name != "about.json"]
        return [self._orphan(name, "quarantine/{}/about.json") for name in files]

    def release(self, orphan: Orphan) -> None:
        """See `Originals`."""
        self._bucket.delete(*[each.name for each in self._bucket.list(f"quarantine/{orphan.id}/")])

    def tidy_quarantine(self, known: Container[str]) -> None:
        """See `Originals`; OCR of documents that were never added is not stored."""
        super().tidy_quarantine(known)  # what this machine set aside
        if self._is_writer():
            oldest = time.time() - DAYS_IN_QUARANTINE * 86_400
            kept = list(self._bucket.list("quarantine/"))
            self._bucket.delete(*[each.name for each in kept if each.changed < oldest or PurePosixPath(each.name).parts[1] in known])

    def _orphan(self, name: str, about: str) -> Orphan:
        document_id = _id(name)
        fields = about_fields(self._bucket.read(about.format(document_id)), document_id)
        return replace(orphan_of(self._folder / PurePosixPath(name).name, document_id, fields), stored=name)

    def _fetch(self, document_id: str, name: str, file: Path) -> None:
        """Fetch a file, and see that it is the one that was stored; one that is missing is noted."""
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{os.urandom(8).hex()}{PARTIAL}")
        try:
            if not self._bucket.get_file(f"originals/{name}", partial):
                self._problems[document_id] = "missing"
                return
            size = partial.stat().st_size
            if hash_file(partial) != document_id:
                self._problems[document_id] = "changed"
                raise UnreadableFileError(f"The file {name} in {self._bucket.address} is damaged. Add the document's file again.")
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        self._note(document_id, size)
        self._cache.added(size)

    def _note(self, document_id: str, size: int) -> tuple[int, float]:
        """Remember that a document's file is there, with its size and the time."""
        self._problems.pop(document_id, None)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        known = self._known[document_id] = size, time.monotonic()
        return known

    def _lock(self, document_id: str) -> threading.Lock:
        return self._locks[hash(document_id) % LOCKS]


def _id(name: str) -> str:
    """The document in the name of a stored file."""
    return PurePosixPath(name).name.partition(".")[0]
