"""Backups of a cluster while it works, and back into an empty one.

The tables are read in one transaction, so all that they say is of one moment. Chunks and files are read after that: none is ever changed,
and of a document that was changed or removed meanwhile the present record is taken, or nothing. The parts, in a folder of `BackupFolder`:

cluster.json                    what it is
database/SCHEMA/TABLE.jsonl     rows, as PostgreSQL tells them
chunks/SCHEMA/INDEX/ID.STAMPS   a document's chunks with their vectors, see `chunk_copy`
bucket/...                      files, by their names in the bucket: of documents, OCR, removed documents, uploads that wait
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rag.errors import LibraryError, StorageError, UnreadableFileError, storage_errors
from rag.files import hash_file
from rag.formats.registry import format_of
from rag.storing.backups import Backup, BackupFolder, backup_failures
from rag.storing.cluster import database_copy
from rag.storing.cluster.bucket import CLAIM, Bucket
from rag.storing.cluster.chunk_copy import ChunkCopier, StoredChunks, joined, read_chunks
from rag.storing.database import Database, sql
from rag.storing.originals import described
from rag.storing.record_rows import chunk_id, stamp_at
from rag.storing.schema import check_version, read_record
from rag.types import BackupPart, DocumentRecord

LAYOUT = 1  # of these parts
ABOUT = "cluster.json"
CHUNKS_AT_ONCE = 500  # read from the Chroma server, of several documents
FILES_AT_ONCE = 4
ATTEMPTS = 3  # to read a document that changes meanwhile
COPIED = (CLAIM, "removed/", "queue/")  # of the bucket, besides documents' files
LIBRARY = "_library"  # ends the name of the schema that has a library's records


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """What the servers of a cluster share."""

    database_url: str = field(repr=False)
    chroma_url: str
    chroma_token: str = field(repr=False)
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept: the parts, how many documents were removed meanwhile, and what is wrong, as sentences."""

    parts: tuple[BackupPart, ...]
    left_out: int
    problems: tuple[str, ...]


def is_of_cluster(backup: Backup) -> bool:
    """Whether a backup is one of a cluster."""
    return any(part.path == ABOUT for part in backup.parts)


def keep_cluster(place: ClusterPlace, folder: Path, tell: Callable[[str], None]) -> Kept:
    """Keep the parts of a cluster in a folder of backups, within its `writing`; `tell` hears what is read. Raises `StorageError`."""
    with ExitStack() as stack:
        stack.enter_context(backup_failures(folder))
        scratch = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix=".unfinished-")))
        copier = stack.enter_context(closing(ChunkCopier(place.chroma_url, place.chroma_token)))
        keeper = _Keeper(place, BackupFolder(folder), scratch, copier)
        tell("database")
        tables = list[tuple[str, str]]()

        def write(schema: str, table: str, lines: Iterable[str]) -> None:
            tables.append((schema, table))
            with _file(scratch, schema, table).open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in map(_without_secrets if table == "lease" else str, lines))

        database_copy.dump(place.database_url, write)
        if not tables:
            raise LibraryError("The database that RAG_DATABASE_URL names has nothing of Footnote. Start a server of the cluster first.")
        for schema in sorted({schema for schema, _ in tables if schema.endswith(LIBRARY)}):
            tell(f"library {_library_id(schema)}" if _library_id(schema) else "main library")
            keeper.keep_library(schema)
        for schema, table in tables:
            keeper.keep(_file(scratch, schema, table), f"database/{schema}/{table}.jsonl")
        about = scratch / ABOUT
        about.write_text(json.dumps({"layout": LAYOUT}), encoding="utf-8")
        keeper.keep(about, ABOUT)
        return Kept(tuple(keeper.parts.values()), keeper.left_out, tuple(keeper.problems))


def _file(scratch: Path, schema: str, table: str) -> Path:
    return scratch / f"{schema}.{table}.jsonl"


def _library_id(schema: str) -> str:
    """The library whose records a schema has; "" for the main one."""
    return schema.removeprefix("footnote").removesuffix(LIBRARY).strip("_")


def _files_of(bucket: Bucket, schema: str) -> tuple[Bucket, str]:
    """Where a library's files are, and what their names begin with in the whole bucket."""
    id_ = _library_id(schema)
    return (bucket.within(f"libraries/{id_}"), f"libraries/{id_}/") if id_ else (bucket, "")


def _without_secrets(line: str) -> str:
    """The row of the lease: nobody holds it where it is restored, and its number goes on."""
    return json.dumps({**json.loads(line), "holder": "", "host": "", "url": "", "token": "", "released": 1})


class _Keeper:
    """Keeps the parts of one backup. What an earlier one has is not read again."""

    def __init__(self, place: ClusterPlace, backups: BackupFolder, scratch: Path, copier: ChunkCopier) -> None:
        self._place = place
        self._backups = backups
        self._scratch = scratch
        self._copier = copier
        self._earlier: Mapping[str, BackupPart] = {}
        with suppress(UnreadableFileError, StorageError):
            self._earlier = {part.path: part for part in backups.read().parts if part.path.startswith(("chunks/", "bucket/"))}
        self.parts: dict[str, BackupPart] = {}
        self.left_out = 0
        self.problems: list[str] = []

    def keep(self, file: Path, path: str) -> None:
        """Keep a file as a part."""
        self._add(path, *self._backups.keep(file))

    def keep_library(self, schema: str) -> None:
        """Keep a library's chunks and files, and leave rows of documents that are gone by now out of its table."""
        bucket, begin = _files_of(self._place.bucket, schema)
        collections = {row["fingerprint"]: row["collection"] for row in _rows(_file(self._scratch, schema, "indexes"))}
        file, newest = _file(self._scratch, schema, "records"), 0
        unfinished = file.with_suffix(".new")
        with Database.schema(self._place.database_url, schema, "library") as database, unfinished.open("w", encoding="utf-8") as kept:
            documents = _Documents(self, database, bucket, begin, f"chunks/{schema}", collections)
            for batch in _batches(_rows(file)):
                for row in documents.kept(batch):
                    newest = max(newest, int(row["version"]))
                    kept.write(f"{json.dumps(row)}\n")
        unfinished.replace(file)
        library = _file(self._scratch, schema, "library")
        rows = [{**row, "version": max(newest, int(row["version"]))} for row in _rows(library)]
        library.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        for stored in (each for copied in COPIED for each in bucket.list(copied)):
            self.keep_file(bucket, stored.name, f"bucket/{begin}{stored.name}")

    def has(self, path: str) -> bool:
        """Take a part from an earlier backup, if that has it."""
        part = self._earlier.get(path)
        if part is None or not self._backups.path(part.sha256).exists():
            return False
        self.parts[path] = part
        return True

    def keep_file(self, bucket: Bucket, name: str, path: str, sha256: str = "") -> bool:
        """Keep a file of the bucket, which has this SHA-256 if one is given; whether it is there, as it should be."""
        if sha256 and (known := self._backups.path(sha256)).exists():
            self._add(path, sha256, known.stat().st_size)
            return True
        fetched = self._scratch / "fetched"
        if not bucket.get_file(name, fetched) or (sha256 and hash_file(fetched) != sha256):
            return False
        self.keep(fetched, path)
        return True

    def keep_chunks(self, chunks: StoredChunks, path: str) -> None:
        """Keep chunks."""
        file = self._scratch / "chunks"
        chunks.write(file)
        self.keep(file, path)

    def read(self, collection: str, ids: Sequence[str]) -> dict[str, StoredChunks]:
        """Read chunks by their ids."""
        return self._copier.read(collection, ids) if ids else {}

    def _add(self, path: str, sha256: str, size: int) -> None:
        self.parts[path] = BackupPart(path, sha256, size, 0o600, time.time_ns())


@dataclass(frozen=True, slots=True)
class _Documents:
    """Keeps the documents of a library."""

    keeper: _Keeper
    database: Database
    bucket: Bucket
    begin: str  # of the names of its files in the whole bucket
    chunks: str  # where their parts are
    collections: Mapping[str, str]

    def kept(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Keep documents, and yield their rows: as they are by now, where they have changed."""
        wanted = dict[str, list[str]]()
        for row in rows:
            if (record := _record(row)) and record.chunks and not self.keeper.has(self._path(row)):
                wanted.setdefault(row["fingerprint"], []).extend(_chunk_ids(row, record))
        found = {fingerprint: self.keeper.read(self.collections[fingerprint], ids) for fingerprint, ids in wanted.items()}
        for row in rows:
            if row["record"] is None:
                self._keep_awaited(row)
                yield row
            elif (present := self._keep(row, found.get(row["fingerprint"], {}))) is not None:
                yield present
            else:
                self.keeper.left_out += 1

    def _keep(self, row: Mapping[str, Any], found: Mapping[str, StoredChunks]) -> Mapping[str, Any] | None:
        """Keep a document; its row, None where it is gone."""
        for _ in range(ATTEMPTS):
            record = _record(row)
            if record is None:
                return row  # damaged, as it is
            problem = self._problem(row, record, found)
            if not problem:
                self._keep_ocr(record)
                return row
            present = self._present(row)
            if present is None or present["record"] is None:
                break
            if present["version"] == row["version"]:  # it is not that it was changed
                self.keeper.problems.append(f"{record.name}: {problem}")
                return row
            self.keeper.parts.pop(self._path(row), None)
            row = present
            found = self.keeper.read(self.collections[row["fingerprint"]], _chunk_ids(row, _record(row) or record))
        self.keeper.parts.pop(self._path(row), None)
        return None

    def _problem(self, row: Mapping[str, Any], record: DocumentRecord, found: Mapping[str, StoredChunks]) -> str:
        """Keep a document's chunks and its file; what is missing of them."""
        path, ids = self._path(row), _chunk_ids(row, record)
        if record.chunks and path not in self.keeper.parts:
            if not all(id_ in found for id_ in ids):
                return "its chunks are not on the Chroma server"
            self.keeper.keep_chunks(joined([found[id_] for id_ in ids]), path)
        name = _name(self.bucket, record)
        if not self.keeper.keep_file(self.bucket, name, f"bucket/{self.begin}{name}", record.id):
            return "its file is not in the bucket, or damaged"
        return ""

    def _keep_ocr(self, record: DocumentRecord) -> None:
        for stored in self.bucket.list(f"ocr/{record.id}/") if record.ocr_total or record.ocr_pages else ():
            path = f"bucket/{self.begin}{stored.name}"
            if not self.keeper.has(path):
                self.keeper.keep_file(self.bucket, stored.name, path)

    def _keep_awaited(self, row: Mapping[str, Any]) -> None:
        """Keep the file of a document that is to be made again from it."""
        id_ = str(row["document_id"])
        if row["removed"] is None:
            for begin in (f"originals/{id_}", f"about/{id_}", f"unfinished/{id_}.adding"):
                for stored in list(self.bucket.list(begin)):
                    self.keeper.keep_file(self.bucket, stored.name, f"bucket/{self.begin}{stored.name}")

    def _present(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A document's row as it is by now."""
        statement = "SELECT row_to_json(records)::text FROM records WHERE fingerprint = :fingerprint AND document_id = :document_id"
        values = {name: row[name] for name in ("fingerprint", "document_id")}
        with self.database.reading() as connection:
            found = connection.execute(sql(statement), values).scalar()
        return None if found is None else dict(json.loads(found))

    def _path(self, row: Mapping[str, Any]) -> str:
        record = _record(row)
        state = hashlib.sha256(f"{row['stamps']} {record and record.chunks}".encode()).hexdigest()[:16]
        return f"{self.chunks}/{row['fingerprint']}/{row['document_id']}.{state}"


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows of documents that have some hundred chunks together."""
    batch, chunks = list[dict[str, Any]](), 0
    for row in rows:
        batch.append(row)
        record = _record(row)
        chunks += record.chunks if record else 1
        if chunks >= CHUNKS_AT_ONCE:
            yield batch
            batch, chunks = [], 0
    yield batch


def _record(row: Mapping[str, Any]) -> DocumentRecord | None:
    with suppress(ValueError, TypeError):
        return read_record(json.loads(row["record"])) if row["record"] is not None else None
    return None


def _chunk_ids(row: Mapping[str, Any], record: DocumentRecord) -> list[str]:
    stamps = tuple((int(first), int(stamp)) for first, stamp in json.loads(row["stamps"]))
    return [chunk_id((record.id, ordinal), stamp_at(stamps, ordinal)) for ordinal in range(record.chunks)]


def _name(bucket: Bucket, record: DocumentRecord) -> str:
    """What a document's file is called in the bucket."""
    if suffixes := format_of(record.media_type).suffixes:
        return f"originals/{record.id}{suffixes[0]}"
    return next((each.name for each in bucket.list(f"originals/{record.id}")), f"originals/{record.id}")


def restore_cluster(place: ClusterPlace, backups: BackupFolder, backup: Backup, tell: Callable[[str], None]) -> None:
    """Write a backup of a cluster to a database, a Chroma server and a bucket that have nothing of it.

    Raises `LibraryError` where one of them has, `UnreadableFileError` where a part is damaged, and `StorageError`; what was written to the
    Chroma server and the bucket is deleted then, and nothing is in the database, which is written last.
    """
    with closing(ChunkCopier(place.chroma_url, place.chroma_token)) as copier:
        restorer = _Restorer(place, backups, backup, copier)
        restorer.check()
        try:
            tell("files")
            restorer.write_files()
            tell("chunks")
            restorer.write_chunks()
            tell("database")
            database_copy.load(place.database_url, restorer.tables())
        except BaseException:
            with suppress(StorageError):
                restorer.undo()
            raise


class _Restorer:
    """Writes the parts of one backup."""

    def __init__(self, place: ClusterPlace, backups: BackupFolder, backup: Backup, copier: ChunkCopier) -> None:
        self._place = place
        self._backups = backups
        self._backup = backup
        self._copier = copier
        self._parts = {part.path: part for part in backup.parts}
        self._schemas = sorted({path.split("/")[1] for path in self._parts if path.startswith("database/")})
        self._written: list[str] = []
        self._made: list[str] = []

    def check(self) -> None:
        """See that it can be read, and that there is nothing where it is to be written."""
        check_version(json.loads(self._file(ABOUT).read_bytes())["layout"], LAYOUT, f"The backup {self._backup.name}")
        database_copy.check_empty(self._place.database_url)
        if found := next(iter(self._place.bucket.list("")), None):
            raise LibraryError(f"{self._place.bucket.address} is not empty: it has {found.name}. Restore to a new bucket, or a new prefix.")
        self._copier.check_empty([collection for collection, _ in self._indexes().values()])

    def write_files(self) -> None:
        """Store the files, and descriptions of documents."""
        self._each(self._write_file, [path for path in self._parts if path.startswith("bucket/")])
        for schema in self._libraries():
            records = (_record(row) for row in self._rows(schema, "records"))
            self._each(partial(self._describe, schema), filter(None, records))

    def write_chunks(self) -> None:
        """Store the chunks."""
        identity, indexes = database_copy.identity(self._place.database_url), self._indexes()
        for collection, description in indexes.values():
            self._made.append(collection)
            self._copier.make(collection, description, identity)
        for path in self._parts:
            if path.startswith("chunks/"):
                self._copier.write(indexes[path.rpartition("/")[0]][0], read_chunks(self._file(path)))

    def tables(self) -> dict[str, dict[str, Iterable[str]]]:
        """The rows of all tables."""
        found = dict[str, dict[str, Iterable[str]]]()
        for schema in self._schemas:
            begin = f"database/{schema}/"
            names = [path.removeprefix(begin).removesuffix(".jsonl") for path in self._parts if path.startswith(begin)]
            found[schema] = {name: self._lines(schema, name) for name in names}
        return found

    def undo(self) -> None:
        """Delete what was written."""
        self._place.bucket.delete(*self._written)
        for collection in self._made:
            self._copier.drop(collection)

    def _each(self, call: Callable[[Any], None], values: Iterable[Any]) -> None:
        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            for _ in pool.map(call, values):
                pass

    def _write_file(self, path: str) -> None:
        name = path.removeprefix("bucket/")
        self._written.append(name)
        self._place.bucket.put_file(self._file(path), name)

    def _describe(self, schema: str, record: DocumentRecord) -> None:
        bucket, begin = _files_of(self._place.bucket, schema)
        name = f"about/{record.id}.json"
        self._written.append(begin + name)
        bucket.write(name, json.dumps(described(record, {})).encode())

    def _libraries(self) -> list[str]:
        return [schema for schema in self._schemas if schema.endswith(LIBRARY)]

    def _indexes(self) -> dict[str, tuple[str, str]]:
        """Of each place of chunks in the backup, the collection and what it stands for."""
        return {
            f"chunks/{schema}/{row['fingerprint']}": (row["collection"], row["description"])
            for schema in self._libraries()
            for row in self._rows(schema, "indexes")
        }

    def _rows(self, schema: str, table: str) -> Iterator[dict[str, Any]]:
        return map(json.loads, self._lines(schema, table))

    def _lines(self, schema: str, table: str) -> Iterator[str]:
        with self._file(f"database/{schema}/{table}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield line.rstrip("\n")

    def _file(self, path: str) -> Path:
        """A part's file, whose bytes are those that were kept."""
        part = self._parts[path]
        file = self._backups.path(part.sha256)
        with storage_errors(f"The backup {self._backup.name} cannot be read"):
            if not file.exists() or hash_file(file) != part.sha256:
                raise UnreadableFileError(f"The backup {self._backup.name} is damaged: {path} is missing or has changed. Take another one.")
        return file
