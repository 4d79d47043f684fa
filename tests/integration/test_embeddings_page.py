"""docs/embeddings.md prints what it shows: its Python to the digit, its commands but for the last digits of a model in 8 bits."""

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from rag.embedding.protocol import Embedder
from tests.embedding_server import EmbeddingServer
from tests.fakes import BagOfWordsEmbedder
from ui.commands import cli

PAGE = Path(__file__).parents[2] / "docs" / "embeddings.md"
EIGHT_BITS = 0.03  # how far a cosine may differ from one processor to another
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"-?\d+\.\d+")


class Wide(BagOfWordsEmbedder):
    """Vectors as long as OpenAI's."""

    dimensions = 1536


def test_the_page_prints_what_it_shows(
    tmp_path: Path, minilm: Embedder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, object] = {}
    with EmbeddingServer(Wide()) as server, one_thread():
        monkeypatch.setenv("RAG_EMBEDDING_BASE_URL", server.url())
        for language, code, shown in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            if language == "python":
                exec(code, names)
                assert _printed(capsys) == _trimmed(shown), code
            else:
                command, _, output = code.partition("\n")
                assert not _status(command.removeprefix("$ "), monkeypatch), command
                printed = _printed(capsys)
                assert _NUMBER.sub("#", printed) == _NUMBER.sub("#", _trimmed(output)), command
                np.testing.assert_allclose(_numbers(printed), _numbers(output), atol=EIGHT_BITS, err_msg=command)
    assert Path("topics.png").read_bytes().startswith(b"\x89PNG")
    sys.modules.pop("letters", None)


@contextmanager
def one_thread() -> Iterator[None]:
    """Threads of torch that wait for each other take more of a small machine than they give."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _status(command: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit status of a command, which may have settings before it."""
    words = shlex.split(command)
    settings, arguments = words[: words.index("rag")], words[words.index("rag") :]
    with monkeypatch.context() as during:
        for name, _, value in (setting.partition("=") for setting in settings):
            during.setenv(name, value)
        during.setattr(sys, "argv", arguments)
        try:
            cli.main()
        except SystemExit as end:
            return end.code
    return 0


def _printed(capsys: pytest.CaptureFixture[str]) -> str:
    return _trimmed(capsys.readouterr().out)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]
