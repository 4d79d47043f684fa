"""Tables in SQLite and in PostgreSQL: transactions, versions, several processes at once, and what goes wrong."""

import importlib.util
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from rag import NewerSchemaError, SettingsError, StorageError, UnavailableError
from rag.storing.database import DamagedDatabaseError, Database, now, sql
from rag.storing.migrations import FOLDER, Tables, tables_of
from rag.storing.migrations.earlier.people import MIGRATIONS
from rag.storing.places import Places
from tests.postgres_server import PostgresServer

NOUNS = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir() and [*folder.glob("r0001_*.py")])
WITH_STEPS = [noun for noun in NOUNS if tables_of(noun).steps]
LIMIT = sql("INSERT INTO limits (subject, kind, most) VALUES (:subject, 'k', :most)")


def limits(database: Database) -> list[tuple[str, int]]:
    with database.reading() as connection:
        return [(row.subject, row.most) for row in connection.execute(sql("SELECT subject, most FROM limits ORDER BY subject"))]


def test_what_is_written_is_there_for_others_and_what_fails_is_not(places: Places) -> None:
    with places.database("usage") as one, places.database("usage") as other:
        with one.writing() as connection:
            connection.execute(LIMIT, [{"subject": name, "most": 2**40} for name in ("b", "a", "Z")])
        with pytest.raises(KeyError), one.writing() as connection:
            _fail(connection)
        assert limits(other) == [("Z", 2**40), ("a", 2**40), ("b", 2**40)]  # by code points
        with pytest.raises(StorageError, match=r"cannot be used: .*What people use is not counted"), one.writing() as connection:
            connection.execute(LIMIT, {"subject": "a", "most": 1})
        assert len(limits(one)) == 3
        one.close()
        assert len(limits(one)) == 3  # opens again


def test_nothing_is_made_before_it_is_used(places: Places) -> None:
    database = places.database("usage")
    assert database.exists() == database.is_shared == places.are_shared
    assert not list(places.folder.iterdir())
    assert limits(database) == []
    assert database.exists()
    modes = [stat.S_IMODE(file.stat().st_mode) for file in places.folder.iterdir()]
    assert set(modes) <= {0o600}
    assert bool(modes) == (not places.are_shared)
    database.close()


def test_who_writes_alone_finds_what_was_read(places: Places) -> None:
    def raise_limit() -> None:
        with places.database("usage") as database:
            for _ in range(20):
                with database.writing(alone=True) as connection:
                    most = connection.execute(sql("SELECT most FROM limits")).scalar_one()
                    connection.execute(sql("UPDATE limits SET most = :most"), {"most": most + 1})

    with places.database("usage") as database:
        with database.writing() as connection:
            connection.execute(LIMIT, {"subject": "a", "most": 0})
        _at_once(raise_limit, 4)
        assert limits(database) == [("a", 80)]


def test_servers_that_start_at_once_make_the_tables_once(places: Places) -> None:
    def start() -> None:
        with places.database("people") as database, database.writing() as connection:
            connection.execute(sql("INSERT INTO removed (id) VALUES (:id)"), {"id": os.urandom(8).hex()})

    _at_once(start, 8)
    with places.database("people") as database, database.reading() as connection:
        assert connection.execute(sql("SELECT count(*) FROM removed")).scalar_one() == 8
        assert connection.execute(sql("SELECT id, name, is_private FROM libraries")).all() == [("", "Main library", False)]


def test_libraries_do_not_meet(places: Places) -> None:
    other = Places(places.folder / "other", places.database_url, "0a1b2c3d")
    other.folder.mkdir()
    with places.database("usage") as mine, other.database("usage") as theirs:
        with mine.writing() as connection:
            connection.execute(LIMIT, {"subject": "a", "most": 1})
        assert (limits(mine), limits(theirs), limits(mine)) == ([("a", 1)], [], [("a", 1)])


@pytest.mark.parametrize("noun", WITH_STEPS)
def test_the_first_revision_makes_what_a_file_of_before_has(noun: str, tmp_path: Path, postgres: PostgresServer) -> None:
    found = []
    for places in (Places(tmp_path, None), Places(tmp_path, postgres.database())):
        with places.database(noun) as database, database.reading() as connection:
            schema = f"footnote_{noun}" if places.are_shared else None
            names = sorted({*sqlalchemy.inspect(connection).get_table_names(schema)} - {"alembic_version"})
            found.append({name: _facts(connection, name, schema) for name in names})
    assert found[0] == found[1]
    assert found[0]


SECOND = '''"""Adds a column."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("limits", sa.Column("note", sa.Text, nullable=False, server_default="none"))
'''


@pytest.mark.parametrize("has_steps", [True, False])
def test_tables_are_brought_up_to_date_and_newer_ones_refused(places: Places, has_steps: bool) -> None:
    folder = places.folder / "100 % newer"
    shutil.copytree(FOLDER / "usage", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "r0002_notes.py").write_text(SECOND)
    steps = tables_of("usage").steps if has_steps else ()
    old, new = Tables(FOLDER / "usage", steps), Tables(folder, steps)

    def opened(tables: Tables) -> Database:
        url = places.database_url
        return Database.schema(url, "footnote_usage", tables) if url else Database.file(places.folder / "usage.sqlite3", tables)

    def start() -> None:
        with opened(new) as database, database.reading() as connection:
            assert connection.execute(sql("SELECT subject, note FROM limits")).all() == [("a", "none")]

    with opened(old) as older:
        with older.writing() as connection:
            connection.execute(LIMIT, {"subject": "a", "most": 1})
        _at_once(start, 4)
        assert limits(older) == [("a", 1)]  # a server that was not upgraded yet goes on
    with opened(old) as database, pytest.raises(NewerSchemaError, match=r"newer version of Footnote \(schema 2; .* up to 1\)"):
        limits(database)
    start()


def test_a_file_of_before_alembic_keeps_what_it_has(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "people.sqlite3")) as older:
        for step in MIGRATIONS[:2]:
            step(older)
        older.execute("INSERT INTO people VALUES ('1', 'zoë', 'Zoë', 'reader', 'x')")
        older.execute("PRAGMA user_version = 2")
        older.commit()
    with Places(tmp_path, None).database("people") as database, database.reading() as connection:
        assert connection.execute(sql("SELECT name FROM people")).scalars().all() == ["Zoë"]
        assert connection.execute(sql("SELECT count(*) FROM identities")).scalar_one() == 0
        assert connection.exec_driver_sql("PRAGMA user_version").scalar_one() == len(MIGRATIONS)
        settings = ("foreign_keys", "secure_delete", "journal_mode", "synchronous")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in settings] == [1, 1, "wal", 2]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [(b"no database at all" * 100, DamagedDatabaseError, "not a database"), (None, StorageError, "unable to open")],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, error: type[StorageError], message: str) -> None:
    file = tmp_path / "people.sqlite3"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with Places(tmp_path, None).database("people") as database:
        with pytest.raises(error, match=rf"people\.sqlite3 cannot be used: .*{message}.*\. Nobody can sign in until it can\.") as raised:
            database.reading().__enter__()
        assert isinstance(raised.value.__cause__, sqlite3.Error)
    assert content is None or file.read_bytes() == content


def test_tables_in_memory_need_no_file(tmp_path: Path) -> None:
    with Database.memory("usage", prepare=lambda each: each.create_function("folded", 1, str.casefold)) as database:
        with database.writing() as connection:
            connection.execute(LIMIT, {"subject": "a", "most": 1})
            assert connection.execute(sql("SELECT folded('SS')")).scalar_one() == "ss"
        assert limits(database) == [("a", 1)]


def test_the_time_is_the_databases(places: Places) -> None:
    with places.database("usage") as database, database.writing() as connection:
        assert abs(now(connection) - time.time()) < 5
        assert now(connection) <= now(connection)


# PostgreSQL


def test_a_server_that_restarts_or_is_gone_is_told_and_found_again(tmp_path: Path) -> None:
    with PostgresServer() as server, Places(tmp_path, server.database()).database("usage") as database:
        assert limits(database) == []
        server.kill()
        with pytest.raises(UnavailableError, match=r"The database test_1 at 127\.0\.0\.1:\d+ cannot be used: .*refused"):
            limits(database)
        server.start()
        assert limits(database) == []
        with server.read_only(server.url.replace("/postgres", "/test_1")):
            assert limits(database) == []
            with pytest.raises(StorageError, match="read-only") as caught, database.writing() as connection:
                connection.execute(LIMIT, {"subject": "a", "most": 1})
            assert type(caught.value) is StorageError


def test_who_sleeps_within_a_transaction_writes_nothing_and_stops_nobody(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()
    impatient = f"{url}?options=-c%20idle_in_transaction_session_timeout=300"
    with Places(tmp_path, impatient).database("usage") as sleeper, Places(tmp_path, url).database("usage") as other:
        assert limits(other) == []
        asleep, awake = threading.Event(), threading.Event()

        def sleep() -> None:
            with pytest.raises(StorageError, match=r"terminating connection|closed"), sleeper.writing(alone=True) as connection:
                _sleep(connection, asleep, awake)

        thread = threading.Thread(target=sleep)
        thread.start()
        assert asleep.wait(10)
        with other.writing(alone=True) as connection:
            connection.execute(LIMIT, {"subject": "other", "most": 1})
        awake.set()
        thread.join(10)
        assert not thread.is_alive()
        assert limits(sleeper) == [("other", 1)]


@pytest.mark.parametrize("wrong", ["password", "port", "name", "host"])
def test_no_error_says_the_password(postgres: PostgresServer, wrong: str) -> None:
    url = sqlalchemy.make_url(postgres.url).set(password="s3cret/@:word")
    url = {"port": url.set(port=1), "name": url.set(database="none"), "host": url.set(host="none.invalid")}.get(wrong, url)
    with Database.schema(url.render_as_string(hide_password=False), "footnote_usage", "usage") as database:
        with pytest.raises(StorageError, match="cannot be used: ") as raised:
            limits(database)
        assert "s3cret" not in f"{raised.value} {raised.value.__cause__} {database.place}"


@pytest.mark.parametrize(
    "url", ["", "postgresql", "mysql://a:s3cret@host/name", "postgresql://a:s3cret@host:port/name", "postgresql://a:s3cret@host"]
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="RAG_DATABASE_URL is not the address of a PostgreSQL database") as raised:
        Database.schema(url, "footnote_usage", "usage")
    assert "s3cret" not in f"{raised.value} {raised.value.__cause__}"


def test_any_text_can_be_looked_for_and_stored(postgres: PostgresServer, tmp_path: Path) -> None:
    with Places(tmp_path, postgres.database()).database("usage") as database:
        with database.writing() as connection:
            connection.execute(LIMIT, [{"subject": odd, "most": 1} for odd in ("a\0b", "c\ud800d", "ﷺ 博士", "'; --", "%s :x")])
        assert [name for name, _ in limits(database)] == ["%s :x", "'; --", "a\ufffdb", "c\ufffd\ufffd\ufffdd", "ﷺ 博士"]


def test_one_pool_serves_all_schemas_of_a_process(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()
    name = url.rpartition("/")[2]
    open_connections = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
    databases = [Places(tmp_path, url, f"{number:08x}").database("usage") for number in range(12)]
    for _ in range(2):
        assert [limits(database) for database in databases] == [[]] * 12
    assert postgres.execute(open_connections) == [(1,)]
    for database in databases:
        database.close()
    until = time.monotonic() + 10
    while postgres.execute(open_connections) != [(0,)] and time.monotonic() < until:
        time.sleep(0.05)
    assert postgres.execute(open_connections) == [(0,)]


def test_a_version_that_is_none_is_said(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()
    with Places(tmp_path, url).database("usage") as database:
        limits(database)
    postgres.execute("UPDATE footnote_usage.alembic_version SET version_num = 'x'", url.rpartition("/")[2])
    with (
        Places(tmp_path, url).database("usage") as database,
        pytest.raises(StorageError, match=r"footnote_usage in the database .* is damaged"),
    ):
        limits(database)


# What is loaded


def test_nothing_is_loaded_before_a_database_is_used_and_alembic_only_to_migrate(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from rag.storing.places import Places
loaded = lambda: sorted({{"sqlalchemy", "alembic", "psycopg"}} & set(sys.modules))
database = Places(Path({str(tmp_path)!r}), None).database("people")
print(loaded(), database.exists())
with database.reading():
    print(loaded())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[] False", "['sqlalchemy']"]
    assert importlib.util.find_spec("alembic")


def _facts(connection: sqlalchemy.Connection, table: str, schema: str | None) -> dict[str, object]:
    """What a table is, as far as both databases tell it in the same words."""
    look = sqlalchemy.inspect(connection)
    keys = look.get_pk_constraint(table, schema)["constrained_columns"]
    if schema is None:  # where the columns referred to are not named, SQLAlchemy does not find what happens to them
        rows = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})").mappings()
        foreign = {(row["from"], row["table"], row["on_delete"]) for row in rows}
    else:
        keyed = look.get_foreign_keys(table, schema)
        foreign = {(name, each["referred_table"], each["options"]["ondelete"]) for each in keyed for name in each["constrained_columns"]}
    unique = sorted(tuple(each["column_names"]) for each in look.get_unique_constraints(table, schema))
    columns = [(each["name"], each["nullable"] and each["name"] not in keys) for each in look.get_columns(table, schema)]
    return {"keys": keys, "foreign": foreign, "unique": unique, "columns": columns}


def _fail(connection: sqlalchemy.Connection) -> None:
    connection.execute(LIMIT, {"subject": "c", "most": 1})
    raise KeyError


def _sleep(connection: sqlalchemy.Connection, asleep: threading.Event, awake: threading.Event) -> None:
    connection.execute(LIMIT, {"subject": "sleeper", "most": 1})
    asleep.set()
    assert awake.wait(30)
    connection.execute(LIMIT, {"subject": "sleeper, again", "most": 1})


def _at_once(work: Callable[[], None], count: int) -> None:
    """Do it in several threads at the same time."""
    failed: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 # told below
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
