"""Schema versions: migrations run once, in order, whole or not at all; what is newer or damaged is refused."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import LibraryDamagedError, NewerSchemaError
from rag.storing.schema import check_version, migrate

FIRST = "CREATE TABLE IF NOT EXISTS boats (name TEXT)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)
    yield opened
    opened.close()


def version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_each_migration_runs_once_and_in_order(database: sqlite3.Connection) -> None:
    database.execute(FIRST)  # made before there were versions
    database.execute("INSERT INTO boats VALUES ('Anna')")
    for _ in range(2):
        migrate(database, [lambda each: each.execute(FIRST), lambda each: each.execute("ALTER TABLE boats ADD pier INTEGER")], "Boats")
    assert database.execute("SELECT * FROM boats").fetchall() == [("Anna", None)]
    assert version(database) == 2


def test_a_migration_that_is_interrupted_leaves_nothing_and_is_run_again(database: sqlite3.Connection) -> None:
    def interrupted(each: sqlite3.Connection) -> None:
        each.execute("DROP TABLE boats")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(database, [lambda each: each.execute(FIRST), interrupted], "Boats")
    assert version(database) == 1
    migrate(database, [lambda each: each.execute(FIRST), lambda each: each.execute("ALTER TABLE boats ADD pier INTEGER")], "Boats")
    assert [name for _, name, *_ in database.execute("PRAGMA table_info(boats)")] == ["name", "pier"]


@pytest.mark.parametrize(("found", "error"), [(3, NewerSchemaError), (-1, sqlite3.DatabaseError), (2**30, sqlite3.DatabaseError)])
def test_a_newer_or_damaged_database_is_refused_and_not_changed(database: sqlite3.Connection, found: int, error: type[Exception]) -> None:
    database.execute(f"PRAGMA user_version = {found}")
    with pytest.raises(error):
        migrate(database, [lambda each: each.execute(FIRST)], "Boats")
    assert (version(database), database.execute("SELECT count(*) FROM sqlite_master").fetchone()) == (found, (0,))


def test_a_part_says_which_versions_it_can_be_read_by() -> None:
    for readable in (1, 2):
        check_version(readable, 2, "The record")
    with pytest.raises(NewerSchemaError, match=r"The record was written by a newer .*schema 3.*up to 2.*Update Footnote"):
        check_version(3, 2, "The record")
    for damaged in (None, 0, -1, True, "2", 2**40):
        with pytest.raises(LibraryDamagedError, match="The record is damaged: its schema version is"):
            check_version(damaged, 2, "The record")
