"""A new server of a cluster begins with a copy of the writer's keyword index."""

from pathlib import Path

import pytest

from tests.chroma_server import ChromaServer
from tests.cluster.harness import Cluster, Member, until
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server

pytestmark = pytest.mark.soak  # half a dozen processes

FERRY = "The ferry to Bergen leaves at noon."


def segments(member: Member) -> set[str]:
    """The files of its keyword index, whose names are made anew by who makes them."""
    return {file.name for file in Path(member.folder, "lexical").glob("*.idx")}


def snapshots(cluster: Cluster) -> list[str]:
    return [key for key in cluster.s3.keys(f"{cluster.folder.name}/snapshots/") if key.endswith(".json")]


def test_a_new_replica_fetches_the_words_and_catches_up(
    tmp_path: Path, postgres: PostgresServer, s3: S3Server, chroma: ChromaServer
) -> None:
    with Cluster(tmp_path / "snapshots", postgres, s3, chroma) as cluster:
        writer = cluster.start("writer", RAG_SNAPSHOT_MINUTES="0.01").ready()
        for number in range(5):
            writer.library.add_text(f"{FERRY} Note {number}.", f"note{number}.txt")
        until(lambda: snapshots(cluster), "a snapshot is stored")
        writer.library.add_text("Bread is baked at five.", "bakery.txt")
        until(lambda: len(snapshots(cluster)) > 1, "another one is stored")
        there = segments(writer)
        writer.kill()
        replica = cluster.start("replica", replica=True).ready()
        assert segments(replica) & there
        assert replica.library.retrieve("When is bread baked?")[0].document == "bakery.txt"
        assert len(replica.library.documents()) == 6
