"""Many readers at a time: each has a conversation of its own, and sees no answer but its own; signed in, and while files are added, too."""

import json
import os
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
from argon2 import PasswordHasher

from tests.browser.serving import RagServer
from tests.chat_server import MODEL, ChatServer
from tests.embedding_server import EmbeddingServer
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import config_of
from ui.http.access import COOKIE
from ui.people import PEOPLE_FILE
from ui.people.store import People

CLIENTS = int(os.environ.get("SOAK_CLIENTS", "50"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
FILES = 20  # added while people ask
SECONDS_AN_ANSWER = 120
SECONDS_BETWEEN_TRIES = 0.2
TOO_MANY_REQUESTS = 429
MARK = re.compile(r"mark\d+x\d+")


class Client:
    """One tab of the page, without the browser: it speaks what Gradio's own script speaks.

    Attributes:
        told: What came of its questions.
        seconds: How long each answer took, from the question until its stream ended.
        problem: What ended it early, or "".
    """

    def __init__(self, url: str, number: int, *, cookie: str = "", marks: int = 10**9) -> None:
        """With the cookie of somebody who has signed in; after `marks` questions the first one comes again."""
        self.number = number
        self.told: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.problem = ""
        self._marks = marks
        self._http = httpx2.Client(base_url=url, timeout=SECONDS_AN_ANSWER, headers={"Origin": url}, cookies={COOKIE: cookie})
        self._session = f"soak{number}"
        self._asked: list[str] = []

    def run(self, until: Callable[[], bool]) -> None:
        """Ask until it is over; a question that is refused for being one too many is asked again later."""
        try:
            with self._http:
                self._components()
                self._conversation = self._event("load", "resume", [None, ""])[0]
                while not until() or not self._asked:
                    self._ask(f"mark{self.number}x{len(self._asked) % self._marks}")
                listed = self._http.get("/api/conversations").raise_for_status().json()
                self.told["conversations"] = len(listed)
        except Exception as error:  # noqa: BLE001  (the thread that waits for this one tells it)
            self.problem = f"client {self.number}: {type(error).__name__}: {error}"

    def _ask(self, mark: str) -> None:
        self._asked.append(mark)
        began = time.monotonic()
        painted = self._event("submit", "ask", [f"Where is {mark} kept?", self._conversation, "", [], "", ""])
        self.seconds.append(time.monotonic() - began)
        shown = self._event("load", "resume", [self._conversation, ""])
        assert shown[0] == self._conversation, "the conversation was not kept"
        for what, words in (("answer", json.dumps(painted)), ("conversation", json.dumps(shown[1]))):
            others = set(MARK.findall(words)) - set(self._asked)
            assert not others, f"its {what} has words of others: {others}"
        is_answered = f"{mark} is kept in the vault" in json.dumps(shown[1])
        self.told["answered" if is_answered else "not answered"] += 1

    def _components(self) -> None:
        config = config_of(self._http)
        self._events = {(target[1], each["api_name"]): each for each in config["dependencies"] for target in each["targets"]}

    def _event(self, trigger: str, handler: str, data: list[Any]) -> list[Any]:
        """Trigger an event and wait for its last values."""
        event = self._events[trigger, handler]
        body = {"fn_index": event["id"], "data": data, "session_hash": self._session, "event_data": None, "trigger_id": None}
        while (joined := self._http.post("/gradio_api/queue/join", json=body)).status_code == TOO_MANY_REQUESTS:
            self.told["asked to wait"] += 1  # all are at one address
            time.sleep(SECONDS_BETWEEN_TRIES)
        event_id = joined.raise_for_status().json()["event_id"]
        for message in self._messages():
            if message.get("event_id") == event_id and message["msg"] == "process_completed":
                assert message["success"], message
                return list(message["output"]["data"])
        raise AssertionError("the stream ended before the event did")

    def _messages(self) -> Iterator[dict[str, Any]]:
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def answer(messages: list[dict[str, str]]) -> str:
    """The stand-in repeats the mark of the question it was asked last."""
    question = [message["content"] for message in messages if message["role"] == "user"][-1]
    return f"{MARK.findall(question)[-1]} is kept in the vault [1]."


def test_each_client_gets_its_own_answers(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "vault.txt").write_text("What has a mark is kept in the vault.\n", encoding="utf-8")
    with (
        ChatServer() as chat,
        EmbeddingServer(BagOfWordsEmbedder()) as embedding,
    ):
        chat.reply = answer
        chat.delay_seconds = 0.05
        with RagServer(
            tmp_path / "server",
            samples,
            RAG_CHAT_BASE_URL=chat.url(),
            RAG_CHAT_MODEL=MODEL,
            RAG_MIN_CONFIDENCE="0",
            RAG_EMBEDDING_MODEL="openai:stand-in",
            RAG_EMBEDDING_BASE_URL=embedding.url(),
        ) as server:
            server.wait_for(1)
            until = time.monotonic() + SECONDS
            clients = [Client(server.url, number) for number in range(CLIENTS)]
            told = asked_together(clients, lambda: time.monotonic() > until)
            assert min(client.told["answered"] for client in clients) > 0
            assert told["not answered"] == 0
            assert server.documents == 1
            assert "Traceback" not in server.log


def test_people_who_have_signed_in_ask_while_files_are_added(tmp_path: Path) -> None:
    """With the built-in model, quoting: each person asks for what is in one document of fifty alike."""
    samples, folder = tmp_path / "samples", tmp_path / "server" / "library"
    samples.mkdir()
    folder.mkdir(parents=True)
    for number in range(CLIENTS):
        (samples / f"{number}.txt").write_text(f"mark{number}x0 is kept in the vault of house {number}.\n", encoding="utf-8")
    with People(folder / PEOPLE_FILE, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)) as people:
        added = [people.add(f"person {number}", "correct horse battery", "reader") for number in range(CLIENTS)]
        writer = people.add("writer", "correct horse battery", "administrator")
        cookies = [people.begin_session(person) for person in added if person]
        token = people.add_token(writer, "files", "write", 1) if writer else ""
    with RagServer(tmp_path / "server", samples, RAG_MIN_CONFIDENCE="0") as server:
        with httpx2.Client(base_url=server.url, timeout=SECONDS_AN_ANSWER, headers={"Authorization": f"Bearer {token}"}) as http:
            wait_for(lambda: http.get("/api/health").raise_for_status().json()["documents"] == CLIENTS)
            done = threading.Event()
            clients = [Client(server.url, number, cookie=cookie, marks=1) for number, cookie in enumerate(cookies)]

            def add() -> None:
                try:
                    for number in range(FILES):
                        words = "".join(f"Paragraph {number}.{line} of a long report on stones and rivers.\n" for line in range(500))
                        http.post("/api/documents", files={"file": (f"long {number}.txt", words)}).raise_for_status()
                finally:
                    done.set()

            adding = threading.Thread(target=add)
            adding.start()
            told = asked_together(clients, done.is_set)
            adding.join()
            assert http.get("/api/health").json()["documents"] == CLIENTS + FILES
        assert told["not answered"] == 0
        assert [client.told["conversations"] for client in clients] == [1] * CLIENTS
        assert "Traceback" not in server.log


def asked_together(clients: list[Client], is_over: Callable[[], bool]) -> Counter[str]:
    """Have all ask at the same time, and say what came of it."""
    began = time.monotonic()
    threads = [threading.Thread(target=client.run, args=(is_over,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 2 * SECONDS_AN_ANSWER)
    told = sum((client.told for client in clients), Counter[str]())
    least = min(client.told["answered"] for client in clients)
    cuts = statistics.quantiles([second for client in clients for second in client.seconds] or [0.0, 0.0], n=20)
    took = f"half of the answers within {cuts[9]:.2f} s, 95 % within {cuts[18]:.2f} s"
    print(f"{len(clients)} clients in {time.monotonic() - began:.0f} s: {dict(told)}, {least} answers or more each; {took}")
    assert not [client.problem for client in clients if client.problem]
    assert not any(thread.is_alive() for thread in threads)
    return told


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + SECONDS_AN_ANSWER
    while not is_so():
        assert time.monotonic() < until
        time.sleep(SECONDS_BETWEEN_TRIES)
