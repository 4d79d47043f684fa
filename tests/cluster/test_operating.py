"""What who runs a cluster does with it: servers are stopped, watched, and replaced by those of a newer version."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chroma_server import ChromaServer
from tests.cluster.harness import Cluster, Member, until
from tests.newer_version import newer_version
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server

pytestmark = pytest.mark.soak  # half a dozen processes

LEASE: dict[str, Any] = {"RAG_LEASE_SECONDS": "60"}  # longer than any test waits for what should come at once


@pytest.fixture
def own_cluster(tmp_path: Path, postgres: PostgresServer, s3: S3Server, chroma: ChromaServer) -> Iterator[Cluster]:
    with Cluster(tmp_path / tmp_path.name, postgres, s3, chroma) as cluster:
        yield cluster


def names_on(member: Member) -> set[str]:
    return {record.name for record in member.library.documents()}


def measured(member: Member) -> dict[str, float]:
    lines = member.http.get("/metrics").raise_for_status().text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


def test_a_writer_that_is_told_to_stop_hands_over_at_once(own_cluster: Cluster) -> None:
    first = own_cluster.start("first", **LEASE).ready()
    second = own_cluster.start("second", **LEASE).ready()
    assert (first.role, second.role) == ("writer", "standby")
    assert first.library.add_text("The harbour master counts the boats at noon.\n", "harbour.md").status == "added"
    until(lambda: measured(second)['footnote_lag_records{library=""}'] == 0, "the standby has caught up")
    assert measured(second)['footnote_lag_seconds{library=""}'] < 10
    assert measured(first)['footnote_writer_heartbeat_seconds{library=""}'] < 30
    first.stop()
    until(lambda: second.role == "writer", "the standby writes", 20)
    about = measured(second)
    assert about['footnote_role{library="",role="writer"}'] == about['footnote_takeovers{library=""}'] == 1
    assert about['footnote_lease_epoch{library=""}'] == 2
    assert 'footnote_lag_records{library=""}' not in about
    until(lambda: second.library.add_text("The fee is forty euros.\n", "fee.md").status == "added", "it adds documents", 20)
    assert names_on(second) == {"harbour.md", "fee.md"}


def test_servers_are_replaced_one_by_one_by_those_of_a_newer_version(own_cluster: Cluster, tmp_path: Path) -> None:
    newer: dict[str, Any] = newer_version(tmp_path / "newer")
    first = own_cluster.start("first", **LEASE).ready()
    replica = own_cluster.start("replica", replica=True, **LEASE).ready()
    first.library.add_text("The harbour master counts the boats at noon.\n", "before.md")

    second = own_cluster.start("second", **LEASE, **newer).ready()  # it brings the tables up to date
    assert (first.role, second.role) == ("writer", "standby")
    first.library.add_text("The fee is forty euros.\n", "beside.md")  # the older ones go on
    replica.library.add_text("Tea is served at four.\n", "passed on.md")
    second.library.add_text("The ferry leaves at six.\n", "passed back.md")
    own_cluster.on_each(lambda member: len(names_on(member)) == 4, "all follow")

    replica.stop()
    again = own_cluster.start("replica", replica=True, **LEASE)  # an older one that starts again is refused
    until(lambda: not again.is_running, "the older one has ended")
    assert "newer version" in again.log
    assert "Traceback" not in again.log
    own_cluster.start("replica", replica=True, **LEASE, **newer).ready()
    first.send(signal.SIGTERM)
    until(lambda: second.role == "writer", "the newer one writes", 30)
    until(lambda: second.library.add_text("Boats are painted in May.\n", "after.md"), "it adds documents", 30)
    own_cluster.on_each(lambda member: "after.md" in names_on(member), "all follow")
    assert len(names_on(second)) == 5
