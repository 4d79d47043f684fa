"""Pictures of pages over HTTP, while one of them takes a minute to draw."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from rag import Library
from tests import documents
from tests.conftest import OpenLibrary
from ui.http.documents import document_routes

PATIENCE = 8
"""Seconds for what a slow page must not hold up."""


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    library = open_library()
    (tmp_path / "slow.pdf").write_bytes(documents.slow_pdf("Behind the glass", "In the open"))
    (tmp_path / "quick.pdf").write_bytes(documents.plain_pdf("In the open"))
    (tmp_path / "notes.txt").write_text("Some words.")
    assert library.add([tmp_path / name for name in ("slow.pdf", "quick.pdf", "notes.txt")]).all_searchable
    return library


@pytest.fixture
def server(library: Library) -> Iterator[tuple[uvicorn.Server, str]]:
    app = FastAPI()
    app.include_router(document_routes(library))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(limits=httpx2.Limits(max_connections=100), timeout=60) as client:
        yield client


def picture(client: httpx2.Client, url: str, library: Library, name: str, page: int = 1, scale: float = 2.0) -> httpx2.Response:
    return client.get(f"{url}/documents/{library.document(name).id}/pages/{page}.png", params={"scale": scale})


def test_sixty_requests_for_a_slow_picture_hold_up_nobody_and_no_end(
    client: httpx2.Client, library: Library, server: tuple[uvicorn.Server, str]
) -> None:
    running, url = server
    assert picture(client, url, library, "slow.pdf", 2).content.startswith(b"\x89PNG")
    with ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(picture, client, url, library, "slow.pdf", 1, 7.9 - step % 10 / 10) for step in range(60)]
        time.sleep(0.5)
        for _ in range(3):
            begin = time.monotonic()
            assert client.get(f"{url}/health").json() == {"status": "ok", "documents": 3}
            assert picture(client, url, library, "quick.pdf").content.startswith(b"\x89PNG")
            assert library.pages.text("slow.pdf", 1) == "Behind the glass"
            assert time.monotonic() - begin < PATIENCE
        begin = time.monotonic()
        running.should_exit = True  # as Ctrl-C does
        for future in asked:
            assert future.exception(timeout=PATIENCE) or future.result().status_code in {422, 503}
        assert time.monotonic() - begin < PATIENCE


def test_what_cannot_be_drawn_is_told(client: httpx2.Client, library: Library, server: tuple[uvicorn.Server, str]) -> None:
    _, url = server
    gone = picture(client, url, library, "quick.pdf", 2)
    assert (gone.status_code, gone.json()["detail"]) == (404, "quick.pdf has no page 2; it has 1.")
    text = picture(client, url, library, "notes.txt")
    assert (text.status_code, "notes.txt" in text.json()["detail"]) == (422, True)
    assert picture(client, url, library, "quick.pdf", scale=8.1).status_code == 422
    assert picture(client, url, library, "quick.pdf", scale=0.1).status_code == 422


def test_pictures_of_nearly_one_size_are_one(client: httpx2.Client, library: Library, server: tuple[uvicorn.Server, str]) -> None:
    _, url = server
    assert picture(client, url, library, "quick.pdf", scale=1.94).content == picture(client, url, library, "quick.pdf", scale=2.0).content
