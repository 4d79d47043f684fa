"""A server that is told to stop: answers go on for a while, nothing new begins, and a second signal ends the wait."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from tests.browser.serving import RagServer
from tests.chat_server import ChatServer

FILE = {"file": ("boats.txt", b"The harbour of Aarau counts nine hundred boats a year.", "text/plain")}


class Asking:
    """A question whose answer takes some seconds to write."""

    def __init__(self, server: RagServer) -> None:
        self._url = server.url
        self.answer: httpx2.Response | None = None
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        self.answer = httpx2.post(f"{self._url}/api/ask", json={"question": "How many boats are there?"}, timeout=60)

    def ended(self) -> httpx2.Response:
        """The answer."""
        self._thread.join(60)
        assert self.answer is not None
        return self.answer


def serving(folder: Path, chat_server: ChatServer, drain: str) -> RagServer:
    return RagServer(folder, RAG_CHAT_BASE_URL=chat_server.url("/slow/v1"), RAG_CHAT_MODEL="stand-in", RAG_DRAIN_SECONDS=drain)


def wait(until: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end
        time.sleep(0.02)


def asked(server: RagServer, chat_server: ChatServer) -> Asking:
    """A question that is being answered."""
    httpx2.post(f"{server.url}/api/documents", files=FILE, timeout=60).raise_for_status()
    before = len(chat_server.requests)
    asking = Asking(server)
    wait(lambda: len(chat_server.requests) > before)
    return asking


def test_an_answer_that_is_being_written_is_finished_and_nothing_new_begins(tmp_path: Path, chat_server: ChatServer) -> None:
    with serving(tmp_path, chat_server, "30") as server, httpx2.Client(base_url=server.url, timeout=60) as open_page:
        with open_page.stream("GET", "/gradio_api/heartbeat/tab1") as heartbeat:
            next(heartbeat.iter_raw())
            asking = asked(server, chat_server)
            assert httpx2.get(f"{server.url}/readyz").json() == {"status": "ok"}
            server.send(signal.SIGTERM)
            wait(lambda: httpx2.get(f"{server.url}/readyz").status_code == 503)
            assert httpx2.get(f"{server.url}/healthz").json() == {"status": "ok"}
            refused = httpx2.get(f"{server.url}/api/documents")
            assert (refused.status_code, refused.text) == (503, "Footnote is stopping.")
            answer = asking.ended()
        assert answer.status_code == 200
        assert "nine hundred boats" in answer.json()["text"]
        assert server.ended() == 0
    assert server.log.splitlines()[-1] == "Footnote is stopping."


def test_a_second_signal_ends_the_wait(tmp_path: Path, chat_server: ChatServer) -> None:
    with serving(tmp_path, chat_server, "60") as server:
        asking = asked(server, chat_server)
        server.send(signal.SIGTERM)
        wait(lambda: httpx2.get(f"{server.url}/readyz").status_code == 503)
        began = time.monotonic()
        server.send(signal.SIGTERM)
        assert server.ended() == 0
        assert time.monotonic() - began < 8
        assert asking.ended().text.endswith("Footnote is stopping.")


def test_it_waits_no_longer_than_it_is_told(tmp_path: Path, chat_server: ChatServer) -> None:
    with serving(tmp_path, chat_server, "0") as server:
        asking = asked(server, chat_server)
        server.send(signal.SIGTERM)
        assert server.ended() == 0
        assert asking.ended().status_code == 503
