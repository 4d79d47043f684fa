"""Names the page answers to, and who may ask it."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.http.addresses import LOOPBACK, answered_names, is_loopback, own_addresses_only

BROWSER = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def client(host: str = "127.0.0.1", *allowed: str, port: int = 7860) -> TestClient:
    app = Starlette(routes=[Route(path, lambda _: PlainTextResponse("mine"), methods=["GET", "POST"]) for path in ("/", "/documents/1")])
    app.add_middleware(own_addresses_only, names=answered_names(host, allowed))
    return TestClient(app, base_url=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost:7860", 200),
        ("LOCALHOST.", 200),
        ("[::1]:7860", 200),
        ("[0:0:0:0:0:0:0:1]", 200),
        ("evil.example:7860", 400),
        ("127.0.0.1.evil.example:7860", 400),
        ("127.0.0.1:7901.evil.com", 400),
        ("localhost@evil.com", 400),
        ("localhost/", 400),
        ("localhost:port", 400),
        ("[::1", 400),
        ("::1", 400),
        ("a b", 400),
        ("", 400),
        ("0.0.0.0:7860", 400),
        ("10.1.2.3:7860", 400),
    ],
)
def test_other_names_are_refused(method: str, host: str, status: int) -> None:
    assert client().request(method, "/documents/1", headers={"host": host}).status_code == status


def test_two_hosts_are_none() -> None:
    assert client().get("/", headers=[("host", "localhost"), ("host", "localhost")]).status_code == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:7860", 200),
        ("http://LOCALHOST:7860", 200),
        ("http://localhost:9999", 403),
        ("http://localhost", 403),
        ("http://127.0.0.1:7860", 403),
        ("http://localhost:7860.evil.com", 403),
        ("http://localhost:7860@evil.com", 403),
        ("http://evil.com/http://localhost:7860", 403),
        ("ftp://localhost:7860", 403),
        ("null", 403),
        ("localhost:7860", 403),
        ("", 403),
    ],
)
def test_other_origins_are_refused_and_ports_count(method: str, origin: str, status: int) -> None:
    assert client().request(method, "/documents/1", headers={"host": "localhost:7860", "origin": origin}).status_code == status


@pytest.mark.parametrize(
    ("origin", "host"), [("https://docs.example.com", "docs.example.com"), ("https://docs.example.com", "docs.example.com:443")]
)
def test_the_port_that_a_scheme_has_anyway_need_not_be_named(origin: str, host: str) -> None:
    assert client("127.0.0.1", "docs.example.com").post("/", headers={"host": host, "origin": origin}).status_code == 200


def test_a_link_elsewhere_opens_the_page_and_nothing_else() -> None:
    page = client()
    assert page.get("/", headers=BROWSER).status_code == 200
    assert page.get("/documents/1", headers=BROWSER).status_code == 403
    assert page.post("/", headers=BROWSER).status_code == 403
    for changed in ({"sec-fetch-dest": "iframe"}, {"sec-fetch-mode": "no-cors"}, {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}):
        assert page.get("/", headers=BROWSER | changed).status_code == 403
    for site, status in {"same-site": 403, "same-origin": 200, "none": 200, "anything": 403}.items():
        assert page.get("/documents/1", headers={"sec-fetch-site": site, "sec-fetch-dest": "image"}).status_code == status


def test_a_name_is_allowed_by_a_setting_for_any_address() -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        page = client(host, "docs.example.com", "[fd00::0001]")
        for name in ("docs.example.com", "DOCS.example.com:443", "[fd00::1]:80"):
            assert page.get("/", headers={"host": name}).status_code == 200
        assert page.get("/", headers={"host": "sub.docs.example.com"}).status_code == 400


def test_a_page_for_others_answers_to_this_machines_names_and_to_the_address_that_was_asked() -> None:
    names = answered_names("0.0.0.0", ())
    assert names >= {*LOOPBACK, socket.gethostname().lower()}
    assert not names & {"0.0.0.0", ""}
    assert "192.168.1.5" in answered_names("192.168.1.5", ())
    asked = TestClient(client("0.0.0.0").app, base_url="http://192.168.1.5:7860")
    assert asked.get("/").status_code == 200
    assert asked.get("/", headers={"host": "192.168.1.6:7860"}).status_code == 400
    assert TestClient(client("0.0.0.0").app, base_url="http://evil.example").get("/").status_code == 400


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("evil.localhost.com", False),
    ],
)
def test_a_loopback_address_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
