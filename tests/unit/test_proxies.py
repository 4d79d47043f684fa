"""What proxies say counts where they are named."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message, Scope

from rag.settings import networks_in
from ui.http.proxies import USER, behind_proxies

PROXIES = networks_in("10.0.0.2, 192.168.1.0/24, fd00::/8")


def arrived(headers: list[tuple[str, str]], peer: str = "10.0.0.2", **more: Any) -> Scope | int:
    """A request as it comes through, or the status with which it is refused."""
    got: list[Any] = []

    async def inner(scope: Scope, receive: Any, send: Any) -> None:
        got.append(scope)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            got.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    raw = [(b"host", b"inside:7860"), *((name.encode(), value.encode()) for name, value in headers)]
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": raw, "scheme": "http"}

    async def ask() -> None:
        await behind_proxies(inner, PROXIES, "X-Remote-User")({**scope, "client": (peer, 1), **more}, receive, send)

    asyncio.run(ask())
    return got[0]  # type: ignore[no-any-return]


def told(headers: list[tuple[str, str]], peer: str = "10.0.0.2") -> tuple[str, str, str]:
    """The address, the scheme and the host that a request has then."""
    scope = arrived(headers, peer)
    assert isinstance(scope, dict)
    return scope["client"][0], scope["scheme"], Request(scope).headers["host"]


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 192.168.1.9"], "203.0.113.7"),  # two proxies
        (["8.8.8.8, 127.0.0.1, 203.0.113.7, 192.168.1.9"], "203.0.113.7"),  # the client began with lies
        (["8.8.8.8", "203.0.113.7"], "203.0.113.7"),  # the same in two headers
        (["203.0.113.7:4711"], "203.0.113.7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["8.8.8.8, unknown, 192.168.1.9"], "192.168.1.9"),  # as far as can be read
        (["<script>"], "10.0.0.2"),
        ([""], "10.0.0.2"),
        (["192.168.1.1, 192.168.1.2"], "192.168.1.1"),  # a client within the proxies' network
    ],
)
def test_the_client_is_the_last_that_no_proxy_is(chain: list[str], address: str) -> None:
    assert told([("x-forwarded-for", each) for each in chain])[0] == address


def test_scheme_and_host_are_taken_where_they_are_said_once() -> None:
    proto, host = ("x-forwarded-proto", "https"), ("x-forwarded-host", "docs.example.com")
    assert told([proto, host])[1:] == ("https", "docs.example.com")
    for lies in ([proto, proto], [("x-forwarded-proto", "https, http")], [("x-forwarded-proto", "javascript")]):
        assert told(lies)[1] == "http"
    for lies in ([host, host], [("x-forwarded-host", "evil.example, docs.example.com")]):
        assert told(lies)[2] == "inside:7860"


def test_a_prefix_belongs_to_the_path() -> None:
    for path in ("/x", "/docs/x"):
        scope = arrived([("x-forwarded-prefix", "/docs/")], path=path)
        assert isinstance(scope, dict)
        assert (scope["root_path"], scope["path"]) == ("/docs", "/docs/x")
    for odd in ("//evil.example", "/../etc", "docs", "/a b", "/"):
        scope = arrived([("x-forwarded-prefix", odd)])
        assert isinstance(scope, dict)
        assert (scope.get("root_path", ""), scope["path"]) == ("", "/x")


def test_a_trusted_proxy_names_the_person_once() -> None:
    for name in ("ada", "Zoë", "CN=Ada, DC=example"):
        scope = arrived([("X-Remote-User", f" {name} ")], "192.168.1.77")
        assert isinstance(scope, dict)
        assert scope[USER] == name
        assert "x-remote-user" not in Request(scope).headers
    assert arrived([("x-remote-user", "ada"), ("X-Remote-User", "eve")]) == 400


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.3", "127.0.0.1", "", "unix"])
def test_from_others_all_of_it_is_dropped(peer: str, caplog: pytest.LogCaptureFixture) -> None:
    lies = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("Forwarded", "for=::1"),
    ]
    spelled = [(name, "admin") for name in ("x-remote-user", "X_Remote_User", "x-remote_user")]
    with caplog.at_level(logging.WARNING):
        scope = arrived([*lies, *spelled, ("x-forwarded-prefix", "/evil"), ("x_forwarded_for", "::1"), ("accept", "*/*")], peer)
    assert isinstance(scope, dict)
    assert (scope["client"][0], scope["scheme"], scope["path"]) == (peer, "http", "/x")
    assert not scope.get(USER)
    assert [name for name, _ in scope["headers"]] == [b"host", b"accept"]
    assert "RAG_TRUSTED_PROXIES" in caplog.text


def test_it_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def inner(scope: Scope, receive: Any, send: Any) -> None:
        pass

    app = behind_proxies(inner, PROXIES, "x-remote-user")
    scope = {"type": "http", "path": "/", "headers": [(b"x-remote-user", b"eve")], "client": ("203.0.113.7", 1)}

    async def ask() -> None:
        for _ in range(3):
            await app(dict(scope), None, None)  # type: ignore[arg-type]

    asyncio.run(ask())
    assert len(caplog.records) == 1


@pytest.mark.parametrize("value", ["proxy.example.com", "10.0.0.0/33", "10.0.0.1/24", "10.0.0.1 10.0.0.2", "٣.0.0.1"])
def test_proxies_are_named_by_numbers(value: str) -> None:
    with pytest.raises(ValueError, match="is not an address or network"):
        networks_in(value)
