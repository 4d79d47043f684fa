"""Closing a library closes what it opened, and nothing that it was given."""

import threading
from pathlib import Path

import pytest

from rag import EmbeddingError, Library, Settings
from tests.chat_server import ChatServer
from tests.fakes import BagOfWordsEmbedder


class CountingEmbedder(BagOfWordsEmbedder):
    """Counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        """Note it."""
        type(self).closed += 1


def test_models_that_were_given_stay_open_and_models_that_were_built_do_not(tmp_path: Path) -> None:
    with Library.open(tmp_path / "given", embedder=CountingEmbedder()):
        pass
    assert CountingEmbedder.closed == 0
    settings = Settings(embedding_model=f"plugin:{__name__}:{CountingEmbedder.__name__}")
    library = Library.open(tmp_path / "built", settings)
    library.close()
    library.close()
    assert CountingEmbedder.closed == 1


def test_no_thread_or_lock_is_left(tmp_path: Path, chat_server: ChatServer) -> None:
    before = set(threading.enumerate())
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    settings = Settings(chat_base_url=chat_server.url(), chat_model="stand-in")
    with Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()) as library:
        library.add(tmp_path / "tea.txt")
        assert library.ask("When is tea served?").passages
        assert library.pages.text("tea.txt", 1)
    left = [thread.name for thread in set(threading.enumerate()) - before if not thread.daemon]
    assert not [name for name in left if name.startswith("words")]
    Library.open(tmp_path / "library", settings, embedder=BagOfWordsEmbedder()).close()  # the lock is free


def test_a_library_that_cannot_be_built_keeps_no_lock(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError):
        Library.open(tmp_path / "library", Settings(embedding_model="combine:nonsense"))
    Library.open(tmp_path / "library", embedder=BagOfWordsEmbedder()).close()
