"""A library and a client of the server that holds it: the same verbs, values and errors."""

import asyncio
import inspect
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import numpy as np
import pytest
from pydantic import SecretStr

import rag
from rag import (
    Answer,
    DocumentNotFoundError,
    EmptyQuestionError,
    Filters,
    Library,
    LibraryClosedError,
    LibraryError,
    Message,
    Progress,
    QuestionTooLongError,
    ServerError,
    Settings,
    SettingsError,
)
from rag.remote.connection import Connection as ServerConnection
from rag.remote.library import RemoteLibrary
from rag.storing.kept_settings import Connection
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
    assert [each.text for each in either.retrieve(QUESTION, documents=["returns.txt"])] == [each.text for each in either.retrieve(QUESTION)]
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


def test_texts_bytes_and_metadata_from_memory(either: Library) -> None:
    added = either.add_text(TEXT, "crm/release 1.2", metadata={"year": 2022, "tags": ["returns", "new"]})
    assert (added.status, added.document, added.path) == ("added", "release 1.2", "crm/release 1.2")
    assert either.add_bytes(b"# Ferries\n\nThe ferry leaves at noon.", "ferries.md", wait=False).is_searchable
    assert [each.media_type for each in either.documents()] == ["text/plain", "text/markdown"]
    assert either.documents(Filters(folder="crm")) == [either.document("release 1.2")]
    assert {each.document for each in either.retrieve("When?", where={"tags": {"$contains": "new"}})} == {"release 1.2"}
    assert either.check("The ferry leaves at noon.", where={"kind": "text", "name": "ferries.md"}).sentences[0].verdict == "supported"

    assert either.add_text(TEXT.replace("30", "60"), "crm/release 1.2").status == "replaced"
    assert either.document("release 1.2").metadata == {"year": 2022, "tags": ["returns", "new"]}
    assert either.set_metadata("ferries.md", {"year": 2023}) == either.document("ferries.md")
    answer = asyncio.run(either.ask_async("When does the ferry leave?", where={"year": {"$gt": 2022}}))
    assert "noon" in answer.text
    assert asyncio.run(either.retrieve_async("When does the ferry leave?", top_k=1)) == either.retrieve(
        "When does the ferry leave?", top_k=1
    )
    assert either.set_metadata("ferries.md", {}).metadata == {}

    assert [either.add_bytes(data, "x").status for data in (b"\x7fELF\0\0", bytes(range(256)), b"")] == ["unsupported"] * 2 + ["unreadable"]
    vectors = either.embed(["ferry", "mill", "ferry"])
    assert (vectors.shape, str(vectors.dtype), vectors[0].tolist()) == ((3, 256), "float32", vectors[2].tolist())


MISTAKES: dict[str, tuple[Callable[[Any], object], str]] = {
    "documents": (lambda library: library.retrieve("x", documents="x.pdf"), r"documents=\['x.pdf'\]"),
    "asked documents": (lambda library: library.ask("x", documents=[Path("x")]), "strings"),
    "checked documents": (lambda library: library.check("x", documents="x.pdf"), r"documents=\['x.pdf'\]"),
    "unfinished documents": (lambda library: library.keyword_ready("x.pdf"), r"documents=\['x.pdf'\]"),
    "where": (lambda library: library.documents("x.pdf"), "mapping"),
    "question": (lambda library: library.ask(None), "question must be a str"),
    "history": (lambda library: library.ask("x", history=["y"]), r'Message\("user"'),
    "top_k": (lambda library: library.retrieve("x", top_k="3"), "top_k must be an int"),
    "chunks": (lambda library: library.retrieve("x", chunks=["ab"]), "ordinal"),
    "keys": (lambda library: library.chunks(["ab"]), "ordinal"),
    "passages": (lambda library: library.confidence("x", ["y"]), "as retrieve returns"),
    "passwords": (lambda library: library.add("x", passwords="y"), r"passwords=\['y'\]"),
    "paths": (lambda library: library.add(b"%PDF"), r"add_bytes\(data, name\)"),
    "one path": (lambda library: library.add([1]), "str or Path"),
    "text": (lambda library: library.add_text(b"x", "y"), "decode it"),
    "data": (lambda library: library.add_bytes("x", "y"), r"add_text\(text, name\)"),
    "texts": (lambda library: library.embed("x"), r"texts=\['x'\]"),
    "document": (lambda library: library.document(3), "name_or_id must be a str"),
    "removed": (lambda library: library.remove(None), "name_or_id must be a str"),
    "metadata": (lambda library: library.set_metadata("x", 5), "mapping"),
    "none": (lambda library: library.add_text("x", "y", metadata={"a": None}), "leave the key out"),
    "nested": (lambda library: library.add_text("x", "y", metadata={"a": {"b": 1}}), "a key of its own"),
    "day": (lambda library: library.add_bytes(b"x", "y", metadata={"a": date(2022, 1, 1)}), "isoformat"),
}
VALUES: dict[str, tuple[Callable[[Any], object], str]] = {
    "top_k": (lambda library: library.retrieve("x", top_k=0), "at least 1"),
    "name": (lambda library: library.add_text("x", "y.pdf"), "'y.pdf.txt'"),
    "no name": (lambda library: library.add_text("x", "/"), "not a file name"),
    "key": (lambda library: library.add_text("x", "y", metadata={"$and": 1}), r"\$"),
    "list": (lambda library: library.add_text("x", "y", metadata={"a": [1, "b"]}), "one type"),
    "nan": (lambda library: library.add_text("x", "y", metadata={"a": float("nan")}), "Leave the key out"),
    "large": (lambda library: library.add_text("x", "y", metadata={"a": 2**63}), "as a str"),
    "empty": (lambda library: library.embed(["x", " "]), r"texts\[1\] is empty"),
}


def test_a_library_is_exported_and_imported_through_its_server(served: ApiServer, open_library: OpenLibrary, tmp_path: Path) -> None:
    connection = ServerConnection(served.url, holder(tmp_path / "served")[1])
    with RemoteLibrary(connection, Settings(), shares_files=True) as library, rag.connect(served.url) as stranger:
        library.add_text(TEXT, "returns.txt")
        library.export(tmp_path / "library.zip")
        assert [each.status for each in library.import_(tmp_path / "library.zip", merge=True).outcomes] == ["unchanged"]
        with pytest.raises(LibraryError, match="--merge"):
            library.import_(tmp_path / "library.zip")
        with pytest.raises(LibraryError, match="run `rag export` there"):
            stranger.export(tmp_path / "stolen.zip")
    assert open_library("other").import_(tmp_path / "library.zip").all_searchable
    assert not (tmp_path / "stolen.zip").exists()


def test_conditions_over_http(served: ApiServer) -> None:
    with rag.connect(served.url) as library:
        library.add_text(TEXT, "returns.txt", metadata={"year": 2022})
    for where, found in (({"year": {"$gte": 2022}}, 1), ({"kinds": ["text"]}, 1), ({"where": {"year": 2022}, "until": "2021"}, 404)):
        response = httpx2.post(f"{served.url}/api/search", json={"question": QUESTION, "where": where}, trust_env=False)
        assert (len(response.json()) if response.status_code == 200 else response.status_code) == found
    for wrong in ({"year": {"$above": 1}}, {"kinds": "text"}, {"where": 5}, 5):
        assert httpx2.post(f"{served.url}/api/search", json={"question": QUESTION, "where": wrong}, trust_env=False).status_code == 422
    for metadata, status in (({"year": 2023}, 200), ({"year": None}, 422), ({"$and": 1}, 400)):
        response = httpx2.put(f"{served.url}/api/documents/returns.txt/metadata", json=metadata, trust_env=False)
        assert response.status_code == status


def test_kept_settings(either: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    with_key = Connection("Work", "http://user:pw@localhost:1/v1", SecretStr("s3cret"), "m")
    either.change_settings(lambda kept: kept.connected(with_key).with_values(top_k=8))
    either.change_settings(lambda kept: kept.connected(Connection("Home", "http://localhost:2/v1")).with_values(answer_tone="plain"))
    kept = either.kept_settings
    assert (kept.values, kept.chosen) == ({"top_k": 8, "answer_tone": "plain"}, "Home")
    assert [(each.name, each.model, bool(each.api_key)) for each in kept.connections] == [("Work", "m", True), ("Home", "", False)]
    assert either.fixed_by("top_k") == ""
    monkeypatch.setenv("RAG_TOP_K", "9")
    with pytest.raises(SettingsError, match="cannot be kept"):
        either.change_settings(lambda kept: kept.with_values(chunk_tokens=3))
    with pytest.raises(SettingsError, match="no connection named"):
        either.ask("x", connection="nobody")


def test_keys_stay_with_the_server(served: ApiServer) -> None:
    held, url = served.library, f"{served.url}/api/settings"
    held.change_settings(lambda kept: kept.connected(Connection("Work", "http://user:pw@localhost:1/v1?k=q", SecretStr("s3cret"))))
    first = httpx2.get(url, trust_env=False)
    assert not any(secret in first.text for secret in ("s3cret", "pw", "k=q"))
    with rag.connect(served.url) as library:
        library.change_settings(lambda kept: kept.with_values(top_k=3))
        same = held.kept_settings.connections[0]
        assert (same.base_url, same.api_key) == ("http://user:pw@localhost:1/v1?k=q", SecretStr("s3cret"))
        elsewhere = replace(library.kept_settings.connections[0], base_url="http://elsewhere.example/v1")
        with pytest.raises(SettingsError, match="Give the key of 'Work' again"):
            library.change_settings(lambda kept: kept.connected(elsewhere, "Work"))
        library.change_settings(lambda kept: kept.connected(replace(elsewhere, api_key=SecretStr("another")), "Work"))
    assert held.kept_settings.connections[0].api_key == SecretStr("another")
    stale = httpx2.put(url, json=first.json()["kept"], headers={"If-Match": first.headers["etag"]}, trust_env=False)
    assert "changed by another program" in stale.json()["detail"]


def test_chat_models_are_connected_on_the_servers_own_machine(open_library: OpenLibrary) -> None:
    class Reachable(ApiServer):
        is_local = False

    with Reachable(open_library(api_token="t")) as server, rag.connect(server.url, token="t") as library:
        library.change_settings(lambda kept: kept.with_values(top_k=2))
        with pytest.raises(LibraryError, match="by administrators who sign in"):
            library.change_settings(lambda kept: kept.connected(Connection("Work", "http://localhost:1/v1")))
        assert (server.library.settings.top_k, server.library.kept_settings.connections) == (2, ())
        administrator = server.people.add("Ada", "correct horse battery", "administrator")
        assert administrator
        with rag.connect(server.url, token=server.people.add_token(administrator, "laptop", "admin", 1)) as hers:
            hers.change_settings(lambda kept: kept.connected(Connection("Work", "http://localhost:1/v1")))
        assert [each.name for each in server.library.kept_settings.connections] == ["Work"]


def test_mistakes_are_refused_with_the_fix(either: Library) -> None:
    for error, mistakes in ((TypeError, MISTAKES), (ValueError, VALUES)):
        for call, fix in mistakes.values():
            with pytest.raises(error, match=fix):
                call(either)
    assert not either.documents()


def test_a_text_is_checked(either: Library, returns: Path) -> None:
    either.add(returns)
    text = "# Draft\n\nYou may return an item within 30 days of delivery [7]. You may return an item within 90 days of delivery.\n"
    shares: list[float] = []
    checked = either.check(text, progress=shares.append)
    assert shares == [0.5, 1.0]
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
    verbs = {name for name, value in vars(Library).items() if not name.startswith("_")} - {"open", "connect_workers"}
    built_on_others = {"add", "add_upload", "add_text", "add_bytes", "embed", "ask_async", "retrieve_async"}
    assert verbs - built_on_others <= set(vars(RemoteLibrary))
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


def test_malformed_requests_are_problems(served: ApiServer) -> None:
    wrong = ('{"question": 5}', '{"question": "a", "top_k": "many"}', '{"question": "a", "history": [{}]}', '{"question": "a", "topk": 3}')
    filters = ('{"$year": 2022}', '{"kinds": "pdf"}', '{"since": "soon"}', '{"where": {"year": {"$gte": []}}}')
    for body in ("{", "[]", *wrong, *(f'{{"question": "a", "where": {each}}}' for each in filters)):
        refused = httpx2.post(f"{served.url}/api/ask", content=body, headers={"Content-Type": "application/json"})
        assert (refused.status_code, refused.json()["status"]) == (422, 422)
        assert refused.json()["detail"]
    for metadata in ("{", "[1]", '{"a": {"b": 1}}', '{"": 1}'):
        refused = httpx2.post(f"{served.url}/api/documents", files={"file": ("a.txt", b"words")}, data={"metadata": metadata})
        assert (refused.status_code, refused.json()["type"]) == (400, "urn:footnote:ValueError")
    unknown = {"files": {"file": ("a.txt", b"words")}, "data": {"kinds": "text"}}
    for refused in (
        httpx2.post(f"{served.url}/api/documents", **unknown),  # type: ignore[arg-type]
        httpx2.get(f"{served.url}/api/documents", params={"wehre": "{}"}),
    ):
        assert (refused.status_code, refused.json()["detail"].partition(": ")[2]) == (422, "there is no such field")
    for where in ("{", "[1]", '{"$year": 2022}'):
        assert httpx2.get(f"{served.url}/api/documents", params={"where": where}).status_code == 400
    assert httpx2.get(f"{served.url}/api/nothing").json()["status"] == 404
    assert not served.library.documents()


def test_what_is_too_large_is_refused_before_it_is_read(open_library: OpenLibrary) -> None:
    with ApiServer(open_library(max_upload_megabytes=0.1)) as server:
        for content in (bytes(200_000), (bytes(10_000) for _ in range(20))):
            refused = httpx2.post(f"{server.url}/api/ask", content=content)
            assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")


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
        RemoteLibrary(ServerConnection(f"http://127.0.0.1:{server.server_port}"), Settings()) as library,
    ):
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(ServerError, match="stopped answering"):
            library.add(returns)


def test_a_server_of_another_version(returns: Path) -> None:
    """What a later one adds to its answers is passed over; what an earlier one lacks is said, and not taken for done."""
    with HTTPServer(("127.0.0.1", 0), OtherVersion) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with rag.connect(f"http://127.0.0.1:{server.server_port}") as library:
                assert library.index_identity == "words"
                assert library.documents() == []
                assert library.check("The ferry leaves.").finish == "complete"  # it tells no steps of this
                own = f"The server runs Footnote 9.9, this program is Footnote {version('footnote')}: update the older one"
                for call in (lambda: library.set_metadata("x", {}), library.removed, library.examine, lambda: library.ask("x", top_k=3)):
                    with pytest.raises((LibraryError, ValueError), match=own):
                        call()
                assert library.ask("x").text == "No."  # nothing is sent that is not said
        finally:
            server.shutdown()


class OtherVersion(BaseHTTPRequestHandler):
    """A server that knows an additional field of some answers, and lacks some routes and fields."""

    STATE: ClassVar = {
        "version": "2", "folder": "/x", "index_identity": "words", "min_confidence": 0.3, "is_read_only": False, "is_erasing": False,
        "ocr_cure": "", "embedding_model": "x", "is_model_fixed": True, "model_switch": None, "mood": {"is": "new"},
    }  # fmt: skip
    ANSWER: ClassVar = {
        "question": "x", "text": "No.", "citations": [], "passages": [], "model": "extractive", "finish": "complete", "notice": "",
        "seconds": 0.1, "weather": "fine",
    }  # fmt: skip
    GIVEN: ClassVar = {
        "/api/library": STATE, "/api/documents": [], "/api/check": ANSWER, "/api/ask": ANSWER, "/api/findings": [{"part": "record"}]
    }  # fmt: skip

    def do_GET(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or "{}")
        given, status = self.GIVEN.get(self.path), 200
        if given is None or self.command == "PUT":
            given, status = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found"}, 404
        elif self.path == "/api/ask" and sent.keys() != {"question"}:
            given, status = {"type": "urn:footnote:ValueError", "status": 422, "detail": "top_k: there is no such field"}, 422
        content = json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Footnote-Version", "9.9")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_GET  # noqa: N815 - as the server calls them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


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
