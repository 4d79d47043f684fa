"""`rag map` and `rag clusters`, with the real model."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ui.commands.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished command."""

    status: object
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sample_library: Path, tmp_path: Path) -> Run:
    """Run a command on a copy of the samples' library, in a folder of its own."""
    shutil.copytree(sample_library, tmp_path / "library")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["rag", *arguments, "--library", "library"])
        capsys.readouterr()
        status: object = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        out, err = capsys.readouterr()
        return Ended(status or 0, out, err)

    return run


def test_a_map_is_written_as_its_ending_says(run: Run) -> None:
    beginnings = {"png": b"\x89PNG", "svg": b"<?xml", "html": b"<!doctype html>"}
    for ending, beginning in beginnings.items():
        ended = run("map", "-o", f"map.{ending}", "--by", "cluster", "--question", "How should I oil a teak table?")
        assert (ended.status, ended.out) == (0, "")
        assert f"map.{ending}: 16 passages." in ended.err
        assert "Trustworthiness" in ended.err
        assert Path(f"map.{ending}").read_bytes().startswith(beginning)
    html = Path("map.html").read_text(encoding="utf-8")
    assert "teak" in html
    assert '<script src="http' not in html  # it needs nobody else
    assert '"showSendToCloud": false' in html


def test_a_map_in_json_says_where_everything_is(run: Run) -> None:
    assert run("map", "-o", "map.json", "--question", "How should I oil a teak table?").status == 0
    found = json.loads(Path("map.json").read_text(encoding="utf-8"))
    assert (found["of"], found["method"], found["sampled_from"]) == ("chunks", "tsne", len(found["points"]))
    assert {point["group"] for point in found["points"]} == {"returns-policy.txt", "workshop-faq.md"}
    assert found["points"][found["question"]["nearest"][0]]["document"] == "workshop-faq.md"
    assert run("map", "-o", "two.json", "--of", "documents", "--method", "pca").status == 0
    assert [point["document"] for point in json.loads(Path("two.json").read_text(encoding="utf-8"))["points"]] == [
        "returns-policy.txt",
        "workshop-faq.md",
    ]


def test_what_cannot_be_drawn_or_written_is_said_in_a_sentence(run: Run) -> None:
    for arguments, words in (
        (("map", "-o", "map.gif"), "must be one of .png, .svg, .html, .json"),
        (("map", "-o", "nowhere/map.png"), "cannot be written"),
        (("map", "-o", "map.png", "--question", " "), "question is empty"),
        (("clusters", "-k", "1000"), "must be from 1 to 16"),
        (("clusters", "-k", "2", "--method", "hdbscan"), "leave out -k"),
    ):
        ended = run(*arguments)
        assert ended.status == 1
        assert words in ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_without_matplotlib_names_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ended = run("map", "-o", f"map.{ending}", "--method", "pca")
    assert (ended.status, ended.out) == (1, "")
    assert "pip install 'footnote[plots]'" in ended.err
    assert not Path(f"map.{ending}").exists()


def test_clusters_are_listed_and_printed_as_json(run: Run) -> None:
    ended = run("clusters", "-k", "2", "--json")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert sum(row["size"] for row in rows) == 16
    assert all(row["name"] and row["terms"] and 1 <= len(row["passages"]) <= 3 for row in rows)
    assert sum(sum(row["documents"].values()) for row in rows) == 16
    listed = run("clusters", "-k", "2")
    assert rows[0]["terms"][0] in listed.out
    assert "2 clusters as asked for" in listed.err
