"""Addresses are shown without what is secret in them, wherever they are shown."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import ChatError, EmbeddingError, Library, RerankingError, Settings, StorageError
from rag.embedding.backends import build_embedder
from rag.endpoints.addresses import without_secrets
from rag.reranking import build_reranker
from rag.settings import EmbeddingEndpoint
from tests.fakes import BagOfWordsEmbedder
from ui.web.settings import SettingsHandlers

SECRETS = ["http://ann:s3cret@here/v1", "http://here:1/v1?key=s3cret", "http://here:1/v1#s3cret", "http://ann:s3/c?r#s3cret@here/v1"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:s3cret@here:8080/v1", "https://here:8080/v1"),
        ("https://s3cret@here/v1?key=x#y", "https://here/v1"),
        ("https://ann:s3/cr?e#t@here/v1", "https://here/v1"),
        ("https://ann:p@ss@here/v1", "https://here/v1"),
        ("https://:s3cret@here", "https://here"),
        (" ann:s3cret@here/v1 ", "here/v1"),
        ("//ann:s3cret@here/v1", "//here/v1"),
        ("https://here:443/v1/@cf/model", "https://here:443/v1/@cf/model"),
        ("http://[::1]:8080/v1/@cf", "http://[::1]:8080/v1/@cf"),
        ("http://here/v1?user=a@b", "http://here/v1"),
        ("localhost:11434", "localhost:11434"),
        ("/login?next=//a", "/login"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@given(st.text("abc:/?#@[].%-1", max_size=30).filter(lambda password: not password[:1].isdigit()))
def test_no_password_is_shown_whatever_is_in_it(password: str) -> None:
    assert without_secrets(f"https://ann:{password}@here.example/v1") == "https://here.example/v1"


@pytest.mark.parametrize("url", SECRETS)
def test_errors_and_panels_show_no_secret_of_an_address(tmp_path: Path, url: str) -> None:
    said = []
    (tmp_path / "mill.txt").write_text("The mill closes at noon.", encoding="utf-8")
    with Library.open(tmp_path / "chat", Settings(chat_base_url=url, chat_model="m"), embedder=BagOfWordsEmbedder()) as library:
        library.add(tmp_path / "mill.txt")
        with pytest.raises(ChatError) as chat:
            library.ask("What is it?")
        said += [str(chat.value), *asyncio.run(SettingsHandlers(library).check())]
    with pytest.raises(EmbeddingError) as embedding:
        build_embedder("openai:m", "auto", tmp_path, EmbeddingEndpoint(url)).embed_query("What?")
    with pytest.raises(RerankingError) as reranking:
        build_reranker(url).scores("What?", ["This."])
    with (
        pytest.raises(StorageError) as storing,
        Library.open(tmp_path / "chroma", Settings(chroma_url=url.replace("here", "127.0.0.1:1"))) as library,
    ):
        library.documents()
    said += [str(error.value) for error in (embedding, reranking, storing)]
    assert not [words for words in said if "s3cret" in words or "ann" in words.split("://")[-1][:4]]
