"""The records of a cluster's library: rows of the database. Each write is a transaction that belongs to one term of the lease.

A record that is changed gets the library's next version. The transaction that writes it locks the counter, so versions become visible in
their order, and whoever has seen version n has seen all before it. A document that is removed leaves its row behind for a while, without a
record, so that the others see it go; so does one that is awaited: it is keyword-ready, or its record was dropped to be made again.

Why a process that has lost the lease, and does not know yet, does no harm

Its transactions fail. Its requests to Chroma do not: they may arrive at any time, even years later. So no two writings share an id. The id
of a chunk has a stamp: the number of the term, and of the writing within it, which changes when a request was left without an answer. A
record says which stamps its chunks have; all other chunks are invisible, and deleted by the next process that opens the library to write.

late request      of the process before                      what it meets
put               chunks of a document it was adding         ids with its own stamp, which no record names: its commit failed, or had come
                                                             before, and then the chunks are those
delete            chunks of a document it had removed        ids with stamps up to its own. The removal was committed, so no record names
                                                             them; where the document has been added again, its chunks have later stamps
delete, sweeping  chunks that no record named                the same: a record that is written later names its own writer's stamps,
                                                             or those that the record before had
drop an index     a collection of another model              a collection's name has the stamp of its making: one that is made
                                                             again for that model has another name
anything          moving a library in                        chunks are copied without a stamp from what does not change any more

A file of `originals/` can be named by its content alone. It is deleted after the removal was committed and the lease confirmed, never
before; what is left by a crash then is deleted with the next opening, as the row says that the document was removed.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import StorageError
from rag.storing.cluster.membership import Term
from rag.storing.database import Database, now, sql
from rag.storing.record_rows import Row, Stamps
from rag.storing.schema import read_record, stored_fields
from rag.types import DocumentRecord

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from sqlalchemy import Connection

DAYS_REMEMBERED = 7
"""How long it is remembered that a document was removed: a server that was cut off for longer compares all documents."""

READ = "SELECT document_id, record, stamps, version, removed FROM records WHERE fingerprint = :fingerprint"
ADD_INDEX = """
INSERT INTO indexes (fingerprint, collection, description) VALUES (:fingerprint, :collection, :description)
ON CONFLICT (fingerprint) DO UPDATE SET collection = excluded.collection
"""
IDENTITY = """
SELECT system_identifier || '-' || (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()
"""
WRITE = """
INSERT INTO records (fingerprint, document_id, version, record, stamps, removed)
VALUES (:fingerprint, :document_id, :version, :record, :stamps, :removed)
ON CONFLICT (fingerprint, document_id) DO UPDATE
SET version = excluded.version, record = excluded.record, stamps = excluded.stamps, removed = excluded.removed
"""


@dataclass(frozen=True, slots=True)
class SharedIndex:
    """One index of a cluster's library: the collection that has its chunks, and the embedding model and way of chunking it stands for."""

    fingerprint: str
    collection: str
    description: str


@dataclass(frozen=True, slots=True)
class SharedLibrary:
    """What a library's own row says.

    Attributes:
        id: Names its collections on the Chroma server.
        version: Of the last change of a record.
        forgotten: Changes up to this version can no longer be told one by one.
        is_begun: Whether a process has ever opened it for writing.
    """

    id: str
    version: int
    forgotten: int
    is_begun: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a document: `row` is None where it has no record any more."""

    document_id: str
    version: int
    row: Row | None


class SharedRows:
    """The records of one index. Without a term they are read only. Raises `StorageError` for what the database raises."""

    is_shared = True

    def __init__(self, database: Database, fingerprint: str, term: Term | None, client: "ClientAPI") -> None:
        self._database = database
        self.fingerprint = fingerprint
        self._term = term
        self._client = client
        self.version = 0
        """Of the library, when its records were last read or written here."""

    def library(self) -> SharedLibrary:
        """The library's own row."""
        with self._database.reading() as connection:
            row = connection.execute(sql("SELECT id, version, forgotten, is_begun FROM library")).mappings().one()
        return SharedLibrary(row["id"], row["version"], row["forgotten"], bool(row["is_begun"]))

    def begin(self) -> None:
        """Note that a process has opened the library for writing."""
        with self._writing() as connection:
            connection.execute(sql("UPDATE library SET is_begun = 1"))

    def identity(self) -> str:
        """Tells this database from a copy of it on another server; "" where that cannot be told."""
        if self._database.kind == "postgresql":
            with suppress(StorageError), self._database.reading() as connection:
                return str(connection.execute(sql(IDENTITY)).scalar_one())
        return ""

    def indexes(self) -> list[SharedIndex]:
        """The library's indexes."""
        with self._database.reading() as connection:
            rows = connection.execute(sql("SELECT fingerprint, collection, description FROM indexes")).mappings().all()
        return [SharedIndex(**row) for row in rows]

    def add_indexes(self, indexes: Sequence[SharedIndex], rows: Sequence[tuple[str, Row]] = ()) -> None:
        """Add indexes whose collections are there, with the records of documents that are moved in, each with its fingerprint."""
        with self._writing() as connection:
            for each in indexes:
                values = {"fingerprint": each.fingerprint, "collection": each.collection, "description": each.description}
                connection.execute(sql(ADD_INDEX), values)
            self._write(connection, [_values(fingerprint, row) for fingerprint, row in rows])

    def read(self) -> list[Row]:
        """See `RecordRows`."""
        self.version = self.library().version  # before: what changes meanwhile is read again
        return [change.row for change in self.changes(-1) if change.row]

    def changes(self, since: int) -> list[Change]:
        """What has changed after a version, oldest documents first; of a document the last change alone."""
        values = {"fingerprint": self.fingerprint, "since": since}
        with self._database.reading() as connection:
            found = connection.execute(sql(f"{READ} AND version > :since"), values).mappings().all()
        changes = [Change(row["document_id"], row["version"], _row(row["record"], row["stamps"])) for row in found]
        return sorted(changes, key=lambda change: (change.row.record.added, change.row.record.name) if change.row else ("", ""))

    def without_record(self) -> tuple[frozenset[str], frozenset[str]]:
        """The documents that are awaited, and those that were removed, as long as that is remembered."""
        with self._database.reading() as connection:
            rows = connection.execute(sql("SELECT document_id, removed FROM records WHERE record IS NULL")).all()
        awaited = frozenset(document_id for document_id, removed in rows if removed is None)
        return awaited, frozenset(document_id for document_id, _ in rows) - awaited

    def write(self, rows: Sequence[Row]) -> None:
        """See `RecordRows`. Fields of a record that this program does not know stay."""
        with self._writing() as connection:
            known = {row.record.id: self._stored(connection, row.record.id) for row in rows}
            self._write(connection, [_values(self.fingerprint, row, known[row.record.id]) for row in rows])

    def expect(self, document_id: str) -> None:
        """Note that a document is keyword-ready here: should this process end, the next writer makes it again from its file."""
        with self._writing() as connection:
            self._write(connection, [self._gone(document_id, None)])

    def remove(self, document_id: str, *, is_awaited: bool = False) -> None:
        """See `RecordRows`. Those of other indexes, which nobody follows, are deleted with it."""
        with self._writing() as connection:
            self._write(connection, [self._gone(document_id, None if is_awaited else now(connection))])
            values = {"fingerprint": self.fingerprint, "document_id": document_id}
            connection.execute(sql("DELETE FROM records WHERE document_id = :document_id AND fingerprint <> :fingerprint"), values)

    def remove_from_others(self, document_id: str) -> None:
        """See `RecordRows`: `remove` has done so."""

    def _gone(self, document_id: str, removed: float | None) -> dict[str, object]:
        return {"fingerprint": self.fingerprint, "document_id": document_id, "record": None, "stamps": "[]", "removed": removed}

    def others(self) -> list[DocumentRecord]:
        """See `RecordRows`."""
        statement = "SELECT record FROM records WHERE fingerprint <> :fingerprint AND record IS NOT NULL"
        with self._database.reading() as connection:
            found = connection.execute(sql(statement), {"fingerprint": self.fingerprint}).scalars().all()
        records = filter(None, (read_record(_fields(record)) for record in found))
        return sorted(records, key=lambda record: (record.added, record.name))

    def other_collections(self) -> "list[Collection]":
        """See `RecordRows`."""
        names = {each.collection for each in self.indexes() if each.fingerprint != self.fingerprint}
        return [each for each in self._client.list_collections() if each.name in names] if names else []

    def drop_others(self) -> "list[Collection]":
        """See `RecordRows`."""
        dropped = self.other_collections()
        with self._writing() as connection:
            for table in ("records", "indexes"):
                connection.execute(sql(f"DELETE FROM {table} WHERE fingerprint <> :fingerprint"), {"fingerprint": self.fingerprint})
        return dropped

    def forget_removed(self) -> None:
        """Forget documents that were removed long ago."""
        values: dict[str, object] = {"fingerprint": self.fingerprint}
        where = "WHERE record IS NULL AND removed < :before"
        with self._writing() as connection:
            values["before"] = now(connection) - 86_400 * DAYS_REMEMBERED
            last = connection.execute(sql(f"SELECT max(version) FROM records {where}"), values).scalar()
            if last is not None:
                connection.execute(sql("UPDATE library SET forgotten = :last WHERE forgotten < :last"), {"last": last})
                connection.execute(sql(f"DELETE FROM records {where}"), values)

    def _write(self, connection: "Connection", rows: Sequence[dict[str, object]]) -> None:
        """Write rows with the library's next versions."""
        if rows:
            statement = "UPDATE library SET version = version + :count RETURNING version"
            self.version = int(connection.execute(sql(statement), {"count": len(rows)}).scalar_one())
            first = self.version - len(rows) + 1
            connection.execute(sql(WRITE), [{**row, "version": first + place} for place, row in enumerate(rows)])

    @contextmanager
    def _writing(self) -> "Iterator[Connection]":
        """A transaction of the present term."""
        if self._term is None:
            raise StorageError("The library is read-only.")
        with self._database.writing() as connection:
            self._term.fence(connection)
            yield connection

    def _stored(self, connection: "Connection", document_id: str) -> str | None:
        values = {"fingerprint": self.fingerprint, "document_id": document_id}
        found: str | None = connection.execute(sql(f"{READ} AND document_id = :document_id"), values).scalars(1).first()
        return found


def _values(fingerprint: str, row: Row, known: str | None = None) -> dict[str, object]:
    record = json.dumps({**_fields(known), **stored_fields(row.record)})
    stamps = json.dumps(row.stamps)
    return {"fingerprint": fingerprint, "document_id": row.record.id, "record": record, "stamps": stamps, "removed": None}


def _row(record: str | None, stamps: str) -> Row | None:
    """What is stored; None where there is no record, or a damaged one."""
    found = read_record(_fields(record)) if record is not None else None
    return None if found is None else Row(found, _stamps(stamps))


def _fields(record: str | None) -> dict[str, object]:
    try:
        return {**json.loads(record or "{}")}
    except (ValueError, TypeError):
        return {}


def _stamps(stored: str) -> Stamps:
    return tuple((int(first), int(stamp)) for first, stamp in json.loads(stored))
