"""A server that is told to stop finishes the answer that a page is showing."""

import signal
import time
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import SAMPLE_COUNT, SAMPLES
from tests.browser.reader import reading
from tests.browser.serving import RagServer
from tests.chat_server import ChatServer


def test_an_answer_on_the_page_is_finished(browser: Browser, chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.reply = lambda _: "Leave may be carried over [1]. " + "And so on and on. " * 20 + "That is all."
    chat_server.delay_seconds = 0.1
    url = chat_server.url()
    with RagServer(tmp_path, SAMPLES, RAG_CHAT_BASE_URL=url, RAG_CHAT_MODEL="stand-in", RAG_DRAIN_SECONDS="60") as server:
        server.wait_for(SAMPLE_COUNT)
        with reading(browser, server.url) as reader:
            reader.begin_to_ask("How many days of unused leave may I carry over?")
            expect(reader.answer).to_contain_text("And so on")
            server.send(signal.SIGTERM)
            expect(reader.answer).to_contain_text("That is all.")
            began = time.monotonic()
            assert server.ended() == 0
            assert time.monotonic() - began < 15  # the page that is open is not waited for
            reader.watch.complaints.clear()  # of a server that is gone
