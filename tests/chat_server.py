"""A stand-in chat server: real HTTP on 127.0.0.1, its behaviour chosen by the first part of the path.

    with ChatServer() as server:
        endpoint = ChatEndpoint(server.url("/ok/v1"), None, None)

Behaviours: `ok` reads the passages in the last message and quotes one, citing it. `slow` waits a third of a second between pieces.
`401 403 404 429 500 503` answer with that status, `busy-long`, `busy-until` and `busy-short` with 429 and a Retry-After, `flaky`
with 503 the first time. `html`, `empty`, `junk` and `json` do not speak the protocol, `silent` says nothing, `cut` and `cut-early`
drop the connection, `no-finish` ends without a reason, `length` with that one, `error-midway` sends an error after some words.
`no-system`, `no-max-tokens`, `no-token-limit`, `no-temperature` and `no-usage` refuse that part of a request. `think`,
`think-unopened` and `reasoning` think first. `usage` counts the prompt's words as tokens, `cuts-prompt` saw seven. `many-models`,
`no-models`, `no-list`, `list-404` and `with-embedder` differ in the list of models. `redirect` sends everything to `redirect_to`.
`echo-key` repeats the key in an error.
`whole` sends the answer in one piece. `needs-key` wants `KEY`. `ollama`, `llamacpp`, `lmstudio`, `vllm` and `mistral` tell their context
size as these do; `ollama` knows no `max_completion_tokens` and ignores it, `mistral` refuses it, as it does any unknown key of a message,
and `groq` refuses names in messages. `gemini` refuses parameters by "Cannot find field". `footnote` is another Footnote.
`strict-roles` has a template that knows user and assistant alone, `small-context` refuses a prompt as too long.
"""

import json
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]
Reply = Callable[[list[dict[str, str]]], str]

MODEL = "stand-in"
NOT_FOUND = "Not found in your documents."
THOUGHT = "The reader wants a quotation."
SLOW_SECONDS = 0.3
KEY = "sk-right"
CONTEXT = 8192

ABOUT_MODELS: dict[str, Body] = {
    "vllm": {"max_model_len": CONTEXT, "owned_by": "vllm"},
    "mistral": {"max_context_length": CONTEXT},
    "groq": {"context_window": CONTEXT},
    "llamacpp": {"owned_by": "llamacpp"},
    "footnote": {"owned_by": "footnote"},
}
"""What servers say of a model in their list."""
ELSEWHERE: dict[tuple[str, str], Body] = {
    ("ollama", "/api/ps"): {"models": [{"name": MODEL, "model": MODEL, "context_length": CONTEXT}]},
    ("lmstudio", "/api/v0/models"): {"data": [{"id": MODEL, "loaded_context_length": CONTEXT, "max_context_length": 131072}]},
    ("llamacpp", "/props"): {"default_generation_settings": {"n_ctx": CONTEXT}},
}
"""What they say besides, at which path."""

LISTS = {
    "many-models": ["alpha", "beta"],
    "no-models": [],
    "with-embedder": [MODEL, "text-embedding-nomic"],
}
STATUSES: dict[str, tuple[int, Body, dict[str, str]]] = {
    "401": (401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, {}),
    "403": (403, {"error": {"message": "Not allowed"}}, {}),
    "404": (404, {"detail": "Not Found"}, {}),
    "429": (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, {}),
    "busy-long": (429, {"error": {"message": "Slow down"}}, {"Retry-After": "60"}),
    "busy-until": (429, {"error": {"message": "Slow down"}}, {"Retry-After": "Wed, 01 Jan 2087 00:00:00 GMT"}),
    "500": (500, {"error": {"message": "out of memory"}}, {}),
    "503": (503, {"error": {"message": "loading the model"}}, {}),
}


def _extra_keys(body: Body) -> bool:
    """Whether messages have keys that are not of the protocol's core."""
    return any(message.keys() - {"role", "content"} for message in body["messages"])


def _has_system(body: Body) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


NO_EXTRAS: Body = {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]}
REFUSALS: dict[str, tuple[Callable[[Body], bool], int, Body | list[Body]]] = {
    "no-system": (_has_system, 400, {"error": {"message": "System role not supported", "type": "BadRequestError", "param": None}}),
    "strict-roles": (_has_system, 400, {"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/..."}}),
    "small-context": (
        lambda _: True,
        400,
        {"error": {"message": "the request exceeds the available context size, try increasing it", "type": "exceed_context_size_error"}},
    ),
    "no-max-tokens": (
        lambda body: "max_tokens" in body,
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
    ),
    "no-token-limit": (lambda body: bool({"max_tokens", "max_completion_tokens"} & set(body)), 422, NO_EXTRAS),
    "no-temperature": (
        lambda body: "temperature" in body,
        400,
        {
            "error": {
                "message": "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) is supported.",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
    ),
    "mistral": (lambda body: _extra_keys(body) or "max_completion_tokens" in body, 422, NO_EXTRAS),
    "groq": (
        lambda body: _extra_keys(body) or bool({"logprobs", "logit_bias", "n"} & set(body)),
        400,
        {"error": {"message": "property 'messages.0.name' is unsupported", "type": "invalid_request_error"}},
    ),
    "gemini": (
        lambda body: "stream_options" in body,
        400,
        [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.'}}],
    ),
    "no-usage": (
        lambda body: "stream_options" in body,
        400,
        {"error": {"message": "Unrecognized request argument supplied: stream_options"}},
    ),
}
"""What is refused by which behaviour, with which status and words."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came in; `client_left` is set if the client hung up before the answer ended."""

    path: str
    headers: dict[str, str]
    body: Body
    client_left: threading.Event = field(default_factory=threading.Event)


class ChatServer:
    """The server, in a thread of its own; a context manager.

    Attributes:
        requests: What came in, oldest first.
        reply: Words for the messages, instead of quoting a passage.
        model: The model that it has.
        delay_seconds: Wait before each piece of the answer.
        redirect_to: Where `/redirect` points.
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.reply: Reply | None = None
        self.model = MODEL
        self.delay_seconds = 0.0
        self.redirect_to = ""
        self.closing = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.chat = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def url(self, path: str = "/ok/v1") -> str:
        """The address of a path such as "/slow/v1"."""
        return f"http://127.0.0.1:{self._http.server_port}{path}"

    @property
    def chats(self) -> list[Recorded]:
        """The requests for an answer, oldest first."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def close(self) -> None:
        """Stop, and wait until every thread has ended."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def words(self, behaviour: str, messages: list[dict[str, str]]) -> str:
        """What is answered, before it is cut in pieces."""
        words = (self.reply or quoted_passage)(messages)
        return {"think": f"<think>\n{THOUGHT}\n</think>\n\n{words}", "think-unopened": f"{THOUGHT}\n</think>\n\n{words}"}.get(
            behaviour, words
        )


def quoted_passage(messages: list[dict[str, str]]) -> str:
    """Quote the first sentence of the passage that shares most words with the question, and cite it."""
    prompt = next((message["content"] for message in reversed(messages) if message["role"] == "user"), "")
    before, _, after = prompt.rpartition("Question:")
    question = set(re.findall(r"\w{4,}", after.partition("\n")[0].lower()))
    best, quote = 0, NOT_FOUND
    for block in re.split(r"(?m)^(?=\[\d+\] )", before)[1:]:
        number, rest = block[1:].split("] ", 1)
        place, _, below = rest.partition("</passage>")[0].strip().partition("\n")
        text = " ".join((below or place).split())
        shared = len(question & set(re.findall(r"\w{4,}", text.lower())))
        if shared > best:
            sentence = re.match(r".+?[.!?](?=\s|$)|.+", text)
            best, quote = shared, f"{(sentence or [text])[0].rstrip('.!?')} [{number}]."
    return quote


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them
    request_queue_size = 50
    chat: ChatServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    seen: Recorded

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass

    def do_GET(self) -> None:
        behaviour, rest = self._record()
        if (behaviour, rest) in ELSEWHERE:
            self._json(200, ELSEWHERE[behaviour, rest])
        elif rest != "/v1/models":
            self._json(404, {"detail": "Not Found"})
        elif not self._failed(behaviour):
            names = LISTS.get(behaviour, [self.server.chat.model])
            said = {"object": "model", "created": 0, "owned_by": "tests"} | ABOUT_MODELS.get(behaviour, {})
            self._json(200, {"object": "list", "data": [{"id": name, **said} for name in names]})

    def do_POST(self) -> None:
        behaviour, rest = self._record()
        if rest != "/v1/chat/completions":
            self._json(404, {"detail": "Not Found"})
        elif not (self._failed(behaviour) or self._refused(behaviour)):
            try:
                self._chat(behaviour)
            except OSError:
                self.seen.client_left.set()

    def _record(self) -> tuple[str, str]:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else {}
        self.seen = Recorded(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.chat.requests.append(self.seen)
        behaviour, slash, rest = self.path.removeprefix("/").partition("/")
        return behaviour, slash + rest

    def _failed(self, behaviour: str) -> bool:
        """Answer here and now, where the behaviour is to fail for every request."""
        chat, is_list = self.server.chat, self.command == "GET"
        tries = sum(request.path == self.path for request in chat.requests)
        if behaviour in STATUSES or (behaviour == "needs-key" and self.headers["Authorization"] != f"Bearer {KEY}"):
            self._json(*STATUSES.get(behaviour, STATUSES["401"]))
        elif is_list and behaviour in {"no-list", "list-404"}:
            self._json(*STATUSES["500" if behaviour == "no-list" else "404"])
        elif behaviour == "echo-key":
            self._json(400, {"error": {"message": f"bad request from {self.headers['Authorization']}"}})
        elif behaviour == "flaky" and tries == 1:
            self._json(*STATUSES["503"])
        elif behaviour == "busy-short" and tries == 1:
            self._json(429, {"error": {"message": "Slow down"}}, {"Retry-After": "0.05"})
        elif behaviour == "redirect":
            self._send(307, "text/plain", b"", {"Location": chat.redirect_to + self.path.removeprefix("/redirect/v1")})
        elif behaviour == "html":
            self._send(200, "text/html", b"<!doctype html><title>A router's own page</title>")
        elif behaviour == "silent":
            self._wait(30)
        elif behaviour == "cut-early":
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            return False
        self.close_connection = True
        return True

    def _refused(self, behaviour: str) -> bool:
        """Refuse a request for what it contains."""
        body = self.seen.body
        if body["model"] not in LISTS.get(behaviour, [self.server.chat.model]) and behaviour != "no-models":
            self._json(404, {"error": {"message": f"model {body['model']!r} not found", "code": "model_not_found"}})
            return True
        contains, status, words = REFUSALS.get(behaviour, (lambda _: False, 0, {}))
        if contains(body):
            self._json(status, words)
            return True
        return False

    def _chat(self, behaviour: str) -> None:
        if behaviour == "json":
            return self._json(200, {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        delay = max(self.server.chat.delay_seconds, SLOW_SECONDS if behaviour == "slow" else 0)
        for event in self._events(behaviour):
            if not self._wait(delay):
                return None
            self._chunk(f"data: {event}\n\n".encode())
        if behaviour != "cut":
            self._chunk(b"")
        return None

    def _events(self, behaviour: str) -> Iterator[str]:
        if behaviour in {"empty", "junk"}:
            yield from ["{not json"] if behaviour == "junk" else []
            return
        pieces = _pieces(self.server.chat.words(behaviour, self.seen.body["messages"]))
        knows = ("max_tokens",) if behaviour == "ollama" else ("max_tokens", "max_completion_tokens")
        limit = next((self.seen.body[name] for name in knows if name in self.seen.body), None)
        if behaviour == "whole":
            pieces = ["".join(pieces)]
        ends_early = behaviour in {"cut", "no-finish", "length", "error-midway"}
        shown = pieces[: len(pieces) // 2] if ends_early else pieces[:limit]
        yield _event({"role": "assistant", "content": ""})
        if behaviour == "reasoning":
            yield from (_event({"reasoning_content" if n % 2 else "reasoning": piece}) for n, piece in enumerate(_pieces(THOUGHT)))
        yield from (_event({"content": piece}) for piece in shown)
        if behaviour == "error-midway":
            yield json.dumps({"error": {"message": "the worker ran out of memory", "type": "server_error"}})
        if behaviour in {"cut", "no-finish", "error-midway"}:
            return
        yield _event({}, "length" if behaviour == "length" or len(shown) < len(pieces) else "stop")
        if behaviour in {"usage", "cuts-prompt", *ABOUT_MODELS, *(name for name, _ in ELSEWHERE)}:
            tokens = 7 if behaviour == "cuts-prompt" else sum(len(message["content"].split()) for message in self.seen.body["messages"])
            yield _event(None, usage={"prompt_tokens": tokens, "completion_tokens": len(shown), "total_tokens": tokens + len(shown)})
        yield "[DONE]"

    def _wait(self, seconds: float) -> bool:
        """Wait; False, at once, if the client hangs up or the server closes."""
        for _ in range(max(1, round(seconds / 0.05))):
            readable, _, _ = select.select([self.connection], [], [], min(seconds, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.seen.client_left.set()
                return False
            if self.server.chat.closing.is_set():
                return False
        return True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _json(self, status: int, body: Body | list[Body], headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(body).encode(), headers)

    def _send(self, status: int, content_type: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        fixed = {"Content-Type": content_type, "Content-Length": str(len(data)), "Connection": "close"}
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _pieces(text: str) -> list[str]:
    """Cut at odd places: also inside `[1]` and inside tags."""
    return re.findall(r"[\[<]|\d+|[^\[<\d]{1,7}", text)


def _event(delta: Body | None, finish: str | None = None, usage: Body | None = None) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": choices}
    return json.dumps(event | ({"usage": usage} if usage else {}))
