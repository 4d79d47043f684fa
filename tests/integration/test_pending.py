"""Documents that are drafted while they are read, and wait for their vectors then."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.storing.pending import DRAFTED_AT_ONCE, Pending
from tests.integration.test_storing import RECORD, chunks

MANY = 2 * DRAFTED_AT_ONCE + 10


@pytest.fixture
def pending(tmp_path: Path) -> Iterator[Pending]:
    opened = Pending(tmp_path / "pending.sqlite3", "one")
    yield opened
    opened.close()


def rows(pending: Pending, table: str) -> int:
    count: int = sqlite3.connect(pending._file).execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return count


def test_a_draft_is_written_in_pieces_and_put_whole(pending: Pending) -> None:
    made = chunks(RECORD.id, MANY)
    with pending.draft() as draft:
        for first in range(0, MANY, 10):
            draft.extend(made[first : first + 10])
            assert rows(pending, "chunks") >= first - DRAFTED_AT_ONCE
        assert pending.records == {}
        assert pending.next(MANY) == []
        pending.put(RECORD, draft)
    assert draft.chunks == MANY
    assert list(pending.records) == [RECORD.id]
    assert pending.next(2 * MANY) == pending.document_chunks(RECORD.id) == made


def test_what_is_not_put_is_dropped(pending: Pending) -> None:
    def stopped() -> None:
        with pending.draft() as draft:
            draft.extend(chunks(RECORD.id, MANY))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert (rows(pending, "documents"), rows(pending, "chunks")) == (0, 0)


def test_several_are_drafted_at_a_time(pending: Pending) -> None:
    with pending.draft() as one, pending.draft() as other:
        one.extend(chunks(RECORD.id, 3))
        other.extend(chunks("e" * 64, 2))
        pending.put(RECORD, one)
    assert pending.document_chunks(RECORD.id) == chunks(RECORD.id, 3)
    assert rows(pending, "chunks") == 3


def test_a_draft_that_a_crash_left_is_no_document(pending: Pending, tmp_path: Path) -> None:
    crashed = pending.draft()
    crashed.__enter__().extend(chunks(RECORD.id, MANY))
    again = Pending(tmp_path / "pending.sqlite3", "two")
    assert (again.records, again.other_records(), rows(again, "chunks")) == ({}, [], 0)
    again.close()


def test_other_indexes_never_see_a_draft(pending: Pending, tmp_path: Path) -> None:
    other = Pending(tmp_path / "pending.sqlite3", "two")
    with pending.draft() as draft:
        draft.extend(chunks(RECORD.id, MANY))
        other.drop_others()
        assert other.other_records() == []
        pending.put(RECORD, draft)
    assert [record.id for record in other.other_records()] == [RECORD.id]
    other.close()
