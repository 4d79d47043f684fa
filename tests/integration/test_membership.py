"""Who writes to a library of a cluster: the lease in the database, on both databases, with processes that are stopped and killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from rag import LibraryLockedError, NewerSchemaError, StorageError
from rag.storing.cluster.membership import Membership, Writer
from rag.storing.database import Database, sql
from tests.postgres_server import PostgresServer

ROOT = Path(__file__).parents[2]
SECONDS = 2.0


class Join(Protocol):
    """Makes one more member of the test's library; all are closed at its end."""

    def __call__(self, *, candidate: bool = True, **options: Any) -> Membership: ...


@pytest.fixture(params=["sqlite", "postgresql"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Connects one more process to the test's database."""
    if request.param == "sqlite":
        return lambda: Database.file(tmp_path / "library.sqlite3", "library")
    url = request.getfixturevalue("postgres").database()
    return lambda: Database.schema(url, "footnote_library", "library")


@pytest.fixture
def join(connect: Callable[[], Database]) -> Iterator[Join]:
    with ExitStack() as stack:

        def joined(*, candidate: bool = True, **options: Any) -> Membership:
            database = connect()
            stack.callback(database.close)
            given: dict[str, Any] = {"seconds": SECONDS, "url": "http://a", "token": "t"} | options
            member = Membership(database, candidate=candidate, **given)
            stack.callback(member.close)
            return member

        yield joined


def until(is_so: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def expire(database: Database) -> None:
    """As if the holder had not been heard of for long."""
    with database.writing() as connection:
        connection.execute(sql("UPDATE lease SET renewed = renewed - 1000"))


def test_the_first_writes_and_the_others_know_where_it_is(join: Join) -> None:
    first, second, replica = join(url="http://one:8000", token="secret"), join(url="http://two:8000"), join(candidate=False)
    assert [each.state().role for each in (first, second, replica)] == ["writer", "standby", "replica"]
    assert [each.is_writer for each in (first, second, replica)] == [True, False, False]
    assert {each.writer() for each in (first, second, replica)} == {Writer("http://one:8000", "secret")}
    assert "secret" not in repr(first.writer())
    assert [each.epoch for each in (first, second, replica)] == [1, 1, 1]
    assert "http://one:8000" in replica.state().holder
    assert 0 <= (replica.state().heartbeat_seconds or 0) < 10
    first.announce("http://new:8000", "other")
    until(lambda: replica.writer() == Writer("http://new:8000", "other"))


def test_a_lease_that_is_given_back_is_taken_at_once(join: Join, connect: Callable[[], Database]) -> None:
    first, second = join(seconds=600), join(seconds=600)
    told: list[bool] = []
    second.on_change(told.append)
    began = time.monotonic()
    first.close()
    first.close()
    until(lambda: told)
    assert time.monotonic() - began < 20
    assert (told, second.epoch, second.state().takeovers) == ([True], 2, 1)
    with connect() as database, database.writing() as connection, pytest.raises(LibraryLockedError):
        first.fence(connection)


def test_nobody_writes_where_there_are_replicas_alone(join: Join) -> None:
    replica = join(candidate=False)
    assert (replica.writer(), replica.epoch, replica.state().heartbeat_seconds) == (None, 0, None)
    writer = join()
    until(lambda: replica.writer())
    writer.close()
    until(lambda: replica.writer() is None)
    assert not replica.is_writer


def test_a_holder_that_was_not_heard_of_writes_nothing_any_more(join: Join, connect: Callable[[], Database]) -> None:
    first = join(seconds=600)
    term = first.term
    told: list[bool] = []
    first.on_change(told.append)
    assert term
    term.check()
    with connect() as database:
        expire(database)
        second = join(seconds=600)
        assert (second.is_writer, second.epoch) == (True, 2)
        with pytest.raises(LibraryLockedError, match="Another server"), database.writing() as connection:
            term.fence(connection)
        with pytest.raises(LibraryLockedError):
            term.check()
        until(lambda: told == [False])
        assert (first.state().role, first.is_writer) == ("standby", False)
        expire(database)
        until(lambda: told == [False, True])
        with pytest.raises(LibraryLockedError), database.writing() as connection:  # what the first term began never goes on
            term.fence(connection)
        with database.writing() as connection:
            first.fence(connection)


def test_nobody_takes_the_lease_while_its_holder_commits(join: Join, connect: Callable[[], Database]) -> None:
    first = join(seconds=600)
    with ExitStack() as stack:
        database = stack.enter_context(connect())
        expire(database)
        term, taken = first.term, threading.Event()
        assert term
        with database.writing() as connection:
            term.fence(connection)

            def take() -> None:
                join(seconds=600)
                taken.set()

            taking = threading.Thread(target=take)
            taking.start()
            assert not taken.wait(0.5)
            connection.execute(sql("UPDATE library SET version = 7"))
        taking.join()
        with database.reading() as connection:
            assert connection.execute(sql("SELECT version FROM library")).scalar() == 7


HOLD = """
import sys, threading
from pathlib import Path
from rag.storing.database import Database, sql
from rag.storing.cluster.membership import Membership
kind, where = sys.argv[1:3]
database = Database.file(Path(where), "library") if kind == "sqlite" else Database.schema(where, "footnote_library", "library")
def tell(words):
    sys.stdout.write(words + "\\n")
    sys.stdout.flush()
member = Membership(database, candidate=True, url="http://held", token="t", seconds=2.0)
term = member.term
member.on_change(lambda is_promoted: tell("promoted" if is_promoted else "demoted"))
tell("holds")
for line in sys.stdin:
    try:
        if line == "check\\n":
            term.check()
        elif line == "sleep within\\n":
            with database.writing() as connection:
                term.fence(connection)
                tell("within")
                sys.stdin.readline()
                connection.execute(sql("UPDATE library SET version = version + 1000"))
        else:
            with database.writing() as connection:
                term.fence(connection)
                connection.execute(sql("UPDATE library SET version = version + 1"))
        tell("written")
    except Exception as error:
        tell(type(error).__name__)
"""


class Holder:
    """A process that holds the lease, and does what it is told."""

    def __init__(self, database: Database, url: str) -> None:
        arguments = [database.kind, database.place if database.kind == "sqlite" else url]
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLD, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.told() == "holds"

    def told(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def tell(self, words: str) -> None:
        assert self._process.stdin
        print(words, file=self._process.stdin, flush=True)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.mark.parametrize("write", ["write", "check"])
def test_a_holder_that_was_stopped_is_demoted_before_it_writes(join: Join, connect: Callable[[], Database], write: str) -> None:
    with connect() as database, ExitStack() as stack:
        holder = Holder(database, _url(database))
        stack.callback(holder.end)
        standby = join()
        assert standby.state().role == "standby"
        holder.signal(signal.SIGSTOP)
        holder.tell(write)  # it finds this when it wakes
        until(lambda: standby.is_writer)
        holder.signal(signal.SIGCONT)
        assert {holder.told(), holder.told()} == {"LibraryLockedError", "demoted"}
        with database.reading() as connection:
            assert connection.execute(sql("SELECT version FROM library")).scalar() == 0
        standby.close()
        assert holder.told() == "promoted"


def test_a_holder_that_is_stopped_within_a_transaction_does_not_stop_the_others(join: Join, connect: Callable[[], Database]) -> None:
    with connect() as database, ExitStack() as stack:
        if database.kind == "sqlite":
            pytest.skip("a process that sleeps within a transaction keeps SQLite's lock")
        holder = Holder(database, _url(database))
        stack.callback(holder.end)
        holder.tell("sleep within")
        assert holder.told() == "within"
        holder.signal(signal.SIGSTOP)
        standby = join()
        until(lambda: standby.is_writer)
        holder.signal(signal.SIGCONT)
        holder.tell("")
        assert holder.told() in {"StorageError", "demoted"}
        with database.reading() as connection:
            assert connection.execute(sql("SELECT version FROM library")).scalar() == 0


def test_a_killed_holder_is_followed_when_its_lease_has_expired(join: Join, connect: Callable[[], Database]) -> None:
    with connect() as database:
        holder = Holder(database, _url(database))
        standby = join()
        holder.end()
        assert not standby.is_writer
        until(lambda: standby.is_writer, SECONDS + 5)


def _url(database: Database) -> str:
    """The address of a PostgreSQL database; "" of a file."""
    url: Any = getattr(database._source, "_url", None)
    return "" if url is None else str(url.render_as_string(hide_password=False))


def test_of_many_that_want_it_one_gets_it(join: Join) -> None:
    members: list[Membership] = []
    begin = threading.Barrier(6)

    def enter() -> None:
        begin.wait()
        members.append(join(seconds=600))

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.is_writer for each in members].count(True) == 1


def test_a_database_that_is_away_or_read_only_is_waited_for(postgres: PostgresServer) -> None:
    url = postgres.database()
    databases = [Database.schema(url, "footnote_library", "library") for _ in range(2)]
    with postgres.read_only(url):  # the tables are not even there
        early = Membership(databases[0], candidate=True, seconds=SECONDS)
        assert (early.is_writer, early.state().role) == (False, "standby")
        assert "read-only" in early.state().problem
    until(lambda: early.is_writer and not early.state().problem)
    term = early.term
    with postgres.read_only(url):
        until(lambda: early.state().problem)
        with pytest.raises(StorageError), databases[1].writing() as connection:
            connection.execute(sql("UPDATE library SET version = 1"))
    postgres.kill()
    until(lambda: "refused" in early.state().problem or "closed" in early.state().problem)
    assert early.is_writer  # as far as anybody knows
    assert (early.state().heartbeat_seconds or 0) > 0
    time.sleep(SECONDS)
    with pytest.raises(StorageError):
        early.term.check()  # type: ignore[union-attr]
    postgres.start()
    until(lambda: not early.state().problem)
    assert early.term is term  # nobody else has taken it
    early.close()
    for database in databases:
        database.close()


def test_a_database_of_a_newer_program_is_refused(connect: Callable[[], Database]) -> None:
    with connect() as database, database.writing() as connection:
        if database.kind == "sqlite":
            connection.exec_driver_sql("PRAGMA user_version = 99")
        else:
            connection.execute(sql("UPDATE alembic_version SET version_num = '0099'"))
    with connect() as database, pytest.raises(NewerSchemaError, match="newer version"):
        Membership(database, candidate=False, seconds=SECONDS)
