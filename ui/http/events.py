"""The gate before the page's events: they must be well-formed, take only files of their own browser, and leave room for others."""

import json
import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders, QueryParams
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.http.access import caller_of
from ui.http.callers import not_allowed
from ui.http.clients import Client, client_of
from ui.http.gradio_routes import API
from ui.http.paths import path_of
from ui.http.uploads import Uploads, files_in
from ui.people.rights import Right, includes

EVENTS = {f"{API}/queue/join", f"{API}/run/predict"}
RESULTS = f"{API}/queue/data"
CONTROLS: Mapping[str, Mapping[str, type]] = {
    f"{API}/cancel": {"session_hash": str, "fn_index": int, "event_id": str},
    f"{API}/reset": {"event_id": str},
}
"""What ends an event, and what it is told."""
MOST_BYTES = 8_000_000  # of an event; texts to compare or classify are the longest
MOST_EVENTS = 8  # waiting or running at a time, of a browser
MOST_EVENTS_A_HOLDER = 16  # the same for all browsers of a person, or at an address; fewer than can run at a time: others need room
MOST_TABS = 40  # of a browser whose state the server keeps, 240 kB each; the least recently used loses it until it is reloaded
MOST_TABS_A_HOLDER = 200
MOST_TABS_IN_ALL = 500
TOO_MANY = "Too many requests are running for this browser. Wait for an answer to finish, then try again."
TOO_LONG = f"This text is larger than {MOST_BYTES // 1_000_000} MB. Send a part of it."
MALFORMED = "The request is malformed."
NOT_YOURS = "This tab belongs to somebody else. Reload the page."
NOT_UPLOADED = "This file was not uploaded from this page. Upload it again."
_TAB = re.compile(r"\w{1,40}", re.ASCII)  # Gradio's session hash: made up by each page that is loaded


class EventGate:
    """ASGI middleware around Gradio's app that checks each event before Gradio reads it; `queue` and `sessions` are Gradio's.

    `rights` is what each event needs, by its number; others need "admin".
    """

    def __init__(self, app: ASGIApp, uploads: Uploads, queue: Any, sessions: Any, rights: Mapping[int, Right]) -> None:
        self._rights = rights
        self._app = app
        self._uploads = uploads
        self._queue = queue
        self._sessions = sessions
        self._tabs: OrderedDict[str, Client] = OrderedDict()
        self._at_once: Counter[Client] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check events, and pass everything else on."""
        if scope["type"] == "http" and path_of(scope) == RESULTS and self._is_anothers(_tab_asked(scope), client_of(scope)):
            await _refusal(403, NOT_YOURS)(scope, receive, send)
            return
        if scope["type"] != "http" or path_of(scope) not in {*EVENTS, *CONTROLS}:
            await self._app(scope, receive, send)
            return
        client = client_of(scope)
        if wanted := CONTROLS.get(path_of(scope)):
            await self._passed(self._controlled(client, wanted, await _body(receive)), scope, receive, send)
            return
        if self._has_enough(client):
            await _refusal(429, TOO_MANY)(scope, receive, send)
            return
        self._at_once[client] += 1
        try:
            await self._passed(self._checked(client, caller_of(scope).right, await _body(receive)), scope, receive, send)
        finally:
            self._at_once[client] -= 1
            self._at_once += Counter()  # drops the zeros

    async def _passed(self, checked: bytes | JSONResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Have Gradio read what was checked; or refuse."""
        if isinstance(checked, JSONResponse):
            await checked(scope, receive, send)
            return
        scope = {**scope, "headers": [*scope["headers"]]}
        headers = MutableHeaders(scope=scope)
        headers["content-length"], headers["content-type"] = str(len(checked)), "application/json"
        await self._app(scope, _replayed(checked, receive), send)

    def _controlled(self, client: Client, wanted: Mapping[str, type], body: bytes | None) -> bytes | JSONResponse:
        """What ends an event, as `_checked`."""
        given = _parsed(body or b"")
        if not all(isinstance(given.get(name), kind) for name, kind in wanted.items()):
            return _refusal(400, MALFORMED)
        if self._is_anothers(given.get("session_hash", ""), client):
            return _refusal(403, NOT_YOURS)
        return json.dumps({name: given[name] for name in wanted}).encode()

    def _has_enough(self, client: Client) -> bool:
        unfinished = (client_of(event.request.scope) for event in self._unfinished())
        running = [*unfinished, *self._at_once.elements()]
        of_browser = sum(one.session == client.session for one in running)
        of_holder = sum(one.holder == client.holder for one in running)
        return of_browser >= MOST_EVENTS or of_holder >= MOST_EVENTS_A_HOLDER

    def _unfinished(self) -> list[Any]:
        """Gradio's events that wait or run."""
        return list(self._queue.event_ids_to_events.values())

    def _checked(self, client: Client, has: Right | None, body: bytes | None) -> bytes | JSONResponse:
        """An event, written anew so that Gradio reads what was checked, whatever another parser made of it; else the refusal."""
        if body is None:
            return _refusal(413, TOO_LONG)
        event = _parsed(body)
        tab = event.get("session_hash")
        if not (isinstance(tab, str) and _TAB.fullmatch(tab)):
            return _refusal(400, MALFORMED)
        if words := NOT_YOURS if self._is_anothers(tab, client) else self._not_allowed(event.get("fn_index"), has):
            return _refusal(403, words)
        for file in files_in(event):
            if not self._uploads.has(client.session, file.get("path")):
                return _refusal(403, NOT_UPLOADED)
            file["url"] = None  # the server fetches nothing
        self._remember(tab, client)
        return json.dumps(event).encode()

    def _not_allowed(self, number: object, has: Right | None) -> str:
        """Why who has a right may not call an event, or ""."""
        needed = self._rights.get(number, "admin") if isinstance(number, int) else "admin"
        return "" if includes(has, needed) else not_allowed(needed, has or "read")

    def _is_anothers(self, tab: str, client: Client) -> bool:
        """Whether another person uses a tab: its name is no secret to who used this browser before."""
        known = self._tabs.get(tab)
        return known is not None and known.person != client.person

    def _remember(self, tab: str, client: Client) -> None:
        self._tabs[tab] = client
        self._tabs.move_to_end(tab)
        for most, same in (
            (MOST_TABS, [name for name, one in self._tabs.items() if one.session == client.session]),
            (MOST_TABS_A_HOLDER, [name for name, one in self._tabs.items() if one.holder == client.holder]),
            (MOST_TABS_IN_ALL, [*self._tabs]),
        ):
            for name in same[:-most]:
                self._tabs.pop(name, None)
                self._forget(name)

    def _forget(self, tab: str) -> None:
        """Drop a tab's state, but not the messages of an event that still runs."""
        is_busy = any(event.session_hash == tab for event in self._unfinished())
        messages = () if is_busy else (self._queue.pending_event_ids_session, self._queue.pending_messages_per_session)
        for kept in (self._sessions.session_data, self._sessions.time_last_used, *messages):
            kept.pop(tab, None)


def _tab_asked(scope: Scope) -> str:
    return QueryParams(scope["query_string"]).get("session_hash", "")


def _parsed(body: bytes) -> dict[str, Any]:
    """The object of a body; an empty one where it is none."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


async def _body(receive: Receive) -> bytes | None:
    """A request's body, or None where it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        body.extend(message.get("body", b""))
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"detail": message, "error": message}, status)
