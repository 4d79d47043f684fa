"""A stand-in embedding server: real HTTP on 127.0.0.1, its behaviour chosen by the first part of the path.

    with EmbeddingServer() as server:
        embedder = EndpointEmbedder("stand-in", EmbeddingEndpoint(server.url()))

All answer POST /BEHAVIOUR/v1/embeddings with the vectors of `embedder`, any one, times 3: what comes must be brought to unit length.
`ok` gives them last first, each with its index; `base64` sends base64 whatever is asked for. `busy` answers the first two requests with
429 and a Retry-After, `flaky` the first with 503. `401 404 413 429 500` answer with that status, 429 wants a long pause,
`echo-key` repeats the key in an error.
`fewer`, `twice`, `nan`, `zero`, `ragged`, `words`, `html` and `json` answer with status 200 and something else. `silent` says nothing,
`redirect` sends on to `redirect_to`.
"""

import base64
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import numpy as np

from rag.embedding.protocol import Embedder
from tests.fakes import BagOfWordsEmbedder

STATUSES: dict[str, tuple[int, dict[str, Any]]] = {
    "401": (401, {"error": {"message": "Incorrect API key provided: sk-se***et"}}),
    "404": (404, {"error": {"message": "The model `stand-in` does not exist."}}),
    "413": (413, {"error": "batch size 32 > maximum allowed batch size 8"}),
    "429": (429, {"error": {"message": "You exceeded your current quota"}}),
    "500": (500, {"error": {"message": "out of memory"}}),
}
BRIEFLY = {"busy": (2, 429), "flaky": (1, 503)}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class EmbeddingServer:
    """The server, in a thread of its own; a context manager.

    Attributes:
        requests: What came in, oldest first.
        redirect_to: Where `/redirect` points.
    """

    def __init__(self, embedder: Embedder | None = None) -> None:
        self.requests: list[Recorded] = []
        self.redirect_to = ""
        self.closing = threading.Event()
        self.embedder = embedder or BagOfWordsEmbedder()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.embedding = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def url(self, path: str = "/ok/v1") -> str:
        """The address of a path such as "/silent/v1"."""
        return f"http://127.0.0.1:{self._http.server_port}{path}"


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them
    embedding: EmbeddingServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass

    def do_POST(self) -> None:
        embedding = self.server.embedding
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        embedding.requests.append(Recorded(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        behaviour = self.path.split("/")[1]
        times, status = BRIEFLY.get(behaviour, (0, 0))
        if self.path != f"/{behaviour}/v1/embeddings":
            self._json(404, {"detail": "Not Found"})
        elif behaviour in STATUSES:
            self._json(*STATUSES[behaviour], {"Retry-After": "0.05" if behaviour == "500" else "120"})
        elif len(embedding.requests) <= times:
            self._json(status, {"error": {"message": "slow down"}}, {"Retry-After": "0.05"})
        elif behaviour == "echo-key":
            self._json(400, {"error": {"message": f"bad request from {self.headers['Authorization']}"}})
        elif behaviour == "redirect":
            self._send(307, "text/plain", b"", {"Location": embedding.redirect_to})
        elif behaviour == "html":
            self._send(200, "text/html", b"<!doctype html><title>A router's own page</title>")
        elif behaviour == "silent":
            embedding.closing.wait(30)
            self.close_connection = True
        else:
            self._embed(behaviour, body)

    def _embed(self, behaviour: str, body: dict[str, Any]) -> None:
        rows = 3.0 * self.server.embedding.embedder.embed_documents(body["input"]).astype(np.float64)
        rows = rows[:, : body.get("dimensions", rows.shape[1])]
        data: list[dict[str, Any]] = [
            {"object": "embedding", "index": index, "embedding": _written(behaviour, row)} for index, row in enumerate(rows)
        ]
        data.reverse()
        wrong: dict[str, Any] = {
            "fewer": {"data": data[1:]},
            "twice": {"data": [*data[1:], data[-1]]},
            "ragged": {"data": [*data[:-1], {**data[-1], "embedding": [1.0]}]},
            "words": {"data": [{**each, "embedding": ["one", "two"]} for each in data]},
            "json": {"results": []},
        }
        self._json(200, wrong.get(behaviour, {"object": "list", "data": data, "model": body["model"], "usage": {}}))

    def _json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(body).encode(), headers)

    def _send(self, status: int, content_type: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        fixed = {"Content-Type": content_type, "Content-Length": str(len(data)), "Connection": "close"}
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True


def _written(behaviour: str, row: Any) -> Any:
    """A vector as this behaviour writes it."""
    if behaviour == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    other = {"nan": float("nan"), "zero": 0.0}
    return [other[behaviour]] * len(row) if behaviour in other else row.tolist()
