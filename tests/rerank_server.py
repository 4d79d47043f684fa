"""A stand-in rerank server: real HTTP on 127.0.0.1, its behaviour chosen by the first part of the path.

    with RerankServer() as server:
        reranker = EndpointReranker(server.url("/ok/v1"), None, None, 10)

All answer POST /BEHAVIOUR/v1/rerank, and score a text by the words it shares with the query. `ok` answers as Cohere and Jina do, best
first; `bare` with a bare list and "score"; `data` with the list under "data"; `echo` sends the texts back too. `tei` is
text-embeddings-inference: at /tei/rerank alone, with "texts" alone. `unversioned` and `v2` have no /v1. `top-two` leaves out all but
the best two. `401 403 404 413 429 500` answer with that status, `no-model` and `wants-model` refuse the model, `echo-key` repeats the
key in an error, `says-texts` refuses with that word whatever is sent. `html`, `json`, `words`, `none`, `twice`, `outside`, `negative`,
`no-index`, `no-score`, `text-score`, `true-score`, `nan`, `huge` and `deep` answer with status 200 and something else. `silent` says
nothing, `trickle` sends a byte from time to time, `endless` never stops sending, `cut` and `cut-early` drop the connection,
`redirect` sends on to `redirect_to`.
"""

import json
import re
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]

STATUSES: dict[str, tuple[int, Body]] = {
    "401": (401, {"message": "invalid api token"}),
    "403": (403, {"message": "Not allowed"}),
    "404": (404, {"detail": "Not Found"}),
    "413": (413, {"error": "batch size 20 > maximum allowed batch size 2", "error_type": "Validation"}),
    "429": (429, {"message": "You are using a Trial key, which is limited to 10 calls a minute"}),
    "500": (500, {"error": {"code": 500, "message": "input is too large to process", "type": "server_error"}}),
    "no-model": (404, {"error": {"message": "The model `other` does not exist.", "type": "NotFoundError", "code": 404}}),
    "says-texts": (400, {"detail": "no texts today"}),
}
PATHS = {"tei": "/rerank", "unversioned": "/rerank", "v2": "/v2/rerank"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: Body


class RerankServer:
    """The server, in a thread of its own; a context manager.

    Attributes:
        requests: What came in, oldest first.
        redirect_to: Where `/redirect` points.
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.redirect_to = ""
        self.closing = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.reranking = self
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


def shared_words(query: str, text: str) -> float:
    """How good a text is: the share of the query's words that it has."""
    asked = set(re.findall(r"\w+", query.lower()))
    return len(asked & set(re.findall(r"\w+", text.lower()))) / max(1, len(asked))


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them
    reranking: RerankServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.reranking.requests.append(Recorded(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        behaviour, slash, rest = self.path.removeprefix("/").partition("/")
        try:
            if slash + rest not in {PATHS.get(behaviour, "/v1/rerank"), "/v1/reranking"}:
                self._json(404, {"detail": "Not Found"})
            elif behaviour in STATUSES:
                self._json(*STATUSES[behaviour])
            elif not self._failed(behaviour):
                self._rank(behaviour, body)
        except OSError:  # the client hung up
            self.close_connection = True

    def _failed(self, behaviour: str) -> bool:
        """Send something that is no answer, where the behaviour is that."""
        reranking = self.server.reranking
        if behaviour == "echo-key":
            self._json(400, {"message": f"bad request from {self.headers['Authorization']}"})
        elif behaviour == "html":
            self._send(200, "text/html", b"<!doctype html><title>A router's own page</title>")
        elif behaviour == "redirect":
            self._send(307, "text/plain", b"", {"Location": reranking.redirect_to})
        elif behaviour == "silent":
            reranking.closing.wait(30)
        elif behaviour == "cut-early":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif behaviour in {"trickle", "endless"}:
            self._send(200, "application/json", b"", {"Content-Length": str(10**12)})
            while not reranking.closing.wait(0.05 if behaviour == "trickle" else 0):
                self.wfile.write(b" " * (1 if behaviour == "trickle" else 1_000_000))
        elif behaviour == "cut":
            self._send(200, "application/json", b'{"results": [', {"Content-Length": "1000"})
        else:
            return False
        self.close_connection = True
        return True

    def _rank(self, behaviour: str, body: Body) -> None:
        is_tei = behaviour == "tei"
        if is_tei and "texts" not in body:
            words = b"Failed to deserialize the JSON body into the target type: missing field `texts` at line 1 column 60"
            return self._send(422, "text/plain; charset=utf-8", words)
        if behaviour == "wants-model" and "model" not in body:
            return self._json(422, {"detail": "Field required: model"})
        texts = body["texts" if is_tei else "documents"]
        name = "score" if is_tei or behaviour == "bare" else "relevance_score"
        found: list[Body] = [{"index": index, name: shared_words(body["query"], text)} for index, text in enumerate(texts)]
        found.sort(key=lambda result: -result[name])
        if behaviour == "echo":
            found = [{**result, "document": {"text": texts[result["index"]]}} for result in found]
        if behaviour == "top-two":
            found = found[:2]
        return self._json(200, found if is_tei or behaviour == "bare" else _other(behaviour, found))

    def _json(self, status: int, body: Any) -> None:
        self._send(status, "application/json", body if isinstance(body, bytes) else json.dumps(body).encode())

    def _send(self, status: int, content_type: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        fixed = {"Content-Type": content_type, "Content-Length": str(len(data)), "Connection": "close"}
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True


def _other(behaviour: str, found: list[Body]) -> Any:
    """The answer as this behaviour gives it."""
    first = found[0]
    wrong: dict[str, Any] = {
        "json": {"embedding": [0.5]},
        "words": "ranked",
        "none": {"results": []},
        "twice": {"results": [first, first]},
        "outside": {"results": [{**first, "index": len(found)}]},
        "negative": {"results": [{**first, "index": -1}]},
        "no-index": {"results": [{"relevance_score": 1.0}]},
        "no-score": {"results": [{"index": 0}]},
        "text-score": {"results": [{"index": 0, "relevance_score": "high"}]},
        "true-score": {"results": [{"index": 0, "relevance_score": True}]},
        "nan": {"results": [{"index": 0, "relevance_score": float("nan")}]},
        "huge": {"results": [{"index": 0, "relevance_score": 10**400}]},
        "deep": b"[" * 200_000,
        "data": {"object": "list", "data": found},
    }
    return wrong.get(behaviour, {"id": "1", "results": found, "meta": {"api_version": {"version": "2"}}})
