"""The programs in docs/programs run, and print what they show."""

import runpy
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rag.formats.registry import FORMATS

PROGRAMS = Path(__file__).parents[2] / "docs" / "programs"

PRINTED = {
    "memory": ["added 4712", "“It is kept at the harbour office.” [1]", "[1] ticket 4712 of bo: It is kept", "'closed': True"],
    "filtered": ["since 2022: 2022.txt A day ticket for the ferry costs 45 crowns.", "in notes: ['ferry.txt']", "metadata draft, year."],
    "chat_function": ["stand_in says: The bakery opens at five[1].", "broken failed: TimeoutError: no answer to 2 messages"],
    "reading": ["Added: 2 minutes.", "it has no subtitles", "lighthouse.srt, minute 1: The ship passes"],
    "evaluation": ["question 3 of 3", "recall_at_k 1.00", "missed: []"],
    "export_import": ["2 of 2: bakery.txt", "True {'year': 2024}", "“The bakery opens at five.” [1]", "{'unchanged'}"],
}


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small model, which other processes find too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PROGRAMS)
    monkeypatch.setenv("PYTHONPATH", str(PROGRAMS.parents[1]))
    monkeypatch.setenv("RAG_EMBEDDING_MODEL", "plugin:tests.fakes:NamedWords?x")


@pytest.mark.parametrize("name", PRINTED)
def test_it_prints_what_it_shows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    formats = list(FORMATS)
    try:
        runpy.run_path(str(PROGRAMS / f"{name}.py"), run_name="__main__")
    finally:
        FORMATS[:] = formats
        sys.modules.pop("reader", None)
    printed = capsys.readouterr().out
    assert [words for words in PRINTED[name] if words not in printed] == []


def test_the_service_answers() -> None:
    app = runpy.run_path(str(PROGRAMS / "service.py"))["app"]
    with TestClient(app) as client:
        reply = client.get("/ask", params={"question": "When are returns accepted?", "shop": "north"}).json()
        assert reply["sources"] == ["returns.txt: Returns are accepted within 30 days of delivery."]
        assert client.get("/ask", params={"question": " "}).status_code == 400


def test_the_notebook_runs_and_shows_values_as_markdown() -> None:
    import nbclient
    import nbformat

    notebook = nbformat.read(PROGRAMS / "notebook.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    nbclient.NotebookClient(notebook, timeout=120).execute()
    shown = [output.data.get("text/markdown", "") for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    assert "| ferry.txt | 1 |" in shown[0]
    assert "[1] ferry.txt: “The ferry leaves at noon" in shown[1]
    assert "noon" in shown[2]
    assert shown[3].startswith("1. **ferry.txt")


def test_every_program_is_run() -> None:
    names = {file.stem for file in PROGRAMS.iterdir() if file.suffix in {".py", ".ipynb"}}
    assert names == {*PRINTED, "service", "notebook", "reader"}
