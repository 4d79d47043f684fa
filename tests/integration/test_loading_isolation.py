import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import UnreadableFileError
from rag.formats.loader import Loader
from tests import documents
from tests.loading import load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc, counts on memory limits")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.pdf"
    path.write_bytes(documents.plain_pdf("All is well", "Still well"))
    return path


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("All is well")
    return path


def read(loader: Loader, path: Path) -> list[str]:
    return [page.text for page in load(loader, path).document.pages]


def children(parent: int) -> list[int]:
    """The processes that have `parent` for a parent and were not there before the test, zombies left out."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            state, ppid = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z" and int(folder.name) not in _others:
                found.append(int(folder.name))
    return found


_others: set[int] = set()


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    """What other tests have started in this process goes on, such as servers."""
    _others.update(children(os.getpid()))
    yield
    _others.clear()


def test_a_page_that_hangs_is_given_up_and_the_next_file_read(good: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.pdf"
    slow.write_bytes(documents.bomb_pdf(7))
    with closing(Loader(seconds_without_progress=0.5, memory_megabytes=4096)) as loader:
        assert read(loader, good) == ["All is well", "Still well"]
        start = time.perf_counter()
        with pytest.raises(
            UnreadableFileError, match=r"slow\.pdf could not be read: reading stopped at page 1 of 1: it took longer than 0\.5 s"
        ):
            read(loader, slow)
        assert time.perf_counter() - start < 5
        assert read(loader, good) == ["All is well", "Still well"]


def test_a_page_that_takes_all_memory_ends_its_reader_only(good: Path, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy.pdf"
    greedy.write_bytes(documents.bomb_pdf(7))
    with closing(Loader(memory_megabytes=256)) as loader:
        for _ in range(2):
            with pytest.raises(UnreadableFileError, match=r"greedy\.pdf could not be read: .*at page 1 of 1: .*memory.*256 MB"):
                read(loader, greedy)
            assert read(loader, good) == ["All is well", "Still well"]


def test_a_killed_reader_is_that_files_outcome(good: Path, words: Path) -> None:
    with closing(Loader()) as loader:
        for path, texts in ((good, ["All is well", "Still well"]), (words, ["All is well"])):
            read(loader, path)
            (pid,) = children(os.getpid())
            os.kill(pid, signal.SIGKILL)
            told = rf"{path.name} could not be read: reading stopped while it was opened: the process that had it open crashed \(SIGKILL\)"
            with pytest.raises(UnreadableFileError, match=told):
                read(loader, path)
            assert read(loader, path) == texts
            assert read(loader, path) == texts


def test_a_text_that_takes_too_long_or_too_much_memory_is_given_up(words: Path, tmp_path: Path) -> None:
    huge = tmp_path / "huge.txt"
    huge.write_bytes(b"many words " * 8_000_000)
    with closing(Loader(memory_megabytes=256)) as loader:
        with pytest.raises(UnreadableFileError, match=r"huge\.txt could not be read: .*while it was opened: .*256 MB"):
            read(loader, huge)
        assert read(loader, words) == ["All is well"]
    with (
        closing(Loader(seconds_without_progress=0.01)) as loader,
        pytest.raises(UnreadableFileError, match=r"huge\.txt could not be read: .*: it took longer than 0\.01 s"),
    ):
        read(loader, huge)


def test_closing_ends_what_is_being_read(tmp_path: Path) -> None:
    slow = tmp_path / "slow.pdf"
    slow.write_bytes(documents.bomb_pdf(8, 9))
    loader = Loader(memory_megabytes=8192)
    problems: list[str] = []

    def reading() -> None:
        with pytest.raises(UnreadableFileError) as caught:
            read(loader, slow)
        problems.append(str(caught.value))

    threads = [threading.Thread(target=reading) for _ in range(2)]  # one reads, one waits
    for thread in threads:
        thread.start()
    while not children(os.getpid()):
        time.sleep(0.01)
    until = time.monotonic() + 10
    while any(thread.is_alive() for thread in threads):
        assert time.monotonic() < until
        loader.close()  # again where one of them only now begins
        time.sleep(0.01)
    assert len(problems) == 2
    assert all("the program is being closed" in problem for problem in problems)
    assert children(os.getpid()) == []


def test_one_process_serves_many_files_and_ends_with_the_loader(good: Path) -> None:
    loader = Loader()
    assert children(os.getpid()) == []
    read(loader, good)
    first = children(os.getpid())
    read(loader, good)
    assert children(os.getpid()) == first
    assert len(first) == 1
    loader.close()
    assert children(os.getpid()) == []
    assert read(loader, good) == ["All is well", "Still well"]
    del loader
    assert children(os.getpid()) == []


def test_threads_wait_for_each_other(good: Path) -> None:
    results: list[list[str]] = []
    with closing(Loader()) as loader:
        threads = [threading.Thread(target=lambda: results.append(read(loader, good))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert results == [["All is well", "Still well"]] * 8


def test_a_script_without_a_main_guard_may_read_from_any_folder(good: Path, tmp_path: Path) -> None:
    """The child finds the package as the script did, runs the script no second time and prints nothing."""
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the current folder')")
    script = f"""
        import sys
        sys.path.append({str(Path(__file__).parents[2])!r})
        from pathlib import Path
        from rag.formats.loader import Loader
        print("run")
        loader = Loader()
        loader.read(Path("good.pdf"), name="good.pdf", on_page=lambda page, *_: print(page.text))
    """
    (tmp_path / "scripts").mkdir()
    path = tmp_path / "scripts" / "script.py"
    path.write_text(textwrap.dedent(script))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.stdout, run.stderr, run.returncode) == ("run\nAll is well\nStill well\n", "", 0)


def test_a_busy_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    (tmp_path / "slow.pdf").write_bytes(documents.bomb_pdf(8, 9))
    script = """
        from pathlib import Path
        from rag.formats.loader import Loader
        Loader(memory_megabytes=8192).read(Path("slow.pdf"), name="slow.pdf", on_page=print)
    """
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, env=environment) as parent:
        deadline = time.monotonic() + 30
        while not (family := children(parent.pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
        (child,) = family
        time.sleep(0.5)
        parent.kill()
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()
