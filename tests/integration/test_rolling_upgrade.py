"""Servers of two versions use one database while they are replaced one by one: see "Upgrading" in docs/deploying.md."""

from pathlib import Path

import pytest

from rag.errors import NewerSchemaError
from rag.storing.places import Places
from tests.newer_version import newer_version, run
from tests.postgres_server import PostgresServer
from ui.people.store import People

NEWER = """
import sys
from pathlib import Path
from rag.storing.database import sql
from rag.storing.places import Places
from ui.people.store import People
places = Places(Path("nowhere"), {url!r})
with People(places.database("people")) as people:
    people.add("newer", None, "reader")
    with places.database("people") as database, database.reading() as connection:
        print(sorted(connection.execute(sql("SELECT name, added_later FROM people")).all()))
"""


def test_an_older_server_goes_on_beside_a_newer_one_and_is_refused_when_it_starts_again(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()
    places, program, newer = Places(tmp_path, url), NEWER.format(url=url), newer_version(tmp_path / "newer")
    with People(places.database("people")) as older:
        older.add("older", None, "administrator")
        assert run(program, newer) == "[('newer', 'as before'), ('older', 'as before')]\n"
        older.add("older still", None, "reader")  # it knows nothing of the column, which has a default
        assert {person.name for person in older.listed()} == {"older", "newer", "older still"}
        older.remove("newer")
    with People(places.database("people")) as started, pytest.raises(NewerSchemaError):
        started.listed()
    assert (
        run(program.replace('"newer"', '"newest"'), newer)
        == "[('newest', 'as before'), ('older', 'as before'), ('older still', 'as before')]\n"
    )
