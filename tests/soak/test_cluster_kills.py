"""Servers of a cluster are killed, put to sleep and cut off at random moments while files are added through all of them.

Each run adds files by uploads to a random server and by a program that tries again until each file is there, and does harm meanwhile. Then
the cluster must have what a library has that nobody disturbed: no chunk lost, none twice, and none that belongs to no document.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from rag import RagError
from tests.chroma_server import ChromaServer
from tests.cluster import pages
from tests.cluster.harness import Cluster, Member
from tests.cluster.whole import check_whole, chunks_in_chroma, contents_of, has, made_files, undisturbed
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server

RUNS = int(os.environ.get("SOAK_CLUSTER_RUNS", "20"))
FIRST = int(os.environ.get("SOAK_CLUSTER_FIRST", "0"))  # its number is the seed of a run's chances
FILES = 24
PARAGRAPHS = 26
LONGEST_WAIT = 4.0
"""Seconds between the beginning of the work and the harm, at most."""

NAMES = ("one", "two", "replica-1", "replica-2")
ACKNOWLEDGED = {"added", "unchanged", "duplicate"}


@dataclass(frozen=True, slots=True)
class Row:
    """One run, as the table shows it: how long until another server wrote, and until all was there."""

    run: int
    harm: str
    after: float
    takeover: float | None
    complete: float
    chunks: int
    lost: int
    spare: int
    """Chunks in Chroma that no document has, left by a writer that died or was cut off: the next one that begins to write deletes them."""


class Adding(threading.Thread):
    """A program that adds files through a server, another one at each failure, until each was acknowledged."""

    def __init__(self, cluster: Cluster, files: dict[str, bytes], chance: random.Random) -> None:
        super().__init__(name="adding", daemon=True)
        self._cluster = cluster
        self._files = files
        self._chance = chance
        self.failures = 0

    def run(self) -> None:
        waiting = dict(self._files)
        while waiting:
            name = next(iter(waiting))
            try:
                member = self._chance.choice(self._cluster.running())
                if member.library.add_bytes(waiting[name], name).status in ACKNOWLEDGED:
                    del waiting[name]
                    continue
            except (RagError, RuntimeError, TimeoutError, AssertionError):
                pass  # the server is down or away, or was started again this moment
            self.failures += 1
            time.sleep(0.2)


def harm_done(cluster: Cluster, writer: Member, chance: random.Random) -> tuple[str, Callable[[], object]]:
    """Do something, and return what it was and what makes it good again."""
    other = chance.choice([member for member in cluster.running() if member is not writer])

    def again(*members: Member) -> None:
        for member in members:
            cluster.start(member.name, replica=member.name.startswith("replica"), fresh=chance.random() < 0.3)

    match chance.choice(["writer", "writer", "writer", "both", "sleep", "sleep", "chroma", "database", "stop", "postgres"]):
        case "writer":
            writer.kill()
            return f"{writer.name} killed", lambda: again(writer)
        case "both":
            writer.kill()
            other.kill()
            return f"{writer.name}, {other.name} killed", lambda: again(writer, other)
        case "sleep":
            writer.pause()
            return f"{writer.name} asleep", writer.resume
        case "stop":
            writer.stop()
            return f"{writer.name} stopped", lambda: again(writer)
        case "chroma" | "database" as gone:
            proxy = cluster.chroma_proxy if gone == "chroma" else cluster.database_proxy
            proxy.cut()
            return f"{gone} gone", proxy.mend
        case _:
            cluster.postgres.kill()
            return "database killed", cluster.postgres.start


def one_run(cluster: Cluster, run: int, folder: Path) -> Row:
    chance = random.Random(run)
    uploaded = made_files(1000 * run, FILES // 2, PARAGRAPHS)
    added = made_files(1000 * run + 500, FILES // 2, PARAGRAPHS)
    files = uploaded | added
    expected = undisturbed(folder, files)
    pages.upload(chance.choice(cluster.running()).http, uploaded)
    adding = Adding(cluster, added, chance)
    adding.start()
    after = chance.uniform(0, LONGEST_WAIT)
    time.sleep(after)
    before = cluster.writer()
    harm, make_good = harm_done(cluster, before, chance)
    harmed = time.monotonic()
    takeover = None
    if "gone" not in harm and "database" not in harm and any(cluster.members[name].is_running for name in {"one", "two"} - {before.name}):
        cluster.writer(besides=before)
        takeover = time.monotonic() - harmed
    else:
        time.sleep(chance.uniform(0.5, 6))
    make_good()
    adding.join(600)
    assert not adding.is_alive()
    for member in cluster.running():
        member.ready()
    cluster.on_each(partial(has, expected), f"run {run}, {harm}: all is there", 300)
    complete = time.monotonic() - harmed
    check_whole(cluster, is_swept=False)
    records = cluster.writer().library.documents()
    spare = chunks_in_chroma(cluster) - sum(record.chunks for record in records)
    found = contents_of(chance.choice(cluster.running()).library, files)
    lost = len(expected.chunks.keys() - found.chunks.keys())
    if chance.random() < 0.5:
        remove_all(cluster, chance)
    return Row(run, harm, after, takeover, complete, len(expected.chunks), lost, spare)


def remove_all(cluster: Cluster, chance: random.Random) -> None:
    """Remove what is there, through any server."""
    for record in cluster.writer().library.documents():
        chance.choice(cluster.running()).library.remove(record.id)
    cluster.on_each(lambda member: not member.library.documents(), "all is removed")


def test_nothing_is_lost_or_doubled(tmp_path: Path, postgres: PostgresServer) -> None:
    rows: list[Row] = []
    with S3Server() as s3, ChromaServer(tmp_path / "chroma") as chroma, Cluster(tmp_path / "cluster", postgres, s3, chroma) as cluster:
        for name in NAMES:
            cluster.start(name, replica=name.startswith("replica"))
        try:
            for run in range(FIRST, FIRST + RUNS):
                rows.append(one_run(cluster, run, tmp_path / f"undisturbed-{run}"))
                print_row(rows[-1])
            cluster.writer().stop()
            check_whole(cluster)
        except BaseException:
            for member in cluster.members.values():
                print(f"--- {member.name}, {'running' if member.is_running else 'ended'}\n{member.log[-3000:]}")
            raise
    print_table(rows)
    assert not [row for row in rows if row.lost or row.spare < 0]


def print_row(row: Row) -> None:
    takeover = f"{row.takeover:5.1f} s" if row.takeover is not None else "       "
    print(
        f"{row.run:3}  {row.harm:28} after {row.after:3.1f} s   other writer in {takeover}   complete in {row.complete:5.1f} s   "
        f"{row.chunks} chunks, {row.lost} lost, {row.spare} spare",
        flush=True,
    )


def print_table(rows: list[Row]) -> None:
    takeovers = sorted(row.takeover for row in rows if row.takeover is not None)
    print(f"\n{len(rows)} runs, {sum(row.chunks for row in rows)} chunks: {sum(row.lost for row in rows)} lost, none twice")
    if takeovers:
        print(f"takeover: {takeovers[0]:.1f} to {takeovers[-1]:.1f} s, median {takeovers[len(takeovers) // 2]:.1f} s")


@pytest.mark.parametrize("seconds", [2.0])
def test_slow_servers_lose_nothing(tmp_path: Path, postgres: PostgresServer, seconds: float) -> None:
    """Every request to Chroma and PostgreSQL takes so much longer."""
    files = made_files(0, 4, 10)
    expected = undisturbed(tmp_path / "undisturbed", files)
    with S3Server() as s3, ChromaServer(tmp_path / "chroma") as chroma, Cluster(tmp_path / "cluster", postgres, s3, chroma) as cluster:
        members = [cluster.start(name, replica=name.startswith("replica"), RAG_LEASE_SECONDS="60") for name in ("one", "two", "replica-1")]
        for member in members:
            member.ready()
        with cluster.slow(seconds):
            began = time.monotonic()
            for name, data in files.items():
                assert members[2].library.add_bytes(data, name).status in ACKNOWLEDGED
            added = time.monotonic() - began
            began = time.monotonic()
            passages = members[2].library.retrieve("Which boat passes?")
            asked = time.monotonic() - began
            cluster.on_each(partial(has, expected), "all is there", 300)
        assert passages
        print(f"with {seconds} s more for each request: {added / len(files):.1f} s to add a file, {asked:.1f} s to search")
        check_whole(cluster)
