"""What `/api` has beside a library's verbs: conversations, indexing, evaluations, and its own documentation."""

import html
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from rag import Answer, EmbeddingError
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import FailingEmbedder
from tests.page_server import ApiServer

QUESTION = "Within how many days may I return an item?"
TEXT = "Returns\n\nYou may return an item within 30 days of delivery."
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def returns(tmp_path: Path) -> Path:
    file = tmp_path / "returns-policy.txt"
    file.write_text(TEXT)
    return file


def test_conversations_are_listed_read_renamed_exported_and_deleted(open_library: OpenLibrary) -> None:
    with ApiServer(open_library()) as server, httpx2.Client(base_url=f"{server.url}/api", timeout=60) as http:
        one = server.conversations.resume(None)
        turn = server.conversations.begin(one, QUESTION)
        answer = Answer(QUESTION, "Within 30 days.", (), (), "m", "complete", "", 0.1)
        server.conversations.update(one, replace(turn, state="done", answer=answer))
        assert http.get("/conversations").json() == [{"id": one, "title": QUESTION, "turns": 1, "link": ""}]
        assert http.get("/conversations", params={"query": "ferry"}).json() == []
        read = http.get(f"/conversations/{one}").json()
        assert (read["title"], read["turns"][0]["answer"]["text"]) == (QUESTION, "Within 30 days.")
        assert http.patch(f"/conversations/{one}", json={"title": "Returns"}).json()["title"] == "Returns"
        assert http.get(f"/conversations/{one}/export.md").text.startswith("# Returns\n")
        assert http.delete(f"/conversations/{one}").json()["title"] == "Returns"
        for gone in (http.get(f"/conversations/{one}"), http.delete(f"/conversations/{one}")):
            assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")
            assert one in gone.json()["detail"]


def test_indexing_is_followed_to_its_end(open_library: OpenLibrary, returns: Path) -> None:
    library = open_library()
    with ApiServer(library) as server, httpx2.Client(base_url=f"{server.url}/api", timeout=60) as http:
        assert http.get("/indexing").json() == {"is_busy": False, "problem": "", "files": []}
        with returns.open("rb") as file:
            added = http.post("/documents", files={"file": (returns.name, file)}, data={"wait": "false"}).json()
        outcome = added["outcomes"][0]
        assert (outcome["status"], outcome["path"]) == ("added", returns.name)  # and not where the server kept it meanwhile
        (waiting,) = http.get("/indexing").json()["files"]
        assert (waiting["name"], waiting["state"], waiting["fraction"]) == (returns.name, "keyword_ready", 0.0)
        with http.stream("GET", "/indexing", headers=EVENTS) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: indexing"
            server.indexer.start()  # woken by the upload
            told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data:")]
        assert (told[0]["is_busy"], told[-1]) == (True, {"is_busy": False, "problem": "", "files": []})
        server.indexer.close()
        assert library.document(returns.name).state == "ready"


def test_what_an_interrupted_request_left_is_finished_in_the_background(open_library: OpenLibrary, returns: Path) -> None:
    library = open_library(embedder=FailingEmbedder(EmbeddingError("The endpoint is gone."), after=0))
    with ApiServer(library) as server, returns.open("rb") as file:
        refused = httpx2.post(f"{server.url}/api/documents", files={"file": (returns.name, file)}, timeout=60)
        assert (refused.status_code, refused.json()["detail"]) == (500, "The endpoint is gone.")
        assert server.indexer.is_busy


def test_an_evaluation_is_run(open_library: OpenLibrary, returns: Path) -> None:
    library = open_library()
    library.add(returns)
    line = json.dumps({"question": QUESTION, "gold": [{"document": returns.name}]})
    with ApiServer(library) as server, httpx2.Client(base_url=f"{server.url}/api", timeout=60) as http:
        measured = http.post("/eval", content=line, params={"top_k": 3}).json()
        assert (measured["top_k"], measured["rows"][0]["first_ranks"]) == (3, [1])
        assert {each["key"]: each["value"] for each in measured["metrics"]}["recall_at_k"] == 1
        events = [each for each in http.post("/eval", content=line, headers=EVENTS).text.splitlines() if each.startswith("event:")]
        assert events == ["event: progress", "event: report"]
        wrong = http.post("/eval", content=line + '\n{"question": 5}')
        assert (wrong.status_code, wrong.json()["detail"].startswith("questions, line 2: ")) == (422, True)
        assert http.post("/eval", content=line, params={"top_k": 0}).status_code == 422
    assert not list(library.scratch.glob("eval-*"))


def test_the_documentation_is_whole_and_its_examples_work(open_library: OpenLibrary, tmp_path: Path) -> None:
    library = open_library(api_token="s3cret")
    (tmp_path / "handbook.pdf").write_bytes(documents.plain_pdf(TEXT))
    library.add(tmp_path / "handbook.pdf")
    with ApiServer(library) as server, httpx2.Client(base_url=server.url, timeout=60) as http:
        page = http.get("/api/docs").text
        described = http.get("/api/openapi.json").json()
        http.headers["Authorization"] = "Bearer s3cret"
        found = re.findall(r"(?s)(<b>(\w+)</b> (/api\S*?)</div>.*?</section>)", page)
        sections = {f"{method} {path}": words for words, method, path in found}
        assert sections.keys() == {f"{method.upper()} /api{path}" for path, each in described["paths"].items() for method in each}
        for name, words in sections.items():
            assert "<dt><code>401</code>" in words
            assert "<dd> <small>" not in words, f"{name} has a field without a word"
            method, _ = name.split()
            example = shlex.split(html.unescape(re.findall(r"<pre><code>(.*?)</code>", words)[0]))
            if "CONVERSATION" in example[-1] or not (method == "GET" or example[-1].endswith(("/search", "/ask", "/check", "/chunks"))):
                continue
            body = json.loads(example[example.index("--json") + 1]) if "--json" in example else None
            assert http.request(method, example[-1], json=body).status_code == 200, name
    assert not [name for name in described["components"]["schemas"] if "-" in name]  # a value has one name
    assert "password" not in described["components"]["schemas"]["DocumentRecord"]["properties"]
    assert not re.findall(r"(?:src|href)=.?(?:https?:|//)|<script|@import|url\(", page)
    assert not [link for link in re.findall(r'href="#([^"]+)"', page) if f'id="{link}"' not in page]
