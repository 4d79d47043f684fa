"""Every way in, in real processes: the same footnotes on one server's page, by HTTP, commands, Python, an OpenAI client and an agent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from mcp.client import Client
from playwright.sync_api import Browser, expect

import rag
from rag.remote.wire import encoded
from tests import documents
from tests.browser.reader import reading
from tests.browser.serving import RagServer
from ui import text

RAG = Path(sys.executable).with_name("rag")
QUESTION = "Within how many days may I return an item?"
PAGES = ("The shop is open from nine to five.", "You may return an item within 30 days of delivery. The refund comes within a week.")
SETTINGS: dict[str, Any] = {
    "RAG_EMBEDDING_MODEL": "plugin:tests.fakes:BagOfWordsEmbedder",  # loads in no time
    "PYTHONPATH": str(Path(__file__).parents[2]),
}

Footnotes = list[tuple[str, int, str, str]]
"""Of each: document, page, words and verdict."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doors")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RagServer]:
    with RagServer(folder, **SETTINGS) as started:
        yield started


def command(folder: Path, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    variables |= SETTINGS | {"RAG_LIBRARY": str(folder / "library")}
    pipe = subprocess.PIPE
    return subprocess.Popen([RAG, *arguments], env=os.environ | variables, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def footnotes(answer: Any) -> Footnotes:
    return [(each["passage"]["document"], each["passage"]["page"], each["quote"], each["verdict"]) for each in answer["citations"]]


def by_agent(url: str) -> Footnotes:
    async def asked() -> Any:
        async with Client(f"{url}/mcp") as client:
            return (await client.call_tool("ask", {"question": QUESTION})).structured_content

    with ThreadPoolExecutor(1) as thread:  # in this one Playwright's loop is running
        answer = thread.submit(asyncio.run, asked()).result()
    return [(each["document"], each["page"], each["quote"], each["verdict"]) for each in answer["footnotes"]]


def on_the_page(browser: Browser, url: str) -> Footnotes:
    """As a reader sees them: each number of the answer opens its page with the words and the verdict."""
    verdicts = {words: verdict for verdict, words in text.VERDICTS.items()}
    with reading(browser, url) as reader:
        reader.ask(QUESTION)
        found = Footnotes()
        for number in range(reader.answer.locator(".fn-notes li").count()):
            reader.open_footnote(number + 1)
            source = reader.source.locator(".fn-source")
            said = source.locator(".fn-verdict").evaluate("verdict => verdict.lastChild.textContent.trim()")
            name, page = source.get_by_role("heading").inner_text(), source.get_attribute("data-shown") or ""
            expect(source.locator(".fn-mark").first).to_be_visible()
            found.append((name, int(page), source.locator(".fn-quote mark").inner_text(), verdicts[said]))
    return found


def test_the_same_footnotes_by_every_door(server: RagServer, folder: Path, browser: Browser) -> None:
    uploaded = {"file": ("handbook.pdf", documents.plain_pdf(*PAGES))}
    added = httpx2.post(f"{server.url}/api/documents", files=uploaded, timeout=60).json()
    assert added["outcomes"][0]["status"] == "added"
    shell = command(folder, "ask", QUESTION, "--json")

    expected = [("handbook.pdf", 2, "You may return an item within 30 days of delivery.", "supported")]
    assert footnotes(httpx2.post(f"{server.url}/api/ask", json={"question": QUESTION}, timeout=60).json()) == expected
    with rag.connect(server.url) as library:
        assert footnotes(encoded(library.ask(QUESTION))) == expected
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        chat: Any = client.chat.completions.create(model="footnote", messages=[{"role": "user", "content": QUESTION}])
    assert footnotes(chat.footnote) == expected
    assert chat.choices[0].message.annotations[0].url_citation.url.startswith(f"{server.url}/#document=")
    assert by_agent(server.url) == expected
    assert on_the_page(browser, server.url) == expected
    out, err = shell.communicate(timeout=60)
    assert (footnotes(json.loads(out)), shell.returncode) == (expected, 0), err


@pytest.mark.soak  # `test_crash` and `test_uploads_survive` kill without a browser
def test_a_server_that_is_killed_in_the_middle_of_an_add_costs_nothing(server: RagServer, folder: Path) -> None:
    files = folder / "files"
    files.mkdir()
    for number in range(40):
        (files / f"{number}.txt").write_text("\n\n".join(f"Pier {number} is swept on day {day} of the month." for day in range(400)))
    assert server.url  # it is up
    adding = command(folder, "add", str(files))
    assert adding.stdout
    assert adding.stdout.readline().startswith("added")
    server.end(signal.SIGKILL)
    _, err = adding.communicate(timeout=60)
    assert adding.returncode == 1
    assert "stopped answering" in err
    again = command(folder, "add", str(files))
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert {line.split()[0] for line in out.splitlines()} <= {"added", "unchanged"}
    listed, _ = command(folder, "list", "--json").communicate(timeout=60)
    records = {each["name"]: each for each in map(json.loads, listed.splitlines())}
    assert {f"{number}.txt" for number in range(40)} <= set(records)
    assert {each["state"] for each in records.values()} == {"ready"}
