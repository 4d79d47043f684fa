"""A browser, and the real page: `rag serve` without a chat model, and with the stand-in one."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from rag.embedding.protocol import Embedder
from tests.browser.gate import Gate
from tests.browser.reader import Reader, reading
from tests.browser.serving import RagServer
from tests.chat_server import MODEL, ChatServer

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
SAMPLE_COUNT = 4

HOSTILE_NAME = "<img src=x onerror=window.owned=1>${window.owned=2}.txt"
HOSTILE_TEXT = """The password of the lighthouse is osprey. <img src=http://127.0.0.1:1/x.png onerror=window.owned=3>
<script>window.owned=4</script> ${window.owned=5} {{window.owned=6}} <svg onload=window.owned=7></svg> &lt;b&gt;
</div></article><h1>Taken over</h1> [out](https://elsewhere.example/) ![out](http://127.0.0.1:1/y.png)
"""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@dataclass(frozen=True, slots=True)
class FirstLook:
    """A page opened while the samples were being indexed.

    Attributes:
        lists: The list of documents, each time it had changed.
        requests: What the page asked for.
    """

    lists: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers, started side by side."""

    quoting: RagServer
    chatting: RagServer


# Package scope, not session: while Playwright runs, no other test could call asyncio.run.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        no_sandbox = ["--no-sandbox"] if sys.platform == "linux" and os.getuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=_find_chromium(playwright), args=[*ARGUMENTS, *no_sandbox])
        yield launched
        launched.close()


def _find_chromium(playwright: Playwright) -> str:
    """The browser that chromium.sh finds."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [path for path in (ON_A_MAC, playwright.chromium.executable_path) if Path(path).exists()]
    if not found:
        pytest.fail("There is no Chromium for the browser tests: `make chromium` installs one.", pytrace=False)
    return found[0]


@pytest.fixture(scope="package")
def chat() -> Iterator[ChatServer]:
    """The stand-in chat server."""
    with ChatServer() as server:
        yield server


@pytest.fixture(scope="package")
def open_gate(chat: ChatServer) -> Iterator[Gate]:
    """The address at which the page finds the chat server."""
    with Gate(chat) as opened:
        yield opened


@pytest.fixture(scope="package")
def servers(open_gate: Gate, minilm: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both servers with the samples; the quoting one has a hostile file besides."""
    folder = tmp_path_factory.mktemp("servers")
    samples = folder / "samples"
    shutil.copytree(SAMPLES, samples, ignore=shutil.ignore_patterns("LICENSE"))
    (samples / HOSTILE_NAME).write_text(HOSTILE_TEXT, encoding="utf-8")
    with (
        RagServer(folder / "quoting", samples, RAG_CHAT_SERVERS=open_gate.chat.url("/vllm/v1")) as quoting,
        RagServer(folder / "chatting", SAMPLES, RAG_CHAT_BASE_URL=open_gate.url, RAG_CHAT_MODEL=MODEL) as chatting,
    ):
        yield Servers(quoting, chatting)
        logs = quoting.log + chatting.log
    assert "Traceback" not in logs, logs


@pytest.fixture(scope="package")
def first_look(servers: Servers, browser: Browser) -> FirstLook:
    """Look at the page from its first second until all samples are there."""
    lists: list[str] = []
    with reading(browser, servers.quoting.url) as reader:
        listing = reader.page.locator("#documents ul")
        reader.upload({"long.txt": b"\n\n".join(b"Pier %d is swept on day %d of the month." % (n, n % 28) for n in range(1200))})
        expect(reader.row("long.txt")).to_have_count(1)  # the samples may be there already
        while not lists or listing.locator("[data-open]").count() <= SAMPLE_COUNT + 1 or listing.locator(".fn-job, .fn-bar").count():
            words = listing.inner_text()
            if not lists or words != lists[-1]:
                lists.append(words)
            reader.page.wait_for_timeout(100)
        reader.remove("long.txt")
        lists.append(listing.inner_text())
        return FirstLook(tuple(lists), tuple(reader.watch.requests))


@pytest.fixture(scope="package")
def quoting(servers: Servers, first_look: FirstLook) -> RagServer:
    """A server without a chat model, its samples indexed."""
    servers.quoting.wait_for(SAMPLE_COUNT + 1)
    return servers.quoting


@pytest.fixture(scope="package")
def chatting(servers: Servers) -> RagServer:
    """A server with a chat model, its samples indexed."""
    servers.chatting.wait_for(SAMPLE_COUNT)
    return servers.chatting


@pytest.fixture(scope="package")
def quoting_page(browser: Browser, quoting: RagServer) -> Iterator[Reader]:
    """The page that has no chat model; one for all tests, since opening a browser's first page takes seconds."""
    with reading(browser, quoting.url) as one:
        yield one


@pytest.fixture(scope="package")
def chatting_page(browser: Browser, chatting: RagServer) -> Iterator[Reader]:
    """The page that has a chat model."""
    with reading(browser, chatting.url) as one:
        yield one


@pytest.fixture
def gate(open_gate: Gate) -> Iterator[Gate]:
    """The way to the chat server, which behaves again at the end."""
    yield open_gate
    open_gate.set("ok")
    open_gate.chat.reply = None
    open_gate.chat.delay_seconds = 0.0


@pytest.fixture
def quoted(quoting_page: Reader) -> Iterator[Reader]:
    """A new reader of the page that has no chat model."""
    quoting_page.start_anew()
    yield quoting_page
    quoting_page.check()


@pytest.fixture
def reader(chatting_page: Reader, gate: Gate) -> Iterator[Reader]:
    """A new reader of the page that has a chat model."""
    chatting_page.start_anew()
    yield chatting_page
    chatting_page.check()


@pytest.fixture
def narrow(chatting_page: Reader, gate: Gate) -> Iterator[Reader]:
    """A new reader with a telephone."""
    chatting_page.start_anew(width=420)
    yield chatting_page
    chatting_page.check()
