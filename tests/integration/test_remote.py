"""A library and a client of the server that holds it: the same verbs, values and errors."""

import asyncio
import inspect
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import aclosing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import numpy as np
import pytest

import rag
from rag import (
    Answer,
    DocumentNotFoundError,
    EmptyQuestionError,
    Library,
    LibraryClosedError,
    LibraryError,
    Message,
    Progress,
    QuestionTooLongError,
    ServerError,
    Settings,
)
from rag.remote.connection import Connection
from rag.remote.library import RemoteLibrary
from rag.storing.lock import holder
from tests import documents
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import ApiServer

QUESTION = "Within how many days may I return an item?"
TEXT = "Returns\n\nYou may return an item within 30 days of delivery.\n\nThe refund comes within a week."


@pytest.fixture
def served(open_library: OpenLibrary) -> Iterator[ApiServer]:
    with ApiServer(open_library("served")) as server:
        yield server


@pytest.fixture(params=["here", "remote"])
def either(request: pytest.FixtureRequest, open_library: OpenLibrary) -> Iterator[Library]:
    """A library in this process, or a client of one."""
    if request.param == "here":
        yield open_library()
        return
    server = request.getfixturevalue("served")
    with rag.connect(server.url, embedder=BagOfWordsEmbedder()) as library:
        yield library


@pytest.fixture
def returns(tmp_path: Path) -> Path:
    file = tmp_path / "returns.txt"
    file.write_text(TEXT)
    return file


def test_adding_searching_asking_and_removing(either: Library, returns: Path) -> None:
    steps: list[Progress] = []
    report = either.add(returns, progress=steps.append)
    assert [(each.status, each.document, each.path) for each in report.outcomes] == [("added", "returns.txt", str(returns))]
    assert steps[-1].outcome == report.outcomes[0] or steps[-1].outcome is not None
    (record,) = either.documents()
    assert either.document("returns.txt") == either.document(record.id[:8]) == record
    assert (record.state, record.pages, record.title, either.keyword_ready()) == ("ready", 1, record.title, [])

    passages = either.retrieve(QUESTION, top_k=2)
    assert passages[0].document_id == record.id
    assert "30 days" in passages[0].text
    assert either.retrieve(QUESTION, documents=["returns.txt"]) == either.retrieve(QUESTION)
    assert 0 < either.confidence(QUESTION, passages) <= 1
    follow_up = [Message("user", QUESTION), Message("assistant", "30 days. [1]")]
    assert either.retrieve("And when does the refund come?", history=follow_up)

    answer = either.ask(QUESTION)
    assert "30 days" in answer.text
    assert [each.verdict for each in answer.citations] == ["supported"]
    assert answer.citations[0].passage.document == "returns.txt"

    assert either.remove("returns.txt", keep=True).id == record.id
    assert [each.name for each in either.removed()] == ["returns.txt"]
    assert either.restore("returns.txt").is_searchable
    assert either.remove(record.id).name == "returns.txt"
    assert not either.documents()
    assert not either.retrieve(QUESTION)
    assert isinstance(either.erase(), bool)


def test_a_text_is_checked(either: Library, returns: Path) -> None:
    either.add(returns)
    text = "# Draft\n\nYou may return an item within 30 days of delivery [7]. You may return an item within 90 days of delivery.\n"
    checked = either.check(text)
    first, second = checked.sentences
    assert (first.verdict, second.verdict) == ("supported", "unsupported")
    assert checked.text.startswith("# Draft\n\nYou may return an item within 30 days of delivery.[1] ")
    assert [checked.citations[index].quote for index in first.citations] == ["You may return an item within 30 days of delivery."]
    assert [checked.citations[index].verdict for index in second.citations] == ["unsupported"]
    assert not either.check("").sentences
    with pytest.raises(DocumentNotFoundError):
        either.check(text, documents=["nothing.pdf"])


def test_the_answer_grows_alike(either: Library, returns: Path) -> None:
    either.add(returns)

    async def grown() -> list[Answer]:
        async with aclosing(either.stream(QUESTION)) as answers:
            return [answer async for answer in answers]

    answers = asyncio.run(grown())
    assert answers[-1].finish == "complete"
    assert answers[-1].text == either.ask(QUESTION).text


def test_pages_vectors_and_chunks(either: Library, tmp_path: Path) -> None:
    file = tmp_path / "two.pdf"
    file.write_bytes(documents.plain_pdf("Returns\nYou may return an item within 30 days.", "The refund comes within a week."))
    either.add(file)
    record = either.document("two.pdf")
    assert either.pages.texts("two.pdf") == [either.pages.text(record.id, page) for page in (1, 2)]
    assert "refund" in either.pages.text("two.pdf", 2)
    (passage, *_) = either.retrieve("When does the refund come?", top_k=1)
    assert either.pages.look("two.pdf", passage.page, passage.start, passage.end).marks
    assert either.pages.image("two.pdf", 1, scale=1.0).startswith(b"\x89PNG")
    assert either.pages.original("two.pdf").read_bytes() == file.read_bytes()

    vectors = either.vectors()
    assert vectors is either.vectors()
    assert vectors.embeddings.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors.embeddings, axis=1), 1, atol=1e-3)
    assert list(either.chunks(vectors.keys)) == list(vectors.keys)
    assert {each.document_id for each in either.chunks(vectors.keys).values()} == {record.id}


def test_errors_are_the_same(either: Library, tmp_path: Path, returns: Path) -> None:
    with pytest.raises(DocumentNotFoundError, match=r"no document 'nothing\.pdf'"):
        either.document("nothing.pdf")
    with pytest.raises(DocumentNotFoundError, match=r"'ä/ö\.pdf'"):
        either.remove("ä/ö.pdf")
    with pytest.raises(EmptyQuestionError):
        either.ask("  ")
    with pytest.raises(QuestionTooLongError):
        either.retrieve("a" * 5_000)
    with pytest.raises(ValueError, match="top_k"):
        either.retrieve(QUESTION, top_k=0)
    with pytest.raises(DocumentNotFoundError):
        asyncio.run(anext(either.stream(QUESTION, documents=["nothing.pdf"])))
    gone, broken = tmp_path / "gone.pdf", tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and nothing else")
    report = either.add([gone, broken, returns])
    assert [each.status for each in report.outcomes] == ["unreadable", "unreadable", "added"]
    assert not report.all_searchable
    with pytest.raises(ValueError, match="empty"):
        either.add("")


def test_an_upload_has_a_name_of_its_own(either: Library, returns: Path) -> None:
    assert either.add_upload(returns, "a name.txt").document == "a name.txt"
    returns.write_text("Another text about boats and tides.")
    assert either.add_upload(returns, "a name.txt").document == "a name (2).txt"
    returns.write_text("A third text about rowing and oars.")
    assert either.add_upload(returns, "a name.txt", replace=True).status == "replaced"


def test_the_library_as_a_whole(either: Library) -> None:
    assert not either.is_read_only
    assert either.min_confidence == pytest.approx(0.3)
    assert not either.left_behind()
    assert not either.damaged_copies()
    assert either.reindex().outcomes == ()
    assert {finding.part for finding in either.examine()} >= {"model", "record"}
    assert either.repair() == []
    assert "bag-of-words" in either.index_identity
    either.warm_up()
    either.close()
    either.close()
    with pytest.raises(LibraryClosedError):
        either.documents()


def test_a_client_has_every_verb() -> None:
    """What a subclass left out would fail only when it is called."""
    verbs = {name for name, value in vars(Library).items() if not name.startswith("_")} - {"open"}
    assert verbs <= set(vars(RemoteLibrary))
    attributes = {"folder", "settings", "chat_model", "embedder", "pages"}
    assert attributes <= {*vars(RemoteLibrary), *inspect.getsource(RemoteLibrary.__init__).replace("self.", "").split()}


def test_what_only_the_holder_can_do_is_said(served: ApiServer, tmp_path: Path) -> None:
    with rag.connect(served.url) as library:
        for use in (
            lambda: library.announce("http://localhost:1"),
            lambda: library.scratch,
            lambda: library.holder_token,
            lambda: library.download("https://example.com/", tmp_path),
        ):
            with pytest.raises(LibraryError, match=f"a client of {served.url}"):
                use()


def test_paths_are_read_for_the_owner_of_the_library_alone(served: ApiServer, returns: Path) -> None:
    asked = {"paths": [str(returns)]}
    refused = httpx2.post(f"{served.url}/api/paths", json=asked)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    wrong = httpx2.post(f"{served.url}/api/paths", json=asked, headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 403
    served.library.announce(served.url)
    url, token = holder(served.library.folder)
    taken = httpx2.post(f"{url}/api/paths", json=asked, headers={"Authorization": f"Bearer {token}"})
    assert taken.json()["outcomes"][0]["status"] == "added"
    assert (served.library.folder / "holder.json").stat().st_mode & 0o077 == 0


def test_a_token_that_is_set_is_needed(open_library: OpenLibrary) -> None:
    with ApiServer(open_library(api_token="s3cret")) as server:
        with pytest.raises(LibraryError, match="token is missing or wrong"):
            rag.connect(server.url)
        with pytest.raises(LibraryError, match="token is missing or wrong"):
            rag.connect(server.url, token="sécret")
        with rag.connect(server.url, token="s3cret") as library:
            assert library.documents() == []
        assert httpx2.get(f"{server.url}/api/openapi.json").status_code == 200


def test_the_description_names_every_field_but_secrets(served: ApiServer) -> None:
    described = httpx2.get(f"{served.url}/api/openapi.json").json()
    record = described["components"]["schemas"]["DocumentRecord"]["properties"]
    assert {"id", "name", "pages", "labels"} <= record.keys()
    assert "password" not in record
    assert all(each.get("summary") for path in described["paths"].values() for each in path.values())


def test_malformed_requests_are_problems(served: ApiServer) -> None:
    for body in (b"{", b"[]", b'{"question": 5}', b'{"question": "a", "top_k": "many"}', b'{"question": "a", "history": [{}]}'):
        refused = httpx2.post(f"{served.url}/api/ask", content=body, headers={"Content-Type": "application/json"})
        assert (refused.status_code, refused.json()["status"]) == (422, 422)
        assert refused.json()["detail"]
    assert httpx2.get(f"{served.url}/api/nothing").json()["status"] == 404


def test_no_server_and_another_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ServerError, match="No server answers"):
        rag.connect(f"http://127.0.0.1:{port}")
    with pytest.raises(ValueError, match="not the address of a server"):
        rag.connect("localhost:7860")

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(ServerError, match="is not a Footnote server"):
            rag.connect(f"http://127.0.0.1:{server.server_port}")


def test_a_server_that_ends_in_the_middle_is_said(returns: Path) -> None:
    with (
        HTTPServer(("127.0.0.1", 0), Other) as server,
        RemoteLibrary(Connection(f"http://127.0.0.1:{server.server_port}"), Settings()) as library,
    ):
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(ServerError, match="stopped answering"):
            library.add(returns)


class Other(BaseHTTPRequestHandler):
    """No server of ours: a page; and an answer that breaks off."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b": working\n\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_events_are_server_sent_events(served: ApiServer, returns: Path) -> None:
    served.library.add(returns)
    with httpx2.stream("POST", f"{served.url}/api/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}) as stream:
        lines = list(stream.iter_lines())
    assert lines[0] == "event: answer"
    first = json.loads(lines[1].removeprefix("data: "))
    assert first["question"] == QUESTION
    last = json.loads([line for line in lines if line.startswith("data:")][-1].removeprefix("data: "))
    assert {**first, **last}["finish"] == "complete"
