"""Drafts and keyword-ready documents: their records and chunks, in a SQLite file, until their records are in Chroma.

A document is a draft while it is read. Once it is whole it is `put` and keyword-ready. It is removed when its record has been committed.
A crash loses drafts alone.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import StorageError, storage_errors
from rag.storing.schema import Migration, migrate, read_chunk, read_record, stored_fields
from rag.types import Chunk, ChunkKey, DocumentRecord

FILE = "pending.sqlite3"  # in the library's folder
_DRAFT = ""  # stands for a fingerprint where a document is a draft


def _create(database: sqlite3.Connection) -> None:
    database.execute(
        "CREATE TABLE IF NOT EXISTS documents (place INTEGER PRIMARY KEY, id TEXT, fingerprint TEXT, record TEXT, stored INTEGER)"
    )
    database.execute("CREATE UNIQUE INDEX IF NOT EXISTS names ON documents (fingerprint, id)")
    database.execute(
        "CREATE TABLE IF NOT EXISTS chunks (document INTEGER, ordinal INTEGER, chunk TEXT, PRIMARY KEY (document, ordinal)) WITHOUT ROWID"
    )


def _name_fields_of_chunks(database: sqlite3.Connection) -> None:
    """Chunks were lists of values in the order of their fields. A document with a damaged one is added again from its file."""
    names = ("page", "start", "end", "text", "heading", "gap", "sections")
    for (place,) in database.execute("SELECT place FROM documents").fetchall():
        rows = database.execute("SELECT chunk, ordinal FROM chunks WHERE document = ?", (place,)).fetchall()
        try:
            chunks = [(json.dumps(dict(zip(names, json.loads(chunk), strict=False))), place, ordinal) for chunk, ordinal in rows]
        except (ValueError, TypeError):
            database.execute("UPDATE documents SET record = NULL WHERE place = ?", (place,))
        else:
            database.executemany("UPDATE chunks SET chunk = ? WHERE document = ? AND ordinal = ?", chunks)


MIGRATIONS: Sequence[Migration] = (_create, _name_fields_of_chunks)


@dataclass(slots=True)
class Draft:
    """A document that is being read: invisible until it is put."""

    place: int  # its number in the file
    owner: "KeywordReady"
    write: Callable[[Sequence[Chunk]], None]
    chunks: int = 0  # written so far
    is_put: bool = False

    def extend(self, chunks: Sequence[Chunk]) -> None:
        """Add further chunks, in order."""
        self.write(chunks)
        self.chunks += len(chunks)


class KeywordReady:
    """The keyword-ready documents of one index. Thread-safe; every method raises `StorageError` where the disk refuses."""

    def __init__(self, file: Path, fingerprint: str) -> None:
        """Open the file, which other indexes of the library are in too, or make it. Raises `NewerSchemaError`."""
        self._file = file
        self._fingerprint = fingerprint
        self._lock = threading.RLock()
        with self._translated("opened"):
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            try:
                found = self._load()
            except BaseException:
                self._database.close()
                raise
        self._places = {record.id: place for record, place in found}
        self._records: Mapping[str, DocumentRecord] = {record.id: record for record, _ in found}

    def _load(self) -> list[tuple[DocumentRecord, int]]:
        """Bring the file up to date, drop drafts, and read the documents with their places."""
        migrate(self._database, MIGRATIONS, f"The library's list of keyword-ready documents ({self._file.name})")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        query = "SELECT place, record, stored FROM documents WHERE fingerprint IN (?, ?) ORDER BY place"
        rows = self._database.execute(query, (self._fingerprint, _DRAFT)).fetchall()
        records = [(_record(record, stored), place) for place, record, stored in rows]
        self._delete(place for record, place in records if record is None)  # drafts, and what is damaged: added again from its file
        return [(record, place) for record, place in records if record is not None]

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """The documents by id, oldest first; `indexed` says how far each is. A snapshot: it is replaced, never changed."""
        return self._records

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Begin a document; what is not `put` in the end is dropped."""
        with self._writing():
            place = self._database.execute("INSERT INTO documents (fingerprint) VALUES (?)", (_DRAFT,)).lastrowid
        assert place is not None

        def write(chunks: Sequence[Chunk]) -> None:
            rows = ((place, chunk.ordinal, json.dumps(stored_fields(chunk, "document_id", "ordinal"))) for chunk in chunks)
            with self._writing():
                self._database.executemany("INSERT INTO chunks (document, ordinal, chunk) VALUES (?, ?, ?)", rows)

        draft = Draft(place, self, write)
        try:
            yield draft
        finally:
            if not draft.is_put:
                with suppress(StorageError), self._writing():  # else it is dropped when the file is next opened
                    self._delete([place])

    def put(self, record: DocumentRecord, draft: Draft) -> None:
        """Make a document keyword-ready, all of whose chunks are drafted; StorageError where this was opened again meanwhile."""
        if draft.owner is not self:
            raise StorageError(f"The library's index was opened again while {record.name} was read. Add it again.")
        with self._writing():
            row = record.id, self._fingerprint, json.dumps(stored_fields(record)), draft.place
            self._database.execute("UPDATE documents SET id = ?, fingerprint = ?, record = ?, stored = 0 WHERE place = ?", row)
            self._places[record.id] = draft.place
            draft.is_put = True
            self._records = {**self._records, record.id: replace(record, indexed=0.0)}

    def update(self, record: DocumentRecord) -> None:
        """Replace a document's record; fields that this program does not know stay."""
        with self._writing():
            row = json.dumps(stored_fields(record)), self._places[record.id]
            self._database.execute("UPDATE documents SET record = json_patch(record, ?) WHERE place = ?", row)
            self._records = {**self._records, record.id: record}

    def stored(self, document_id: str) -> int:
        """How many of a document's chunks are embedded, from the first on; -1 where it is not here."""
        record = self._records.get(document_id)
        return round(record.indexed * record.chunks) if record else -1

    def advance(self, document_id: str, stored: int) -> None:
        """Note that a document's first `stored` chunks are embedded, and their vectors in the record store."""
        with self._writing():
            self._database.execute("UPDATE documents SET stored = ? WHERE place = ?", (stored, self._places[document_id]))
            record = self._records[document_id]
            self._records = {**self._records, document_id: replace(record, indexed=stored / record.chunks)}

    def remove(self, document_ids: Iterable[str]) -> None:
        """Delete documents. Unknown ids are harmless."""
        with self._writing():
            gone = {id_: self._places.pop(id_) for id_ in document_ids if id_ in self._places}
            self._delete(gone.values())
            self._records = {id_: record for id_, record in self._records.items() if id_ not in gone}

    def next(self, count: int) -> list[Chunk]:
        """The next chunks to embed, at most `count`: in order, of the oldest documents."""
        query = (
            "SELECT id, ordinal, chunk FROM documents JOIN chunks ON document = place AND ordinal >= stored "
            "WHERE fingerprint = ? ORDER BY place, ordinal LIMIT ?"
        )
        with self._lock, self._translated("read"):
            return _chunks(self._database.execute(query, (self._fingerprint, count)))

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks; missing ones are left out."""
        query = "SELECT id, ordinal, chunk FROM chunks JOIN documents ON place = document WHERE document = ? AND ordinal = ?"
        with self._lock, self._translated("read"):
            wanted = [(self._places[id_], ordinal) for id_, ordinal in keys if id_ in self._places]
            rows = [row for place in wanted for row in self._database.execute(query, place)]
            return {chunk.key: chunk for chunk in _chunks(rows)}

    def other_records(self) -> list[DocumentRecord]:
        """The keyword-ready documents of the library's other indexes."""
        query = "SELECT record, stored FROM documents WHERE fingerprint NOT IN (?, ?) ORDER BY place"
        with self._lock, self._translated("read"):
            rows = self._database.execute(query, (self._fingerprint, _DRAFT)).fetchall()
        return [record for row in rows if (record := _record(*row))]

    def drop_others(self, document_id: str | None = None) -> None:
        """Delete a document from other indexes, or all that they have."""
        with self._writing():
            others = "SELECT place, id FROM documents WHERE fingerprint NOT IN (?, ?)"
            rows = self._database.execute(others, (self._fingerprint, _DRAFT)).fetchall()
            self._delete([place for place, id_ in rows if document_id in {None, id_}])

    def close(self) -> None:
        """Close the file. Doing so twice is harmless."""
        with self._lock:
            self._database.close()

    def _delete(self, places: Iterable[int]) -> None:
        rows: Sequence[tuple[int]] = [(place,) for place in places]
        self._database.executemany("DELETE FROM chunks WHERE document = ?", rows)
        self._database.executemany("DELETE FROM documents WHERE place = ?", rows)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All that is written within is written, or nothing."""
        with self._lock, self._translated("written"), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            yield

    def _translated(self, done: str) -> AbstractContextManager[None]:
        problem = f"The library's list of what is being indexed could not be {done} ({self._file.name})"
        return storage_errors(problem, (sqlite3.Error, ValueError), "See that the disk works and has room, and try again.")


def _record(stored_record: str, stored: int) -> DocumentRecord | None:
    try:
        record = read_record(json.loads(stored_record))
    except (ValueError, TypeError, AttributeError):
        return None
    return record and replace(record, indexed=stored / max(record.chunks, 1))


def _chunks(rows: Iterable[tuple[str, int, str]]) -> list[Chunk]:
    read = ((id_, ordinal, json.loads(chunk)) for id_, ordinal, chunk in rows)
    return [read_chunk((id_, ordinal), str(fields.get("text", "")), fields) for id_, ordinal, fields in read]
