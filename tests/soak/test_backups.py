"""Ten backups of a server with two libraries, to which documents are added and which is asked meanwhile: each is whole, of one moment."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rag import Library, Settings
from rag.storing.backups import BackupFolder
from tests.browser.serving import RagServer
from tests.soak.test_clients import Client
from ui.people.store import People

BACKUPS = int(os.environ.get("SOAK_BACKUPS", "10"))
MODEL = "plugin:tests.fakes:NamedWords?x"
QUESTION = "Where is the note of the harbour?"


class User:
    """Adds a note and asks, again and again; `added` are the names of the notes that the server has taken, `seconds` how long all took."""

    def __init__(self, url: str, prefix: str) -> None:
        self.added = list[str]()
        self.seconds = list[float]()
        self.problem = ""
        self.prefix = prefix
        self._http = httpx2.Client(base_url=url, timeout=120)

    def run(self, until: Callable[[], bool]) -> None:
        """Go on until it is over."""
        try:
            with self._http:
                while not until():
                    name = f"{self.prefix}{len(self.added)}.txt"
                    self._timed("/api/documents", files={"file": (name, note(name).encode())}, data={"kind": "text", "wait": "true"})
                    self.added.append(name)
                    self._timed("/api/ask", json={"question": QUESTION})
        except Exception as error:  # noqa: BLE001  (the thread that waits for this one tells it)
            self.problem = f"{type(error).__name__}: {error}"

    def _timed(self, path: str, **content: Any) -> None:
        begun = time.monotonic()
        self._http.post(path, **content).raise_for_status()
        self.seconds.append(time.monotonic() - begun)


def note(name: str) -> str:
    return f"The note {name.removesuffix('.txt')} of the harbour is kept in the vault."


def rag(*arguments: object) -> str:
    """What a command says."""
    command = [sys.executable, "-c", "from ui.commands.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def questions_in(folder: Path) -> int:
    """How many are kept in conversations; the file is whole."""
    with closing(sqlite3.connect(folder / "conversations.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT count(*) FROM turns").fetchone()[0])


def check_library(folder: Path, prefix: str, least: int, most: int) -> int:
    """It is sound, and has the first notes: those that were taken before the backup began, and none but those sent until it ended."""
    with Library.open(folder, Settings(embedding_model=MODEL)) as library:
        while library.index_next():  # what was added, and not embedded, at that moment
            pass
        assert [finding for finding in library.examine() if finding.state != "ok"] == []
        names = {record.name for record in library.documents()}
        assert names == {f"{prefix}{number}.txt" for number in range(len(names))}
        assert least <= len(names) <= most
        for record in library.documents():
            assert library.pages.text(record.id, 1) == note(record.name)
        assert library.retrieve(QUESTION)
    return len(names)


def test_ten_backups_while_people_add_and_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_EMBEDDING_MODEL", MODEL)
    folder, target = tmp_path / "server" / "library", tmp_path / "backups"
    taken, lasted = list[tuple[dict[str, int], dict[str, int], int]](), list[float]()
    with RagServer(tmp_path / "server") as server:
        assert server.url
        with People(folder / "people.sqlite3") as people:
            at_second = f"libraries/{people.add_library('Second').id}"
        users = {"": User(server.url, "main"), at_second: User(f"{server.url}/{at_second}", "second")}
        reader, is_over = Client(server.url, 0), threading.Event()
        everybody: list[User | Client] = [*users.values(), reader]
        threads = [threading.Thread(target=each.run, args=(is_over.is_set,)) for each in everybody]
        for thread in threads:
            thread.start()
        while not all(user.added or user.problem for user in users.values()):
            time.sleep(0.1)
        for _ in range(BACKUPS):
            before, asked, begun = {at: len(user.added) for at, user in users.items()}, len(reader.seconds), time.monotonic()
            rag("backup", "make", target, "--library", folder)
            lasted.append(time.monotonic() - begun)
            taken.append((before, {at: len(user.added) + 1 for at, user in users.items()}, asked))
        is_over.set()
        for thread in threads:
            thread.join(120)
        assert [each.problem for each in everybody] == ["", "", ""]
        assert "Traceback" not in server.log

    backups, documents = BackupFolder(target), list[int]()
    for number, (name, (least, most, asked)) in enumerate(zip(backups.names(), taken, strict=True)):
        backup, back = backups.read(name), tmp_path / f"back{number}"
        assert list(backups.problems(backup)) == []
        backups.restore(backup, back)
        documents.append(sum(check_library(back / at, users[at].prefix, least[at], most[at]) for at in users))
        assert questions_in(back) >= asked
        with People(back / "people.sqlite3") as people:
            assert [each.name for each in people.libraries()][1:] == ["Second"]
    seconds = sorted(each for user in users.values() for each in user.seconds)
    held = sum(file.stat().st_size for file in target.glob("parts/*/*"))
    print(
        f"{BACKUPS} backups, {min(lasted):.1f} to {max(lasted):.1f} s each, of {documents} documents: "
        f"{sum(backups.read(name).size for name in backups.names()) / 1e6:.1f} MB in {held / 1e6:.1f} MB. Meanwhile {len(seconds)} notes "
        f"and questions, p50 {seconds[len(seconds) // 2]:.2f} s, p95 {seconds[len(seconds) * 95 // 100]:.2f} s, longest {seconds[-1]:.2f}, "
        f"and {len(reader.seconds)} questions on the page."
    )
