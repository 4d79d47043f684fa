"""Documents that are drafted while they are read, and wait for their vectors then."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.storing.keyword_ready import KeywordReady
from tests.integration.test_record_store import RECORD, chunks

MANY = 520


@pytest.fixture
def keyword_ready(tmp_path: Path) -> Iterator[KeywordReady]:
    opened = KeywordReady(tmp_path / "pending.sqlite3", "one")
    yield opened
    opened.close()


def rows(keyword_ready: KeywordReady, table: str) -> int:
    count: int = sqlite3.connect(keyword_ready._file).execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return count


def test_a_draft_is_written_in_pieces_and_put_whole(keyword_ready: KeywordReady) -> None:
    made = chunks(RECORD.id, MANY)
    with keyword_ready.draft() as draft:
        for first in range(0, MANY, 10):
            draft.extend(made[first : first + 10])
            assert rows(keyword_ready, "chunks") == first + 10
        assert keyword_ready.records == {}
        assert keyword_ready.next(MANY) == []
        keyword_ready.put(RECORD, draft)
    assert draft.chunks == MANY
    assert list(keyword_ready.records) == [RECORD.id]
    assert keyword_ready.next(2 * MANY) == made


def test_what_is_not_put_is_dropped(keyword_ready: KeywordReady) -> None:
    def stopped() -> None:
        with keyword_ready.draft() as draft:
            draft.extend(chunks(RECORD.id, MANY))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert (rows(keyword_ready, "documents"), rows(keyword_ready, "chunks")) == (0, 0)


def test_several_are_drafted_at_a_time(keyword_ready: KeywordReady) -> None:
    with keyword_ready.draft() as one, keyword_ready.draft() as other:
        one.extend(chunks(RECORD.id, 3))
        other.extend(chunks("e" * 64, 2))
        keyword_ready.put(RECORD, one)
    assert keyword_ready.next(MANY) == chunks(RECORD.id, 3)
    assert rows(keyword_ready, "chunks") == 3


def test_a_draft_that_a_crash_left_is_no_document(keyword_ready: KeywordReady, tmp_path: Path) -> None:
    crashed = keyword_ready.draft()
    crashed.__enter__().extend(chunks(RECORD.id, MANY))
    again = KeywordReady(tmp_path / "pending.sqlite3", "two")
    assert (again.records, again.other_records(), rows(again, "chunks")) == ({}, [], 0)
    again.close()


def test_other_indexes_never_see_a_draft(keyword_ready: KeywordReady, tmp_path: Path) -> None:
    other = KeywordReady(tmp_path / "pending.sqlite3", "two")
    with keyword_ready.draft() as draft:
        draft.extend(chunks(RECORD.id, MANY))
        other.drop_others()
        assert other.other_records() == []
        keyword_ready.put(RECORD, draft)
    assert [record.id for record in other.other_records()] == [RECORD.id]
    other.close()
