"""Which names the page answers to, and which web sites may make a browser ask it."""

import ipaddress
import re
import socket
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.http.paths import path_of, split_library

SHARED_PAGE = re.compile(r"(/libraries/[0-9a-f]{8})?/shared/[\w-]{22}", re.ASCII)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PORTS = {"http": "80", "https": "443"}  # default port by scheme of an origin
_NETLOC = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?)(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)


def split_address(address: str) -> tuple[str, str] | None:
    """Name and port ("" for none) of an address as in `Host`, or None where it is malformed."""
    found = _NETLOC.fullmatch(address)
    return (_plain(found[1]), found[2] or "") if found else None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    plain = _plain(host)
    address = numeric_address(plain)
    return address.is_loopback if address else plain == "localhost"


def answered_names(host: str, allowed: Collection[str]) -> set[str]:
    """The names that a page listening on `host` answers to, besides the numeric address that a request arrived at."""
    names = {*LOOPBACK, _plain(host), *map(_plain, allowed)}
    if not is_loopback(host):
        own = socket.gethostname().lower()
        names |= {own, f"{own.partition('.')[0]}.local"}
    return names - {"", "0.0.0.0", "::"}


def own_addresses_only(app: ASGIApp, names: Collection[str]) -> ASGIApp:
    """ASGI middleware against DNS rebinding and cross-site requests. Only the page itself can be opened by a link from elsewhere."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # nothing here speaks it
        else:
            refusal = _refusal(scope, names) if scope["type"] == "http" else None
            await (refusal or app)(scope, receive, send)

    return guarded


def _refusal(scope: Scope, names: Collection[str]) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    hosts, origins = headers.getlist("host"), headers.getlist("origin")
    address = split_address(hosts[0]) if len(hosts) == 1 else None
    if address is None:
        return PlainTextResponse("The Host header is missing or malformed.", 400)
    if address[0] not in names and address[0] != _arrived_at(scope):
        return PlainTextResponse("Footnote does not answer to this name. Add it to RAG_ALLOWED_HOSTS.", 400)
    is_foreign = len(origins) > 1 or (origins and not _is_same(origins[0], address))
    is_cross_site = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not _opens_the_page(scope, headers)
    if is_foreign or is_cross_site:
        return PlainTextResponse("Requests from other web sites are refused.", 403)
    return None


def _is_same(origin: str, address: tuple[str, str]) -> bool:
    scheme, _, netloc = origin.partition("://")
    other, port = split_address(netloc), PORTS.get(scheme)
    return bool(other and port) and other is not None and (other[0], other[1] or port) == (address[0], address[1] or port)


def _opens_the_page(scope: Scope, headers: Headers) -> bool:
    """Whether a link from elsewhere leads to the page, to where that leads first, or to where an administrator's mail does."""
    is_navigation = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    whole = path_of(scope)
    opened = {"", "/", "/sign-in", "/sign-in/callback", "/choose-password"}  # where the first leads, and a provider
    is_linked = split_library(whole)[1] in opened or SHARED_PAGE.fullmatch(whole)
    return is_navigation and scope["method"] == "GET" and bool(is_linked)


def _arrived_at(scope: Scope) -> str:
    """The address of this machine that was connected to, if numeric: a name can be made to point at it, a number cannot."""
    server = _plain(str((scope.get("server") or ("",))[0]))
    return server if numeric_address(server) else ""


def _plain(name: str) -> str:
    """One spelling of a name or address."""
    name = name.strip().strip("[]").lower().rstrip(".")
    address = numeric_address(name)
    return address.compressed if address else name


def numeric_address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text spells, IPv4 where IPv6 wraps it; None for a name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
