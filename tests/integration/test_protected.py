"""The page beside hostile web sites, greedy clients, and at its end."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from rag import Library, Settings
from tests.chat_server import MODEL, ChatServer
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import PageServer, Visitor, file_data
from ui.commands.cli import app as command_line
from ui.http.clients import COOKIE
from ui.http.events import MOST_EVENTS, MOST_EVENTS_A_HOLDER, MOST_TABS, MOST_TABS_IN_ALL, TOO_MANY

LAMP = "The lamp of the lighthouse is green."
ELSEWHERE = {"origin": "http://127.0.0.1.evil.com", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, chat: ChatServer) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("protected")
    (folder / "lamp.txt").write_text(LAMP, encoding="utf-8")
    settings = Settings(
        chat_base_url=chat.url("/ok/v1"), chat_model=MODEL, max_upload_files=3, max_upload_megabytes=1, max_file_megabytes=0.5
    )
    with Library.open(folder / "library", settings, embedder=BagOfWordsEmbedder()) as library:
        library.add(folder / "lamp.txt")
        with PageServer(library) as started:
            yield started


@pytest.fixture
def slow(chat: ChatServer) -> Iterator[ChatServer]:
    """The chat server, in no hurry."""
    chat.delay_seconds = 0.1
    yield chat
    chat.delay_seconds = 0.0


@pytest.fixture
def visitor(server: PageServer) -> Iterator[Visitor]:
    with Visitor(server) as one:
        yield one


def paths(server: PageServer) -> list[str]:
    (record,) = server.library.documents()
    own = [
        f"/documents/{record.id}/original",
        f"/documents/{record.id}/pages/1.png",
        "/conversations/x/export.md",
        "/figures/plotly.min.js",
    ]
    return ["/", "/health", "/theme.css", "/gradio_api/app_id", *own]


def test_no_other_site_reads_anything_and_none_is_promised_that_it_may(server: PageServer, visitor: Visitor) -> None:
    for path in paths(server):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            got = visitor.http.request(method, path, headers={**ELSEWHERE, "access-control-request-method": "POST"})
            assert got.status_code in {400, 403}
            assert LAMP not in got.text
            assert not [name for name in got.headers if name.startswith("access-control")]
    for path in paths(server):
        got = visitor.http.get(path)
        assert not [name for name in got.headers if name.startswith("access-control")]
        assert (got.headers["cross-origin-resource-policy"], got.headers["x-content-type-options"]) == ("same-origin", "nosniff")
    own = visitor.http.post(
        "/gradio_api/cancel", headers={"origin": server.url}, json={"session_hash": "x", "fn_index": 0, "event_id": "x"}
    )
    assert own.status_code == 200
    assert not [name for name in own.headers if name.startswith("access-control")]


def test_a_picture_on_another_site_is_refused(server: PageServer, visitor: Visitor) -> None:
    for path in paths(server):
        for site in ("cross-site", "same-site"):
            headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
            assert visitor.http.get(path, headers=headers).status_code == 403


def test_no_script_is_evaluated_nor_written_into_the_page(server: PageServer, visitor: Visitor) -> None:
    for path in paths(server):
        (scripts,) = re.findall(r"script-src ([^;]+)", visitor.http.get(path).headers["content-security-policy"])
        assert "unsafe" not in scripts
        assert ("sha256-" in scripts) is (path == "/")


def test_nothing_of_a_library_stays_in_a_browser_without_saying_how_long(server: PageServer, visitor: Visitor) -> None:
    for path in (*paths(server), "/api/documents", "/v1/models", "/assets/footnote.js"):
        headers = visitor.http.get(path).headers
        assert headers["cache-control"] == "no-store" or "etag" in headers, path


def test_no_request_is_larger_than_what_it_is_for(server: PageServer, visitor: Visitor) -> None:
    for path, size in (("/gradio_api/cancel", 70_000), ("/gradio_api/reset", 70_000), ("/doctor", 70_000), ("/api/search", 65_000_000)):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n"
        assert b" 413 " in answer_to(server, head.encode()), path
    told = visitor.http.post("/gradio_api/cancel", content=iter([b"x" * 70_000]))  # without its length
    assert (told.status_code, "64 kB" in told.text) == (413, True)
    bodies: list[object] = [{"session_hash": "x", "fn_index": 1e999, "event_id": "x"}, {"event_id": ["\ud800"]}, "[" * 20_000, []]
    for odd in bodies:
        content = odd if isinstance(odd, str) else json.dumps(odd)
        assert {visitor.http.post(f"/gradio_api/{each}", content=content).status_code for each in ("cancel", "reset")} <= {200, 400}
    assert b" 400 " in answer_to(server, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 200_000)  # and no end
    assert visitor.http.get("/healthz").status_code == 200


def answer_to(server: PageServer, sent: bytes) -> bytes:
    """The first line of what the server answers to bytes, whatever they are."""
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as connection:
        with suppress(ConnectionError):
            connection.sendall(sent)
        return connection.makefile("rb").readline()


def test_the_cookie_is_kept_from_scripts_and_other_sites(server: PageServer) -> None:
    first = httpx2.get(f"{server.url}/")
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Lax", first.headers["set-cookie"])
    with httpx2.Client(base_url=server.url, cookies=dict(first.cookies)) as again:
        assert "set-cookie" not in again.get("/").headers
    assert "set-cookie" in httpx2.get(f"{server.url}/", headers={"cookie": f"{COOKIE}=<short>"}).headers


def ask(visitor: Visitor, question: str = "What colour is the lamp?", **more: str) -> httpx2.Response:
    return visitor.call(visitor.server.event("ask"), [question, None, "", None, None, None], route="queue/join", **more)


def unfinished(server: PageServer) -> int:
    return len(server.gradio.get_blocks()._queue.event_ids_to_events)


def test_one_client_that_asks_fifty_questions_starves_nobody(server: PageServer, visitor: Visitor, slow: ChatServer) -> None:
    answered = []
    for _ in range(50):
        answered.append(ask(visitor))
        assert unfinished(server) <= MOST_EVENTS
    assert [got.status_code for got in answered[: MOST_EVENTS + 2]] == [200] * MOST_EVENTS + [429] * 2
    assert answered[MOST_EVENTS].json()["detail"] == TOO_MANY
    with Visitor(server, "another0tab") as other:
        assert ask(other).status_code == 200
        end = next(other.ends())
    assert end["success"]
    assert all(end["success"] for end in visitor.ends())
    assert ask(visitor).status_code == 200
    assert next(visitor.ends())["success"]


def test_a_client_that_throws_its_cookie_away_is_known_by_its_address(server: PageServer, visitor: Visitor, slow: ChatServer) -> None:
    statuses = []
    for number in range(MOST_EVENTS_A_HOLDER + 2):
        visitor.http.cookies.clear()
        statuses.append(ask(visitor, session_hash=f"fresh{number}").status_code)
    assert statuses == [200] * MOST_EVENTS_A_HOLDER + [429] * 2
    until = time.monotonic() + 20
    while unfinished(server):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_tabs_that_are_made_up_do_not_fill_the_memory(server: PageServer, visitor: Visitor) -> None:
    show, holder = server.event("show"), server.gradio.state_holder
    data = [None] * len(server.gradio.get_blocks().fns[show].inputs)
    with Visitor(server, "another0tab") as other:
        assert other.call(show, data).status_code == 200
        for number in range(MOST_TABS + 20):
            assert visitor.call(show, data, session_hash=f"made{number}").status_code == 200
        kept = [name for name in holder.session_data if name.startswith("made")]
        assert kept == [f"made{number}" for number in range(20, MOST_TABS + 20)]
        assert "another0tab" in holder.session_data
        assert other.call(show, data).status_code == 200
    assert holder.capacity <= MOST_TABS_IN_ALL
    for name in ("x" * 41, "", None, "a b", "../x", ["x"], {"a": 1}):
        assert visitor.call(show, data, session_hash=name).status_code == 400


def test_an_upload_has_limits_that_are_said(server: PageServer, visitor: Visitor) -> None:
    uploads = server.library.folder / "uploads"
    before = sorted(uploads.rglob("*"))
    many = visitor.upload({f"{number}.txt": f"{number}".encode() for number in range(4)})
    assert (many.status_code, many.text.split(".")[0]) == (413, "At most 3 files can be uploaded at a time; these were 4")
    much = visitor.upload({f"{number}.txt": b"x" * 400_000 for number in range(3)})
    assert (much.status_code, much.text.split(".")[0]) == (413, "At most 1 MB can be uploaded at a time")
    assert visitor.upload({"big.txt": b"x" * 600_000}).status_code == 413
    assert [path for path in sorted(uploads.rglob("*")) if path not in before and path.suffix == ".txt"] == []
    unsized = visitor.http.post("/gradio_api/upload", content=iter([b"x"]), headers={"content-type": "multipart/form-data; boundary=x"})
    assert unsized.status_code == 411
    (path,) = visitor.upload({"fine.txt": b"fine"}).json()
    assert visitor.call(server.event("load"), [file_data(path)]).status_code == 200


STARTED = r"Footnote is at (http://\S+) \(Ctrl-C stops it\)\."


@contextmanager
def started(folder: Path, *arguments: str, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], Path, str]]:
    """`rag serve` in a process of its own, what it writes, and its address."""
    log = folder / "log.txt"
    command = [
        sys.executable,
        "-c",
        "from ui.commands.cli import main; main()",
        "serve",
        "--port",
        "0",
        "--library",
        str(folder / "library"),
    ]
    with (
        log.open("wb") as file,
        subprocess.Popen([*command, *arguments], stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=os.environ | settings) as process,
    ):
        try:
            until = time.monotonic() + 60
            while not (found := re.search(STARTED, " ".join(log.read_text(encoding="utf-8").split()))):
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < until
                time.sleep(0.05)
            yield process, log, found[1]
        finally:
            process.kill()


def test_ctrl_c_with_open_tabs_and_growing_answers_writes_one_line_at_an_ipv6_address_too(
    tmp_path: Path, sample_library: Path, chat: ChatServer
) -> None:
    shutil.copytree(sample_library, tmp_path / "library")
    with (
        started(tmp_path, "--host", "::1", RAG_CHAT_BASE_URL=chat.url("/slow/v1"), RAG_CHAT_MODEL=MODEL) as (process, log, url),
        ExitStack() as stack,
    ):
        assert re.fullmatch(r"http://\[::1\]:\d+", url)
        page = json.loads(re.findall(r"gradio_config = (.*?);</script>", httpx2.get(url).text)[0])
        ask_event = next(one["id"] for one in page["dependencies"] if len(one["inputs"]) == 6 and one["targets"][0][1] == "submit")
        http = stack.enter_context(httpx2.Client(base_url=url, verify=False))
        for tab in ("tab1", "tab2", "tab3"):
            body = {"fn_index": ask_event, "data": ["When may I return an item?", None, "", None, None, None], "session_hash": tab}
            assert http.post("/gradio_api/queue/join", json=body).status_code == 200
            for path in (f"/gradio_api/heartbeat/{tab}", f"/gradio_api/queue/data?session_hash={tab}"):
                stream = stack.enter_context(http.stream("GET", path))
                assert next(stream.iter_lines())
        before = log.read_text(encoding="utf-8")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert log.read_text(encoding="utf-8").removeprefix(before).strip() == "Footnote is stopping."


@pytest.mark.parametrize("host", ["", " "])
def test_no_address_is_refused(tmp_path: Path, host: str) -> None:
    done = CliRunner().invoke(command_line, ["serve", "--host", host, "--library", str(tmp_path / "library")])
    assert done.exit_code == 2
    assert "give an address" in done.output


def test_the_last_change_of_a_control_is_never_lost(server: PageServer) -> None:
    events = server.gradio.get_blocks().fns.values()
    changes = [event for event in events if {"change", "input", "select"} & {name for component, name in event.targets if component}]
    # A selection of a tab may be dropped while one is handled: it changes nothing.
    kept = [event for event in changes if {name for _, name in event.targets} != {"select"}]
    assert len(kept) > 5
    assert [event.api_name for event in kept if event.trigger_mode != "always_last"] == []
