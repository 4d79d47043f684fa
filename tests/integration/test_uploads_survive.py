"""`rag serve` is stopped and killed with uploads waiting: each of them arrives, once."""

import json
import signal
from pathlib import Path

import httpx2
import pytest

from rag import Library
from tests.browser.serving import RagServer
from tests.page_server import config_of, file_data

FILES = 8
WORDS = "boats pass the lock and the harbour master counts them all day long. "


def upload(server: RagServer, names: list[str]) -> str:
    """Upload files as the page does, and give the list that it shows then."""
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        config = config_of(client)
        drop = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "drop")
        event, inputs = next((one["id"], one["inputs"]) for one in config["dependencies"] if [drop, "upload"] in map(list, one["targets"]))
        sent = [("files", (name, f"{name} {WORDS}".encode(), "text/plain")) for name in names]
        paths = client.post("/gradio_api/upload", files=sent).json()
        files = [file_data(path, orig_name=name) for path, name in zip(paths, names, strict=True)]
        asked = {
            "data": [files, *(None for _ in inputs[1:])],
            "fn_index": event,
            "session_hash": "uploads",
            "event_data": None,
            "trigger_id": drop,
        }
        assert client.post("/gradio_api/queue/join", json=asked).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "uploads"}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return str(message["output"]["data"][1])
    raise AssertionError("the upload did not end")


@pytest.mark.parametrize("end", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)])
def test_uploads_that_wait_outlive_the_server(tmp_path: Path, end: signal.Signals) -> None:
    empty = tmp_path / "samples"
    empty.mkdir()
    names = [f"{n}.txt" for n in range(FILES)]
    with RagServer(tmp_path, empty) as server:
        listing = upload(server, names)
        server.end(end)
    assert (tmp_path / "library" / "chroma.seal.json").exists() == (end == signal.SIGTERM)  # closed well, or not at all
    assert all(name in listing for name in names)
    with RagServer(tmp_path, empty) as server:
        server.wait_for(FILES)
    with Library.open(tmp_path / "library") as library:
        assert sorted(record.name for record in library.documents()) == names
    assert list((tmp_path / "library" / "queue").iterdir()) == []
