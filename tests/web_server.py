"""A web server on this machine that behaves well or badly, by the path it is asked for."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = tuple[int, dict[str, str], bytes | Iterator[bytes]]
"""Status, headers, and the body; an iterator's blocks are sent as they come."""


class WebServer:
    """Serves `answers` by path on a free port of 127.0.0.1; a context manager.

    Attributes:
        answers: What is answered, or a function that makes it; anything else is 404.
        asked: The requests, each with its path and headers.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, dict(self.headers)))
                answer = server.answers.get(self.path, (404, {}, b"Nothing here."))
                status, headers, body = answer() if callable(answer) else answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for block in [body] if isinstance(body, bytes) else body:
                        self.wfile.write(block)
                        self.wfile.flush()
                except OSError:  # who asked has heard enough
                    return

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, body: bytes | Iterator[bytes], media_type: str = "text/plain", status: int = 200, **headers: str) -> str:
        """Answer with this at a path; returns the address. Underscores in the names of headers are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = status, ({"Content-Type": media_type} if media_type else {}) | named, body
        return self.url + path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def drops(byte: bytes = b"x", seconds: float = 0.05, most: int = 200) -> Iterator[bytes]:
    """A body that comes a byte at a time."""
    for _ in range(most):
        yield byte
        time.sleep(seconds)
