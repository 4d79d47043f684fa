"""Proxies in front of the server: what they say of a request counts where they are named, and is dropped from everybody else."""

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.settings import Network
from ui.http.addresses import numeric_address

USER = "footnote.proxy-user"  # of a scope: whom a trusted proxy names
_FORWARDED = {*(f"x-forwarded-{what}" for what in ("for", "proto", "host", "port", "prefix")), "forwarded", "x-gradio-server"}
_PREFIX = re.compile(r"(/[\w~-][\w.~-]*)+", re.ASCII)
log = logging.getLogger(__name__)


def behind_proxies(app: ASGIApp, trusted: Sequence[Network] = (), user_header: str = "") -> ASGIApp:
    """ASGI middleware that lets trusted proxies say who asks: the address, the scheme, the host, and with `user_header` the person.

    What was said is taken out of the headers, so that nothing behind this, such as Gradio, reads it by rules of its own.
    """
    user_header = user_header.lower()
    told = set[str]()

    async def forwarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        said, headers = _parted(scope, {*_FORWARDED, user_header})
        peer = str((scope.get("client") or ("",))[0])
        scope = {**scope, "headers": headers}
        if not is_trusted(peer, trusted):
            if user_header in said and not told:
                told.add(peer)
                log.warning("%s named a user in %s, and is none of RAG_TRUSTED_PROXIES: the header is ignored.", peer, user_header)
            await app(scope, receive, send)
            return
        users = said.pop(user_header, [])
        if len(users) > 1:
            await PlainTextResponse(f"The proxy sends {user_header} more than once. It must replace the header.", 400)(scope, receive, send)
            return
        await app({**scope, **_told(scope, said, trusted), USER: users[0].strip() if users else ""}, receive, send)

    return forwarded


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether an address is a named proxy's."""
    numeric = numeric_address(address)
    return numeric is not None and any(numeric in network for network in trusted)


def _parted(scope: Scope, names: set[str]) -> tuple[dict[str, list[str]], list[tuple[bytes, bytes]]]:
    """The values of some headers, and all other headers; an underscore, which some programs take for a hyphen, hides none."""
    said, others = defaultdict[str, list[str]](list), list[tuple[bytes, bytes]]()
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").lower()
        if name in names:
            said[name].append(_decoded(value))
        elif name.replace("_", "-") not in names:
            others.append((raw, value))
    return dict(said), others


def _told(scope: Scope, said: Mapping[str, list[str]], trusted: Sequence[Network]) -> Scope:
    """What of a request is other than it came from the proxy. What is said twice, or in a list, was not said by the proxy alone."""
    told: Scope = {}
    if address := _client(",".join(said.get("x-forwarded-for", [])), trusted):
        told["client"] = (address, 0)
    scheme, host, prefix = (_only(said.get(f"x-forwarded-{what}", [])) for what in ("proto", "host", "prefix"))
    if scheme in {"http", "https"}:
        told["scheme"] = scheme
    if host:
        told["headers"] = [
            *((name, value) for name, value in scope["headers"] if name != b"host"),
            (b"host", host.encode("latin-1", "replace")),
        ]
    prefix = prefix.rstrip("/")
    if _PREFIX.fullmatch(prefix):  # which the proxy may have taken off the path
        told["root_path"] = prefix
        told["path"] = scope["path"] if scope["path"].startswith(f"{prefix}/") else f"{prefix}{scope['path']}"
    return told


def _client(chain: str, trusted: Sequence[Network]) -> str:
    """The last address in a chain that no trusted proxy has, or the first; "" where none is to be read. A client may begin it with lies."""
    found = ""
    for hop in reversed(chain.split(",")):
        numeric = numeric_address(_without_port(hop.strip()))
        if numeric is None:
            break
        found = str(numeric)
        if not is_trusted(found, trusted):
            break
    return found


def _without_port(hop: str) -> str:
    bracketed = re.fullmatch(r"\[([^\]]*)\](:\d+)?", hop)
    if bracketed:
        return bracketed[1]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _only(values: list[str]) -> str:
    return values[0].strip() if len(values) == 1 and "," not in values[0] else ""


def _decoded(value: bytes) -> str:
    """Of a header: nginx and Caddy send names in UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
