"""Uploads wait on disk: none is lost however the server ends, and small ones are not kept waiting by large ones."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag import Library, StorageError
from rag.types import Outcome, Progress, ProgressCallback
from tests.conftest import OpenLibrary
from tests.documents import encrypted_pdf
from tests.fakes import BagOfWordsEmbedder
from ui.uploading.indexer import MOST_PASSED_OVER, Indexer
from ui.uploading.queue_folder import MOST_ATTEMPTS, Job, QueueFolder
from ui.web.documents import DocumentsHandlers
from ui.web.listing import View

ROOT = Path(__file__).parents[2]
FILES = 8

Upload = Callable[[str, str], Path]


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    """Puts a file where Gradio puts uploads: in a folder of its own."""

    def uploaded(name: str, words: str) -> Path:
        folder = tmp_path / "library" / "uploads" / f"{len(words):064x}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(words)
        return folder / name

    return uploaded


def finish(indexer: Indexer) -> None:
    """Let it work until nothing waits."""
    indexer.start()
    until = time.monotonic() + 30
    while indexer.is_busy and time.monotonic() < until:
        time.sleep(0.01)
    indexer.close()
    assert not indexer.is_busy


def names(library: Library) -> list[str]:
    return sorted(record.name for record in library.documents())


def rest(library: Library) -> list[Path]:
    """What is left in the queue's folder."""
    return sorted((library.folder / "queue").rglob("*"))


def test_what_waits_is_there_at_the_next_start_in_its_order(library: Library, upload: Upload) -> None:
    indexer = Indexer(library)
    for n in range(FILES):
        indexer.submit(upload(f"{n}.txt", f"Boat {n} passes."), f"{n}.txt")
    expected = [(job.id, job.name) for job in indexer.jobs]
    again = Indexer(library)  # the first one is never closed, as a server that is killed
    assert [(job.id, job.name) for job in again.jobs] == expected
    assert "queued" in DocumentsHandlers(library, again).show(View())[0]
    finish(again)
    assert names(library) == [f"{n}.txt" for n in range(FILES)]
    assert (again.jobs, rest(library), Indexer(library).jobs) == ([], [], [])


STEPS = 12
"""More than it takes to queue a file."""

SUBMIT_AND_DIE = """
import os, sys
from pathlib import Path
from rag import Library
from tests.fakes import BagOfWordsEmbedder
from ui.uploading.indexer import Indexer

def submit(folder, deadly):
    steps = []
    def watch(event, arguments):
        if event in {"os.rename", "os.mkdir", "os.remove"} or (event == "open" and "/queue/" in str(arguments[0])):
            steps.append(event)
            if len(steps) == deadly:
                os.kill(os.getpid(), 9)
    indexer = Indexer(Library.open(folder, embedder=BagOfWordsEmbedder()))
    sys.addaudithook(watch)
    indexer.submit(folder / "uploads" / "hash" / "boats.txt", "boats.txt")
    os._exit(0)

for deadly in range(1, int(sys.argv[2]) + 1):
    if not (child := os.fork()):
        submit(Path(sys.argv[1], str(deadly)), deadly)
    print("accepted" if os.waitpid(child, 0)[1] == 0 else "killed", flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked there")
def test_a_kill_at_any_step_of_taking_a_file_loses_none_that_was_accepted(open_library: OpenLibrary, tmp_path: Path) -> None:
    for step in range(1, STEPS + 1):
        (tmp_path / f"{step}/uploads/hash").mkdir(parents=True)
        (tmp_path / f"{step}/uploads/hash/boats.txt").write_text("Small boats pass at noon.")
    arguments = [sys.executable, "-c", SUBMIT_AND_DIE, str(tmp_path), str(STEPS)]
    ends = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert (ends[0], ends[-1], len(ends)) == ("killed", "accepted", STEPS)
    for step, end in enumerate(ends, start=1):
        jobs = Indexer(open_library(str(step))).jobs
        assert len(jobs) == 1 or (end, jobs) == ("killed", [])
        expected = ("boats.txt", "", "Small boats pass at noon.")
        assert [(job.name, job.problem, job.path.read_text()) for job in jobs] == [expected] * len(jobs)
        assert bool(jobs) != (tmp_path / f"{step}/uploads/hash/boats.txt").exists()  # the file is in one place, always


def test_a_server_killed_after_a_file_was_added_does_not_tell_of_it_again(library: Library, upload: Upload) -> None:
    indexer = Indexer(library)
    path = upload("boats.txt", "Small boats pass at noon.")
    indexer.submit(path, "boats.txt")
    (job,) = indexer.jobs
    library.add_upload(job.path, job.name)
    again = Indexer(library)
    finish(again)
    assert (again.jobs, rest(library), names(library)) == ([], [], ["boats.txt"])


def test_what_the_reader_should_see_stays_until_it_is_dismissed(library: Library, upload: Upload, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(encrypted_pdf(password="secret-of-the-harbour"))
    indexer = Indexer(library)
    for path in (upload("boats.txt", "Boats pass."), upload("same.txt", "Boats pass."), upload("empty.txt", " "), locked):
        indexer.submit(path, path.name)
    finish(indexer)
    expected = {"same.txt": "duplicate", "empty.txt": "no_text", "locked.pdf": "needs_password"}
    listed = Indexer(library)
    assert {job.name: job.status for job in listed.jobs} | {"boats.txt": ""} == expected | {"boats.txt": ""}
    assert [job.message for job in listed.jobs] == [job.message for job in indexer.jobs]
    for job in listed.jobs:
        if job.name != "locked.pdf":
            listed.dismiss(job.id)
    again = Indexer(library)
    (job,) = again.jobs
    again.unlock(job.id, "not the secret")
    finish(again)
    kept = b"".join(path.read_bytes() for path in (library.folder / "queue").glob("*.json"))
    assert b"not the secret" not in kept
    last = Indexer(library)
    last.unlock(job.id, "secret-of-the-harbour")
    assert [job.status for job in Indexer(library).jobs] == ["needs_password"]  # a server killed now asks again
    finish(last)
    assert (last.jobs, rest(library)) == ([], [])
    assert "locked.pdf" in names(library)


def test_a_file_in_the_old_folder_of_uploads_or_without_a_record_is_taken_over(library: Library) -> None:
    for folder, name in (("uploads/0123456789abcdef", "old.txt"), ("queue/fedcba9876543210", "bare.txt"), ("queue/damaged", "torn.txt")):
        (library.folder / folder).mkdir(parents=True)
        (library.folder / folder / name).write_text(f"The words of {name}.")
    (library.folder / "queue" / "damaged.json").write_text('{"id": "dam')
    (library.folder / "queue" / "lost.json").write_text("[]")
    (library.folder / "queue" / "half.partial").write_text('{"id"')
    indexer = Indexer(library)
    assert sorted(job.name for job in indexer.jobs) == ["bare.txt", "lost.json", "old.txt", "torn.txt"]
    finish(indexer)
    assert names(library) == ["bare.txt", "old.txt", "torn.txt"]
    (job,) = indexer.jobs
    assert "Upload it again" in job.problem
    indexer.dismiss(job.id)
    assert Indexer(library).jobs == []


def test_an_upload_that_cannot_be_stored_is_told_at_once_and_tried_again(library: Library, upload: Upload) -> None:
    path = upload("boats.txt", "Small boats pass at noon.")
    (library.folder / "queue").write_text("a file in the place of the folder")
    indexer = Indexer(library)
    handlers = DocumentsHandlers(library, indexer)
    _, listing, _ = handlers.upload([str(path), str(path.with_name("gone.txt"))], View())
    assert ("boats.txt" in listing, "could not be stored" in listing, "Try again" in listing) == (True, True, True)
    assert path.read_text() == "Small boats pass at noon."
    (library.folder / "queue").unlink()
    for job in indexer.jobs:
        indexer.retry(job.id)
    finish(indexer)
    assert names(library) == ["boats.txt"]
    assert [(job.name, "Upload the file again" in job.problem) for job in indexer.jobs] == [("gone.txt", True)]


class Refusing(Library):
    """A library whose disk is full until `room` is made."""

    room = False

    def add_upload(  # noqa: PLR0913 - as it is overridden
        self,
        path: Path,
        name: str,
        *,
        passwords: object = (),
        progress: ProgressCallback | None = None,
        wait: bool = True,
        replace: bool = False,
        metadata: object = None,
    ) -> Outcome:
        if not self.room:
            raise StorageError("The disk is full.")
        return super().add_upload(path, name, progress=progress, wait=wait)


def test_a_file_the_library_has_no_room_for_stays_and_can_be_tried_again(tmp_path: Path, upload: Upload) -> None:
    with Refusing.open(tmp_path / "library", embedder=BagOfWordsEmbedder()) as library:
        indexer = Indexer(library)
        indexer.submit(upload("boats.txt", "Boats pass."), "boats.txt")
        finish(indexer)
        again = Indexer(library)
        (job,) = again.jobs
        assert job.message == "The disk is full."
        library.room = True
        again.retry(job.id)
        finish(again)
        assert (again.jobs, names(library)) == ([], ["boats.txt"])


class Watched(Library):
    """Tells in which order files are added."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.order: list[str] = []

    def add_upload(  # noqa: PLR0913 - as it is overridden
        self,
        path: Path,
        name: str,
        *,
        passwords: object = (),
        progress: ProgressCallback | None = None,
        wait: bool = True,
        replace: bool = False,
        metadata: object = None,
    ) -> Outcome:
        self.order.append(path.read_text().split()[0])
        return super().add_upload(path, name, progress=progress, wait=wait)


def test_small_files_go_first_none_starves_and_versions_stay_in_order(tmp_path: Path, upload: Upload) -> None:
    with Watched.open(tmp_path / "library", embedder=BagOfWordsEmbedder()) as library:
        indexer = Indexer(library)
        indexer.submit(upload("huge.txt", "huge " * 200), "huge.txt")
        indexer.submit(upload("plan.txt", "older " * 50), "plan.txt")
        indexer.submit(upload("plan.txt", "newer"), "plan.txt")
        for n in range(MOST_PASSED_OVER + 2):
            indexer.submit(upload(f"{n}.txt", f"{n} " * (n + 2)), f"{n}.txt")
        finish(indexer)
        assert library.order[: MOST_PASSED_OVER + 1] == [*map(str, range(MOST_PASSED_OVER)), "huge"]
        assert library.order.index("older") < library.order.index("newer")
        assert library.retrieve("newer", documents=["plan (2).txt"])[0].text == "newer"
        (job,) = indexer.jobs  # the only one that is not called as it was uploaded, which is said
        assert (job.name, job.state) == ("plan.txt", "keyword_ready")
        assert job.message == "Added as plan (2).txt: 1 page. The library already has another plan.txt."
        assert job.message in DocumentsHandlers(library, indexer).show(View())[0]


def test_a_sample_that_waits_is_gone_on_with_and_stays_where_it_is(library: Library, tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_text("Small boats pass at noon.")
    Indexer(library).submit(sample, sample.name, keep=True)
    again = Indexer(library)
    assert [job.name for job in again.jobs] == ["sample.txt"]
    finish(again)
    assert (names(library), sample.exists(), rest(library)) == (["sample.txt"], True, [])


def test_a_file_that_ends_the_server_each_time_is_left_alone_and_the_others_are_read(library: Library, upload: Upload) -> None:
    folder = QueueFolder(library.folder)
    for name, attempts in (("poison.txt", MOST_ATTEMPTS), ("boats.txt", 0)):
        path = upload(name, f"The words of {name}.")
        folder.put(Job(name, path, name, size=1, attempts=attempts))
    indexer = Indexer(library)
    finish(indexer)
    (job,) = indexer.jobs
    assert (job.name, "stopped 20 times" in job.problem, names(library)) == ("poison.txt", True, ["boats.txt"])
    indexer = Indexer(library)
    indexer.retry(job.id)
    finish(indexer)
    assert names(library) == ["boats.txt", "poison.txt"]


class Slow(Library):
    """Reads a file for as long as it may."""

    def add_upload(  # noqa: PLR0913 - as it is overridden
        self,
        path: Path,
        name: str,
        *,
        passwords: object = (),
        progress: ProgressCallback | None = None,
        wait: bool = True,
        replace: bool = False,
        metadata: object = None,
    ) -> Outcome:
        assert progress
        while True:
            progress(Progress(str(path), 0.5, 1, 1, None, "reading"))
            time.sleep(0.001)


def test_a_stop_while_a_file_is_read_leaves_it_waiting(tmp_path: Path, upload: Upload) -> None:
    with Slow.open(tmp_path / "library", embedder=BagOfWordsEmbedder()) as library:
        indexer = Indexer(library)
        indexer.submit(upload("boats.txt", "Boats pass."), "boats.txt")
        indexer.start()
        until = time.monotonic() + 30
        while not indexer.jobs[0].fraction and time.monotonic() < until:
            time.sleep(0.002)
        assert indexer.jobs[0].state == "reading"
        indexer.close()
        (job,) = Indexer(library).jobs
        assert (job.name, job.attempts, job.state) == ("boats.txt", 0, "queued")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no other file system to move from")
def test_a_file_of_another_file_system_is_moved_whole(library: Library) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == library.folder.stat().st_dev:
        pytest.skip("there is no other file system here")
    folder = other / f"footnote-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "boats.txt").write_text("Small boats pass at noon.")
        indexer = Indexer(library)
        indexer.submit(folder / "boats.txt", "boats.txt")
        assert list(folder.iterdir()) == []
        finish(indexer)
        assert names(library) == ["boats.txt"]
    finally:
        shutil.rmtree(folder)
