"""The record on a Chroma server instead of the library's folder."""

import contextlib
import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag import Library, LibraryDamagedError, LibraryLockedError, Settings, StorageError
from rag.storing.chunks import connect, disconnect
from rag.storing.lease import EXPIRY_SECONDS, RENEWAL_SECONDS, Lease
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests, as teams have one: each test has libraries of its own on it."""
    port = _free_port()
    folder = tmp_path_factory.mktemp("chroma") / "server"
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                httpx.get(f"{url}/api/v2/heartbeat").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url
    finally:
        server.kill()
        server.wait()


def test_a_library_on_a_server_is_there_again_when_it_is_reopened(tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "leave.txt").write_text("Unused leave may be carried over until March.", encoding="utf-8")
    (tmp_path / "tea.txt").write_text("Tea is served at four.", encoding="utf-8")
    settings = Settings(chroma_url=chroma_url)
    with Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library:
        assert library.add([tmp_path / "leave.txt", tmp_path / "tea.txt"]).all_searchable
        library.remove("tea.txt")
    with Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library:
        assert [record.name for record in library.documents()] == ["leave.txt"]
        assert library.retrieve("unused leave")[0].text.startswith("Unused leave")
    del library
    gc.collect()  # a connection that was left open fails the test


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense"])
def test_a_server_that_does_not_answer_is_named(tmp_path: Path, url: str) -> None:
    with (
        Library.open(tmp_path / "library", Settings(chroma_url=url), embedder=BagOfWordsEmbedder()) as library,
        pytest.raises(StorageError, match=url),
    ):
        library.documents()


LONG = "\n\n".join(f"Boat {n} passes the pier at noon, seen by keeper {n * 7}. " * 9 for n in range(100))

ADD = """
import sys
from rag import Library, Settings
from tests.fakes import BagOfWordsEmbedder
folder, url, file = sys.argv[1:]
with Library.open(folder, Settings(chroma_url=url), embedder=BagOfWordsEmbedder(seconds_a_batch=0.05)) as library:
    print(len(library.documents()), flush=True)
    library.add(file, progress=lambda step: print(step.state, flush=True))
"""


def test_libraries_on_one_server_never_touch_each_other(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    for name in ("boats", "tea"):
        (tmp_path / f"{name}.txt").write_text(LONG if name == "boats" else "Tea is served at four.")
    arguments = [sys.executable, "-c", ADD, str(tmp_path / "one"), chroma_url, str(tmp_path / "boats.txt")]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as adding:
        assert adding.stdout
        while adding.stdout.readline() != "keyword_ready\n":
            pass
        for _ in range(2):  # opening, adding and closing beside one that is adding
            with open_library("other", chroma_url=chroma_url) as other:
                assert other.add(tmp_path / "tea.txt").all_searchable
                assert [record.name for record in other.documents()] == ["tea.txt"]
                assert {passage.document for passage in other.retrieve("boats and tea", top_k=50)} == {"tea.txt"}
    assert adding.returncode == 0
    one = open_library("one", chroma_url=chroma_url)
    (record,) = one.documents()
    assert (record.name, record.indexed) == ("boats.txt", 1)
    assert len(one.vectors()) == record.chunks > 64


def test_one_library_on_a_server_has_one_writer(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    first = open_library("first", chroma_url=chroma_url)
    first.add(tmp_path / "tea.txt")
    shutil.copytree(tmp_path / "first", tmp_path / "second", ignore=shutil.ignore_patterns("lock"))  # as on another machine
    second = open_library("second", chroma_url=chroma_url)
    with pytest.raises(LibraryLockedError, match=rf"in use by process {os.getpid()} on "):
        second.documents()
    first.close()
    assert [record.name for record in second.documents()] == ["tea.txt"]


def test_a_lease_is_taken_over_when_its_holder_is_dead_or_was_not_heard_of(chroma_url: str) -> None:
    client = connect(Path(), chroma_url)
    now = time.time()
    dead = "import sys; from pathlib import Path; from rag.storing.chunks import connect; from rag.storing.lease import Lease; import os"
    subprocess.run(
        [sys.executable, "-c", f"{dead}; Lease(connect(Path(), sys.argv[1]), 'l1'); os._exit(0)", chroma_url], cwd=ROOT, check=True
    )
    slept = Lease(client, "l1", clock=lambda: now)  # the process that had it is gone
    with pytest.raises(LibraryLockedError):
        Lease(client, "l1", clock=lambda: now + EXPIRY_SECONDS - 1)
    taker = Lease(client, "l1", clock=lambda: now + EXPIRY_SECONDS + 1)
    slept.hold()  # it does not know yet: no time has passed for it
    now += 2 * RENEWAL_SECONDS + 1
    with pytest.raises(LibraryLockedError, match="taken over"):
        slept.hold()
    slept.release()  # which takes nothing from the other
    with pytest.raises(LibraryLockedError):
        Lease(client, "l1", clock=lambda: now + EXPIRY_SECONDS)
    taker.hold()
    taker.release()
    Lease(client, "l1").release()
    disconnect(client)


def test_of_many_that_want_a_lease_one_gets_it(chroma_url: str) -> None:
    taken: list[Lease] = []
    clients: list[Any] = []
    begin = threading.Barrier(8)

    def take() -> None:
        client = connect(Path(), chroma_url)
        begin.wait()
        with contextlib.suppress(LibraryLockedError):
            taken.append(Lease(client, "l2"))
        clients.append(client)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    taken[0].release()
    for client in clients:
        disconnect(client)


def test_a_server_without_the_library_is_told_and_costs_no_file(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    with open_library() as library:  # its record is in its folder
        library.add(tmp_path / "tea.txt")
    with open_library(chroma_url=chroma_url) as wrong:
        for _ in range(2):
            with pytest.raises(LibraryDamagedError, match=r"has nothing of this library.*files of 1 documents.*RAG_CHROMA_URL"):
                wrong.documents()
    with open_library() as library:
        assert [record.name for record in library.documents()] == ["tea.txt"]
        assert library.damaged_copies() == []


def test_collections_of_an_older_version_are_found_again(open_library: OpenLibrary, tmp_path: Path, chroma_url: str) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    with open_library(chroma_url=chroma_url) as library:
        library.add(tmp_path / "tea.txt")
    client = connect(Path(), chroma_url)
    for collection in client.list_collections():  # as it named them
        kind, _, rest = collection.name.partition("-")
        if kind in {"chunks", "documents"} and rest.startswith(f"{(library_id(library.folder))}-"):
            collection.modify(name=f"{kind}-{rest.partition('-')[2]}")
    (library.folder / "library.json").unlink()
    with open_library(chroma_url=chroma_url) as again:
        assert [record.name for record in again.documents()] == ["tea.txt"]
        assert again.retrieve("tea")[0].text == "Tea is served at four."
    assert not [each.name for each in client.list_collections() if each.name.count("-") == 1 and not each.name.startswith("lease")]
    disconnect(client)


def library_id(folder: Path) -> str:
    return str(json.loads((folder / "library.json").read_text())["id"])
