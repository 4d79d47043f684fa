"""Each request's id, its line in the log, its record where it is refused, and its problem."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from ui.http.health import health_routes
from ui.http.logs import TEXT, JsonFormatter, TextFormatter, configure_logs, log_request
from ui.http.proxies import USER
from ui.http.requests import REQUEST_ID, ProblemResponse, Seen, seen_of, with_requests, with_route
from ui.people.audit import AuditLog
from ui.people.audit_reading import Wanted, records_of


def run(answering: Awaitable[None]) -> None:
    """Let an app answer."""

    async def answer() -> None:
        await answering

    asyncio.run(answer())


class Requests:
    """An app that says who asks and answers with a problem of a status."""

    def __init__(self, log: AuditLog | None = None, *, trusts: bool = False, status: int = 403) -> None:
        self.seen: list[Seen] = []
        self.bodies: list[bytes] = []
        self._log = log
        self._status = status
        self._proxied = {USER: ""} if trusts else {}
        self._app = with_requests(self._inner, (self.seen.append, log_request))

    async def _inner(self, scope: Scope, receive: Receive, send: Send) -> None:
        person = "p1" if scope["path"] != "/nobody" else ""
        seen_of(scope).let_in(scope, scope["path"], self._log, person=person, name="Ada")
        await with_route(self._answer)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"], scope["path_params"] = type("Route", (), {"path": "/documents/{name}"}), {"name": "secret plans.pdf"}
        await ProblemResponse({"title": "x"}, self._status)(scope, receive, send)

    def send(self, path: str, method: str = "GET", **headers: str) -> str:
        """Send a request; the id that its response has."""
        found: list[Message] = []

        async def take(message: Message) -> None:
            found.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b"q=secret", **self._proxied}
        run(self._app(scope, receive, take))
        self.bodies.append(found[1]["body"])
        found_in: dict[str, str] = {name.decode(): value.decode() for name, value in found[0]["headers"]}
        return found_in[REQUEST_ID.lower()]


def test_each_request_has_an_id_and_that_of_a_trusted_proxy_where_it_is_one(tmp_path: Path) -> None:
    trusting, other = Requests(trusts=True), Requests()
    assert trusting.send("/", x_request_id="7b1c-proxy.1") == "7b1c-proxy.1"
    assert json.loads(trusting.bodies[-1])["request_id"] == "7b1c-proxy.1"
    for wrong in ("short", "x" * 200, 'a"b\\c{}12345', "spaces in it", "<script>x</script>", "ümlaut-ümlaut", ""):
        assert trusting.send("/", x_request_id=wrong) not in {wrong, ""}
    assert other.send("/", x_request_id="7b1c-proxy.1") != "7b1c-proxy.1"
    assert len({other.send("/") for _ in range(20)}) == 20


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines of the log as JSON."""
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(JsonFormatter().format(record))

    handler, logger = Handler(), logging.getLogger("footnote.requests")
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield found
    logger.removeHandler(handler)
    logger.setLevel("NOTSET")


def test_the_line_of_a_request_says_what_it_was_and_nothing_that_was_in_it(lines: list[str]) -> None:
    request = Requests(status=200).send("/api/documents/secret plans.pdf", "DELETE", authorization="Bearer fn_secret")
    (line,) = lines
    about: dict[str, Any] = json.loads(line)
    assert (about["method"], about["route"], about["status"]) == ("DELETE", "/api/documents/{name}", 200)
    assert (about["person"], about["library"], about["request"]) == ("p1", "", request)
    assert about["milliseconds"] >= 0
    assert "secret" not in line
    assert "Ada" not in line


def test_a_record_of_the_program_is_one_object_however_it_fails() -> None:
    error = ValueError("two\nlines")
    record = logging.LogRecord("rag.x", logging.WARNING, "x.py", 1, "%s is\nodd", ("词",), (ValueError, error, None))
    line = JsonFormatter().format(record)
    assert "\n" not in line
    about = json.loads(line)
    assert (about["level"], about["logger"], about["message"]) == ("warning", "rag.x", "词 is\nodd")
    assert "ValueError: two" in about["exception"]


def test_no_name_begins_a_line_of_the_log_nor_steers_a_terminal() -> None:
    odd = "plan\n2026-11-27 ERROR rag: all is lost\x1b[31m\x9b2J\u202e"
    record = logging.LogRecord("rag.x", logging.WARNING, "x.py", 1, "%s is odd", (odd,), (ValueError, ValueError(odd), None))
    line, *traceback = TextFormatter(TEXT).format(record).split("\n")
    assert line.endswith("rag.x: plan\\n2026-11-27 ERROR rag: all is lost\ufffd[31m\ufffd2J is odd")
    assert all(each.startswith("  ") for each in traceback[1:])
    for text in ("".join(traceback), JsonFormatter().format(record)):
        assert not set(text) & {"\x1b", "\x9b", "\u202e", "\n"}


def test_refusals_are_recorded_but_fill_no_disk(tmp_path: Path) -> None:
    requests = Requests(AuditLog(tmp_path / "audit"))
    for _ in range(50):
        requests.send("/documents/x")
        requests.send("/nobody")  # who brought nothing is asked to sign in: no record
        requests.send("/nobody", authorization="Bearer wrong")
    found = [(record["person"], record["action"], record["facts"]["path"]) for record in records_of(tmp_path / "audit", Wanted())]
    assert found == [("", "refused", "/nobody"), ("p1", "refused", "/documents/x")]


def test_what_no_record_says_more_of_is_recorded_by_its_route(tmp_path: Path) -> None:
    requests = Requests(AuditLog(tmp_path / "audit"), status=200)
    for method, path in (("GET", "/documents/x"), ("POST", "/new"), ("POST", "/api/search"), ("GET", "/documents/x/original")):
        requests.send(path, method)
    found = [*records_of(tmp_path / "audit", Wanted())]
    assert [record["facts"]["method"] for record in found] == ["GET", "POST"]
    assert {record["facts"]["name"] for record in found} == {"secret plans.pdf"}


def test_a_fault_is_found_by_the_id_of_its_request(lines: list[str]) -> None:
    sent: list[Message] = []

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async def take(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(ZeroDivisionError):
        run(with_requests(failing, [log_request])(scope, receive, take))
    (about,) = map(json.loads, lines)
    assert (sent[0]["status"], about["status"]) == (500, 500)
    assert (REQUEST_ID.lower().encode(), about["request"].encode()) in sent[0]["headers"]


def test_other_libraries_log_no_requests_and_no_answers(capfd: pytest.CaptureFixture[str]) -> None:
    root, own = logging.root, [logging.getLogger(name) for name in ("rag", "ui", "footnote.requests")]
    before, levels = [*root.handlers], [(each, each.level) for each in (root, *own)]
    try:
        configure_logs("json", "debug")
        logging.getLogger("openai").debug("secret")
        logging.getLogger("httpx2").info("secret")
        logging.getLogger("ui.x").debug("ours")
        logging.getLogger("openai").warning("theirs")
    finally:
        root.handlers[:] = before
        for each, level in levels:
            each.setLevel(level)
    assert [json.loads(line)["message"] for line in capfd.readouterr().err.splitlines()] == ["ours", "theirs"]


def test_a_server_whose_audit_log_fails_is_ready_and_says_so() -> None:
    for lost, expected in ((0, {"status": "ok"}), (3, {"status": "ok", "audit": "cannot be written"})):
        app = FastAPI()
        app.include_router(health_routes(SimpleNamespace(documents=list, cluster=None), lambda lost=lost: lost))  # type: ignore[arg-type,misc]
        got = TestClient(app).get("/readyz")
        assert (got.status_code, got.json()) == (200, expected)
