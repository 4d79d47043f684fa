"""README and docs are true to the letter: their commands and their Python run, their tables are complete, their links lead somewhere."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from rag.embedding.protocol import Embedder
from rag.settings import Settings
from rag.types import OutcomeStatus

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("[CS]*.md"))]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _block(name: str, language: str) -> str:
    block = re.search(rf"^```{language}\n(.*?)^```", _text(name), re.MULTILINE | re.DOTALL)
    assert block
    return block[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Path:
    """A folder as README's reader has it: the samples, and no library yet."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    return folder


def _run(command: list[str], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "RAG_READ_DEPTH"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_do_what_they_say(folder: Path) -> None:
    lines = _block("README.md", "sh").strip().splitlines()
    outputs = {line: _run(["bash", "-c", line], folder) for line in lines}
    said = "\n".join(outputs.values())
    assert len(lines) >= 6
    assert "harbour-handbook.pdf" in outputs["rag list"]
    assert "returns-policy.txt" in next(output for line, output in outputs.items() if line.startswith("rag search"))
    assert "31 March of the following year, at most ten days" in said
    assert '"document": "tide-notes.pdf"' in said


def test_the_python_prints_an_answer_with_its_footnote(folder: Path) -> None:
    said = _run([sys.executable, "-c", _block("README.md", "python")], folder)
    assert "at most ten days" in said
    assert "(1, 'harbour-handbook.pdf', '4')" in said


def test_the_python_prints_passages(folder: Path) -> None:
    assert "1 returns-policy.txt" in _run([sys.executable, "-c", _block("docs/python.md", "python")], folder)


def test_other_programs_are_let_in(folder: Path) -> None:
    """The commands, Python and HTTP, while a server of its own process holds the library."""
    rag = Path(sys.executable).with_name("rag")
    serving = subprocess.Popen([rag, "serve", "--port", "0", "--library", "served"], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        assert serving.stderr
        found = re.search(r"http://\S+", next(line for line in serving.stderr if "Footnote is at" in line))
        assert found

        def at_the_server(language: str) -> str:
            return _block("docs/http.md", language).replace("http://localhost:7860", found[0])

        for code in re.findall(r"^```python\n(.*?)^```", _text("docs/http.md"), re.MULTILINE | re.DOTALL):
            said = _run([sys.executable, "-c", code.replace("http://localhost:7860", found[0])], folder)
            assert "at most ten days" in said
        assert "url_citation" in said
        uploaded, answered, grown = [_run(["bash", "-c", line], folder) for line in at_the_server("sh").strip().splitlines()]
        assert '"status":"' in uploaded
        assert "within 30 days" in answered
        assert grown.count("event: answer") >= 1
        listed = _run([str(rag), "list", "--library", "served"], folder)
        assert "harbour-handbook.pdf" in listed
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=30)


def test_the_views_say_what_the_vectors_see(folder: Path) -> None:
    said = _run([sys.executable, "-c", _block("docs/explore.md", "python")], folder)
    for words in ("teak", "running shoes", "of pairs of passages of this library", "'##bel", "static_cosine=1.0", "queen"):
        assert words in said


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = _text("docs/settings.md")
    for name, field in Settings.model_fields.items():
        if name.startswith("openai_"):
            assert f"`{name.upper()}`" in table
            continue
        default = "" if field.default is None else f"`{field.default}`"
        assert f"| `RAG_{name.upper()}` | {default} | {field.description} |" in table


def test_every_outcome_is_in_the_table() -> None:
    for status in get_args(OutcomeStatus):
        assert f"| `{status}` |" in _text("docs/command-line.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = [(page.parent / name, anchor) for name, anchor in re.findall(r"\]\(([^)#:]+)(#[^)]*)?\)", text)]
    named = [(ROOT / name, "") for name in re.findall(r"`((?:data|docs|rag|tests|tools|ui)/[\w./-]*)`", text) if "library" not in name]
    for path, anchor in linked + named:
        assert path.exists(), path
        headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor[1:] in [heading.lower().replace(" ", "-") for heading in headings], anchor
