"""What the tests share: an environment without settings, libraries in folders of their own, and the real model, loaded once."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import pytest

from rag import Library, Settings
from rag.embedding.backends import build_embedder
from rag.embedding.protocol import Embedder
from rag.storing.places import Places
from tests.chat_server import ChatServer
from tests.exported import PRECISIONS, export_as
from tests.fakes import BagOfWordsEmbedder
from tests.postgres_server import PostgresServer, programs

# Machines are slow at times, and the same checkout must give the same result each time.
hypothesis.settings.register_profile("footnote", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("footnote")

FOR_THE_TESTS = "RAG_LIVE_"
"""Variables that are read by tests, not by the library."""


class OpenLibrary(Protocol):
    """Opens a library in a folder of the test's own; keywords besides these are settings. All are closed at its end."""

    def __call__(self, folder: str = "library", *, embedder: Embedder | None = None, **settings: Any) -> Library: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--precision", choices=PRECISIONS, help="run the tests of the built-in model alone, with its export in this precision")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.spreading import Spreading

    config.option.loadscopereorder = False
    return Spreading(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("precision"):
        others = [item for item in items if "minilm" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable of the machine the tests run on reaches the library, nor any process it starts; `--precision` does."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("RAG_", "OPENAI_", "OTEL_")) and not name.startswith(FOR_THE_TESTS):
                patch.delenv(name)
        patch.setenv("RAG_OCR", "false")  # a second for each page, and more to load it: for the tests that ask for it
        patch.setenv("RAG_WAIT_SECONDS", "0")
        patch.setenv("RAG_SETTINGS_FILES", "false")  # a checkout may have an .env
        patch.setenv("RAG_CHAT_SERVERS", "none")  # nor is a chat server of this machine asked
        patch.setenv("RAG_READ_DEPTH", "0")  # a tenth of a second for each question: for the tests that ask for it, and README's
        if precision := pytestconfig.getoption("precision"):
            cache = tmp_path_factory.mktemp(precision)
            export_as(precision, cache)
            patch.setenv("RAG_MODEL_CACHE", str(cache))
        yield


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[OpenLibrary]:
    with ExitStack() as stack:

        def opened(folder: str = "library", *, embedder: Embedder | None = None, **settings: Any) -> Library:
            library = Library.open(tmp_path / folder, Settings(**settings), embedder=embedder or BagOfWordsEmbedder())
            return stack.enter_context(library)

        yield opened


@pytest.fixture
def library(open_library: OpenLibrary) -> Library:
    """An empty library."""
    return open_library()


@pytest.fixture(scope="session")
def minilm() -> Embedder:
    """The real model, as it runs by default; exported by now, for the processes that a test starts too."""
    settings = Settings()
    embedder = build_embedder(settings.embedding_model, settings.embedding_backend, settings.exported_models)
    assert embedder.embed_query("ready?").shape == (384,)
    return embedder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample documents."""
    return Path(__file__).parents[1] / "data" / "samples"


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder, samples: Path) -> Path:
    """The folder of a library that the real model has read two samples into; open it, but change nothing in it."""
    folder = tmp_path_factory.mktemp("samples") / "library"
    with Library.open(folder, embedder=minilm) as library:
        assert library.add([samples / "returns-policy.txt", samples / "workshop-faq.md"]).all_searchable
    return folder


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for all tests of this process; `database()` makes a database for one."""
    if programs() is None:
        missing = "PostgreSQL is not installed: install the package postgresql (Debian: sudo apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """Where tables lie: in files, and in a database of the test's own."""
    url: str | None = request.getfixturevalue("postgres").database() if request.param == "postgresql" else None
    return Places(tmp_path, url)
