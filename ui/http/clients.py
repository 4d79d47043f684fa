"""Who sends a request: a browser, known by a cookie, at an address."""

import ipaddress
import re
import secrets
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.http.addresses import numeric_address
from ui.http.paths import root_of

COOKIE = "footnote-session"
KEY = "footnote.client"  # of a scope
_TOKEN = re.compile(r"[\w-]{32,64}", re.ASCII)


def cookie_name(scope: Scope, name: str) -> str:
    """What a cookie is called in a browser: over HTTPS so that none which was set over HTTP, by whoever is between, is taken for it."""
    return f"__Secure-{name}" if scope.get("scheme") == "https" else name


@dataclass(frozen=True, slots=True)
class Client:
    """Its `session` is the cookie's value, new for each request without one; its `address` an IPv4 address or an IPv6 /64 network.

    Where people sign in, `person` is the id of who has, and belongs to the session.
    """

    session: str
    address: str
    person: str = ""

    @property
    def holder(self) -> str:
        """Who shares the limits of several browsers: the person, or whoever else is at the address. Many people may be behind one proxy."""
        return self.person or self.address


def client_of(scope: Scope) -> Client:
    """The client of a request that has come through `with_clients`."""
    client: Client = scope[KEY]
    return client


def with_clients(app: ASGIApp) -> ASGIApp:
    """ASGI middleware that tells clients apart.

    The cookie means "the same browser as before" and gives access to nothing; cross-site requests are refused before (`addresses`).
    SameSite is Lax, not Strict: a link in an e-mail would come without a Strict cookie, and the new one would take the place of the old.
    """

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        name = cookie_name(scope, COOKIE)
        known = HTTPConnection(scope).cookies.get(name, "")
        session = known if _TOKEN.fullmatch(known) else secrets.token_urlsafe(32)

        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def send_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and session != known:
                cookie = f"{name}={session}; Path={root_of(scope) or '/'}; HttpOnly; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        client = Client(session, _network(str((scope.get("client") or ("",))[0])))
        await app({**scope, KEY: client}, receive, send_cookie)

    return identified


def _network(address: str) -> str:
    numeric = numeric_address(address)
    if numeric is None:
        return address
    return str(numeric if numeric.version == 4 else ipaddress.ip_network((numeric, 64), strict=False))
