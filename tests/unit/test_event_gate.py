"""How many unfinished events the page takes: many people may be at one address, and one person at many browsers."""

import asyncio
from types import SimpleNamespace
from typing import Any

from starlette.types import Message

from ui.http.clients import KEY, Client
from ui.http.events import MOST_EVENTS_A_HOLDER, EventGate
from ui.http.uploads import Uploads

TOO_MANY, NOT_ALLOWED = 429, 403


def status(client: Client, unfinished: list[Client]) -> int:
    """What an event is answered while others wait or run: of nobody's, which no right lets in, unless there are too many before."""
    events = {str(number): SimpleNamespace(request=SimpleNamespace(scope={KEY: one})) for number, one in enumerate(unfinished)}
    queue = SimpleNamespace(event_ids_to_events=events)
    found: list[int] = []

    async def inner(*_: Any) -> None:
        raise AssertionError

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"session_hash": "tab", "fn_index": 0}', "more_body": False}

    async def send(message: Message) -> None:
        found.extend([message["status"]] if message["type"] == "http.response.start" else [])

    gate = EventGate(inner, Uploads(), queue, SimpleNamespace(), {0: "read"})
    asyncio.run(gate({"type": "http", "path": "/gradio_api/queue/join", "headers": [], KEY: client}, receive, send))
    return found[0]


def test_people_behind_one_proxy_have_each_their_own_room() -> None:
    colleagues = [Client(f"browser {number}", "10.0.0.1", f"person {number}") for number in range(3 * MOST_EVENTS_A_HOLDER)]
    assert status(Client("mine", "10.0.0.1", "me"), colleagues) == NOT_ALLOWED
    everywhere = [Client(f"browser {number}", f"10.0.1.{number}", "me") for number in range(MOST_EVENTS_A_HOLDER)]
    assert status(Client("mine", "10.0.0.1", "me"), everywhere) == TOO_MANY
    assert status(Client("mine", "10.0.0.1"), [Client(f"browser {n}", "10.0.0.1") for n in range(MOST_EVENTS_A_HOLDER)]) == TOO_MANY
