"""The settings that a library keeps, where settings come from, and which wins."""

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from rag import Library, Settings, SettingsError
from rag.settings import problems, where_set
from rag.storing.kept_settings import Connection, KeptSettings
from tests.chat_server import KEY, MODEL, ChatServer
from tests.conftest import OpenLibrary
from tests.fakes import BagOfWordsEmbedder

QUESTION = "When do the boats return?"
TEXT = "The boats return at noon on Sundays, when the ferry waits. The museum opens on Mondays at nine in winter."


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "boats.txt").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of the test's own."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RAG_SETTINGS_FILES")
    return folder


def connect(library: Library, server: ChatServer, path: str = "/ok/v1", name: str = "it", **more: Any) -> None:
    library.change_settings(lambda kept: kept.connected(Connection(name, server.url(path), **more)))


def test_a_chat_model_is_connected_changed_and_disconnected_without_reopening(
    open_library: OpenLibrary, texts: Path, chat_server: ChatServer
) -> None:
    library = open_library()
    library.add(texts)
    assert library.ask(QUESTION).model == "extractive"
    connect(library, chat_server)
    assert library.ask(QUESTION).model == MODEL
    assert library.settings.chat_endpoint
    connect(library, chat_server, "/many-models/v1", "second", model="beta")
    assert library.ask(QUESTION).model == "beta"
    library.change_settings(lambda kept: kept.choosing("it"))
    assert library.ask(QUESTION).model == MODEL
    library.change_settings(lambda kept: kept.choosing(""))
    assert library.chat_model is None
    assert library.ask(QUESTION).model == "extractive"
    library.change_settings(lambda kept: kept.choosing("second").disconnected("second"))
    assert library.ask(QUESTION).model == MODEL
    library.change_settings(lambda kept: kept.disconnected("it"))
    assert library.ask(QUESTION).model == "extractive"


def test_an_answer_that_is_being_written_goes_on_as_it_began(open_library: OpenLibrary, texts: Path, chat_server: ChatServer) -> None:
    library = open_library()
    library.add(texts)
    connect(library, chat_server)

    async def asked() -> list[str]:
        models = list[str]()
        async for answer in library.stream(QUESTION):
            if not models:
                library.change_settings(lambda kept: kept.disconnected("it").with_values(top_k=1))
            models.append(answer.model)
        return models

    assert set(asyncio.run(asked())) == {MODEL}
    assert library.ask(QUESTION).model == "extractive"
    assert len(library.ask(QUESTION).passages) == 1


def test_what_is_kept_is_there_when_the_library_is_opened_again(open_library: OpenLibrary, chat_server: ChatServer) -> None:
    library = open_library()
    connect(library, chat_server, api_key=SecretStr(KEY), model=MODEL, context_tokens=8192)
    library.change_settings(lambda kept: kept.with_values(top_k=7, answer_language="de", answer_tone="formal", instructions="In euros."))
    library.close()
    again = open_library()
    settings = again.settings
    assert (settings.top_k, settings.answer_language, settings.answer_tone, settings.instructions) == (7, "German", "formal", "In euros.")
    assert settings.chat_context_tokens == 8192
    assert again.kept_settings == library.kept_settings
    again.change_settings(lambda kept: kept.with_values(top_k=None, instructions=""))
    assert again.settings.top_k == 5
    assert again.settings.instructions is None


def test_another_process_changes_it_for_the_next_question(open_library: OpenLibrary) -> None:
    library = open_library()
    library.change_settings(lambda kept: kept.with_values(top_k=7))
    file = library.folder / "settings.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"values": {"top_k": 12}}))
    assert library.settings.top_k == 12
    file.unlink()
    assert library.settings.top_k == 5


def test_keys_are_for_the_owner_alone(
    open_library: OpenLibrary, texts: Path, chat_server: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    library = open_library()
    library.add(texts)
    connect(library, chat_server, "/needs-key/v1", api_key=SecretStr("sk-secret"))
    with pytest.raises(Exception, match="refused the key") as refused:
        library.ask(QUESTION)
    file = library.folder / "settings.json"
    assert file.stat().st_mode & 0o077 == 0
    file.chmod(0o644)
    library.change_settings(lambda kept: kept.with_values(top_k=3))
    assert file.stat().st_mode & 0o077 == 0
    shown = f"{library.kept_settings} {library.settings!r} {refused.value} {caplog.text}"
    assert "sk-secret" not in shown
    assert not list(library.folder.glob("*.partial"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda kept: kept.with_values(top_k=0), "top_k: Input should be greater than or equal to 1"),
        (lambda kept: kept.with_values(answer_language="42"), "is not the name of a language"),
        (lambda kept: kept.with_values(answer_tone="rude"), "'plain', 'formal' or 'friendly'"),
        (lambda kept: kept.with_values(instructions="x" * 2000), "at most 1500 characters"),
        (lambda kept: kept.with_values(library="/tmp"), "cannot be kept in a library"),
        (lambda kept: kept.connected(Connection(" ", "http://here/v1")), "needs a name"),
        (lambda kept: kept.connected(Connection("it", "http://here/v1", context_tokens=100)), "the least is 512"),
        (lambda kept: kept.connected(Connection("x" * 300, "http://here/v1")), "Shorten it"),
        (lambda kept: kept.connected(Connection("a", "b")).connected(Connection("a", "c")), "named 'a' already"),
        (lambda kept: kept.choosing("nobody"), "no connection named 'nobody'"),
    ],
)
def test_a_bad_value_is_a_sentence_and_changes_nothing(library: Library, change: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        library.change_settings(change)
    assert library.kept_settings == KeptSettings()


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"connections": [{"name": "a"}]}', '{"values": {"top_k": "many"}}', '{"values": {"top_k": []}}']
)
def test_a_damaged_file_is_a_sentence(open_library: OpenLibrary, damage: str) -> None:
    library = open_library()
    (library.folder / "settings.json").write_text(damage)
    with pytest.raises(SettingsError, match=r"settings\.json cannot be used.*Correct it, or delete it"):
        library.ask(QUESTION)


def test_what_the_environment_sets_wins_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chat_server: ChatServer) -> None:
    with Library.open(tmp_path / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        connect(library, chat_server, context_tokens=8192)
        library.change_settings(lambda kept: kept.with_values(top_k=7, answer_length="long"))
        assert library.fixed_by("top_k") == ""
    monkeypatch.setenv("RAG_TOP_K", "9")
    monkeypatch.setenv("RAG_CHAT_BASE_URL", chat_server.url("/many-models/v1"))
    monkeypatch.setenv("RAG_CHAT_MODEL", "alpha")
    with Library.open(tmp_path / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        assert (library.settings.top_k, library.settings.answer_length) == (9, "long")
        assert library.chat_model
        assert library.chat_model.name == "alpha"
        assert library.settings.chat_context_tokens == 4096
        assert library.fixed_by("top_k") == "RAG_TOP_K in the environment"
        assert library.fixed_by("chat_base_url") == "RAG_CHAT_BASE_URL in the environment"
        assert library.fixed_by("answer_length") == ""
    with Library.open(tmp_path / "library", Settings(top_k=2), embedder=BagOfWordsEmbedder()) as library:
        assert library.settings.top_k == 2


def test_a_connection_wins_over_the_variables_of_openai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chat_server: ChatServer) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("RAG_CHAT_MODEL", "gpt")
    with Library.open(tmp_path / "library", Settings(), embedder=BagOfWordsEmbedder()) as library:
        connect(library, chat_server)
        assert library.settings.chat_endpoint
        assert library.settings.chat_endpoint.base_url == chat_server.url()
        assert library.settings.chat_endpoint.api_key is None
        library.change_settings(lambda kept: kept.choosing(""))
        assert library.settings.chat_endpoint.model == "gpt"


def test_files_of_the_working_directory_are_read_below_the_environment(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text('RAG_TOP_K=8\nRAG_CHUNK_TOKENS=300\nOPENAI_API_KEY="sk-of-openai"\nOTHER=1\nRAG_LIVE_X=2\n')
    (elsewhere / "footnote.toml").write_text("top_k = 9\nchunk_tokens = 400\nwordings = false\nanswer_language = 'fr'\n")
    monkeypatch.setenv("RAG_TOP_K", "7")
    settings = Settings()
    assert (settings.top_k, settings.chunk_tokens, settings.wordings, settings.answer_language) == (7, 300, False, "French")
    assert settings.chat_endpoint
    assert Settings(top_k=6).top_k == 6
    assert [where_set(name) for name in ("top_k", "chunk_tokens", "wordings", "openai_api_key", "rerank_depth")] == [
        "RAG_TOP_K in the environment",
        "RAG_CHUNK_TOKENS in .env",
        "wordings in footnote.toml",
        "OPENAI_API_KEY in .env",
        "",
    ]
    monkeypatch.setenv("RAG_SETTINGS_FILES", "false")
    assert Settings().chunk_tokens == 200


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        (".env", "RAG_TOP_K=many", "RAG_TOP_K in .env: input should be a valid integer"),
        ("footnote.toml", "top_k = 0", "top_k in footnote.toml: input should be greater than or equal to 1 (it is 0)."),
        ("footnote.toml", "top_kk = 3", "top_kk in footnote.toml is not a setting."),
        ("footnote.toml", "[chat]\nmodel = 3", "chat in footnote.toml is not a setting."),
        ("footnote.toml", "chat_api_key = 3", "chat_api_key in footnote.toml: input should be a valid string."),
    ],
)
def test_a_bad_value_is_told_with_its_name_and_its_place(elsewhere: Path, file: str, line: str, words: str) -> None:
    (elsewhere / file).write_text(line)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert any(words in each for each in problems(caught.value)), problems(caught.value)


@pytest.mark.parametrize(
    ("file", "data"), [("footnote.toml", b"top_k = "), ("footnote.toml", b"\xff\xfe"), (".env", b"\xff\xfeRAG_TOP_K=1")]
)
def test_a_file_that_cannot_be_read_is_a_sentence(elsewhere: Path, file: str, data: bytes) -> None:
    (elsewhere / file).write_bytes(data)
    with pytest.raises(SettingsError, match=f"{file}.*Correct the file, or remove it"):
        Settings()


def test_language_tone_length_and_own_instructions_reach_the_model(open_library: OpenLibrary, texts: Path, chat_server: ChatServer) -> None:
    library = open_library()
    library.add(texts)
    connect(library, chat_server)
    library.ask(QUESTION)
    plain = chat_server.chats[-1].body["messages"]
    assert "Answer in the language of the question." in plain[0]["content"]
    library.change_settings(
        lambda kept: kept.with_values(
            answer_language="German", answer_tone="formal", answer_length="short", instructions="Give times as 14:00."
        )
    )
    library.ask(QUESTION)
    system, *_, last = chat_server.chats[-1].body["messages"]
    for words in ("Answer in German", "Write formally", "one or two sentences", "Give times as 14:00."):
        assert words in system["content"]
    assert "language of the question." not in system["content"]
    assert "Be brief" not in system["content"]
    assert "Nicht in Ihren Dokumenten" in last["content"] or "Dokument" in last["content"]


def test_changing_a_connection_keeps_its_place(library: Library) -> None:
    one, two = Connection("one", "http://one/v1"), Connection("two", "http://two/v1")
    library.change_settings(lambda kept: kept.connected(one).connected(two))
    library.change_settings(lambda kept: kept.connected(replace(one, name="first"), instead_of="one"))
    assert [each.name for each in library.kept_settings.connections] == ["first", "two"]
    assert library.kept_settings.chosen == "two"


def test_what_a_newer_version_kept_is_left_alone(library: Library) -> None:
    file = library.folder / "settings.json"
    file.write_text('{"schema": 9, "values": {"top_k": 3}}')
    with pytest.raises(SettingsError, match="written by a newer version"):
        library.change_settings(lambda kept: kept.with_values(top_k=4))
    assert "9" in file.read_text()
