"""What is known of each request: its id, who sent it, and what came of it. It is told when the request has ended.

A request has one `Seen`, which every copy of its scope shares: `with_requests` begins it, `with_access` says who it is, `with_route` which
route answered.
"""

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.remote.wire import PROBLEM
from rag.tracing import span
from ui.http.proxies import USER
from ui.people.audit import TRAIL, AuditLog, Fact, Trail, note_of

REQUEST_ID = "X-Request-ID"
OTHER = "other"  # the route of what was refused or is not there: no path that somebody made up
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
DOORS = re.compile(r"/(api|v1|mcp)(?:/.*)?")
COMPUTES = re.compile(r"/api/(search|chunks|ask|check|confidence)|/v1/.*|/mcp|/gradio_api/.*")
"""What is posted and changes nothing by itself: questions make records of their own (`ui.people.recording`), as do the page's events."""
SECONDS_BETWEEN_REFUSALS = 60.0  # that are recorded, of one caller at one route: guessing fills no disk
MOST_PATH_CHARACTERS = 200
MOST_REFUSALS = 10_000  # that are remembered for it
READS = re.compile(r".*/(original|export(\..*)?)|.*\.csv|/api/vectors")
"""What is read and recorded: what takes documents, conversations or tables away."""
NOT_TRACED = re.compile(r"/(healthz|readyz|metrics|gradio_api/heartbeat/[^/]*)$")
INTERNAL_SERVER_ERROR = 500
_KEY = "footnote.seen"
_ID = re.compile(r"[A-Za-z0-9._=+/-]{8,128}", re.ASCII)


@dataclass(slots=True)
class Seen:
    """A request."""

    trail: Trail = field(default_factory=Trail)
    method: str = ""
    route: str = OTHER
    status: int = 0
    seconds: float = 0.0
    path: str = ""
    is_kept: bool = False
    has_token: bool = False
    parameters: Mapping[str, Fact] = field(default_factory=dict)

    def let_in(self, scope: Scope, path: str, log: AuditLog | None, *, person: str, name: str) -> None:
        """Note who has sent it for a path within the library, and whether it is recorded."""
        trail, client = self.trail, scope.get("footnote.client")
        trail.person, trail.name = person, name
        trail.log, trail.address = log, client.address if client else ""
        door = DOORS.fullmatch(path)
        trail.door = door[1] if door else "page"
        self.path, self.has_token = path, "authorization" in Headers(scope=scope)
        self.is_kept = is_kept(scope["method"], path)


class ProblemResponse(JSONResponse):
    """A refusal or a failure as a problem (RFC 9457), with the id of its request, by which it is found in the server's log."""

    media_type = PROBLEM

    def __init__(self, about: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> None:
        trail = TRAIL.get()
        super().__init__({**about, "request_id": trail.request} if trail and trail.request else about, status, headers)


def is_kept(method: str, path: str) -> bool:
    """Whether a request is recorded where nothing says more of it: all that may change something, and what takes something away."""
    return bool(READS.fullmatch(path)) if method in {"GET", "HEAD", "OPTIONS"} else not COMPUTES.fullmatch(path)


def seen_of(scope: Scope) -> Seen:
    """The request of a scope; a new one where `with_requests` has not begun it."""
    seen: Seen = scope.get(_KEY) or Seen()
    return seen


def with_requests(app: ASGIApp, tell: Sequence[Callable[[Seen], None]] = ()) -> ASGIApp:
    """ASGI middleware that gives each request an id, a trusted proxy's if that is well-formed, and tells when it has ended."""
    refusals = _Refusals()

    async def seen_through(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        is_taken = USER in scope and _ID.fullmatch(given)
        seen = Seen(Trail(request=given if is_taken else secrets.token_hex(8)), scope["method"])

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = seen.trail.request
            await send(message)

        began, trailed = time.perf_counter(), TRAIL.set(seen.trail)
        try:
            with _traced(scope, seen):
                await app({**scope, _KEY: seen}, receive, send_seen)
            TRAIL.reset(trailed)  # else what logs the fault still knows whose it is
        except Exception:
            if not seen.status:
                await PlainTextResponse("Internal Server Error", 500)(scope, receive, send_seen)
            seen.status = 500
            raise
        finally:
            seen.seconds = time.perf_counter() - began
            _record(seen, refusals)
            for each in tell:
                each(seen)

    return seen_through


@contextmanager
def _traced(scope: Scope, seen: Seen) -> Iterator[None]:
    """Time a request, within the step of another program that it names; probes and open pages are none."""
    if NOT_TRACED.search(scope["path"]):
        yield
        return
    with span(seen.method, kind="server", headers=Headers(scope=scope)) as step:
        try:
            yield
        finally:
            method = seen.method if seen.method in METHODS else "_OTHER"
            status = {"http.response.status_code": seen.status} if seen.status else {}  # none where the client has gone before
            step.describe({"http.request.method": method, "http.route": seen.route, **status}, f"{method} {seen.route}")
            if seen.status >= INTERNAL_SERVER_ERROR:
                step.fail(str(seen.status))


def with_route(app: ASGIApp) -> ASGIApp:
    """ASGI middleware within an app that notes which of its routes answered, by the template of its path."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        finally:
            if (seen := scope.get(_KEY)) and (path := getattr(scope.get("route"), "path", None)) is not None:
                door = seen.trail.door
                seen.route = f"/{door}{path}" if door in {"api", "v1"} and not path.startswith(f"/{door}") else path
                seen.parameters = scope.get("path_params", {})

    return routed


class _Refusals:
    """Remembers who was refused what a short while ago; used by the event loop alone."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def is_new(self, *key: str) -> bool:
        now = time.monotonic()
        while self._until and (len(self._until) > MOST_REFUSALS or next(iter(self._until.values())) < now):
            self._until.popitem(last=False)
        return self._until.setdefault(key, now + SECONDS_BETWEEN_REFUSALS) > now + SECONDS_BETWEEN_REFUSALS - 1e-9


def _record(seen: Seen, refusals: _Refusals) -> None:
    """Record what changed or took something, where nothing has said more of it; and what somebody was refused."""
    trail = seen.trail
    facts: dict[str, Fact] = {"method": seen.method, "route": seen.route, "status": seen.status}
    if trail.is_noted or trail.log is None:
        return
    if seen.status in {401, 403, 429}:
        is_told = trail.person or seen.has_token or seen.is_kept or seen.path.startswith("/sign-in")
        if is_told and refusals.is_new(trail.person or trail.address, *map(str, facts.values())):
            note_of(trail, "refused", {**facts, "path": seen.path[:MOST_PATH_CHARACTERS]})
    elif seen.is_kept:
        note_of(trail, "request", {**seen.parameters, **facts})
