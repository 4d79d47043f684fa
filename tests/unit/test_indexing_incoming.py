"""What comes to the page from the web, in an archive, from a watched folder, or back from a removal."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import Library
from tests.conftest import OpenLibrary
from tests.integration.test_unpacking import FERRY, KEEPER, packed
from tests.web_server import WebServer, drops
from ui.uploading.indexer import Indexer
from ui.web.documents import DocumentsHandlers
from ui.web.listing import View


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def library(open_library: OpenLibrary) -> Library:
    return open_library(fetch_private=True)


@pytest.fixture
def indexer(library: Library) -> Iterator[Indexer]:
    indexer = Indexer(library)
    indexer.start()
    yield indexer
    indexer.close()


def wait_for(true: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def finished(indexer: Indexer) -> dict[str, str]:
    """The status of each job that is still told, when all have ended."""
    wait_for(lambda: not indexer.is_busy)
    return {job.name: job.status for job in indexer.jobs}


def names(library: Library) -> list[str]:
    return sorted(record.name for record in library.documents())


def upload(indexer: Indexer, folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    indexer.submit(folder / name, name)


def test_an_address_is_downloaded_added_and_replaced(indexer: Indexer, library: Library, web: WebServer) -> None:
    handlers = DocumentsHandlers(library, indexer)
    address = web.put("/ferry.txt", FERRY.encode())
    assert handlers.add_address(f" {address} ", View())[0] == ""
    assert (finished(indexer), names(library)) == ({}, ["ferry.txt"])
    assert library.documents()[0].sources == (address,)
    web.put("/ferry.txt", KEEPER.encode())
    handlers.add_address(address, View())
    assert (finished(indexer), names(library)) == ({"ferry.txt": "replaced"}, ["ferry.txt"])


def test_an_address_that_fails_is_told_and_can_be_tried_again(indexer: Indexer, library: Library, web: WebServer) -> None:
    handlers = DocumentsHandlers(library, indexer)
    handlers.add_address(f"{web.url}/ferry.txt", View())
    assert list(finished(indexer).values()) == ["not_downloaded"]
    assert "Try again" in handlers.show(View())[0]
    web.put("/ferry.txt", FERRY.encode())
    indexer.retry(indexer.jobs[0].id)
    assert (finished(indexer), names(library)) == ({}, ["ferry.txt"])
    handlers.add_address("localhost:1/no scheme", View())
    assert list(finished(indexer)) == ["https://localhost:1/no scheme"]


def test_a_slow_download_shows_how_far_it_is_and_keeps_no_file_waiting(
    indexer: Indexer, library: Library, web: WebServer, tmp_path: Path
) -> None:
    handlers = DocumentsHandlers(library, indexer)
    handlers.add_address(web.put("/slow.txt", drops(most=1000), Content_Length="1000"), View())
    wait_for(lambda: "downloading, 1" in handlers.show(View())[0])
    upload(indexer, tmp_path, "ferry.txt", FERRY.encode())
    wait_for(lambda: names(library) == ["ferry.txt"] and len(indexer.jobs) == 1)  # a job ends soon after its document is there
    assert [job.is_downloading for job in indexer.jobs] == [True]
    indexer.close()
    (again,) = Indexer(library).jobs  # it is begun anew
    assert (again.name, again.is_here, again.state) == (f"{web.url}/slow.txt", False, "queued")


def test_the_files_of_an_uploaded_archive_are_queued_one_by_one(indexer: Indexer, library: Library, tmp_path: Path) -> None:
    upload(indexer, tmp_path, "stuff.zip", packed({"a/ferry.txt": FERRY, "b/keeper.txt": KEEPER, "c/none.txt": "", "d.exe": b"MZ"}))
    assert finished(indexer) == {"stuff.zip": "opened", "none.txt": "unreadable"}
    assert {record.name: record.sources for record in library.documents()} == {
        "ferry.txt": ("upload:stuff.zip!/a/ferry.txt",),
        "keeper.txt": ("upload:stuff.zip!/b/keeper.txt",),
    }
    assert "d.exe (unsupported)" in DocumentsHandlers(library, indexer).show(View())[0]
    for job in indexer.jobs:
        indexer.dismiss(job.id)
    assert list((library.folder / "queue").iterdir()) == []
    upload(indexer, tmp_path, "bad.zip", packed({})[:10])
    assert list(finished(indexer).values()) == ["unreadable"]


def test_the_page_follows_a_folder_and_brings_back_what_left_it(open_library: OpenLibrary, tmp_path: Path) -> None:
    docs = tmp_path / "docs, and more"
    docs.mkdir()
    (docs / "ferry.txt").write_text(FERRY)
    (docs / "keeper.txt").write_text(KEEPER)
    library = open_library(watch=f"{docs}{os.pathsep}{tmp_path / 'nowhere'}")
    indexer = Indexer(library)
    indexer.start()
    try:
        handlers = DocumentsHandlers(library, indexer)
        wait_for(lambda: names(library) == ["ferry.txt", "keeper.txt"])
        wait_for(lambda: "last change" in handlers.show(View())[0])
        listing, timer, seen = handlers.look(View(), "")
        assert f"Watching {docs.name}: 2 files" in listing
        assert "nowhere is not there" in listing
        assert timer.active  # documents come by themselves
        ferry = library.document("ferry.txt").id
        (docs / "ferry.txt").unlink()
        wait_for(lambda: names(library) == ["keeper.txt"])
        assert f'data-restore="{ferry}"' in handlers.show(View())[0]
        assert handlers.look(View(), seen)[2] != seen
        indexer.restore(library.removed()[0])
        assert finished(indexer) == {}
        assert (library.document("ferry.txt").id, library.removed()) == (ferry, [])
    finally:
        indexer.close()
