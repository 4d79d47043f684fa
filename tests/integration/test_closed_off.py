"""What stands before Gradio: nobody reads a file of the server's, and nothing of Gradio's is open that the page does not need."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.testclient import TestClient

from rag import Library
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import PageServer, Visitor, file_data, loops_let_go, routes_in
from ui.http.events import MOST_BYTES, NOT_UPLOADED, TOO_LONG
from ui.http.gradio_routes import NEEDED, is_needed
from ui.web.mounting import MOST_RUNNING, PROGRESS_POLL_SECONDS, QUEUE_POLL_SECONDS

SECRET = "correct horse battery staple"

CLOSED = {
    "/login": "no login of Gradio's",
    "/logout": "no login of Gradio's",
    "/svelte/{path:path}": "components of others",
    "/config": "the page carries it",
    "/robots.txt": "not needed",
    "/pwa_icon": "not an app to install",
    "/pwa_icon/{size}": "not an app to install",
    "/monitoring": "what was asked, and how long it took",
    "/monitoring/summary": "what was asked, and how long it took",
    "/monitoring/{key}": "what was asked, and how long it took",
    "/openapi.json": "describes the routes",
    "/gradio_api/openapi.json": "describes the events",
    "/gradio_api/info": "describes the events",
    "/gradio_api/user": "no login of Gradio's",
    "/gradio_api/login_check": "no login of Gradio's",
    "/gradio_api/token": "no login of Gradio's",
    "/gradio_api/deep_link": "writes what a tab shows to a file, for others to open",
    "/gradio_api/dev/reload": "for work on the page",
    "/gradio_api/runs": "runs are not kept",
    "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}": "components of others",
    "/gradio_api/proxy={url_path:path}": "fetches other addresses",
    "/gradio_api/file={path_or_url:path}": "serves files, and fetches other addresses",
    "/gradio_api/file/{path:path}": "serves files",
    "/gradio_api/stream/{event_id}": "sound and video",
    "/gradio_api/stream/{event_id}/close": "sound and video",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8": "sound and video",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}": "sound and video",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file": "sound and video",
    "/gradio_api/run/{api_name}": "open for `predict` alone",
    "/gradio_api/api/{api_name}": "calls events by name",
    "/gradio_api/call/{api_name}": "calls events by name",
    "/gradio_api/call/v2/{api_name}": "calls events by name",
    "/gradio_api/call/{api_name}/{event_id}": "calls events by name",
    "/gradio_api/call/v2/{api_name}/{event_id}": "calls events by name",
    "/gradio_api/component_server": "calls functions of components",
    "/gradio_api/queue/status": "how many wait",
    "/gradio_api/startup-events": "done at the start",
    "/gradio_api/theme.css": "the page takes /theme.css",
    "/gradio_api/process_recording": "sound and video",
    "/gradio_api/vibe-edit": "for work on the page",
    "/gradio_api/undo-vibe-edit": "for work on the page",
    "/gradio_api/vibe-code": "for work on the page",
    "/gradio_api/vibe-starter-queries": "for work on the page",
}
"""Routes of Gradio's that the page does without, and what they would do."""

FILLED = {"/assets/{path:path}": "/assets/x.js", "{path:path}": "js/x.js", "{session_hash}": "tab0123456"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("closed") / "library"
    with Library.open(folder, embedder=BagOfWordsEmbedder()) as library, PageServer(library) as started:
        yield started


@pytest.fixture
def visitor(server: PageServer) -> Iterator[Visitor]:
    with Visitor(server) as one:
        yield one


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the machine's."""
    path = tmp_path / "environment.csv"
    path.write_text(f"text\n{SECRET}\n", encoding="utf-8")
    return path


def gradio_routes(server: PageServer) -> set[tuple[str, str]]:
    return routes_in(server.app.routes[-1].routes)  # type: ignore[attr-defined]


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return re.sub(r"\{[^}]+\}", "predict", path)


def test_each_route_of_gradios_is_needed_or_closed(server: PageServer) -> None:
    routes = gradio_routes(server)
    assert len(routes) > 60
    plain = {(method, path.rstrip("/") or "/") for method, path in routes}
    unknown = {(method, path) for method, path in plain if path not in CLOSED and not is_needed(method, filled(path))}
    assert not unknown, "Gradio has a new route: add it to what is needed, or to what is closed"
    assert not CLOSED.keys() - {path for _, path in plain}
    for needed, pattern in NEEDED:
        assert any(method == needed and re.fullmatch(pattern, filled(path)) for method, path in routes), pattern


def test_a_route_that_is_not_needed_is_not_there(server: PageServer, visitor: Visitor, secret: Path) -> None:
    for method, path in sorted(gradio_routes(server)):
        for address in {filled(path), re.sub(r"\{[^}]+\}", str(secret), path), re.sub(r"\{[^}]+\}", f"..{secret}", path)}:
            if is_needed(method, address):
                continue
            got = visitor.http.request(
                method, address, params={"path": str(secret)}, json={"path": str(secret)} if method == "POST" else None
            )
            assert (got.status_code, got.text) in {(404, "Not found"), (404, "")}, (method, address)
    for path in (
        "/assets/%2e%2e/index.html",
        "/assets/..%2f..%2findex.html",
        f"/static/js/..%2f..%2f..{secret}",
        f"/static/js/%2e%2e/{secret}",
    ):
        assert SECRET not in visitor.http.get(path).text
        assert visitor.http.get(path).status_code in {403, 404}


OPEN = ("run/predict", "queue/join")
CLOSED_WAYS = (
    "run/{name}",
    "api/{name}",
    "api/predict",
    "call/{name}",
    "call/v2/{name}",
    "run/predict/",
    "queue/join/",
    "component_server",
)


def forms(path: Path) -> list[Any]:
    """Ways to name a file."""
    return [
        file_data(path),
        {"path": str(path)},
        [[file_data(path)]],
        {"value": {"more": file_data(path)}},
        {"path": "x", "url": str(path), "meta": {"_type": "gradio.FileData"}},
        file_data(f"http://127.0.0.1:1{path}"),
        {"meta": {"_type": "gradio.FileData"}},
    ]


def test_no_event_takes_a_file_that_was_not_uploaded(server: PageServer, visitor: Visitor, secret: Path) -> None:
    functions = server.gradio.get_blocks().fns
    assert len(functions) > 60
    for number, function in functions.items():
        for way in CLOSED_WAYS:
            assert visitor.call(number, [file_data(secret)], route=way.format(name=function.api_name)).status_code == 404
        for way in OPEN:
            for form in forms(secret):
                got = visitor.call(number, [form] * max(1, len(function.inputs)), route=way)
                assert (got.status_code, got.json()["detail"]) == (403, NOT_UPLOADED)
            assert visitor.call(number, [], route=way, event_data=file_data(secret)).status_code == 403
    assert secret.exists()


@pytest.mark.parametrize("way", OPEN)
def test_nobody_learns_whether_a_file_exists(server: PageServer, visitor: Visitor, secret: Path, way: str) -> None:
    load = server.event("load")
    there = [visitor.call(load, [form], route=way) for form in forms(secret)]
    missing = [visitor.call(load, [form], route=way) for form in forms(secret.with_name("missing.csv"))]
    assert [(got.status_code, got.text) for got in there] == [(got.status_code, got.text) for got in missing]


def test_a_file_belongs_to_the_browser_that_uploaded_it(server: PageServer, visitor: Visitor) -> None:
    (path,) = visitor.upload({"list.csv": f"text\n{SECRET}\n".encode()}).json()
    load = server.event("load")
    with Visitor(server) as other:
        assert other.call(load, [file_data(path)]).status_code == 403
        assert other.call(load, [file_data(path)], session_hash=visitor.tab).status_code == 403
    for near in (f"{path}/../list.csv", path.upper(), f"/{path}", str(Path(path).parent)):
        assert visitor.call(load, [file_data(near)]).status_code == 403
    got = visitor.call(load, [file_data(path, url="http://127.0.0.1:1/x", orig_name="list.csv")])
    assert got.status_code == 200
    assert SECRET in got.text
    assert visitor.call(server.event("load_1"), [file_data(path), "text"]).status_code == 200


def test_gradio_itself_refuses_files_from_outside_too(server: PageServer, secret: Path) -> None:
    body = {"fn_index": server.event("load"), "data": [file_data(secret)], "session_hash": "tab0123456"}
    got = TestClient(server.gradio, raise_server_exceptions=False).post("/gradio_api/run/predict", json=body)
    assert got.status_code == 500
    assert SECRET not in got.text


def test_what_gradio_reads_is_what_was_checked(server: PageServer, visitor: Visitor, secret: Path) -> None:
    (path,) = visitor.upload({"list.csv": b"text\nfine\n"}).json()
    twice = json.dumps({"fn_index": server.event("load"), "session_hash": visitor.tab, "data": [file_data(path)]})
    twice = twice.replace(f'"path": {json.dumps(path)}', f'"path": {json.dumps(str(secret))}, "path": {json.dumps(path)}')
    for content in (twice.encode(), twice.encode("utf-16"), twice.encode("utf-8-sig")):
        got = visitor.http.post("/gradio_api/run/predict", content=content, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert SECRET not in got.text
        assert got.status_code in {200, 400}
    for content in (b"", b"[]", b"{", b"null", b"[" * 100_000, b'{"session_hash": "a/../b", "data": []}', b"[" * 1_000_000):
        assert visitor.http.post("/gradio_api/queue/join", content=content).status_code == 400
    got = visitor.http.post("/gradio_api/queue/join", content=b'"' + b"x" * MOST_BYTES + b'"')
    assert (got.status_code, got.json()["detail"]) == (413, TOO_LONG)


def test_the_queue_of_an_idle_page_keeps_no_core_busy(server: PageServer) -> None:
    polls = ("sleep_when_free", "progress_update_sleep_when_free")
    with loops_let_go():
        assert [getattr(gr.Blocks()._queue, name) for name in polls] == [0.001, 0.01]  # what Gradio does by itself
    assert [getattr(server.gradio.get_blocks()._queue, name) for name in polls] == [QUEUE_POLL_SECONDS, PROGRESS_POLL_SECONDS]
    assert len(server.gradio.get_blocks()._queue.active_jobs) == MOST_RUNNING


def test_a_queued_event_is_not_called_past_the_queue(server: PageServer, visitor: Visitor) -> None:
    assert visitor.call(server.event("ask"), ["Why?", None, "", None, None, None]).status_code == 404
