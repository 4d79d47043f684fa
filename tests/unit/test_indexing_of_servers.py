"""The queue of uploads of several servers: any takes files, the one that writes reads them, all show them; none is lost or read twice."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag import Library, StorageError
from rag.errors import LibraryLockedError, RagError, ServerError
from rag.ingesting.staging import Source
from rag.storing.cluster.bucket import Bucket, open_bucket
from rag.storing.database import Database, sql
from rag.types import Outcome, Progress, ProgressCallback
from tests.documents import encrypted_pdf
from tests.fakes import BagOfWordsEmbedder
from tests.integration.test_unpacking import FERRY, KEEPER, put
from tests.web_server import WebServer
from ui.people.limits import NOBODYS
from ui.uploading import shared_indexer
from ui.uploading.queue_folder import MOST_ATTEMPTS, Job
from ui.uploading.shared_indexer import NOBODY_READS, SharedIndexer
from ui.uploading.shared_queue import SharedQueue

OpenDatabase = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenDatabase]:
    """Opens the one database, for one more server."""
    with ExitStack() as closes:
        if request.param == "postgresql":
            url = request.getfixturevalue("postgres").database()
            yield lambda: closes.enter_context(Database.schema(url, "footnote_queue", "queue"))
        else:
            yield lambda: closes.enter_context(Database.file(tmp_path / "queue.sqlite3", "queue"))


class Answering(Library):
    """A library that does as its server is told to: reads, waits, or finds that another server writes."""

    writer: Library | None = None  # who adds what this server passes on
    is_slow = is_taken_over = False
    problem: RagError | None = None  # what adding ends with
    began: threading.Event
    order: list[str]

    def add_upload(self, path: Path, name: str, *, progress: ProgressCallback | None = None, **options: Any) -> Outcome:
        if self.writer:
            return self.writer.add_upload(path, name, **options)
        self._wait(path, name, progress)
        return super().add_upload(path, name, progress=progress, **options)

    def add_source(self, source: Source, *, progress: ProgressCallback | None = None, **options: Any) -> Outcome:
        self._wait(source.path, source.name, progress)
        return super().add_source(source, progress=progress, **options)

    def _wait(self, path: Path, name: str, progress: ProgressCallback | None) -> None:
        if self.is_taken_over:
            raise LibraryLockedError("Another server writes.")
        self.began.set()
        while self.is_slow:
            assert progress
            progress(Progress(str(path), 0.5, 1, 1, None, "reading"))
            time.sleep(0.001)
        if self.problem:
            raise self.problem
        self.order.append(name)


@dataclass(slots=True)
class Server:
    library: Answering
    indexer: SharedIndexer
    term: list[int]

    def write(self, epoch: int) -> None:
        """It holds the lease from now on."""
        self.term.append(epoch)

    def sleep(self) -> None:
        """It knows no longer whether it does."""
        self.term.append(0)

    def submit(self, *names: str) -> None:
        for name in names:
            path = self.library.folder / "uploads" / name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"The words of {name}.")
            self.indexer.submit(path, name)
            assert not path.exists()

    def states(self) -> dict[str, str]:
        return {job.name: job.state for job in self.indexer.jobs}

    def names(self) -> list[str]:
        return sorted(record.name for record in self.library.documents())


class Cluster:
    """Servers with one database and one place for files; each has a library of its own, so that it shows who read what."""

    def __init__(self, folder: Path, opened: OpenDatabase, stack: ExitStack) -> None:
        self.folder = folder
        self.bucket: Bucket = open_bucket(f"file://{folder / 'bucket'}")
        (folder / "bucket").mkdir()
        self._opened, self._stack = opened, stack

    def server(self, name: str, *, start: bool = True, **settings: Any) -> Server:
        from rag import Settings

        library = self._stack.enter_context(
            Answering(self.folder / name, Settings(fetch_private=True, **settings), embedder=BagOfWordsEmbedder())
        )
        library.began, library.order = threading.Event(), []
        term = [0]
        queue = SharedQueue(self._opened(), self.bucket, library.scratch)
        indexer = SharedIndexer(library, NOBODYS, queue, lambda: term[-1] or None)
        self._stack.callback(indexer.close)
        if start:
            indexer.start()
        return Server(library, indexer, term)

    def rows(self) -> list[str]:
        with self._opened().reading() as connection:
            return list(connection.execute(sql("SELECT id FROM jobs WHERE record IS NOT NULL")).scalars())

    def files(self) -> list[str]:
        return [file.name for file in self.bucket.list("")]


@pytest.fixture
def cluster(tmp_path: Path, opened: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(shared_indexer, "SECONDS_BETWEEN_LOOKS", 0.02)
    with ExitStack() as stack:
        yield Cluster(tmp_path, opened, stack)


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_any_server_takes_files_and_the_one_that_writes_reads_them(cluster: Cluster) -> None:
    writer, replica, other = (cluster.server(name) for name in ("writer", "replica", "other"))
    replica.submit("a.txt", "b.txt")
    other.submit("c.txt")
    wait_until(lambda: all(len(each.indexer.jobs) == 3 for each in (writer, replica, other)))
    assert set(writer.states().values()) == {"queued"}
    assert [job.name for job in writer.indexer.jobs] == ["a.txt", "b.txt", "c.txt"]
    writer.write(1)
    wait_until(lambda: not any(each.indexer.is_busy for each in (writer, replica, other)))
    assert (writer.names(), replica.names(), other.names()) == (["a.txt", "b.txt", "c.txt"], [], [])
    assert [each.indexer.jobs for each in (writer, replica, other)] == [[], [], []]
    wait_until(lambda: not cluster.files())  # they go after the rows
    assert cluster.rows() == []
    wait_until(lambda: replica.indexer.last and replica.indexer.last.status == "added")


def test_all_servers_show_how_far_a_file_is_and_a_writer_that_is_gone_reads_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_indexer, "MOST_SILENT_LOOKS", 20)
    writer, replica = cluster.server("writer"), cluster.server("replica")
    writer.library.is_slow = True
    writer.write(1)
    replica.submit("a.txt")
    wait_until(lambda: [job.fraction for job in replica.indexer.jobs] == [0.5])
    assert (replica.states(), replica.indexer.is_busy) == ({"a.txt": "reading"}, True)
    writer.sleep()
    wait_until(lambda: replica.states() == {"a.txt": "queued"})
    wait_until(lambda: writer.states() == {"a.txt": "queued"})
    wait_until(lambda: replica.indexer.problem == NOBODY_READS)
    writer.library.is_slow = False
    writer.write(2)
    wait_until(lambda: not replica.indexer.jobs and not replica.indexer.problem)


def test_what_a_writer_was_at_when_it_died_the_next_one_reads_once(cluster: Cluster) -> None:
    dying, next_one = cluster.server("dying"), cluster.server("next")
    dying.library.is_slow = True
    dying.write(1)
    dying.submit("a.txt", "b.txt")
    assert dying.library.began.wait(30)
    next_one.write(2)  # the first one does not know
    wait_until(lambda: next_one.names() == ["a.txt", "b.txt"])
    wait_until(lambda: next_one.indexer.jobs == [])
    dying.library.is_taken_over, dying.library.is_slow = True, False  # it wakes, and the record refuses it
    time.sleep(0.1)
    dying.sleep()
    wait_until(lambda: dying.indexer.jobs == [])
    wait_until(lambda: not cluster.files())  # they go after the rows
    assert (cluster.rows(), dying.names()) == ([], [])
    assert sorted(next_one.library.order) == ["a.txt", "b.txt"]


def test_what_fails_because_the_term_is_over_the_next_writer_reads(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper, next_one = cluster.server("sleeper"), cluster.server("next")
    sleeper.library.is_slow = True
    sleeper.write(1)
    sleeper.submit("a.txt")
    assert sleeper.library.began.wait(30)
    monkeypatch.setattr(shared_indexer, "SECONDS_BETWEEN_LOOKS", 600)
    time.sleep(0.1)  # by now it looks no more
    sleeper.sleep()
    sleeper.library.problem, sleeper.library.is_slow = ServerError("Nobody writes at present."), False
    wait_until(lambda: sleeper.states()["a.txt"] != "reading")
    monkeypatch.setattr(shared_indexer, "SECONDS_BETWEEN_LOOKS", 0.02)
    next_one.write(2)
    next_one.indexer._look_now.set()
    wait_until(lambda: next_one.names() == ["a.txt"] and not cluster.rows())


def test_what_fails_because_this_server_is_not_ready_to_write_it_reads_later(cluster: Cluster) -> None:
    writer = cluster.server("writer")
    writer.library.problem = ServerError("Nobody writes at present.")
    writer.write(1)
    writer.submit("a.txt")
    assert writer.library.began.wait(30)
    time.sleep(0.1)  # by now it has failed, and is queued again
    assert "a.txt" in writer.states()
    writer.library.problem = None
    wait_until(lambda: writer.names() == ["a.txt"] and not cluster.rows())


def test_what_a_dead_writer_had_added_is_not_told_of_again(cluster: Cluster) -> None:
    writer, replica = cluster.server("writer"), cluster.server("replica")
    replica.submit("a.txt")
    (job,) = replica.indexer.jobs
    queue = replica.indexer._queue
    queue.epoch = 1
    assert queue.save(Job(job.id, job.path, job.name, attempts=1))  # begun by a writer, which added it and died
    queue.epoch = None
    writer.library.add_upload(queue.fetched(job).path, "a.txt")
    writer.write(2)
    wait_until(lambda: writer.indexer.jobs == [] and cluster.rows() == [])
    assert writer.names() == ["a.txt"]


def test_a_file_that_ends_each_writer_is_left_alone(cluster: Cluster) -> None:
    writer, replica = cluster.server("writer"), cluster.server("replica")
    replica.submit("poison.txt", "a.txt")
    queue = replica.indexer._queue
    queue.epoch = 1
    job = next(job for job in replica.indexer.jobs if job.name == "poison.txt")
    queue.save(Job(job.id, job.path, job.name, attempts=MOST_ATTEMPTS))
    queue.epoch = None
    writer.write(2)
    wait_until(lambda: replica.states() == {"poison.txt": "failed"})
    assert "stopped 20 times" in replica.indexer.jobs[0].message
    replica.indexer.retry(job.id)
    wait_until(lambda: writer.names() == ["a.txt", "poison.txt"])


def test_trying_again_and_dismissing_work_from_any_server(cluster: Cluster) -> None:
    writer, replica, other = (cluster.server(name) for name in ("writer", "replica", "other"))
    writer.write(1)
    replica.submit("a.txt")
    wait_until(lambda: writer.names() == ["a.txt"])
    path = replica.library.folder / "same.txt"
    path.write_text("The words of a.txt.")
    replica.indexer.submit(path, "same.txt")
    wait_until(lambda: other.states() == {"same.txt": "keyword_ready"})
    (job,) = other.indexer.jobs
    assert job.status == "duplicate"
    writer.library.remove("a.txt")
    other.indexer.retry(job.id)
    wait_until(lambda: writer.names() == ["same.txt"])
    wait_until(lambda: not any(each.indexer.jobs for each in (writer, replica, other)))
    replica.submit("b % ü.txt")  # no name for a file of every place
    wait_until(lambda: len(writer.names()) == 2)
    empty = other.library.folder / "empty.txt"
    empty.write_text(" ")
    other.indexer.submit(empty, "empty.txt")
    wait_until(lambda: replica.states() == writer.states() == {"empty.txt": "failed"})
    replica.indexer.dismiss(replica.indexer.jobs[0].id)
    assert replica.indexer.jobs == []
    wait_until(lambda: not any(each.indexer.jobs for each in (writer, other)))
    wait_until(lambda: not cluster.files())  # they go after the rows
    assert cluster.rows() == []


def test_a_job_that_waits_or_was_changed_elsewhere_is_not_dismissed(cluster: Cluster) -> None:
    here, there = cluster.server("here", start=False), cluster.server("there", start=False)
    here.submit("a.txt")
    (job,) = here.indexer.jobs
    here.indexer.dismiss(job.id)
    there.indexer._look()
    assert [each.name for each in there.indexer.jobs] == ["a.txt"]
    assert there.indexer._queue.save(Job(job.id, job.path, job.name, problem="The disk is full."))
    assert here.indexer._queue.delete(job) is False
    here.indexer._look()
    here.indexer.dismiss(job.id)
    assert (here.indexer.jobs, cluster.rows(), cluster.files()) == ([], [], [])


@pytest.mark.parametrize("asked", ["writer", "replica"])
def test_a_password_reaches_the_writer_and_is_written_nowhere(cluster: Cluster, asked: str) -> None:
    writer, replica = cluster.server("writer"), cluster.server("replica")
    replica.library.writer = writer.library
    writer.write(1)
    locked = replica.library.folder / "locked.pdf"
    locked.write_bytes(encrypted_pdf(password="secret-of-the-harbour"))
    replica.indexer.submit(locked, "locked.pdf")
    wait_until(lambda: [job.status for job in replica.indexer.jobs if job.has_ended] == ["needs_password"])
    wait_until(lambda: [job.status for job in writer.indexer.jobs if job.has_ended] == ["needs_password"])
    server = writer if asked == "writer" else replica
    (job,) = server.indexer.jobs
    server.indexer.unlock(job.id, "not the secret")
    wait_until(lambda: [job.status for job in server.indexer.jobs if job.has_ended] == ["needs_password"] and not server.indexer._at_work)
    server.indexer.unlock(job.id, "secret-of-the-harbour")
    wait_until(lambda: writer.names() == ["locked.pdf"])
    wait_until(lambda: writer.indexer.jobs == replica.indexer.jobs == [])
    wait_until(lambda: not cluster.files())  # they go after the rows
    assert cluster.rows() == []
    shared = [*cluster.folder.glob("queue.sqlite3*"), *cluster.folder.rglob("bucket/**/*"), *cluster.folder.glob("*/queue/**/*")]
    assert not [path for path in shared if path.is_file() and b"secret-of-the-harbour" in path.read_bytes()]


def test_archives_are_unpacked_once_whoever_goes_on(cluster: Cluster) -> None:
    dying, next_one = cluster.server("dying"), cluster.server("next")
    archive = put(dying.library.folder, {"ferry.txt": FERRY, "keeper.txt": KEEPER}, "harbour.zip")
    dying.library.is_slow = True
    dying.write(1)
    dying.indexer.submit(archive, "harbour.zip")
    assert dying.library.began.wait(30)
    dying.sleep()
    next_one.write(2)
    wait_until(lambda: next_one.names() == ["ferry.txt", "keeper.txt"])
    wait_until(lambda: not next_one.indexer.is_busy and len(next_one.indexer.jobs) == 1)
    (job,) = next_one.indexer.jobs
    assert (job.name, job.state) == ("harbour.zip", "keyword_ready")


def test_only_the_writer_downloads_and_once(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    put = SharedQueue.put

    def slowly(queue: SharedQueue, job: Job) -> Job:
        time.sleep(0.3 if job.is_here else 0)  # while the server looks many times at what is to be downloaded
        return put(queue, job)

    monkeypatch.setattr(SharedQueue, "put", slowly)
    with WebServer() as web:
        web.answers["/ferry.txt"] = (200, {"Content-Type": "text/plain"}, FERRY.encode())
        writer, replica = cluster.server("writer"), cluster.server("replica")
        replica.indexer.submit_address(f"{web.url}/ferry.txt")
        wait_until(lambda: len(writer.indexer.jobs) == 1)
        time.sleep(0.1)
        assert (replica.states(), web.asked) == ({f"{web.url}/ferry.txt": "queued"}, [])
        writer.write(1)
        wait_until(lambda: writer.names() == ["ferry.txt"])
        wait_until(lambda: replica.indexer.jobs == [])
        assert [path for path, _ in web.asked if path == "/ferry.txt"] == ["/ferry.txt"]
        wait_until(lambda: not cluster.files())  # they go after the rows
        assert (replica.names(), cluster.rows()) == ([], [])


def test_a_file_that_the_place_refuses_is_told_and_can_be_tried_again(cluster: Cluster) -> None:
    writer, replica = cluster.server("writer"), cluster.server("replica")
    writer.write(1)
    path = replica.library.folder / "a.txt"
    path.write_text("Words.")
    (cluster.folder / "bucket").rename(cluster.folder / "away")
    replica.indexer.submit(path, "a.txt")
    (job,) = replica.indexer.jobs
    assert "could not be stored" in job.problem
    assert path.exists()
    (cluster.folder / "away").rename(cluster.folder / "bucket")
    replica.indexer.retry(job.id)
    wait_until(lambda: writer.names() == ["a.txt"])


def test_a_file_waits_while_what_stores_it_is_away(cluster: Cluster) -> None:
    writer, replica = cluster.server("writer"), cluster.server("replica")
    away = StorageError("No Chroma server answers.")
    away.__cause__ = ConnectionError()
    writer.library.problem = away
    replica.submit("a.txt")
    writer.write(1)
    wait_until(lambda: replica.indexer.problem == "No Chroma server answers.")
    assert set(writer.states().values()) <= {"queued", "reading"}
    writer.library.problem = None
    wait_until(lambda: writer.names() == ["a.txt"] and not cluster.rows())
    wait_until(lambda: not replica.indexer.problem)


def test_a_file_that_can_never_be_stored_ends_with_the_reason(cluster: Cluster) -> None:
    writer = cluster.server("writer")
    writer.library.problem = StorageError("The disk is full.")
    writer.library.problem.__cause__ = OSError()
    writer.submit("a.txt")
    writer.write(1)
    wait_until(lambda: writer.states() == {"a.txt": "failed"})
    assert [(job.message, job.attempts) for job in writer.indexer.jobs] == [("The disk is full.", MOST_ATTEMPTS)]


def test_what_the_database_refused_of_an_outcome_is_written_when_it_is_back(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, replica = cluster.server("writer"), cluster.server("replica")
    is_away = threading.Event()
    save, delete = writer.indexer._queue.save, writer.indexer._queue.delete

    def refusing(verb: Callable[[Job], bool]) -> Callable[[Job], bool]:
        def refused(job: Job) -> bool:
            if is_away.is_set() and (job.has_ended or verb == delete):
                raise StorageError("The database is away.")
            return verb(job)

        return refused

    writer.indexer._queue.save = refusing(save)  # type: ignore[method-assign, assignment]
    writer.indexer._queue.delete = refusing(delete)  # type: ignore[method-assign, assignment]
    is_away.set()
    empty = replica.library.folder / "empty.txt"
    empty.write_text(" ")
    replica.indexer.submit(empty, "empty.txt")
    replica.submit("a.txt")
    writer.write(1)
    wait_until(lambda: writer.names() == ["a.txt"] and all(job.has_ended for job in writer.indexer.jobs))
    assert set(replica.states().values()) <= {"queued", "reading"}
    is_away.clear()
    wait_until(lambda: replica.states() == writer.states() == {"empty.txt": "failed"})


def test_files_that_nobody_needs_are_swept(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.uploading.shared_queue.SECONDS_OF_AN_ORPHAN", -60.0)
    replica = cluster.server("replica")
    replica.submit("a.txt")
    cluster.bucket.write("queue/0123456789abcdef/content", b"left by a server that died")
    replica.indexer._queue.sweep()
    assert [name.split("/")[1] for name in cluster.files()] == cluster.rows()


@contextmanager
def lagging(replica: Server) -> Iterator[None]:
    look = replica.indexer._queue.look
    replica.indexer._queue.look = lambda: ({}, {})  # type: ignore[method-assign]
    yield
    replica.indexer._queue.look = look  # type: ignore[method-assign]


def test_who_missed_many_changes_reads_all_jobs_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.uploading.shared_queue.MOST_TOLD", 3)
    writer, replica = cluster.server("writer"), cluster.server("replica")
    replica.submit("a.txt")
    with lagging(replica):
        writer.write(1)
        wait_until(lambda: writer.names() == ["a.txt"] and not cluster.rows())
        writer.submit("b.txt", "c.txt")
        wait_until(lambda: not cluster.rows())
        writer.indexer._queue.sweep()
        assert replica.states() == {"a.txt": "queued"}
    wait_until(lambda: replica.indexer.jobs == [])
