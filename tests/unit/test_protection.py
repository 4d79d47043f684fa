"""What browsers are told with each answer, and what nobody is told."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from rag.storing.places import Places
from tests.postgres_server import PostgresServer
from ui.http.access import COOKIE, Access, with_access
from ui.http.clients import with_clients
from ui.http.people import people_routes
from ui.http.protection import with_protection
from ui.people.store import People

SECRET = "correct horse battery"


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("https://docs.example.com", True),
        ("https://docs.example.com:443", True),
        ("https://docs.example.com:7860", False),  # another server has this name's usual port
        ("https://[2001:db8::1]:7860", False),
        ("http://docs.example.com", False),
    ],
)
def test_browsers_stay_with_https_where_it_is_the_name_s_own(url: str, stays: bool) -> None:
    got = TestClient(with_protection(PlainTextResponse("x")), base_url=url).get("/")
    assert (got.headers.get("strict-transport-security") == "max-age=31536000") is stays


def test_nobody_learns_where_a_file_lies_that_cannot_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "people.sqlite3").write_bytes(b"no database" * 1000)
    with People(tmp_path / "people.sqlite3") as people:
        got = TestClient(with_access(PlainTextResponse("secret"), Access(people))).get("/")
    assert (got.status_code, str(tmp_path) in got.text, "secret" in got.text) == (503, False, False)
    assert str(tmp_path) in caplog.text


def test_while_the_database_is_away_nobody_is_let_in_and_health_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    away = Places(tmp_path, "postgresql://ada:s3cret@127.0.0.1:1/none").database("people")
    with People(away) as people:
        http = TestClient(with_access(PlainTextResponse("fine"), Access(people)))
        assert [http.get(path).status_code for path in ("/", "/api/documents", "/healthz", "/readyz")] == [503, 503, 200, 200]
        assert http.post("/healthz").status_code == 503
    assert "The database none at 127.0.0.1:1 cannot be used" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_database_that_answers_nothing_keeps_only_those_waiting_who_need_it(postgres: PostgresServer, tmp_path: Path) -> None:
    with People(Places(tmp_path, postgres.database()).database("people")) as people:
        assert not people.exist()
        http = TestClient(with_access(PlainTextResponse("fine"), Access(people), 0.5))
        postgres.pause()
        try:
            assert [http.get(path).status_code for path in ("/", "/healthz")] == [503, 200]
        finally:
            postgres.resume()
        assert http.get("/").status_code == 200


def test_over_https_a_session_is_none_that_was_set_over_http(tmp_path: Path) -> None:
    with People(tmp_path / "people.sqlite3", PasswordHasher(1, 8, 1)) as people:
        people.add("Ada", SECRET, "administrator")
        built, access = FastAPI(), Access(people)
        built.include_router(people_routes(access))
        built.add_middleware(with_access, access=access)
        built.add_middleware(with_clients)
        with TestClient(built, base_url="https://docs.example.com", follow_redirects=False) as http:
            sent = http.post("/sign-in", data={"name": "Ada", "password": SECRET}).headers.get_list("set-cookie")
            assert len(sent) == 2  # the browser's, the session's
            assert all(each.startswith("__Secure-footnote-") and "; Secure" in each and "; HttpOnly" in each for each in sent)
            assert http.get("/account").status_code == 200
            secret = http.cookies[f"__Secure-{COOKIE}"]
            http.cookies.clear()
            assert http.get("/account", headers={"cookie": f"{COOKIE}={secret}"}).status_code == 303
            out = http.post("/sign-out", headers={"cookie": f"__Secure-{COOKIE}={secret}"}).headers.get_list("set-cookie")
            assert any(each.startswith(f'__Secure-{COOKIE}=""') and "; Secure" in each for each in out)  # else browsers keep it
