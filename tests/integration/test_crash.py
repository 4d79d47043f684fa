"""Killed, interrupted or out of room: what is listed is whole, what was there stays, and adding again completes it."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag import Library, Progress, Report, StorageError
from rag.storing.chroma import ChromaStore
from rag.storing.chroma_client import connect
from rag.storing.protocol import WRITE_BATCH
from tests.conftest import OpenLibrary
from tests.fakes import FailingEmbedder

ROOT = Path(__file__).parents[2]
KILLS = 1  # a hundred in tests/soak
FILES = 6
QUESTION = "Which boat passes?"

ADD_SLOWLY = """
import sys
from rag import Library
from tests.fakes import BagOfWordsEmbedder
with Library.open(sys.argv[1], embedder=BagOfWordsEmbedder(seconds_a_batch=0.02)) as library:
    library.documents()
    print("ready", flush=True)
    library.add(sys.argv[2], progress=lambda step: print(step.file, flush=True))
"""

ADD_WITHOUT_ROOM = """
import os, resource, sys
from pathlib import Path
from rag import Library, StorageError
from tests.fakes import BagOfWordsEmbedder
with Library.open(sys.argv[1], embedder=BagOfWordsEmbedder()) as library:
    before = library.retrieve("boats")
    largest = max(path.stat().st_size for path in Path(sys.argv[1]).rglob("*") if path.is_file() and path.name != "reserve")
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + int(sys.argv[3]), resource.RLIM_INFINITY))
    try:
        library.add(sys.argv[2])
    except StorageError as error:
        print(error)
    assert library.retrieve("boats") == before
    assert len(library.documents()) == 1
"""

FILL_THE_DISK = """
import os, subprocess, sys
from rag import Library, StorageError
from tests.fakes import BagOfWordsEmbedder
disk, small, big = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=True)
def opened():
    return Library.open(f"{disk}/library", embedder=BagOfWordsEmbedder())
def attempt(work):
    try:
        return work()
    except StorageError as error:
        print(error, flush=True)
def check_answers(library):
    assert library.retrieve("small boats")[0].text.startswith("Small boats")
with opened() as library:
    library.add(small)
    for _ in range(2):  # without room, it is told again
        attempt(lambda: library.add(big))
        attempt(lambda: check_answers(library))  # the index may need room to be read
with opened() as library:
    attempt(lambda: check_answers(library))
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    check_answers(library)
    assert library.add([small, big]).all_searchable
    assert [(record.name, record.indexed) for record in library.documents()] == [("small.txt", 1), ("big.txt", 1)]
    assert all(library._index.store.count(record.id) == record.chunks for record in library.documents())
"""


USE_A_FULL_DISK = """
import subprocess, sys
from pathlib import Path
from rag import Library, StorageError
from tests.fakes import BagOfWordsEmbedder
disk, *files = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], check=True)
def opened():
    return Library.open(f"{disk}/library", embedder=BagOfWordsEmbedder())
with opened() as library:
    assert library.add(files).all_searchable
    before = library.documents()
with Path(disk, "filler").open("wb", buffering=0) as filler:
    try:
        while filler.write(bytes(1 << 16)):
            pass
    except OSError:
        pass
with opened() as library:
    assert library.documents() == before
    assert library.retrieve("small boats")[0].document == "small.txt"
    assert "noon" in library.ask("When do small boats pass?").text
    library.remove("big.txt")
with opened() as library:
    assert [record.name for record in library.documents()] == ["small.txt"]
    try:
        print(library.erase())
    except StorageError as error:
        print(error)
"""

USE_A_READ_ONLY_FOLDER = """
import subprocess, sys
from rag import Library, StorageError
from tests.fakes import BagOfWordsEmbedder
folder, file = sys.argv[1:]
subprocess.run(["mount", "--bind", folder, folder], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
with Library.open(folder, embedder=BagOfWordsEmbedder()) as library:
    assert library.is_read_only
    assert [record.name for record in library.documents()] == ["small.txt"]
    assert library.retrieve("small boats")[0].document == "small.txt"
    assert "noon" in library.ask("When do small boats pass?").text
    assert library.pages.text("small.txt", 1)
    assert not library.index_next()
    for change in (lambda: library.add(file), lambda: library.remove("small.txt"), library.reindex):
        try:
            change()
        except StorageError as error:
            print(error)
"""


def text_of(n: int, paragraphs: int) -> str:
    """Paragraphs that are little alike: of many equal vectors, an approximate index never finds all."""
    chance = random.Random(n)
    words = ["".join(chance.choices(["ba", "ke", "li", "mo", "nu", "ra", "se", "ti"], k=4)) for _ in range(60 * paragraphs)]
    return "\n\n".join(f"Boat {n}-{p} passes. {' '.join(words[60 * p : 60 * p + 60])}." for p in range(paragraphs))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for n in range(FILES):
        (folder / f"{n}.txt").write_text(text_of(n, 20 + 30 * n))
    return folder


def check_whole(library: Library) -> None:
    """Every document listed has all its chunks, its file and its words, and can be found; nothing is there besides."""
    records, index = library.documents(), library._index
    waiting = {record.id: record.chunks for record in library.keyword_ready()}
    for record in records:
        assert (record.indexed < 1) == (record.id in waiting)
        keys = [(record.id, ordinal) for ordinal in range(record.chunks)]
        assert len((index.keyword_ready if record.id in waiting else index.store).chunks(keys)) == record.chunks > 0
        found = {passage.document_id for passage in library.retrieve(QUESTION, top_k=10_000, documents=[record.id])}
        assert found == {record.id}
        assert library.pages.text(record.id, 1)
    assert index.lexical.document_ids == {record.id for record in records}
    whole = sum(record.chunks for record in records if record.id not in waiting)
    assert isinstance(index.store, ChromaStore)
    assert whole <= index.store._chunks.count() <= whole + sum(waiting.values())
    assert {path.stem for path in (library.folder / "originals").glob("*")} == {record.id for record in records}


def stored_chunks(library: Library) -> int:
    """All chunks in the closed library's database, also those that nobody can see."""
    client = connect(library.folder / "chroma", None)
    try:
        return sum(collection.count() for collection in client.list_collections() if collection.name.startswith("chunks-"))
    finally:
        client.close()  # type: ignore[attr-defined]


def test_a_killed_process_leaves_documents_that_are_gone_on_with(open_library: OpenLibrary, files: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    survivors = 0
    for kill in range(KILLS):
        arguments = [sys.executable, "-c", ADD_SLOWLY, str(tmp_path / "library"), str(files)]
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as adding:
            assert adding.stdout
            assert adding.stdout.readline() == "ready\n"
            for _ in range(chance.randrange(2, 12)):
                adding.stdout.readline()
            time.sleep(chance.uniform(0, 0.15))
            adding.send_signal(signal.SIGKILL)
        library = open_library()
        check_whole(library)
        assert len(library.documents()) >= survivors  # what was read is kept
        survivors = len(library.documents())
        library.close()
        if kill == KILLS // 2:  # a changed file on the way
            (files / "0.txt").write_text(text_of(99, 50))
    library = open_library()
    assert library.add(files).all_searchable
    check_whole(library)
    assert library.keyword_ready() == []
    library.close()
    stored = stored_chunks(library)
    library = open_library()
    assert stored == sum(record.chunks for record in library.documents())
    assert sorted(record.name for record in library.documents()) == sorted(path.name for path in files.iterdir())
    assert "Boat 99-" in library.retrieve(QUESTION, documents=["0.txt"])[0].text


@pytest.mark.parametrize(("error", "after"), [(KeyboardInterrupt(), 0), (RuntimeError("the model broke"), 2), (MemoryError(), 1)], ids=repr)
def test_an_error_while_vectors_are_made_loses_nothing_of_a_document(
    open_library: OpenLibrary, files: Path, error: BaseException, after: int
) -> None:
    failing = open_library(embedder=FailingEmbedder(error, after=after))
    with pytest.raises(type(error)):
        failing.add(files / "5.txt")
    (record,) = failing.keyword_ready()
    assert record.indexed == pytest.approx(after * WRITE_BATCH / record.chunks)
    failing.close()
    library = open_library()
    assert library.keyword_ready() == [record]
    assert {passage.document for passage in library.retrieve(QUESTION)} == {"5.txt"}
    check_whole(library)
    assert statuses(library.add(files / "0.txt")) == ["added"]
    assert library.keyword_ready() == []
    check_whole(library)


def test_what_is_lost_of_a_half_indexed_document_is_made_again(open_library: OpenLibrary, files: Path) -> None:
    failing = open_library(embedder=FailingEmbedder(MemoryError(), after=2))
    with pytest.raises(MemoryError):
        failing.add(files / "5.txt")
    (record,) = failing.keyword_ready()
    failing._index.store.remove(record.id)
    failing.close()
    library = open_library()
    library.add([])
    (whole,) = library.documents()
    assert (whole.id, whole.indexed) == (record.id, 1)
    check_whole(library)


def test_stopping_between_files_keeps_what_was_read(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()

    def stop_at_the_third(step: Progress) -> None:
        if step.file == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(files, progress=stop_at_the_third)
    assert [(record.name, record.indexed) for record in library.documents()] == [("0.txt", 0), ("1.txt", 0)]
    check_whole(library)
    assert statuses(library.add(files)) == ["unchanged"] * 2 + ["added"] * (FILES - 2)
    assert library.keyword_ready() == []
    check_whole(library)


def test_stopping_in_the_middle_of_a_new_version_keeps_the_old_one(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add(files / "3.txt")
    (old,) = library.documents()
    (files / "3.txt").write_text(text_of(33, 140))

    def stop_half_way(step: Progress) -> None:
        if step.fraction > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add(files / "3.txt", progress=stop_half_way)
    (new,) = library.keyword_ready()
    assert library.documents() == [old, new]
    check_whole(library)
    assert statuses(library.add(files / "3.txt")) == ["unchanged"]
    assert [record.id for record in library.documents()] == [new.id]
    check_whole(library)


def test_a_newer_version_takes_the_place_of_one_that_still_waits(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add(files / "3.txt", wait=False)
    (files / "3.txt").write_text(text_of(33, 140))
    assert statuses(library.add(files / "3.txt", wait=False)) == ["replaced"]
    assert [record.chunks for record in library.documents()] == [record.chunks for record in library.keyword_ready()]
    check_whole(library)
    assert {passage.text.startswith("Boat 33") for passage in library.retrieve(QUESTION)} == {True}
    while library.index_next():
        pass
    assert len(library.documents()) == 1
    check_whole(library)


def test_a_document_may_be_removed_while_its_vectors_are_made(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add([files / "4.txt", files / "5.txt"], wait=False)
    assert library.index_next()
    half_done = next(record for record in library.documents() if 0 < record.indexed < 1)
    library.remove(half_done.name)
    check_whole(library)
    while library.index_next():
        pass
    assert [record.id != half_done.id for record in library.documents()] == [True]
    check_whole(library)


def statuses(report: Report) -> list[str]:
    return [outcome.status for outcome in report.outcomes]


def test_a_file_left_behind_by_a_crash_is_swept(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.add(files / "0.txt")
    library.close()
    originals = library.folder / "originals"
    (originals / f"{'e' * 64}.pdf").write_bytes(b"of a document that was never finished")
    (originals / f"{'f' * 64}.partial").write_bytes(b"half a copy")
    again = open_library()
    check_whole(again)


NO_ROOM = [
    pytest.param(3, 400_000, r"big\.txt could not be stored: File too large", id="for the file", marks=pytest.mark.soak),
    pytest.param(1000, 0, r"The library's list of what is being indexed could not be written", id="for its draft", marks=pytest.mark.soak),
    pytest.param(
        200, 0, r"The library's (index|list of what is being indexed) could not be written", id="for its index", marks=pytest.mark.soak
    ),
]


@pytest.mark.parametrize(("paragraphs", "blanks", "said"), NO_ROOM)
def test_no_room_costs_one_document_and_no_other(
    open_library: OpenLibrary, tmp_path: Path, paragraphs: int, blanks: int, said: str
) -> None:
    (tmp_path / "small.txt").write_text("Small boats pass at noon.")
    (tmp_path / "big.txt").write_text(text_of(1, paragraphs) + "\n" * blanks)
    library = open_library()
    library.add(tmp_path / "small.txt")
    library.close()
    arguments = [sys.executable, "-c", ADD_WITHOUT_ROOM, str(library.folder), str(tmp_path / "big.txt"), "150000"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(said, done.stdout)
    again = open_library()
    check_whole(again)
    assert [record.name for record in again.documents()] == ["small.txt"]
    assert again.retrieve("small boats")[0].text == "Small boats pass at noon."
    assert statuses(again.add(tmp_path / "big.txt")) == ["added"]
    check_whole(again)


def own_disks_can_be_made() -> bool:
    return shutil.which("unshare") is not None and subprocess.run(["unshare", "-rm", "true"], check=False).returncode == 0


@pytest.mark.soak  # the next test says most of it
@pytest.mark.skipif(not own_disks_can_be_made(), reason="a disk of its own cannot be mounted here: the test of a full disk is left out")
def test_a_full_disk_is_told_as_one_and_costs_no_document(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "small.txt").write_text("Small boats pass at noon.")
    (tmp_path / "big.txt").write_text(text_of(1, 500))
    arguments = [str(tmp_path / name) for name in ("disk", "small.txt", "big.txt")]
    command = ["unshare", "-rm", sys.executable, "-c", FILL_THE_DISK, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    messages = done.stdout.splitlines()
    assert len(messages) >= 2
    assert [message for message in messages if "disk is full" not in message] == []


@pytest.mark.skipif(not own_disks_can_be_made(), reason="a disk of its own cannot be mounted here: the test of a full disk is left out")
def test_a_library_on_a_full_disk_can_be_used_and_removed_from(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "small.txt").write_text("Small boats pass at noon.")
    (tmp_path / "big.txt").write_text(text_of(1, 500))
    arguments = [str(tmp_path / name) for name in ("disk", "small.txt", "big.txt")]
    command = ["unshare", "-rm", sys.executable, "-c", USE_A_FULL_DISK, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"True\n|.*can be erased from them when the disk has \d+ MB of free space\.\n", done.stdout)


@pytest.mark.skipif(not own_disks_can_be_made(), reason="a folder cannot be mounted here: the test of a read-only one is left out")
def test_a_read_only_library_can_be_searched_and_asked(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "small.txt").write_text("Small boats pass at noon.")
    library = open_library()
    library.add(tmp_path / "small.txt")
    library.close()
    before = {path: path.stat().st_mtime_ns for path in library.folder.rglob("*")}
    command = ["unshare", "-rm", sys.executable, "-c", USE_A_READ_ONLY_FOLDER, str(library.folder), str(tmp_path / "small.txt")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, [])
    assert "is read-only" in done.stderr
    assert done.stdout == f"The library {library.folder} cannot be changed: its folder is read-only.\n" * 3
    assert {path: path.stat().st_mtime_ns for path in library.folder.rglob("*")} == before


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights there")
def test_a_folder_that_may_not_be_written_is_told(open_library: OpenLibrary, files: Path) -> None:
    library = open_library()
    library.documents()
    (library.folder / "originals").write_text("a file in the place of the folder")
    with pytest.raises(StorageError, match=r"0\.txt could not be stored: .*disk works"):
        library.add(files / "0.txt")
    assert library.documents() == []
