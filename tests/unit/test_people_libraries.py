"""The libraries of a server, groups, and who may do what in each."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from rag.storing.migrations.earlier.people import MIGRATIONS
from rag.storing.places import Places
from ui.people.accounts import Person
from ui.people.file import BAD_NAME, PersonError
from ui.people.libraries import MAIN, Grant, HostedLibrary
from ui.people.rights import Right
from ui.people.store import People

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "correct horse battery"


@pytest.fixture
def people(places: Places) -> Iterator[People]:
    with People(places.database("people"), QUICK) as opened:
        yield opened


def added(people: People, name: str, role: str = "guest") -> Person:
    person = people.add(name, SECRET, role)  # type: ignore[arg-type]
    assert person
    return person


def rights(people: People, person: Person) -> dict[str, Right]:
    """A person's rights by library name: the same from both verbs."""
    found = dict(people.libraries_of(person))
    assert {each: right for each in people.libraries() if (right := people.right_in(person, each.id))} == found
    return {library.name: right for library, right in found.items()}


def test_a_role_counts_in_the_main_library_and_for_administrators_in_shared_ones(people: People) -> None:
    people.add_library("Shared")
    for role, expected in (
        ("administrator", {"Main library": "admin", "Shared": "admin"}),
        ("writer", {"Main library": "write"}),
        ("reader", {"Main library": "ask"}),
        ("guest", {}),
    ):
        assert rights(people, added(people, role, role)) == expected


def test_a_private_library_is_its_owners_alone(people: People) -> None:
    ada, zoe, eve = added(people, "Ada", "administrator"), added(people, "Zoë"), added(people, "Eve", "reader")
    mine = people.add_library("Zoë's", zoe.id)
    assert (rights(people, ada), rights(people, zoe)) == ({"Main library": "admin"}, {"Zoë's": "admin"})
    assert mine in people.libraries()  # an administrator sees that there is one
    people.grant(mine.id, ada.id, "read")
    assert rights(people, ada) == {"Main library": "admin", "Zoë's": "read"}
    people.remove("Zoë")
    assert people.library(mine.id) == HostedLibrary(mine.id, "Zoë's", None, True)
    assert rights(people, ada)["Zoë's"] == "read"  # no more than was granted
    people.give_library(mine.id, eve.id)
    assert rights(people, eve)["Zoë's"] == "admin"
    for library_id, who in ((mine.id, ada.id), (MAIN, eve.id), (people.add_library("Shared").id, eve.id), ("00000000", eve.id)):
        with pytest.raises(PersonError, match="has an owner, or is shared"):
            people.give_library(library_id, who)


def test_a_library_of_ones_own_has_a_name_that_is_free(people: People) -> None:
    zoe, long = added(people, "Zoë"), added(people, "ﷺ" * 100)
    assert [people.add_private_library(zoe).name for _ in range(3)] == ["Zoë (private)", "Zoë (private) 2", "Zoë (private) 3"]
    assert {people.add_private_library(long).owner for _ in range(2)} == {long.id}


def test_the_highest_right_counts(people: People) -> None:
    zoe, shared = added(people, "Zoë"), people.add_library("Shared")
    one, two = people.add_group("One"), people.add_group("Two")
    for group in (one, two):
        people.join(group.id, zoe.id)
        people.join(group.id, zoe.id)
    people.grant(shared.id, one.id, "write")
    people.grant(shared.id, two.id, "read")
    people.grant(shared.id, zoe.id, "ask")
    people.grant(MAIN, one.id, "read")
    assert rights(people, zoe) == {"Main library": "read", "Shared": "write"}
    assert people.grants(shared.id) == [
        Grant(one.id, "One", True, "write"),
        Grant(two.id, "Two", True, "read"),
        Grant(zoe.id, "Zoë", False, "ask"),
    ]
    people.leave(one.id, zoe.id)
    assert rights(people, zoe) == {"Shared": "ask"}
    people.grant(shared.id, zoe.id, None)
    assert rights(people, zoe) == {"Shared": "read"}
    people.grant(shared.id, two.id, "admin")  # instead of the one before
    assert rights(people, zoe) == {"Shared": "admin"}
    people.remove_group(two.id)
    assert rights(people, zoe) == {}


def test_rights_go_with_who_or_what_is_removed(people: People) -> None:
    added(people, "Ada", "administrator")
    zoe, group, shared = added(people, "Zoë"), people.add_group("One"), people.add_library("Shared")
    people.join(group.id, zoe.id)
    people.grant(shared.id, zoe.id, "ask")
    people.remove("Zoë")
    assert (people.members(group.id), people.grants(shared.id)) == ([], [])
    people.grant(shared.id, group.id, "ask")
    people.remove_library(shared.id)
    assert (people.right_in(zoe, shared.id), people.library(shared.id)) == (None, None)
    assert [people.rows(f"SELECT count(*) FROM {table}") for table in ("members", "grants")] == [[(0,)], [(0,)]]


def test_what_is_gone_or_taken_is_said(people: People) -> None:
    zoe, group, shared = added(people, "Zoë", "administrator"), people.add_group("One"), people.add_library("Shared")
    for wrong in (
        lambda: people.join(group.id, "x"),
        lambda: people.join("x", zoe.id),
        lambda: people.grant("x", zoe.id, "read"),
        lambda: people.grant(shared.id, "x", "read"),
        lambda: people.rename_library("x", "New"),
        lambda: people.add_library("New", "x"),
    ):
        with pytest.raises(PersonError, match="removed"):
            wrong()
    with pytest.raises(PersonError, match="There is a group 'ｏｎｅ' already"):
        people.add_group("ｏｎｅ")
    with pytest.raises(PersonError, match="There is a library 'shared' already"):
        people.rename_library(MAIN, "shared")
    with pytest.raises(PersonError, match="cannot be removed"):
        people.remove_library(MAIN)
    assert not people.remove_library("x")
    assert not people.remove_group("x")
    for odd in ("", "a\nb", "x" * 101, "\ud800"):
        for add in (people.add_group, people.add_library, lambda name: people.rename_library(shared.id, name)):
            with pytest.raises(PersonError, match=BAD_NAME):
                add(odd)
    for odd in ("", "nobody", "\ud800", "x" * 10_000, "' OR 1=1 --"):
        for find in (people.find_group, people.find_library):
            with pytest.raises(PersonError, match="There is no"):
                find(odd)
    people.rename_library(MAIN, "Company 会社")
    assert people.find_library("company 会社").id == MAIN
    assert people.find_library(shared.id) == people.find_library("SHARED") == shared


def test_a_file_of_before_is_brought_up_to_date(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "people.sqlite3") as older:
        MIGRATIONS[0](older)
        older.execute("INSERT INTO people VALUES ('1', 'zoë', 'Zoë', 'reader', 'x')")
        older.execute("PRAGMA user_version = 1")
    older.close()
    with People(tmp_path / "people.sqlite3") as people:
        assert rights(people, people.find("Zoë")) == {"Main library": "ask"}


def test_without_a_file_there_is_the_main_library(people: People, places: Places) -> None:
    assert (people.libraries(), people.groups()) == ([HostedLibrary(MAIN, "Main library")], [])
    assert not list(places.folder.iterdir())
    added(people, "Ada")
    assert people.libraries() == [HostedLibrary(MAIN, "Main library")]
