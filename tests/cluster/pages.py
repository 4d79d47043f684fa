"""What a browser does on a server's page, without one: asking, and uploading files."""

import itertools
import json
from typing import Any

import httpx2

from tests.page_server import config_in, file_data

_tabs = itertools.count(1)


def ask(http: httpx2.Client, question: str, conversation_id: str | None = None) -> str:
    """Ask, and return the id of the conversation that the answer is in: a new one, or the given."""
    before = {each["id"] for each in http.get("/api/conversations").raise_for_status().json()}
    _call(http, "ask", [question, conversation_id, "", [], "", None])
    if conversation_id:
        return conversation_id
    (made,) = {each["id"] for each in http.get("/api/conversations").raise_for_status().json()} - before
    return str(made)


def turns(http: httpx2.Client, conversation_id: str) -> list[tuple[str, str]]:
    """The questions of a conversation, each with its answer's text."""
    found = http.get(f"/api/conversations/{conversation_id}").raise_for_status().json()
    return [(turn["question"], turn["answer"]["text"]) for turn in found["turns"]]


def upload(http: httpx2.Client, files: dict[str, bytes]) -> str:
    """Hand files over, by name, and return the list of files that the page shows then; they are read later."""
    sent = [("files", (name, data, "text/plain")) for name, data in files.items()]
    paths = http.post("/gradio_api/upload", files=sent).raise_for_status().json()
    given = [file_data(path, orig_name=name) for path, name in zip(paths, files, strict=True)]
    return str(_call(http, "upload", [given, None])[1])


def _call(http: httpx2.Client, name: str, data: list[Any]) -> list[Any]:
    """Call an event of the page, and return what it puts on the page in the end."""
    events = {event["api_name"]: event for event in config_in(http.get("/").raise_for_status().text)["dependencies"]}
    tab = f"tab{next(_tabs):07}"
    body = {
        "fn_index": events[name]["id"],
        "data": data,
        "session_hash": tab,
        "event_data": None,
        "trigger_id": events[name]["targets"][0][0],
    }
    http.post("/gradio_api/queue/join", json=body).raise_for_status()
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": tab}) as stream:
        for line in stream.iter_lines():
            message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if message.get("msg") == "process_completed":
                assert message["success"], message
                return list(message["output"]["data"])
    raise AssertionError(f"{name} did not end")
