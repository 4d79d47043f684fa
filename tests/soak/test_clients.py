"""Many readers at a time: each has a conversation of its own, and sees no answer but its own."""

import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from tests.browser.serving import RagServer
from tests.chat_server import MODEL, ChatServer
from tests.embedding_server import EmbeddingServer
from tests.fakes import BagOfWordsEmbedder
from tests.page_server import config_of

CLIENTS = int(os.environ.get("SOAK_CLIENTS", "50"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
SECONDS_AN_ANSWER = 120
SECONDS_BETWEEN_TRIES = 0.2
TOO_MANY_REQUESTS = 429
MARK = re.compile(r"mark\d+x\d+")


class Client:
    """One tab of the page, without the browser: it speaks what Gradio's own script speaks.

    Attributes:
        told: What came of its questions.
        problem: What ended it early, or "".
    """

    def __init__(self, url: str, number: int) -> None:
        self.number = number
        self.told: Counter[str] = Counter()
        self.problem = ""
        self._http = httpx2.Client(base_url=url, timeout=SECONDS_AN_ANSWER, headers={"Origin": url})
        self._session = f"soak{number}"
        self._asked: list[str] = []

    def run(self, until: float) -> None:
        """Ask until the time is over; a question that is refused for being one too many is asked again later."""
        try:
            with self._http:
                self._components()
                self._conversation = self._event("load", "resume", [None, ""])[0]
                while time.monotonic() < until:
                    self._ask(f"mark{self.number}x{len(self._asked)}")
        except Exception as error:  # noqa: BLE001  (the thread that waits for this one tells it)
            self.problem = f"client {self.number}: {type(error).__name__}: {error}"

    def _ask(self, mark: str) -> None:
        self._asked.append(mark)
        painted = self._event("submit", "ask", [f"Where is {mark} kept?", self._conversation, "", [], ""])
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
            clients = [Client(server.url, number) for number in range(CLIENTS)]
            until = time.monotonic() + SECONDS
            threads = [threading.Thread(target=client.run, args=(until,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(SECONDS + 2 * SECONDS_AN_ANSWER)
            told = sum((client.told for client in clients), Counter[str]())
            least = min(client.told["answered"] for client in clients)
            print(f"{CLIENTS} clients in {SECONDS:.0f} s: {dict(told)}, {least} answers or more each")
            assert not [client.problem for client in clients if client.problem]
            assert not any(thread.is_alive() for thread in threads)
            assert min(client.told["answered"] for client in clients) > 0
            assert told["not answered"] == 0
            assert server.documents == 1
            assert "Traceback" not in server.log
