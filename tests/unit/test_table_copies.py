"""Copies of tables: between the databases, and what damaged ones do."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from rag import NewerSchemaError, RagError
from rag.storing.database import Database, sql
from rag.storing.places import Places
from rag.storing.table_copies import read_tables, take_in, write_tables
from tests.postgres_server import PostgresServer
from ui.people.ledger import Amounts, Ledger
from ui.people.store import People

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "correct horse battery"


@pytest.fixture(params=["sqlite", "postgresql"])
def other_places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    (tmp_path / "other").mkdir()
    url: str | None = request.getfixturevalue("postgres").database() if request.param == "postgresql" else None
    return Places(tmp_path / "other", url)


@pytest.fixture
def usage(places: Places) -> Iterator[Database]:
    with places.database("usage") as database:
        yield database


def copied(database: Database) -> io.StringIO:
    copy = io.StringIO()
    write_tables(database, copy)
    copy.seek(0)
    return copy


def test_people_go_from_any_database_to_any_other(places: Places, other_places: Places) -> None:
    one, other = places.database("people"), other_places.database("people")
    with People(one, QUICK) as people, People(other, QUICK) as theirs:
        ada = people.add("Ada 博士", SECRET, "administrator")
        assert ada
        group, session = people.add_group("Group"), people.begin_session(ada)
        people.join(group.id, ada.id)
        mine = people.add_private_library(ada)
        people.rename_library("", "Ours")
        people.grant(mine.id, group.id, "read")
        theirs.add("Eve", SECRET, "reader")
        copy = copied(one)
        assert read_tables(other, copy) == copy.getvalue().count("\n") - 1 == 7
        assert theirs.listed() == [ada] == people.listed()
        assert theirs.checked("ada 博士", SECRET) == ada
        assert theirs.of_session(session) == ada
        assert (theirs.libraries(), theirs.grants(mine.id)) == (people.libraries(), people.grants(mine.id))
        assert theirs.members(group.id) == [ada]


def test_many_rows_are_of_one_moment(places: Places, usage: Database, tmp_path: Path) -> None:
    rows = [{"subject": f"{number:05}", "kind": "k", "most": number} for number in range(2_500)]
    with usage.writing() as connection:
        connection.execute(sql("INSERT INTO limits (subject, kind, most) VALUES (:subject, :kind, :most)"), rows)
    with usage.snapshot() as connection:
        before = connection.execute(sql("SELECT count(*) FROM limits")).scalar_one()
        if places.are_shared:
            Ledger(places.database("usage")).set_limit("new", "k", 1)
        assert connection.execute(sql("SELECT count(*) FROM limits")).scalar_one() == before == 2_500
    with Database.memory("usage") as other:
        assert read_tables(other, copied(usage)) == 2_500 + places.are_shared
        with other.reading() as connection:
            assert connection.execute(sql("SELECT sum(most) FROM limits WHERE subject < '1'")).scalar_one() == sum(range(2_500))


def test_of_what_was_never_used_the_copy_is_empty(usage: Database) -> None:
    copy = copied(usage)
    assert copy.getvalue() == '{"version": 1}\n'
    Ledger(usage).add("ada", "", Amounts(questions=1))
    assert read_tables(usage, copy) == 0
    assert Ledger(usage).used("") == []


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", RagError, "damaged, line 1"),
        ("[]\n", RagError, "damaged, line 1"),
        ("{}\n", RagError, "its schema version is None"),
        ('{"version": 99}\n', NewerSchemaError, "newer version of Footnote"),
        ('{"version": 1}\n["limits", {"subject": "b", "kind": "k", "most": 1}]\n["limits"', RagError, "damaged, line 3"),
        ('{"version": 1}\n["limits", {}]\n', RagError, "damaged, line 2: it is no row"),
        ('{"version": 1}\n["limits; --", {"a": 1}]\n', RagError, "no such table"),
        ('{"version": 1}\n["limits", {"subject\\" --": 1}]\n', RagError, "no such table or column"),
        ('{"version": 1}\n["limits", {"subject": null, "kind": "k", "most": 1}]\n', RagError, "cannot be used"),
    ],
)
def test_a_damaged_or_newer_copy_changes_nothing(usage: Database, text: str, error: type[RagError], message: str) -> None:
    Ledger(usage).set_limit("ada", "questions_a_day", 7)
    with pytest.raises(error, match=message):
        read_tables(usage, io.StringIO(text))
    assert Ledger(usage).limits() == {"ada": {"questions_a_day": 7}}


def test_what_one_machine_stored_is_taken_into_a_cluster_once(tmp_path: Path, postgres: PostgresServer) -> None:
    alone, shared = Places(tmp_path, None), Places(tmp_path, postgres.database())
    take_in(shared, "people")  # there is nothing yet
    with People(alone.database("people"), QUICK) as people:
        ada = people.add("Ada", SECRET, "administrator")
    take_in(shared, "people")
    with People(shared.database("people"), QUICK) as people:
        assert people.listed() == [ada]
        assert people.checked("Ada", SECRET) == ada
    assert not (tmp_path / "people.sqlite3").exists()
    assert (tmp_path / "people.sqlite3.before-cluster").exists()
    with People(alone.database("people"), QUICK) as people:
        people.add("Eve", SECRET, "administrator")
    take_in(shared, "people")  # the cluster has people of its own
    with People(shared.database("people"), QUICK) as people:
        assert people.listed() == [ada]
    take_in(alone, "people")
    assert (tmp_path / "people.sqlite3").exists()
