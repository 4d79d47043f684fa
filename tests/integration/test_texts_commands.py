"""`--texts`, `--column` and `--label`: the same options of every command that takes texts in place of a library."""

import json
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.unit.test_texts import LABELS, SENTENCES
from ui.commands import cli

Run = Callable[..., tuple[int, str, str]]
TABLE = ("--texts", "topics.csv", "--column", "text")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command where there is no library; returns status, output and messages."""
    monkeypatch.setenv("RAG_EMBEDDING_MODEL", "plugin:tests.fakes:NamedWords?x")
    monkeypatch.chdir(tmp_path)
    rows = [f"{label},{text}" for label, text in zip(LABELS, SENTENCES, strict=True)]
    Path("topics.csv").write_text("\n".join(["topic,text", *rows]), encoding="utf-8")

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rag", *arguments])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, " ".join(err.split())

    return run


def test_the_sentences_become_a_picture_by_one_command(run: Run) -> None:
    assert run("map", *TABLE, "--label", "topic", "--output", "map.png")[0] == 0
    assert Path("map.png").read_bytes().startswith(b"\x89PNG")
    status, out, _ = run("map", *TABLE, "--label", "topic", "--output", "map.json")
    assert (status, out) == (0, "")
    points = json.loads(Path("map.json").read_text(encoding="utf-8"))["points"]
    assert [point["group"] for point in points] == LABELS


def test_each_command_takes_texts_without_a_library(run: Run) -> None:
    assert "Animals (3)" in run("clusters", *TABLE, "--label", "topic", "-k", "3")[1]
    assert "1.000  same words  same words" in " ".join(run("compare", "same words", "same words")[1].split("   "))
    for given in (["--texts", "-"], ["-"]):
        assert len(run("compare", *given, "--json", stdin="a\n\nb\nc\n")[1].splitlines()) == 3
    assert "Cake is baked" in run("compare", *TABLE, "--query", "a cake", "-k", "1")[1]
    assert "text 5" in run("related", "text 4", *TABLE, "-k", "1")[1]
    assert "The model learns from data." in run("related", SENTENCES[3], *TABLE, "-k", "1")[1]
    found = run("related", "flour wheat", "--texts", "-", "--node-embeddings", "-k", "2", stdin="bread flour\nflour wheat\nwheat corn\n")[1]
    assert {"bread flour", "wheat corn"} <= {line.strip() for line in found.splitlines()}
    assert "compares whole documents" in run("related", "text 1", *TABLE, "--node-embeddings", "--page", "1")[2]
    status, _, err = run("duplicates", "--texts", "-", stdin="bread\ncheese\n")
    assert (status, err) == (0, "No duplicates: every text is there once.")
    assert "same words throughout" in run("duplicates", "--texts", "-", stdin="the same line\nthe same line\n")[1]
    labelled = run("classify", "The cat sleeps.", *TABLE, "--label", "topic", "--json")[1]
    assert [json.loads(line)["label"] for line in labelled.splitlines()] == ["Animals"]
    assert "accuracy" in run("classify", *TABLE, "--label", "topic", "--evaluate")[1]
    assert "not show its tokens" in run("tokens", "a text")[2]
    solved = run("arithmetic", "cat - dog + cake", *TABLE, "-k", "2", "--json")[1]
    assert len(json.loads(solved)["neighbours"]) == 2
    lines = "\n".join(f"{one} works with {other}" for one in "abcdefghijkl" for other in "mnopqrstuvwx")
    assert run("train", "word2vec", "--texts", "-", "-o", "model", stdin=lines)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("map", "-o", "m.json", "--texts", "topics.csv", "--column", "words"), 1, "no column 'words'. It has: topic, text"),
        (("map", "-o", "m.json", *TABLE, "--label", "kind"), 1, "no column 'kind'"),
        (("map", "-o", "m.json", *TABLE, "--by", "label"), 2, "--by label needs --label"),
        (("compare", "a", "b", "--column", "text"), 2, "--column and --label are columns of the file"),
        (("compare", "a", " "), 1, "A text is empty"),
        (("duplicates", "--texts", "-"), 1, "standard input is empty"),
        (("compare", "one"), 1, "at least 2 texts"),
        (("tokens", "one", "two", "three", "--word", "one"), 2, "--word needs two sentences"),
        (("duplicates",), 1, "There is no library"),
    ],
)
def test_what_is_wrong_is_said(run: Run, arguments: tuple[str, ...], status: int, said: str) -> None:
    found, out, err = run(*arguments)
    assert (found, out) == (status, "")
    assert said in err.replace("│ ", "").replace(" │", "")
