"""Documents' files in a cluster: the bucket has them, each server a cache; what is unfinished is found by the writer that takes over."""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag import DocumentRecord, RemovedDocument, StorageError, UnreadableFileError
from rag.storing.cluster import s3
from rag.storing.cluster.bucket import Bucket, open_bucket
from rag.storing.cluster.file_cache import FileCache
from rag.storing.cluster.originals import SharedOriginals
from rag.storing.removed import SharedRemovedFiles
from tests.s3_server import S3Server

Server = Callable[..., SharedOriginals]
TEXT = "text/plain"


@pytest.fixture
def server(bucket: Bucket, tmp_path: Path) -> Server:
    """Makes a server's originals; each name is another machine."""

    def made(name: str = "writer", **options: object) -> SharedOriginals:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return SharedOriginals(bucket, folder / "originals", **options)  # type: ignore[arg-type]

    return made


def a_file(tmp_path: Path, text: str = "The ferry leaves at noon.") -> tuple[Path, str]:
    """A file, and the id of its document."""
    data = text.encode()
    id_ = hashlib.sha256(data).hexdigest()
    file = tmp_path / f"{id_[:6]}.txt"
    file.write_bytes(data)
    return file, id_


def a_record(id_: str, size: int = 25, **fields: object) -> DocumentRecord:
    record = DocumentRecord(id_, "ferry.txt", "", TEXT, ("/home/ferry.txt",), 1, 1, (), ("1",), "2026-11-27T12:00:00Z", size, "")
    return replace(record, **fields)  # type: ignore[arg-type]


def names(bucket: Bucket, begin: str = "") -> list[str]:
    return sorted(each.name for each in bucket.list(begin))


def test_a_file_is_kept_when_it_is_in_the_bucket_and_fetched_where_it_is_wanted(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    writer, replica = server(), server("replica", is_writer=lambda: False)
    assert writer.keep(file, id_, TEXT)
    assert bucket.read(f"originals/{id_}.txt") == file.read_bytes()
    assert not writer.keep(file, id_, TEXT)
    writer.settle([id_])
    assert names(bucket) == [f"originals/{id_}.txt"]
    assert replica.problem(a_record(id_)) == ""
    fetched = replica.path(id_, TEXT)
    assert fetched.read_bytes() == file.read_bytes()
    assert fetched.parent.parent.name == "replica"
    bucket.delete(f"originals/{id_}.txt")
    assert replica.path(id_, TEXT).read_bytes() == file.read_bytes()  # from here


def test_many_who_want_a_file_at_once_fetch_it_once(s3_server: S3Server, bucket: Bucket, server: Server, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path, "x" * 100_000)
    server().keep(file, id_, TEXT)
    replica, found, before = server("replica"), list[bytes](), s3_server.requests.get("GET", 0)
    threads = [threading.Thread(target=lambda: found.append(replica.path(id_, TEXT).read_bytes())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [file.read_bytes()] * 16
    assert s3_server.requests.get("GET", 0) - before <= 1
    assert [each.name for each in (tmp_path / "replica" / "originals").iterdir()] == [f"{id_}.txt"]


def test_a_file_that_is_not_the_one_that_was_stored_is_never_shown(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    server().keep(file, id_, TEXT)
    bucket.write(f"originals/{id_}.txt", b"The ferry leaves at dusk.")
    other = server("other")
    with pytest.raises(UnreadableFileError, match="damaged"):
        other.path(id_, TEXT)
    assert list((tmp_path / "other" / "originals").iterdir()) == []
    assert other.problems([a_record(id_)]) == [(a_record(id_), "changed")]
    assert other.keep(file, id_, TEXT)  # it is added again
    assert other.problems([a_record(id_)], is_thorough=True) == []
    assert bucket.read(f"originals/{id_}.txt") == file.read_bytes()


def test_missing_and_cut_files_are_told(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    missing = a_record("a" * 64)
    server().keep(file, id_, TEXT)
    bucket.write(f"originals/{id_}.txt", b"The ferry")
    replica = server("replica")
    assert not replica.path(missing.id, TEXT).exists()
    assert (replica.problem(missing), replica.problem(a_record(id_))) == ("missing", "cut")
    assert replica.problems([missing, a_record(id_)], is_thorough=True) == [(missing, "missing"), (a_record(id_), "cut")]
    assert replica.problems([missing]) == [(missing, "missing")]  # as it was noticed
    assert server().keep(file, id_, TEXT)
    assert bucket.read(f"originals/{id_}.txt") == file.read_bytes()


def test_a_file_that_changes_while_it_is_read_is_not_kept(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, _ = a_file(tmp_path)
    with pytest.raises(UnreadableFileError, match="changed while"):
        server().keep(file, "b" * 64, TEXT)
    assert names(bucket) == []
    assert list((tmp_path / "writer" / "originals").iterdir()) == []


def test_nothing_is_kept_where_the_bucket_refuses(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = open_bucket(f"{s3_server.url}/refused")
    originals = SharedOriginals(bucket, tmp_path / "originals")
    file, id_ = a_file(tmp_path)
    with s3_server.refusing(403), pytest.raises(StorageError, match="refuses"):
        originals.keep(file, id_, TEXT)
    assert list((tmp_path / "originals").iterdir()) == []
    assert originals.keep(file, id_, TEXT)
    with s3_server.refusing(403):
        assert originals.path(id_, TEXT).read_bytes() == file.read_bytes()  # what is here is shown
        originals.settle([id_])  # another time
        originals.describe([a_record(id_)])
    bucket.close()


def test_a_writer_that_dies_leaves_word_of_what_was_unfinished(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    (added, added_id), (half, half_id), (removed, removed_id), (done, done_id) = (a_file(tmp_path, f"Text {number}") for number in range(4))
    writer = server()
    for file, id_ in ((added, added_id), (half, half_id), (removed, removed_id), (done, done_id)):
        writer.keep(file, id_, TEXT)
    writer.describe([a_record(added_id), a_record(removed_id), a_record(done_id)])
    writer.settle([removed_id, done_id])
    writer.set_aside(removed_id)
    # It dies here. The record of the removed document is gone, that of the last is there.
    replica = server("replica", is_writer=lambda: False)
    assert replica.orphans({done_id}) == []
    successor = server("successor")
    orphans = {orphan.id: orphan for orphan in successor.orphans({done_id})}
    assert orphans.keys() == {added_id, half_id}
    assert orphans[added_id].is_known
    assert orphans[added_id].sources == ("/home/ferry.txt",)
    assert not orphans[half_id].is_known
    successor.fetch(orphans[added_id])
    assert orphans[added_id].path.read_bytes() == added.read_bytes()
    assert not any(removed_id in name for name in names(bucket))
    successor.isolate(orphans[half_id])
    successor.settle([added_id])
    assert server("third").orphans({done_id, added_id}) == []
    assert names(bucket, "unfinished/") == []
    assert [each.id for each in successor.isolated()] == [half_id]


def test_a_removal_that_was_not_begun_is_forgotten(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    server().keep(file, id_, TEXT)
    server().settle([id_])
    server().set_aside(id_)
    assert server().orphans({id_}) == []
    assert names(bucket) == [f"originals/{id_}.txt"]


def test_opening_lists_what_is_unfinished_alone(s3_server: S3Server, bucket: Bucket, server: Server, tmp_path: Path) -> None:
    known = {hashlib.sha256(bytes([number])).hexdigest() for number in range(50)}
    for id_ in known:
        bucket.write(f"originals/{id_}.txt", b"x")
    before = dict(s3_server.requests)
    originals = server()
    originals.describe_missing({id_: a_record(id_) for id_ in known})
    assert originals.orphans(known) == []
    originals.tidy_quarantine(known)
    made = sum(s3_server.requests.values()) - sum(before.values())
    assert made in {0, 2}, "a listing of what is unfinished, and one of the quarantine"
    assert len(server().orphans(set())) == 50  # nothing is known, so all is lost


def test_descriptions_keep_what_a_later_program_wrote(server: Server, bucket: Bucket) -> None:
    id_ = "c" * 64
    server().describe([a_record(id_)])
    told = json.loads(bucket.read(f"about/{id_}.json") or b"")
    bucket.write(f"about/{id_}.json", json.dumps(told | {"colour": "blue"}).encode())
    server().describe([a_record(id_, name="boat.txt")])
    told = json.loads(bucket.read(f"about/{id_}.json") or b"")
    assert (told["name"], told["colour"]) == ("boat.txt", "blue")
    newer = json.dumps(told | {"schema": 900}).encode()
    bucket.write(f"about/{id_}.json", newer)
    server().describe([a_record(id_)])
    assert bucket.read(f"about/{id_}.json") == newer


def test_what_ocr_read_follows_the_record(server: Server, bucket: Bucket) -> None:
    id_ = "d" * 64
    writer, replica = server(), server("replica", is_writer=lambda: False)
    first = a_record(id_, ocr_pages=(1,), ocr_waiting=(2,), ocr_total=2)
    (writer.new_ocr(first) / "1.json.gz").write_bytes(b"one")
    writer.keep_ocr(id_)
    assert (replica.ocr(id_, first) / "1.json.gz").read_bytes() == b"one"
    (writer.ocr(id_) / "2.json.gz").write_bytes(b"two")
    writer.keep_ocr(id_)
    both = replace(first, ocr_pages=(1, 2), ocr_waiting=())
    assert sorted(each.name for each in replica.ocr(id_, both).iterdir()) == ["1.json.gz", "2.json.gz"]
    assert not replica.lacks_ocr(both)
    assert replica.lacks_ocr(replace(both, ocr_pages=(1, 2, 3)))
    assert not replica.ocr("e" * 64, a_record("e" * 64)).exists()
    writer.discard(id_)
    assert names(bucket) == []
    assert not writer.ocr(id_).exists()
    replica.drop_copy(id_)
    assert not (replica.ocr("f" * 64).parent / id_ / "1.json.gz").exists()


def test_the_quarantine_is_shared_and_emptied_after_a_month(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    writer = server()
    writer.keep(file, id_, TEXT)
    (orphan,) = writer.orphans({"other"})
    writer.isolate(orphan)
    assert names(bucket) == [f"quarantine/{id_}/{id_}.txt"]
    (isolated,) = server("other").isolated()
    server("other").fetch(isolated)
    assert isolated.path.read_bytes() == file.read_bytes()
    server("other").tidy_quarantine({"another"})
    assert names(bucket) != []
    server("other").release(isolated)
    assert names(bucket) == []


def test_the_cache_lets_go_of_what_was_not_used_for_longest(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    kept = [a_file(tmp_path, f"{number}" * 1_000) for number in range(6)]
    writer = server()
    for file, id_ in kept:
        writer.keep(file, id_, TEXT)
    replica = server("replica", most_bytes=3_500)
    for number, (_, id_) in enumerate(kept[:3]):
        path = replica.path(id_, TEXT)
        os.utime(path, (time.time() - 10_000 + number, path.stat().st_mtime - 20_000))
    replica.path(kept[0][1], TEXT)  # is used again
    replica.path(kept[3][1], TEXT)
    here = {each.stem for each in (tmp_path / "replica" / "originals").iterdir()}
    assert here == {kept[0][1], kept[2][1], kept[3][1]}
    for _, id_ in kept[4:]:
        assert replica.path(id_, TEXT).exists()
    assert {each.stem for each in (tmp_path / "replica" / "originals").iterdir()} == {kept[number][1] for number in (0, 3, 4, 5)}
    assert all(replica.path(id_, TEXT).read_bytes() == file.read_bytes() for file, id_ in kept)


def test_the_cache_has_a_limit_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "originals").mkdir()
    cache = FileCache(tmp_path / "originals")
    (tmp_path / "originals" / "a.txt").write_bytes(b"x")
    cache.added(1)
    assert cache.use(tmp_path / "originals" / "a.txt")
    assert not cache.use(tmp_path / "originals" / "b.txt")


def removed_names(found: Sequence[RemovedDocument]) -> list[str]:
    return [each.name for each in found]


def test_removed_documents_can_be_brought_back_by_any_server(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    writer = server()
    writer.keep(file, id_, TEXT)
    removed = SharedRemovedFiles(bucket, tmp_path / "writer" / "removed")
    removed.keep(writer, a_record(id_, password="geheim"))
    removed.leave_out(a_record("f" * 64, name="left out.txt"))
    writer.discard(id_)
    other = SharedRemovedFiles(bucket, tmp_path / "replica" / "removed", is_writer=lambda: False)
    (found,) = other.documents(set())
    assert (found.name, found.password) == ("ferry.txt", "geheim")
    assert removed_names(other.left_out(set())) == ["left out.txt"]
    assert other.path(id_).read_bytes() == file.read_bytes()
    other.tidy({id_})
    assert removed_names(removed.documents(set())) == ["ferry.txt"]
    removed.tidy({id_})
    assert removed.documents(set()) == []
    assert names(bucket) == [f"removed/{'f' * 64}/about.json"]


def test_a_removed_file_that_was_damaged_is_not_brought_back(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    file, id_ = a_file(tmp_path)
    writer = server()
    writer.keep(file, id_, TEXT)
    removed = SharedRemovedFiles(bucket, tmp_path / "writer" / "removed")
    removed.keep(writer, a_record(id_))
    bucket.write(f"removed/{id_}/file", b"another")
    with pytest.raises(UnreadableFileError, match="damaged"):
        removed.path(id_)
    assert not (tmp_path / "writer" / "removed" / id_ / "file").exists()
