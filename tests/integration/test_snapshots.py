"""Snapshots of the keyword index: stored while it is written to, fetched whole by another server, passed over where damaged."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag import StorageError
from rag.storing.cluster import snapshots as module
from rag.storing.cluster.bucket import Bucket
from rag.storing.cluster.snapshots import Snapshots
from rag.storing.lexical import Entry, LexicalIndex, identity_of

IDENTITY = identity_of("model")
TOWNS = ("Lisbon", "Bergen", "Porto", "Gdansk", "Trieste", "Varna")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LexicalIndex]:
    with closing(LexicalIndex(tmp_path / "writer" / "lexical", "model")) as opened:
        yield opened


@pytest.fixture
def writer(bucket: Bucket, tmp_path: Path) -> Snapshots:
    return Snapshots(bucket, tmp_path / "writer" / "lexical", IDENTITY)


@pytest.fixture
def replica(bucket: Bucket, tmp_path: Path) -> Snapshots:
    (tmp_path / "replica").mkdir()
    return Snapshots(bucket, tmp_path / "replica" / "lexical", IDENTITY)


def put(index: LexicalIndex, *towns: str) -> None:
    index.put(Entry(town.lower(), 0, f"The ferry to {town} leaves at noon.", "", town) for town in towns)
    index.commit()


def found_by(tmp_path: Path, town: str) -> list[str]:
    """The documents that the replica's index finds; it can be written to as well."""
    with closing(LexicalIndex(tmp_path / "replica" / "lexical", "model")) as opened:
        return [key[0] for key, _ in opened.search(town, 5)]


def names(bucket: Bucket) -> list[str]:
    return sorted(each.name.rpartition("/")[2] for each in bucket.list("snapshots/"))


def test_another_server_begins_with_what_was_stored(writer: Snapshots, replica: Snapshots, index: LexicalIndex, tmp_path: Path) -> None:
    put(index, *TOWNS[:3])
    assert replica.fetch() is None
    assert writer.store(index, 7) > 0
    put(index, "Gdansk")  # it goes on
    assert replica.fetch() == 7
    assert found_by(tmp_path, "Porto") == ["porto"]
    assert found_by(tmp_path, "Gdansk") == []
    assert not list((tmp_path / "replica").glob("*.arriving"))
    assert not list((tmp_path / "writer").glob("*.frozen"))


def test_the_last_two_are_kept_and_share_their_files(
    writer: Snapshots, replica: Snapshots, index: LexicalIndex, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(index, *TOWNS[:4])
    first = writer.store(index, 1)
    put(index, "Trieste")
    assert 0 < writer.store(index, 2) < first + 10_000
    index.remove(["lisbon"])
    index.commit()
    writer.store(index, 3)
    lists = [name for name in names(bucket) if name.endswith(".json")]
    assert [int(name.removesuffix(".json")) for name in lists] == [2, 3]
    before = len(names(bucket))
    monkeypatch.setattr(module, "SECONDS_UNLISTED", -5)
    writer.store(index, 4)
    assert len(names(bucket)) < before
    assert replica.fetch() == 4
    assert found_by(tmp_path, "Trieste") == ["trieste"]
    assert found_by(tmp_path, "Lisbon") == []


def test_a_version_that_the_record_does_not_have_is_passed_over(writer: Snapshots, replica: Snapshots, index: LexicalIndex) -> None:
    put(index, "Lisbon")
    writer.store(index, 10)
    put(index, "Bergen")
    writer.store(index, 20)
    assert replica.fetch(newest=15) == 10
    assert replica.fetch(newest=5) is None


@pytest.mark.parametrize("damage", ["file", "missing", "list", "schema", "identity", "name"])
def test_a_damaged_one_is_passed_over(
    writer: Snapshots,
    replica: Snapshots,
    index: LexicalIndex,
    bucket: Bucket,
    damage: str,
    tmp_path: Path,
) -> None:
    put(index, "Lisbon")
    writer.store(index, 1)
    old = {each.name for each in bucket.list("snapshots/")}
    put(index, "Bergen")
    writer.store(index, 2)
    new = [each.name for each in bucket.list("snapshots/") if each.name not in old]
    list_name = next(name for name in new if name.endswith(".json"))
    file = max((each for each in bucket.list("snapshots/") if each.name in new and each.name != list_name), key=lambda each: each.size).name
    listed = json.loads(bucket.read(list_name) or b"")
    match damage:
        case "file":
            bucket.write(file, (bucket.read(file) or b"")[:-1] + b"?")
        case "missing":
            bucket.delete(file)
        case "list":
            bucket.write(list_name, b"{")
        case "schema":
            bucket.write(list_name, json.dumps(listed | {"schema": 9}).encode())
        case "identity":
            bucket.write(list_name, json.dumps(listed | {"identity": "another"}).encode())
        case "name":
            listed["files"][0]["name"] = "../../escaped"
            bucket.write(list_name, json.dumps(listed).encode())
    assert replica.fetch() == 1
    assert found_by(tmp_path, "Lisbon") == ["lisbon"]
    assert not (tmp_path / "escaped").exists()


def test_one_of_another_index_is_no_use(writer: Snapshots, bucket: Bucket, index: LexicalIndex, tmp_path: Path) -> None:
    put(index, "Lisbon")
    writer.store(index, 1)
    (tmp_path / "replica").mkdir()
    assert Snapshots(bucket, tmp_path / "replica" / "lexical", identity_of("another model")).fetch() is None


def test_it_is_stored_while_others_write(writer: Snapshots, replica: Snapshots, index: LexicalIndex, tmp_path: Path) -> None:
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            index.put([Entry(f"note{number}", 0, f"Note {number} of the harbour", "")])
            index.commit()
            number += 1

    put(index, *TOWNS)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        for version in range(1, 6):
            writer.store(index, version)
            assert replica.fetch() == version
            assert found_by(tmp_path, "Varna") == ["varna"]
            time.sleep(0.1)
    finally:
        is_over.set()
        thread.join()


def test_merged_files_are_deleted_from_a_fetched_index(writer: Snapshots, replica: Snapshots, index: LexicalIndex, tmp_path: Path) -> None:
    for town in TOWNS:
        put(index, town)
    writer.store(index, 1)
    replica.fetch()
    folder = tmp_path / "replica" / "lexical"
    fetched = {file.name for file in folder.glob("*.idx")}
    for number in range(20):
        with closing(LexicalIndex(folder, "model")) as opened:
            put(opened, f"Town{number}")
    assert not fetched <= {file.name for file in folder.glob("*.idx")}


def test_a_bucket_that_fails_costs_a_rebuild_and_no_more(
    writer: Snapshots, index: LexicalIndex, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        address = "s3://gone"

        def within(self, folder: str) -> "Gone":
            return self

        def list(self, begin: str) -> list[object]:
            raise StorageError("s3://gone: there is no bucket gone.")

    replica = Snapshots(Gone(), tmp_path / "replica" / "lexical", IDENTITY)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        assert replica.fetch() is None
    assert "It is rebuilt" in caplog.text
    with pytest.raises(StorageError):
        replica.store(index, 1)
    assert not (tmp_path / "replica" / "lexical.frozen").exists()
