"""`rag doctor` while the page holds the library: it asks the page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import OpenLibrary
from tests.page_server import PageServer
from ui.commands.cli import app


def test_the_doctor_asks_the_page_that_holds_the_library(open_library: OpenLibrary, tmp_path: Path) -> None:
    (tmp_path / "tea.txt").write_text("Tea is served at four.")
    library = open_library()
    library.add(tmp_path / "tea.txt")
    arguments = ["doctor", "--library", str(library.folder), "--json"]
    assert "is in use" in str(CliRunner().invoke(app, arguments).exception)  # by a program without a page
    with PageServer(library) as server:
        library.announce(server.url)
        library.pages.original("tea.txt").unlink()
        states = []
        for more in ([], ["--repair"]):
            done = CliRunner().invoke(app, [*arguments, *more])
            findings = {line["part"]: line for line in map(json.loads, done.stdout.splitlines())}
            states.append((done.exit_code, findings["files"]["state"], "repair" in findings))
        assert states == [(1, "fault", False), (0, "ok", True)]
        assert library.pages.original("tea.txt").exists()


def test_a_page_that_does_not_answer_is_told(open_library: OpenLibrary) -> None:
    library = open_library()
    library.documents()
    library.announce("http://127.0.0.1:9")
    done = CliRunner().invoke(app, ["doctor", "--library", str(library.folder)])
    with pytest.raises(Exception, match=r"page at http://127\.0\.0\.1:9 holds the library and did not answer"):
        raise done.exception or AssertionError
