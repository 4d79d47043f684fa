"""One cluster for all tests of this folder that leave it as they found it: a writer, a standby and two replicas."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chroma_server import ChromaServer
from tests.cluster.harness import Cluster
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))  # a machine may be busy with other things


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with ChromaServer(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture(scope="session")
def shared_cluster(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, s3: S3Server, chroma: ChromaServer
) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), postgres, s3, chroma) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    """The four servers, those that a test before has ended started again."""
    for name in ("one", "two", "replica-1", "replica-2"):
        if name not in shared_cluster.members or not shared_cluster.members[name].is_running:
            shared_cluster.start(name, replica=name.startswith("replica"))
    for member in shared_cluster.members.values():
        member.ready()
    shared_cluster.writer()
    return shared_cluster
