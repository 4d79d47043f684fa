"""Documents whose vectors are still being made: their records and chunks, in a file of SQLite's.

A document is drafted here while it is read, put when it is whole, and taken away when its record is in Chroma. What was put is gone on with
after a crash; drafts are dropped.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, replace
from pathlib import Path
from typing import Any

from rag.errors import StorageError
from rag.types import Chunk, ChunkKey, DocumentRecord

_DRAFT = ""
"""Stands for a fingerprint where a document is only drafted."""

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS documents (place INTEGER PRIMARY KEY, id TEXT, fingerprint TEXT, record TEXT, stored INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS names ON documents (fingerprint, id);
CREATE TABLE IF NOT EXISTS chunks (document INTEGER, ordinal INTEGER, chunk TEXT, PRIMARY KEY (document, ordinal)) WITHOUT ROWID;
"""


DRAFTED_AT_ONCE = 256
"""Chunks of a draft in one write."""


class Draft:
    """A document that is being read: nothing of it is seen until it is put.

    Attributes:
        place: Its number in the file.
        chunks: How many it has so far.
        is_put: Whether it is a document by now.
    """

    def __init__(self, place: int, keep: Callable[[Sequence[Chunk]], None]) -> None:
        self.place = place
        self.chunks = 0
        self.is_put = False
        self._keep = keep
        self._waiting: list[Chunk] = []

    def extend(self, chunks: Iterable[Chunk]) -> None:
        """Take further chunks, in order; they are written some at a time.

        Raises:
            StorageError: The disk refuses.
        """
        self._waiting += chunks
        if len(self._waiting) >= DRAFTED_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet.

        Raises:
            StorageError: The disk refuses.
        """
        self._keep(self._waiting)
        self.chunks += len(self._waiting)
        self._waiting = []


class Pending:
    """The documents of one index that wait for their vectors. It may be used from several threads."""

    def __init__(self, file: Path, fingerprint: str) -> None:
        """Open the file, or make it.

        Args:
            file: Where it is; other indexes of the library are in it too.
            fingerprint: Names the index.

        Raises:
            StorageError: It is damaged, or the disk refuses.
        """
        self._file = file
        self._fingerprint = fingerprint
        self._lock = threading.RLock()
        with self._translated("opened"):
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            try:
                self._database.executescript(_TABLES)
                drafts = self._database.execute("SELECT place FROM documents WHERE fingerprint = ?", (_DRAFT,)).fetchall()
                self._delete(place for (place,) in drafts)
                found = self._database.execute(
                    "SELECT id, place, record, stored FROM documents WHERE fingerprint = ? ORDER BY place", (fingerprint,)
                ).fetchall()
            except sqlite3.Error:
                self._database.close()
                raise
        self._places: dict[str, int] = {id_: place for id_, place, _, _ in found}
        self._stored: dict[str, int] = {id_: stored for id_, _, _, stored in found}
        self._records: Mapping[str, DocumentRecord] = {id_: _record(record, stored) for id_, _, record, stored in found}

    @property
    def records(self) -> Mapping[str, DocumentRecord]:
        """The documents by id, oldest first; `indexed` says how far each is. A snapshot: it is replaced, never changed."""
        return self._records

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Begin a document; what is not `put` in the end is dropped.

        Raises:
            StorageError: The disk refuses.
        """
        with self._writing():
            place = self._database.execute("INSERT INTO documents (fingerprint) VALUES (?)", (_DRAFT,)).lastrowid
        assert place is not None

        def keep(chunks: Sequence[Chunk]) -> None:
            rows = ((place, chunk.ordinal, json.dumps(astuple(chunk)[2:])) for chunk in chunks)
            with self._writing():
                self._database.executemany("INSERT INTO chunks VALUES (?, ?, ?)", rows)

        draft = Draft(place, keep)
        try:
            yield draft
        finally:
            if not draft.is_put:
                with suppress(StorageError), self._writing():  # else it is dropped when the file is next opened
                    self._delete([place])

    def put(self, record: DocumentRecord, draft: Draft) -> None:
        """Take a document in, all of whose chunks are drafted.

        Raises:
            StorageError: The disk refuses.
        """
        draft.flush()
        with self._writing():
            row = record.id, self._fingerprint, json.dumps(asdict(record)), draft.place
            self._database.execute("UPDATE documents SET id = ?, fingerprint = ?, record = ?, stored = 0 WHERE place = ?", row)
            self._places[record.id], self._stored[record.id] = draft.place, 0
            draft.is_put = True
            self._records = {**self._records, record.id: replace(record, indexed=0.0)}

    def update(self, record: DocumentRecord) -> None:
        """Put a document's record in place of the one it has.

        Raises:
            StorageError: The disk refuses.
        """
        with self._writing():
            self._database.execute("UPDATE documents SET record = ? WHERE place = ?", (json.dumps(asdict(record)), self._places[record.id]))
            self._records = {**self._records, record.id: record}

    def stored(self, document_id: str) -> int:
        """How many of a document's chunks have their vectors in the record, from the first on; -1 where it is not here."""
        return self._stored.get(document_id, -1)

    def advance(self, document_id: str, stored: int) -> None:
        """Remember that the vectors of a document's first `stored` chunks are in the record.

        Raises:
            StorageError: The disk refuses.
        """
        with self._writing():
            self._database.execute("UPDATE documents SET stored = ? WHERE place = ?", (stored, self._places[document_id]))
            record = self._records[document_id]
            self._stored[document_id] = stored
            self._records = {**self._records, document_id: replace(record, indexed=stored / record.chunks)}

    def remove(self, document_ids: Iterable[str]) -> None:
        """Forget documents. Unknown ids are harmless.

        Raises:
            StorageError: The disk refuses.
        """
        with self._writing():
            gone = {id_: self._places.pop(id_) for id_ in document_ids if id_ in self._places}
            self._delete(gone.values())
            self._records = {id_: record for id_, record in self._records.items() if id_ not in gone}
            for id_ in gone:
                del self._stored[id_]

    def next(self, count: int) -> list[Chunk]:
        """The next chunks without a vector, at most `count`: in order, of the oldest documents.

        Raises:
            StorageError: The file cannot be read.
        """
        with self._lock, self._translated("read"):
            rows = self._database.execute(
                "SELECT id, ordinal, chunk FROM documents JOIN chunks ON document = place AND ordinal >= stored "
                "WHERE fingerprint = ? ORDER BY place, ordinal LIMIT ?",
                (self._fingerprint, count),
            ).fetchall()
        return list(_chunks(rows))

    def chunks(self, keys: Iterable[ChunkKey]) -> dict[ChunkKey, Chunk]:
        """Read chunks; those that are not here are left out.

        Raises:
            StorageError: The file cannot be read.
        """
        query = "SELECT id, ordinal, chunk FROM chunks JOIN documents ON place = document WHERE document = ? AND ordinal = ?"
        with self._lock, self._translated("read"):
            wanted = [(self._places[id_], ordinal) for id_, ordinal in keys if id_ in self._places]
            rows = [row for place in wanted for row in self._database.execute(query, place)]
        return {chunk.key: chunk for chunk in _chunks(rows)}

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document that is here, in order.

        Raises:
            StorageError: The file cannot be read.
        """
        query = "SELECT id, ordinal, chunk FROM chunks JOIN documents ON place = document WHERE document = ? ORDER BY ordinal"
        with self._lock, self._translated("read"):
            return list(_chunks(self._database.execute(query, (self._places[document_id],)).fetchall()))

    def other_records(self) -> list[DocumentRecord]:
        """The documents that wait for the vectors of other indexes.

        Raises:
            StorageError: The file cannot be read.
        """
        with self._lock, self._translated("read"):
            rows = self._database.execute(
                "SELECT record, stored FROM documents WHERE fingerprint NOT IN (?, ?) ORDER BY place", (self._fingerprint, _DRAFT)
            )
            return [_record(*row) for row in rows.fetchall()]

    def drop_others(self, document_id: str | None = None) -> None:
        """Forget what other indexes have of a document, or all that they have.

        Raises:
            StorageError: The disk refuses.
        """
        with self._writing():
            others = "SELECT place, id FROM documents WHERE fingerprint NOT IN (?, ?)"
            rows = self._database.execute(others, (self._fingerprint, _DRAFT)).fetchall()
            self._delete([place for place, id_ in rows if document_id in {None, id_}])

    def close(self) -> None:
        """Let go of the file. Doing so twice is harmless."""
        with self._lock:
            self._database.close()

    def _delete(self, places: Iterable[int]) -> None:
        rows: Sequence[tuple[int]] = [(place,) for place in places]
        self._database.executemany("DELETE FROM chunks WHERE document = ?", rows)
        self._database.executemany("DELETE FROM documents WHERE place = ?", rows)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All that is written within is written, or nothing."""
        with self._lock, self._translated("written"):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"The library's list of what is being indexed could not be {done} ({self._file.name}: {error}). "
                "See that the disk works and has room, and try again."
            ) from error


def _record(stored_record: str, stored: int) -> DocumentRecord:
    values = json.loads(stored_record)
    lists: dict[str, Any] = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    record = DocumentRecord(**{**values, **lists})
    return replace(record, indexed=stored / record.chunks)


def _chunks(rows: Iterable[tuple[str, int, str]]) -> Iterator[Chunk]:
    for document_id, ordinal, chunk in rows:
        page, start, end, text, heading, gap, sections = json.loads(chunk)
        yield Chunk(document_id, ordinal, page, start, end, text, heading, gap, tuple((place, path) for place, path in sections))
