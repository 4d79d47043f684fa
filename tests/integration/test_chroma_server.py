"""The record on a Chroma server instead of the library's folder."""

import gc
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rag import Library, Settings, StorageError
from tests.fakes import BagOfWordsEmbedder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def chroma_url(tmp_path: Path) -> Iterator[str]:
    port = _free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(tmp_path / "server"), "--port", str(port)]
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
