"""The places for a cluster's files: a shared folder, and S3 as moto plays it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.storing.cluster.bucket import Bucket, open_bucket
from tests.s3_server import S3Server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as running:
        yield running


@pytest.fixture(params=["folder", "s3"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty place for files, of each kind."""
    if request.param == "folder":
        url = (tmp_path / "shared").as_uri()
        (tmp_path / "shared").mkdir()
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        url = f"{server.url}/of {tmp_path.name}"
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
    opened = open_bucket(url)
    yield opened
    opened.close()
