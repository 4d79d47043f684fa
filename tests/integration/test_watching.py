"""Watched folders: the library follows them, and a drive that is not mounted empties nothing."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag import DocumentNotFoundError, Library
from rag.watching import watcher as watching
from rag.watching.snapshot import Settling
from rag.watching.watcher import Watcher
from tests.conftest import OpenLibrary

KEEPER = "The lighthouse keeper counts the boats every evening."
FERRY = "The ferry leaves at seven in the morning."


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "keeper.txt").write_text(KEEPER)
    return folder


def names(library: Library) -> list[str]:
    return sorted(record.name for record in library.documents())


def follow(library: Library, *folders: Path, told: list[str] | None = None) -> Watcher:
    """A watcher for which everything has settled when it is seen."""
    return Watcher(library, folders, settling_seconds=0.0, tell=(told if told is not None else []).append)


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def running(watcher: Watcher) -> Iterator[None]:
    thread = threading.Thread(target=watcher.run)
    thread.start()
    try:
        yield
    finally:
        watcher.stop()
        thread.join(20)
        assert not thread.is_alive()


def test_new_changed_renamed_and_deleted_files_follow(library: Library, docs: Path) -> None:
    changes: list[float] = []
    watcher = Watcher(library, [docs], settling_seconds=0.1, on_change=lambda: changes.append(time.monotonic()))
    with running(watcher):
        wait_for(lambda: names(library) == ["keeper.txt"])
        (docs / "deep").mkdir()
        (docs / "deep" / "ferry.txt").write_text(FERRY)
        wait_for(lambda: names(library) == ["ferry.txt", "keeper.txt"])
        ferry = library.document("ferry.txt").id
        (docs / "deep" / "ferry.txt").rename(docs / "boat.txt")
        wait_for(lambda: names(library) == ["boat.txt", "keeper.txt"])
        assert library.document("boat.txt").id == ferry
        (docs / "boat.txt").write_text(FERRY.replace("seven", "eight"))
        wait_for(lambda: ferry not in {record.id for record in library.documents()})
        (docs / "boat.txt").unlink()
        wait_for(lambda: names(library) == ["keeper.txt"])
    assert len(changes) == 5
    (shown,) = watcher.folders
    assert (shown.folder, shown.files, shown.waiting, shown.unread, shown.problem) == (docs, 1, 0, (), "")
    assert shown.changed is not None


def test_what_changed_meanwhile_is_found_at_the_start(library: Library, docs: Path) -> None:
    (docs / "ferry.txt").write_text(FERRY)
    (docs / "tide.txt").write_text("The tide is high at noon.")
    follow(library, docs).look()
    (docs / "ferry.txt").unlink()
    (docs / "tide.txt").rename(docs / "tides.txt")
    told: list[str] = []
    follow(library, docs, told=told).look()
    assert names(library) == ["keeper.txt", "tides.txt"]
    assert told == ["ferry.txt was removed: its file is gone. To bring it back within a day: rag restore ferry.txt"]


def test_a_deleted_file_leaves_search_and_comes_back_with_the_file(library: Library, docs: Path) -> None:
    (docs / "ferry.txt").write_text(FERRY)
    watcher = follow(library, docs)
    watcher.look()
    ferry = library.document("ferry.txt").id
    (docs / "ferry.txt").unlink()
    watcher.look()
    assert "ferry" not in "".join(passage.text for passage in library.retrieve("When does the ferry leave?"))
    assert [(each.name, each.id) for each in library.removed()] == [("ferry.txt", ferry)]
    (docs / "ferry.txt").write_text(FERRY)
    watcher.look()
    assert (library.document("ferry.txt").id, library.removed()) == (ferry, [])


def test_a_removed_document_is_restored_and_stays(library: Library, docs: Path) -> None:
    (docs / "ferry.txt").write_text(FERRY)
    watcher = follow(library, docs)
    watcher.look()
    ferry = library.document("ferry.txt").id
    (docs / "ferry.txt").unlink()
    watcher.look()
    outcome = library.restore("ferry.txt")
    assert (outcome.status, outcome.document_id, outcome.path) == ("added", ferry, "ferry.txt")
    watcher.look()
    follow(library, docs).look()
    assert library.document(ferry).sources == ("upload:ferry.txt",)
    assert (library.removed(), list((library.folder / "removed").iterdir())) == ([], [])
    with pytest.raises(DocumentNotFoundError, match="can be restored"):
        library.restore("ferry.txt")


def test_what_was_removed_is_deleted_after_a_day(library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add(docs)
    library.remove("keeper.txt", keep=True)
    assert len(library.removed()) == 1
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_401)
    assert library.removed() == []
    assert list((library.folder / "removed").iterdir()) == []


def test_what_a_person_removes_is_not_kept(library: Library, docs: Path) -> None:
    library.add(docs)
    library.remove("keeper.txt")
    assert library.removed() == []


@pytest.mark.parametrize("end", ["emptied", "gone"])
def test_a_folder_that_is_emptied_or_not_there_keeps_its_documents(library: Library, docs: Path, end: str) -> None:
    told: list[str] = []
    watcher = follow(library, docs, told=told)
    watcher.look()
    (docs / "keeper.txt").unlink()
    if end == "gone":
        docs.rmdir()
    for one in (watcher, follow(library, docs)):
        one.look()
        one.look()
        assert ("kept" in one.folders[0].problem, names(library)) == (True, ["keeper.txt"])
    assert len(told) == 1
    docs.mkdir(exist_ok=True)
    (docs / "keeper.txt").write_text(KEEPER)
    watcher.look()
    assert (watcher.folders[0].problem, names(library)) == ("", ["keeper.txt"])


def test_a_folder_that_comes_back_is_followed_again(library: Library, docs: Path) -> None:
    watcher = Watcher(library, [docs, docs.with_name("later")], settling_seconds=0.05)
    with running(watcher):
        wait_for(lambda: names(library) == ["keeper.txt"])
        assert "is not there" in watcher.folders[1].problem
        docs.rename(docs.with_name("away"))
        wait_for(lambda: "is not there" in watcher.folders[0].problem)
        docs.with_name("away").rename(docs)
        (docs / "ferry.txt").write_text(FERRY)
        wait_for(lambda: names(library) == ["ferry.txt", "keeper.txt"])
        docs.with_name("later").mkdir()
        (docs.with_name("later") / "tide.txt").write_text("The tide is high at noon.")
        wait_for(lambda: "tide.txt" in names(library))


def test_a_file_that_is_still_being_written_is_not_read() -> None:
    settling = Settling()
    assert settling.settled({"a": 1, "b": 1}, now=0.0, seconds=1.0) == []
    assert settling.settled({"a": 2, "b": 1}, now=1.0, seconds=1.0) == ["b"]
    assert settling.settled({"a": 2}, now=1.9, seconds=1.0) == []
    assert settling.settled({"a": 2, "b": 1}, now=2.0, seconds=1.0) == ["a"]


def test_a_deletion_waits_for_a_file_that_may_be_the_same_renamed(library: Library, docs: Path) -> None:
    (docs / "ferry.txt").write_text(FERRY)
    watcher = Watcher(library, [docs], settling_seconds=0.2)
    watcher.look()
    time.sleep(0.25)
    watcher.look()
    (docs / "ferry.txt").rename(docs / "boat.txt")
    watcher.look()
    assert names(library) == ["ferry.txt", "keeper.txt"]
    time.sleep(0.25)
    watcher.look()
    assert (names(library), library.removed()) == (["boat.txt", "keeper.txt"], [])


def test_one_of_two_equal_files_is_deleted(library: Library, docs: Path) -> None:
    (docs / "copy.txt").write_text(KEEPER)
    watcher = follow(library, docs)
    watcher.look()
    (record,) = library.documents()
    (docs / record.name).unlink()
    watcher.look()
    (left,) = library.documents()
    assert (left.id, {record.name, left.name}) == (record.id, {"copy.txt", "keeper.txt"})
    assert left.sources == (str(docs / left.name),)


def test_what_cannot_be_read_is_told_until_it_can(library: Library, docs: Path) -> None:
    (docs / "empty.txt").touch()
    (docs / "way.txt").symlink_to("/etc/hostname")
    (docs / "loop").symlink_to(docs)
    (docs / "~$keeper.docx").write_bytes(b"\0")
    (docs / ".hidden.txt").write_text("Hidden.")
    watcher = follow(library, docs)
    watcher.look()
    watcher.look()
    assert [path for path, _ in watcher.folders[0].unread] == [str(docs / "empty.txt"), str(docs / "way.txt")]
    assert "empty" in watcher.folders[0].unread[0][1]
    (docs / "empty.txt").write_text(FERRY)
    (docs / "way.txt").unlink()
    watcher.look()
    assert (watcher.folders[0].unread, names(library)) == ((), ["empty.txt", "keeper.txt"])


def test_names_that_are_not_utf_8_are_followed(library: Library, docs: Path) -> None:
    path = docs / os.fsdecode(b"r\xe9sum\xe9.txt")
    path.write_text(FERRY)
    watcher = follow(library, docs)
    watcher.look()
    assert names(library) == ["keeper.txt", "r�sum�.txt"]
    path.unlink()
    watcher.look()
    assert names(library) == ["keeper.txt"]
    assert library.restore("r�sum�.txt").status == "added"


def test_the_library_in_a_watched_folder_does_not_follow_itself(open_library: OpenLibrary, docs: Path) -> None:
    library = open_library("docs/library")
    watcher = follow(library, docs)
    watcher.look()
    watcher.look()
    assert (names(library), watcher.folders[0].files) == (["keeper.txt"], 1)


def test_thousands_of_files_are_looked_at_quickly(library: Library, docs: Path) -> None:
    for number in range(20):
        (docs / str(number)).mkdir()
        for other in range(100):
            (docs / str(number) / f"{other}.xyz").touch()
    watcher = Watcher(library, [docs])
    began = time.thread_time()
    assert watcher.look() == watching.SETTLING_SECONDS
    assert watcher.folders[0].waiting == 2001
    assert time.thread_time() - began < 10


def test_what_a_person_removes_stays_removed_until_its_file_changes(open_library: OpenLibrary, docs: Path) -> None:
    (docs / "ferry.txt").write_text(FERRY)
    library = open_library("library")
    follow(library, docs).look()
    library.remove("ferry.txt")
    (docs / "ferry.txt").touch()
    library.close()
    library = open_library("library")
    for watcher in (follow(library, docs), follow(library, docs)):
        watcher.look()
        assert (names(library), watcher.folders[0].left_out) == (["keeper.txt"], ("ferry.txt",))
    assert library.removed() == []
    (docs / "ferry.txt").write_text(FERRY.replace("seven", "eight"))
    watcher.look()
    assert (names(library), watcher.folders[0].left_out) == (["ferry.txt", "keeper.txt"], ())


def test_what_is_left_out_comes_back_when_a_person_adds_it(library: Library, docs: Path) -> None:
    (docs / "ferry.txt").write_text(FERRY)
    follow(library, docs).look()
    library.remove("ferry.txt")
    assert library.add(docs, leave_out_removed=True).outcomes[0].status == "left_out"
    assert library.add_upload(docs / "ferry.txt", "ferry.txt").status == "added"
    assert (library.left_out(), list((library.folder / "removed").iterdir())) == ([], [])
    watcher = follow(library, docs)
    watcher.look()
    assert (names(library), watcher.folders[0].left_out) == (["ferry.txt", "keeper.txt"], ())
