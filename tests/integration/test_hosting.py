"""A server with several libraries: opened on the first request, closed and removed, and found from elsewhere."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner, Result

import rag
from rag import Library
from rag.storing.kept_settings import Connection
from rag.storing.lock import LibraryLock, holder
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import PageServer, config_of
from ui.commands.cli import app
from ui.http.callers import NOT_HERE
from ui.people.folders import REMOVED, folder_of


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("hosting") / "library"
    with Library.open(folder, embedder=BagOfWordsEmbedder()) as library:
        with PageServer(library) as started:
            library.announce(started.url)
            yield started
        opened = [*(folder / "libraries").iterdir()]
        assert opened
        for each in opened:  # the server has closed them
            LibraryLock(each).release()


@pytest.fixture
def http(server: PageServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=20, verify=False) as client:
        yield client


def added(server: PageServer, name: str) -> str:
    """Where a new library is."""
    return f"/libraries/{server.people.add_library(name).id}"


@pytest.fixture(scope="module")
def one(server: PageServer) -> str:
    return added(server, "One")


def test_a_library_is_opened_once_by_its_first_requests(server: PageServer, http: httpx2.Client, one: str) -> None:
    folder = folder_of(server.library.folder, one[-8:])
    assert not folder.exists()
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(http.get, f"{one}/api/library") for _ in range(4)]
        assert http.get("/healthz").status_code == 200  # the server goes on meanwhile
        assert [each.result().status_code for each in found] == [200] * 4
    assert holder(folder) == (f"{server.url}{one}", server.library.holder_token)
    page = http.get(f"{one}/")
    assert (page.status_code, http.get(one).headers["location"]) == (200, f"{one}/")
    assert 'src="/assets/index' in page.text  # a browser loads the scripts once for all libraries
    config, main = config_of(http, f"{one}/"), config_of(http)
    assert config["root"] == f"{server.url}{one}"
    keys = [{each["props"].get("storage_key") for each in page["components"]} - {None} for page in (config, main)]
    assert keys == [{f"footnote-conversation-{one[-8:]}"}, {"footnote-conversation"}]  # a browser keeps a conversation for each


def test_two_libraries_know_nothing_of_each_other(server: PageServer, http: httpx2.Client, one: str) -> None:
    places = {one: "The tide rises at noon.", "": "The tide falls at noon."}
    for at, words in places.items():
        sent = http.post(f"{at}/api/documents", files={"file": ("tides.txt", words.encode())}, data={"kind": "text", "wait": "true"})
        assert sent.status_code == 200
    ids = {at: http.get(f"{at}/api/documents").json()[0]["id"] for at in places}
    for at, other in ((one, ""), ("", one)):
        assert http.get(f"{at}/api/documents/{ids[at]}").status_code == 200
        for path in ("/api/documents/{}", "/documents/{}/original", "/documents/{}/pages/1.png", "/api/documents/{}/pages/1"):
            assert http.get(at + path.format(ids[other])).status_code == 404
        found = http.post(f"{at}/api/search", json={"question": "When does the tide turn?"}).text
        assert (ids[at] in found, ids[other] in found) == (True, False)


def test_programs_use_a_library_by_its_address(server: PageServer, http: httpx2.Client, one: str) -> None:
    with rag.connect(f"{server.url}{one}", embedder=BagOfWordsEmbedder()) as library:
        library.add_text("The ferry leaves at six.", "ferry.txt")
        assert "ferry.txt" in {each.name for each in library.documents()}
    assert http.get(f"{one}/v1/models").status_code == 200
    called = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    assert "search" in http.post(f"{one}/mcp", json=called, headers={"accept": "application/json, text/event-stream"}).text
    assert [each["url"] for each in http.get("/api/libraries").json()][:2] == [f"{server.url}/", f"{server.url}{one}"]


def test_a_library_that_cannot_be_opened_is_tried_again(server: PageServer, http: httpx2.Client) -> None:
    at = added(server, "Held")
    folder = folder_of(server.library.folder, at[-8:])
    folder.mkdir(parents=True)
    lock = LibraryLock(folder)
    for path in ("/api/library", "/"):
        got = http.get(at + path)
        assert (got.status_code, "is in use" in got.json()["detail"]) == (503, True)
    lock.release()
    assert http.get(f"{at}/api/library").status_code == 200


def test_libraries_on_the_command_line_while_the_server_runs(server: PageServer, http: httpx2.Client, one: str) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--library", str(server.library.folder)])

    assert run("library", "add", "Tide tables 潮汐").exit_code == 0
    tides = server.people.find_library("tide tables 潮汐")
    assert f"/libraries/{tides.id}/" in run("library", "list").stdout
    listed = [json.loads(line) for line in run("library", "list", "--json").stdout.splitlines()]
    assert {"id": tides.id, "name": tides.name, "owner": "", "path": f"/libraries/{tides.id}/"} in listed
    assert run("library", "rename", tides.id, "Tides").exit_code == 0
    group = server.people.add_group("Crew")
    assert run("library", "grant", "Tides", "Crew", "write", "--group").exit_code == 0
    assert [(each.subject, each.right) for each in server.people.grants(tides.id)] == [(group.id, "write")]
    assert "Crew" in run("library", "rights", "tides").stdout
    assert run("library", "grant", "Tides", "Crew", "all", "--group").exit_code == 2
    assert "There is no user 'Crew'" in str(run("library", "revoke", "Tides", "Crew").exception)
    assert run("library", "revoke", "Tides", "Crew", "--group").exit_code == 0
    assert server.people.grants(tides.id) == []
    assert "cannot be removed" in str(run("library", "remove", "Main library").exception)
    assert "There is no library" in str(run("library", "remove", "nothing").exception)
    assert run("library", "remove", "Tides").exit_code == 0
    opened = added(server, "Opened")
    assert http.get(f"{opened}/api/library").status_code == 200
    documents = CliRunner().invoke(app, ["add", str(Path(__file__)), "--library", str(folder_of(server.library.folder, opened[-8:]))])
    assert (documents.exit_code, len(http.get(f"{opened}/api/documents").json())) == (0, 1)  # through the server
    gone = run("library", "remove", "Opened")
    assert (gone.exit_code, (server.library.folder / REMOVED / opened[-8:]).is_dir()) == (0, True)
    assert run("user", "add", "Zoë", "--role", "guest", "--password-file", str(__file__)).exit_code == 1  # no password


def test_a_removed_library_is_closed_and_its_folder_moved(server: PageServer, http: httpx2.Client, one: str) -> None:
    for opened in (True, False):
        at = one if opened else added(server, "Never opened")
        assert http.delete(f"/api{at}").status_code == 200
        assert http.get(f"{at}/api/library").json()["detail"] == NOT_HERE
        assert not folder_of(server.library.folder, at[-8:]).exists()
        assert (server.library.folder / REMOVED / at[-8:]).is_dir() == opened
    for nobodys in ("x", "%2e%2e", "00000000", one[-8:]):
        assert http.delete(f"/api/libraries/{nobodys}").status_code == 404


def test_a_library_answers_with_the_chat_models_of_the_main_one(tmp_path: Path) -> None:
    chat = Connection("Chat", "http://localhost:1/v1", None, "m")
    with Library.open(tmp_path / "main", embedder=BagOfWordsEmbedder()) as main, main.open_beside(tmp_path / "beside") as beside:
        assert not beside.chat_model
        main.change_settings(lambda kept: kept.connected(chat))
        assert beside.chat_model is not None
        beside.change_settings(lambda kept: kept.with_values(top_k=3))
        assert (beside.settings.top_k, main.settings.top_k) == (3, 5)
        with pytest.raises(rag.SettingsError, match="those of the server's main library"):
            beside.change_settings(lambda kept: kept.disconnected("Chat"))
        assert "localhost" not in (tmp_path / "beside" / "settings.json").read_text()
        assert main.kept_settings.chosen == beside.kept_settings.chosen == "Chat"
