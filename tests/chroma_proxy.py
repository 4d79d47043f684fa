"""What stands before a Chroma server where it is reached from outside: it lets in who has a token, and no other."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import httpx

REFUSED = b"<html><body><h1>401 Authorization Required</h1></body></html>"


class ChromaProxy:
    """Passes requests with the token on to a server; runs while it is entered."""

    def __init__(self, chroma_url: str, token: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_request(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Authorization") == f"Bearer {token}":
                    kept = {"Content-Type": self.headers.get("Content-Type") or "application/json"}
                    answer = httpx.request(self.command, chroma_url + self.path, content=body, headers=kept, timeout=60)
                    status, content = answer.status_code, answer.content
                else:
                    status, content = 401, REFUSED
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_request  # noqa: N815 - the names are http.server's

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
