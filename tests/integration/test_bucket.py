"""The place for a cluster's files: in a shared folder and in S3 alike, whole or not at all, with errors that say what to do."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import SettingsError, StorageError, UnavailableError
from rag.storing.cluster import s3
from rag.storing.cluster.bucket import CLAIM, Bucket, claim, open_bucket
from tests.s3_server import SECRET, S3Server


@pytest.fixture
def refused(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket in S3, for what goes wrong there; requests are given up soon."""
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    monkeypatch.setattr(s3, "FILE_ATTEMPTS", 1)
    monkeypatch.setattr(s3, "SECONDS_TO_ANSWER", 0.5)
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    opened = open_bucket(s3_server.url)
    yield opened
    opened.close()


def every(bucket: Bucket, folder: Path) -> dict[str, Callable[[], object]]:
    """Everything that can be asked of a bucket."""
    file = folder / "file"
    file.write_bytes(b"here")
    return {
        "read": lambda: bucket.read("a"),
        "write": lambda: bucket.write("a", b"b"),
        "get_file": lambda: bucket.get_file("a", folder / "fetched"),
        "put_file": lambda: bucket.put_file(file, "a"),
        "find": lambda: bucket.find("a"),
        "list": lambda: list(bucket.list("")),
        "copy": lambda: bucket.copy("a", "b"),
        "delete": lambda: bucket.delete("a"),
    }


def test_files_are_stored_found_and_deleted(bucket: Bucket, tmp_path: Path) -> None:
    file, back = tmp_path / "file", tmp_path / "back"
    file.write_bytes(b"x" * 3_000_000)
    began = time.time()
    bucket.put_file(file, "originals/one.pdf")
    bucket.write("about/one.json", b"{}")
    assert bucket.get_file("originals/one.pdf", back)
    assert back.read_bytes() == file.read_bytes()
    assert bucket.read("about/one.json") == b"{}"
    found = bucket.find("originals/one.pdf")
    assert found
    assert (found.name, found.size) == ("originals/one.pdf", 3_000_000)
    assert abs(found.changed - began) < 60
    assert bucket.copy("about/one.json", "removed/one.json")
    bucket.write("about/one.json", b"[]")
    assert bucket.read("removed/one.json") == b"{}"
    assert sorted(each.name for each in bucket.list("")) == ["about/one.json", "originals/one.pdf", "removed/one.json"]
    assert [each.name for each in bucket.list("originals/on")] == ["originals/one.pdf"]
    bucket.delete("originals/one.pdf", "about/one.json", "never/there")
    assert [each.name for each in bucket.list("")] == ["removed/one.json"]


def test_what_is_missing_is_no_error(bucket: Bucket, tmp_path: Path) -> None:
    assert bucket.read("a") is None
    assert bucket.find("a") is None
    assert list(bucket.list("a/")) == []
    assert not bucket.get_file("a", tmp_path / "a")
    assert not bucket.copy("a", "b")
    bucket.delete("a")
    assert not (tmp_path / "a").exists()
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_within_is_a_place_of_its_own(bucket: Bucket) -> None:
    inner = bucket.within("libraries/one")
    inner.write("a", b"1")
    bucket.write("a", b"2")
    assert inner.read("a") == b"1"
    assert [each.name for each in inner.list("")] == ["a"]
    assert sorted(each.name for each in bucket.list("")) == ["a", "libraries/one/a"]
    assert inner.address == f"{bucket.address}/libraries/one"


def test_a_place_is_one_clusters_alone(bucket: Bucket) -> None:
    claim(bucket, "one", may_write=False)
    assert bucket.read(CLAIM) is None
    claim(bucket, "one", may_write=True)
    claim(bucket, "one", may_write=False)
    with pytest.raises(StorageError, match="another cluster"):
        claim(bucket, "other", may_write=True)
    bucket.write(CLAIM, b"{")
    with pytest.raises(StorageError, match="another cluster"):
        claim(bucket, "one", may_write=True)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a/../../b"])
def test_a_name_never_leads_elsewhere(bucket: Bucket, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        bucket.write(name, b"")
    with pytest.raises(ValueError, match="no name"):
        bucket.read(name)


def test_a_folder_that_is_not_mounted_is_no_empty_place(tmp_path: Path) -> None:
    for name, call in every(open_bucket((tmp_path / "lost").as_uri()).within("a"), tmp_path).items():
        if name != "delete":
            with pytest.raises(StorageError, match="Mount it, or make it"):
                call()
    assert not (tmp_path / "lost").exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "originals").write_text("a file in the place of a folder")
    with pytest.raises(StorageError, match=r"could not be stored.*can be written"):
        open_bucket(tmp_path.as_uri()).write("originals/a", b"")


def test_a_file_that_is_not_whole_is_not_seen(tmp_path: Path) -> None:
    bucket = open_bucket(tmp_path.as_uri())
    with pytest.raises(StorageError, match="could not be stored"):
        bucket.put_file(tmp_path / "nothing", "a")
    assert list(bucket.list("")) == []
    (tmp_path / "half.partial").write_bytes(b"of one that was killed")
    assert list(bucket.list("")) == []


def test_a_bucket_that_refuses_says_so_without_keys(refused: Bucket, s3_server: S3Server, tmp_path: Path) -> None:
    for name, call in every(refused, tmp_path).items():
        with s3_server.refusing(403), pytest.raises(StorageError, match=r"refuses.*Check AWS_ACCESS_KEY_ID") as error:
            call()
        assert SECRET not in str(error.value), name
    assert not list(tmp_path.glob("*.partial"))


def test_a_bucket_that_is_gone_is_not_an_empty_one(s3_server: S3Server, refused: Bucket, tmp_path: Path) -> None:
    bucket = open_bucket("s3://was-never-made/prefix")
    for call in every(bucket, tmp_path).values():
        with pytest.raises(StorageError, match="there is no bucket was-never-made"):
            call()
    bucket.close()


def test_a_server_that_fails_or_hangs_is_given_up(refused: Bucket, s3_server: S3Server, tmp_path: Path) -> None:
    with s3_server.refusing(500), pytest.raises(StorageError, match="could not be read"):
        refused.read("a")
    s3_server.delay_seconds = 1.5
    try:
        with pytest.raises(UnavailableError, match="did not answer in time"):
            refused.read("a")
    finally:
        s3_server.delay_seconds = 0.0
    refused.write("a", b"works again")
    assert refused.read("a") == b"works again"


def test_a_server_that_is_down_is_used_again_when_it_is_back(refused: Bucket, s3_server: S3Server) -> None:
    refused.write("kept", b"1")
    s3_server.stop()
    try:
        with pytest.raises(UnavailableError, match=r"no server answers. Start it, or correct AWS_ENDPOINT_URL"):
            refused.read("kept")
    finally:
        s3_server.start()
    assert refused.read("kept") == b"1"


def test_no_keys_are_asked_for(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    bucket = open_bucket(s3_server.url)
    with pytest.raises(StorageError, match="Set AWS_ACCESS_KEY_ID"):
        bucket.read("a")
    bucket.close()


@pytest.mark.parametrize(
    "url", ["", "s3://", "bucket/prefix", "gs://bucket", "file://", "file:///", "file://host/folder", "http://example.org/"]
)
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="RAG_ORIGINALS_URL"):
        open_bucket(url)


def test_keys_in_an_address_are_refused_and_not_told() -> None:
    with pytest.raises(SettingsError, match="takes no keys") as error:
        open_bucket("s3://key:geheim@bucket/prefix")
    assert "geheim" not in str(error.value)
