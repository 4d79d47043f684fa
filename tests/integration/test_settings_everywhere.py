"""A chat model that was connected answers through every door, at once; `rag settings` shows and changes what is kept."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

import rag
from rag import Library
from rag.storing.kept_settings import Connection, SettingsKeeper
from tests.chat_server import KEY, MODEL, ChatServer
from tests.conftest import OpenLibrary
from tests.page_server import ApiServer
from ui.commands.cli import main

QUESTION = "When do the boats return?"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def library(open_library: OpenLibrary, tmp_path: Path) -> Library:
    (tmp_path / "boats.txt").write_text("The boats return at noon on Sundays, when the ferry waits.", encoding="utf-8")
    library = open_library()
    library.add(tmp_path / "boats.txt")
    return library


@pytest.fixture
def served(library: Library) -> Iterator[ApiServer]:
    with ApiServer(library) as server:
        yield server


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, library: Library) -> Run:
    """Run `rag settings` on the library, which this process holds, as a server does."""

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rag", "settings", *arguments, "--library", str(library.folder)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_the_doors_answer_with_what_was_connected_by_another_process(served: ApiServer, library: Library, chat_server: ChatServer) -> None:
    with rag.connect(served.url) as client:
        assert client.ask(QUESTION).model == "extractive"
        other = SettingsKeeper(library.folder)  # as `rag settings` has one
        other.change(lambda kept: kept.connected(Connection("it", chat_server.url())).with_values(top_k=1))
        answer = client.ask(QUESTION)
        assert (answer.model, len(answer.passages)) == (MODEL, 1)
        assert client.ask(QUESTION, connection="").model == "extractive"
    question = {"model": "footnote", "messages": [{"role": "user", "content": QUESTION}]}
    answered = httpx2.post(f"{served.url}/v1/chat/completions", json=question).json()
    assert answered["choices"][0]["message"]["content"]
    assert len(chat_server.chats) == 2


def test_the_command_changes_what_a_running_server_answers_with(run: Run, library: Library, chat_server: ChatServer) -> None:
    assert run("connect", chat_server.url("/needs-key/v1"), "--name", "Work", "--key", stdin=f"{KEY}\n")[0] == 0
    assert run("set", "RAG_TOP_K", "3")[0] == 0
    assert library.ask(QUESTION).model == MODEL
    assert library.settings.top_k == 3
    status, out, err = run()
    assert status == 0
    assert "kept in the library" in out
    assert "Chat model Work (in use)" in err
    assert KEY not in out + err
    rows = {row["name"]: row for row in map(json.loads, run("--json")[1].splitlines())}
    assert rows["RAG_TOP_K"] == {"name": "RAG_TOP_K", "value": 3, "source": "kept in the library"}
    assert rows["RAG_CHAT_API_KEY"]["value"] == "(hidden)"
    assert run("unset", "top_k")[0] == run("disconnect", "Work")[0] == 0
    assert library.ask(QUESTION).model == "extractive"
    assert library.settings.top_k == 5


def test_what_the_command_cannot_do_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("set", "top_k", "many")[2].startswith("Error: top_k: Input should be a valid integer")
    assert "cannot be kept in a library" in run("set", "chunk_tokens", "300")[2]
    assert "no connection named 'nobody'" in run("use", "nobody")[2]
    assert run("disconnect", "nobody")[0] == 1
    monkeypatch.setenv("RAG_TOP_K", "9")
    assert "RAG_TOP_K in the environment wins over what the library keeps." in run("set", "top_k", "3")[2]
    monkeypatch.setenv("RAG_TOP_K", "many")
    status, _, err = run()
    assert (status, "RAG_TOP_K in the environment: input should be" in err) == (2, True)
