"""A door before the stand-in chat server: one address whose behaviour changes while `rag serve` keeps talking to it."""

import select
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

from tests.chat_server import ChatServer


class Gate:
    """Passes requests on to the stand-in's `behaviour`; a context manager.

    Attributes:
        behaviour: See `tests.chat_server`.
    """

    def __init__(self, chat: ChatServer) -> None:
        self.behaviour = "ok"
        self.chat = chat
        self.is_closing = threading.Event()
        self._port = 0
        self._open()

    @property
    def url(self) -> str:
        """What `RAG_CHAT_BASE_URL` is to be."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._shut()

    def set(self, behaviour: str) -> None:
        """Behave so from now on; "dead" refuses connections."""
        if self.behaviour == "dead":
            self._open()
        if behaviour == "dead":
            self._shut()
        self.behaviour = behaviour

    def _open(self) -> None:
        self.is_closing.clear()
        self._server = _Server(("127.0.0.1", self._port), _Passing)
        self._server.gate = self
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def _shut(self) -> None:
        if self._thread.is_alive():
            self.is_closing.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    gate: Gate

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks is part of what is tested."""


class _Passing(socketserver.BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        gate = self.server.gate
        head = self.request.recv(65536)
        _, _, address = gate.chat.url("").partition("//")
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port))) as chat:
            chat.sendall(head.replace(b" /", b" /" + gate.behaviour.encode() + b"/", 1))
            other = {self.request: chat, chat: self.request}
            while not gate.is_closing.is_set():
                for end in select.select(list(other), [], [], 0.1)[0]:
                    data = end.recv(65536)
                    if not data:  # either end hung up: so does the other
                        return
                    other[end].sendall(data)
