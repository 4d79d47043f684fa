"""A library as one file, and back: a ZIP archive of its documents with their vectors, their files, what OCR read, and conversations.

footnote.json             what it is: the version of this layout, the program's, the model and the way of chunking
documents/ID/record.json  a document's record as `rag.storing.schema` has it
documents/ID/chunks.json  its chunks, in order; vectors.npy: their vectors, float32. Neither is there while it is not fully indexed
documents/ID/file         its file
documents/ID/ocr/...      what OCR read on its pages
conversations.sqlite3     as it lies in the library's folder

Nothing is written to the library while it is exported, so all of it is of one moment; it can be searched meanwhile.
"""

import json
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rag.building import Parts
from rag.changing import add_sources, check_writable
from rag.embedding.catalogue import find_listed
from rag.embedding.protocol import Embeddings
from rag.errors import LibraryError, UnreadableFileError, storage_errors
from rag.ingesting.chunking import index_identity
from rag.ingesting.staging import Source
from rag.storing.chroma_client import SCHEMAS
from rag.storing.protocol import READ_BATCH
from rag.storing.schema import check_version, read_chunk, read_record, stored_fields
from rag.types import Chunk, DocumentRecord, Outcome, Progress, ProgressCallback, Report

LAYOUT = 1  # of the file
BATCH = 256  # chunks written at once
NO_VECTORS = np.empty((0, 0), dtype=np.float32)
UNIT_TOLERANCE = 1e-2
ABOUT = "footnote.json"
CONVERSATIONS = "conversations.sqlite3"
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, AttributeError)
_RECORD = re.compile(r"documents/([0-9a-f]{64})/record\.json")
_OCR = re.compile(r"documents/[0-9a-f]{64}/ocr/([\w.-]+)")


def export(parts: Parts, target: Path, model: str, version: str, chunk_tokens: int, progress: ProgressCallback | None) -> None:
    """Write a library to a file, whole or not at all. Raises `StorageError`."""
    partial = target.with_name(f"{target.name}.partial")
    try:
        with storage_errors(f"The library could not be exported to {target}"), parts.writing, parts.index.guarded():
            partial.touch(mode=0o600)  # it may tell passwords of documents
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                left = {record.id: record for record in parts.index.left_behind()}
                records = {**left, **parts.index.records}
                identity = index_identity(parts.embedder, chunk_tokens)
                about = {"layout": LAYOUT, "version": version, "documents": len(records), "model": model, "identity": identity}
                archive.writestr(ABOUT, json.dumps({**about, "schemas": SCHEMAS}))
                for number, record in enumerate(records.values(), start=1):
                    _write_document(parts, archive, record)
                    if progress:
                        progress(Progress(record.name, 1.0, number, len(records), None, record.state))
                _write_conversations(parts.folder / CONVERSATIONS, archive)
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def import_(parts: Parts, file: Path, chunk_tokens: int, change_model: Any, progress: ProgressCallback | None, merge: bool) -> Report:
    """Add what such a file has. `change_model` makes an empty library use a model, where it may."""
    check_writable(parts)
    with _opened(file) as (archive, about):
        if (there := len(parts.index.records)) and not merge:
            raise LibraryError(
                f"The library {parts.folder} has documents already ({there}). Import into another folder, or merge them (--merge)."
            )
        if not there and about.get("identity") != index_identity(parts.embedder, chunk_tokens) and find_listed(str(about.get("model"))):
            change_model(str(about["model"]))
        batch = _Batch(parts) if about.get("identity") == index_identity(parts.embedder, chunk_tokens) else None
        ids = [found[1] for name in archive.namelist() if (found := _RECORD.fullmatch(name))]
        outcomes = []
        for number, id_ in enumerate(ids, start=1):
            try:
                outcome = _read_document(parts, archive, id_, batch)
            except (*_DAMAGE, UnreadableFileError):
                outcome = Outcome(id_, id_, "", "unreadable", 0, 0, f"Document {id_[:12]} is damaged in {file.name}. Export it again.")
            outcomes.append(outcome)
            if progress:
                progress(Progress(outcome.path, 1.0, number, len(ids), outcome, "ready" if outcome.is_searchable else "failed"))
        if batch:
            batch.write()
        _read_conversations(archive, parts.folder / CONVERSATIONS)
    while parts.queue.step():
        pass
    return Report(tuple(outcomes))


def _write_document(parts: Parts, archive: zipfile.ZipFile, record: DocumentRecord) -> None:
    folder = f"documents/{record.id}"
    archive.writestr(f"{folder}/record.json", json.dumps(stored_fields(record)))
    if record.id in parts.index.store.records:
        keys = [(record.id, ordinal) for ordinal in range(record.chunks)]
        chunks, vectors = dict[Any, Chunk](), dict[Any, Embeddings]()
        for first in range(0, len(keys), READ_BATCH):
            chunks |= parts.index.store.chunks(keys[first : first + READ_BATCH])
            vectors |= dict(zip(*parts.index.store.embeddings(keys[first : first + READ_BATCH]), strict=True))
        if all(key in chunks and key in vectors for key in keys):
            archive.writestr(f"{folder}/chunks.json", json.dumps([stored_fields(chunks[key], "document_id", "ordinal") for key in keys]))
            with archive.open(zipfile.ZipInfo(f"{folder}/vectors.npy"), "w", force_zip64=True) as opened:
                np.save(opened, np.stack([vectors[key] for key in keys]) if keys else NO_VECTORS)
    file = parts.originals.path(record.id, record.media_type)
    if file.exists():
        archive.write(file, f"{folder}/file", zipfile.ZIP_STORED)
    for each in sorted(parts.originals.ocr(record.id, record).glob("*")):
        archive.write(each, f"{folder}/ocr/{each.name}", zipfile.ZIP_STORED)


def _write_conversations(file: Path, archive: zipfile.ZipFile) -> None:
    if file.exists():
        with TemporaryDirectory(prefix="footnote-") as folder, storage_errors("Conversations could not be exported", (sqlite3.Error,)):
            copy = Path(folder) / CONVERSATIONS
            with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(copy)) as here:
                there.backup(here)
            archive.write(copy, CONVERSATIONS)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Mapping[str, Any]]]:
    """The archive and what it says of itself. `UnreadableFileError` where it is none, `NewerSchemaError` where it is of a newer program."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
            about: dict[str, Any] = {**json.loads(archive.read(ABOUT))}
            schemas = {**about["schemas"]}
        except _DAMAGE as error:
            raise UnreadableFileError(f"{file} is damaged, or was not made by `rag export`: {error}.") from error
        except OSError as error:
            raise UnreadableFileError(f"{file} cannot be read: {error.strerror or error}.") from error
        check_version(about.get("layout"), LAYOUT, str(file))
        for part, known in SCHEMAS.items():
            check_version(schemas.get(part, 1), known, str(file))
        yield archive, about


@dataclass(frozen=True, slots=True)
class _Indexed:
    """What the file has of a document that is fully indexed."""

    record: DocumentRecord
    chunks: list[Chunk]
    vectors: Embeddings


class _Batch:
    """Documents that are written together: each write by itself would take a tenth of a second."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._waiting: list[_Indexed] = []

    def put(self, indexed: _Indexed) -> None:
        """Add one, whose file is kept."""
        self._waiting.append(indexed)
        if sum(len(each.chunks) for each in self._waiting) >= BATCH:
            self.write()

    def write(self) -> None:
        """Write those that wait."""
        ready, self._waiting = self._waiting, []
        if ready:
            chunks = [chunk for each in ready for chunk in each.chunks]
            vectors = [each.vectors for each in ready if len(each.chunks)]
            with self._parts.writing, self._parts.index.guarded():
                self._parts.index.put_whole([each.record for each in ready], chunks, np.concatenate(vectors) if vectors else NO_VECTORS)


def _read_document(parts: Parts, archive: zipfile.ZipFile, id_: str, batch: _Batch | None) -> Outcome:
    """Add a document: as it is, by the batch, where its vectors are of the present model; else from its file."""
    folder = f"documents/{id_}"
    record = read_record(json.loads(archive.read(f"{folder}/record.json")))
    if record is None or record.id != id_:
        raise ValueError(id_)
    if id_ in parts.index.records:
        return Outcome(record.name, record.name, id_, "unchanged", record.pages, record.chunks, "Already there, unchanged.")
    with parts.gatherer.new_folder() as scratch:
        path = scratch / f"file{Path(parts.originals.name(id_, record.media_type)).suffix}"
        if archive.getinfo(f"{folder}/file").file_size != record.size:  # not unpacked: it may be of any size
            raise ValueError(record.name)
        with archive.open(f"{folder}/file") as packed, path.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        _read_ocr(parts, archive, record)
        if batch and (indexed := _indexed(archive, folder, record)):
            parts.originals.keep(path, id_, record.media_type)
            batch.put(indexed)
            return Outcome(record.name, record.name, id_, "added", record.pages, record.chunks, "Imported.")
        source = replace(Source.of_record(record, path), given=record.name)
        return add_sources(parts, [source], wait=False).outcomes[0]


def _indexed(archive: zipfile.ZipFile, folder: str, record: DocumentRecord) -> _Indexed | None:
    """Its chunks and vectors; None where it has none, or they are damaged."""
    with suppress(*_DAMAGE):
        fields = json.loads(archive.read(f"{folder}/chunks.json"))
        chunks = [read_chunk((record.id, ordinal), str(each["text"]), each) for ordinal, each in enumerate(fields)]
        with archive.open(f"{folder}/vectors.npy") as packed:
            vectors = np.asarray(np.load(packed, allow_pickle=False), dtype=np.float32)
        if len(chunks) == len(vectors) == record.chunks and (np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT_TOLERANCE).all():
            return _Indexed(record, chunks, vectors)
    return None


def _read_ocr(parts: Parts, archive: zipfile.ZipFile, record: DocumentRecord) -> None:
    inside = f"documents/{record.id}/ocr/"
    for name in archive.namelist() if record.ocr_pages or record.ocr_waiting else ():
        if name.startswith(inside) and (found := _OCR.fullmatch(name)):
            (parts.originals.new_ocr(record) / Path(found[1]).name).write_bytes(archive.read(name))
    parts.originals.keep_ocr(record.id)


def _read_conversations(archive: zipfile.ZipFile, file: Path) -> None:
    """Take conversations over; where there are some already, those that are not there, if both files are of one version."""
    if CONVERSATIONS not in archive.namelist():
        return
    with TemporaryDirectory(prefix="footnote-") as folder, storage_errors("Conversations could not be imported", (sqlite3.Error,)):
        copy = Path(archive.extract(CONVERSATIONS, folder))
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(file, isolation_level=None)) as target:
            tables = [name for (name,) in target.execute(_TABLES)]
            if not tables:
                source.backup(target)
                return
            versions = [each.execute("PRAGMA user_version").fetchone() for each in (source, target)]
            if versions[0] != versions[1]:
                raise LibraryError("Conversations were not imported: of another version. Start `rag serve` once on both libraries.")
        with closing(sqlite3.connect(file)) as target, target:
            target.execute("ATTACH ? AS other", (str(copy),))
            for table in tables:
                target.execute(f'INSERT OR IGNORE INTO main."{table}" SELECT * FROM other."{table}"')


_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
