import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rag import ChatNotConfiguredError, Library, Settings

KEY = "sk-of-openai"


def endpoint(**settings: Any) -> tuple[str, str | None, str | None] | None:
    found = Settings(**settings).chat_endpoint
    if found is None:
        return None
    return found.base_url, found.api_key.get_secret_value() if found.api_key else None, found.model


def test_without_anything_there_is_a_library_and_no_chat_model() -> None:
    settings = Settings()
    assert (settings.library, settings.embedding_model) == (Path("data/library"), "all-MiniLM-L6-v2")
    assert (settings.chunk_tokens, settings.top_k) == (200, 5)
    assert settings.chat_endpoint is None


def test_the_environment_sets_and_arguments_have_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_TOP_K", "7")
    monkeypatch.setenv("RAG_LIBRARY", "elsewhere")
    monkeypatch.setenv("RAG_CHUNK_TOKENS", "")
    assert (Settings().top_k, Settings().library, Settings().chunk_tokens) == (7, Path("elsewhere"), 200)
    assert Settings(top_k=9).top_k == 9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOP_K", "0"),
        ("TOP_K", "many"),
        ("CHUNK_TOKENS", "15"),
        ("MIN_CONFIDENCE", "high"),
        ("MAX_FILE_MEGABYTES", "0"),
        ("PARSE_SECONDS", "-1"),
        ("PARSE_MEGABYTES", "255"),
        ("CHAT_CONTEXT_TOKENS", "100"),
        ("CHAT_MAX_TOKENS", "1"),
        ("CHAT_TEMPERATURE", "2.5"),
        ("CHAT_SECONDS", "0"),
        ("MAX_UPLOAD_FILES", "0"),
        ("MAX_UPLOAD_MEGABYTES", "0"),
        ("ALLOWED_HOSTS", "http://docs.example.com"),
        ("ALLOWED_HOSTS", "docs.example.com, *"),
        ("ALLOWED_HOSTS", "docs.example.com:443"),
    ],
)
def test_a_value_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"RAG_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert caught.value.errors()[0]["loc"] == (name.lower(),)


def test_allowed_hosts_are_names_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().allowed_names == []
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", "docs.example.com, 10.0.0.5,,[fd00::1] ,")
    assert Settings().allowed_names == ["docs.example.com", "10.0.0.5", "[fd00::1]"]


def test_settings_cannot_be_changed_nor_misspelt() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().top_k = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="top_kk"):
        Settings(top_kk=3)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"RAG_CHAT_BASE_URL": "http://here/v1"}, ("http://here/v1", None, None)),
        ({"RAG_CHAT_BASE_URL": "http://here/v1", "OPENAI_API_KEY": KEY}, ("http://here/v1", None, None)),
        ({"RAG_CHAT_BASE_URL": "http://here/v1", "OPENAI_API_KEY": KEY, "RAG_CHAT_API_KEY": "mine"}, ("http://here/v1", "mine", None)),
        ({"OPENAI_API_KEY": KEY, "RAG_CHAT_MODEL": "big"}, ("https://api.openai.com/v1", KEY, "big")),
        ({"OPENAI_BASE_URL": "http://there/v1"}, ("http://there/v1", None, None)),
        ({"OPENAI_BASE_URL": "http://there/v1", "OPENAI_API_KEY": KEY, "RAG_CHAT_API_KEY": "mine"}, ("http://there/v1", KEY, None)),
        ({"RAG_CHAT_BASE_URL": "http://here/v1", "OPENAI_BASE_URL": "http://there/v1"}, ("http://here/v1", None, None)),
        ({"RAG_CHAT_API_KEY": "mine"}, None),
        ({"RAG_CHAT_MODEL": "big"}, None),
        ({"OPENAI_API_KEY": ""}, None),
    ],
)
def test_a_key_goes_to_its_own_endpoint_alone(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: tuple[str, str | None, str | None] | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert endpoint() == expected


def test_keys_are_not_shown() -> None:
    settings = Settings(chat_base_url="http://here/v1", chat_api_key="sk-secret", openai_api_key="sk-secret")
    assert "sk-secret" not in repr(settings) + repr(settings.chat_endpoint) + str(settings.model_dump())
    urls: dict[str, Any] = dict.fromkeys(
        ("chat_base_url", "embedding_base_url", "openai_base_url", "chroma_url", "reranker", "verifier"), "http://ann:s3cret@here/v1"
    )
    shown = Settings(**urls)
    assert "s3cret" not in f"{shown} {shown!r} {shown.chat_endpoint} {shown.embedding_endpoint}"
    assert repr(shown).count("http://here/v1") == len(urls)
    assert shown.chroma_url == urls["chroma_url"]


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://here/v1", "http://", "nonsense", "http://name:password@here/v1"])
def test_an_address_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    def use() -> None:
        with Library.open(tmp_path, Settings(chat_base_url=url)) as library:
            assert library.chat_model
            asyncio.run(library.chat_model.check())

    with pytest.raises(ChatNotConfiguredError, match="chat endpoint's address") as caught:
        use()
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"RAG_EMBEDDING_BASE_URL": "http://here/v1", "OPENAI_API_KEY": KEY}, ("http://here/v1", None)),
        ({"RAG_EMBEDDING_BASE_URL": "http://here/v1", "RAG_EMBEDDING_API_KEY": "mine", "OPENAI_API_KEY": KEY}, ("http://here/v1", "mine")),
        ({"RAG_CHAT_BASE_URL": "http://chat/v1", "RAG_CHAT_API_KEY": "chats"}, None),
        ({"OPENAI_API_KEY": KEY, "RAG_EMBEDDING_API_KEY": "mine"}, ("https://api.openai.com/v1", KEY)),
        ({"OPENAI_BASE_URL": "http://there/v1"}, ("http://there/v1", None)),
    ],
)
def test_the_embedding_endpoint_has_its_own_key_or_that_of_openai(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: tuple[str, str | None] | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Settings().embedding_endpoint
    assert (found and (found.base_url, found.api_key.get_secret_value() if found.api_key else None)) == expected
