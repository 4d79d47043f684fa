"""`rag embed`: lists of texts go in from arguments, files, columns and standard input, and out as four formats."""

import csv
import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest

from ui.commands import cli


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_EMBEDDING_MODEL", "plugin:tests.fakes:NamedWords?x")


def embed(monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: str = "") -> int:
    """The exit status."""
    monkeypatch.setattr(sys, "argv", ["rag", "embed", *arguments])
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode())))
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_each_format_holds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "texts.csv").write_text("id;text\n1;=ferry\n2;The mill\n")
    given = ["--file", str(tmp_path / "texts.csv"), "--column", "Text"]
    assert embed(monkeypatch, *given) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["text"] for row in rows] == ["=ferry", "The mill"]
    vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
    assert vectors.shape == (2, 129)

    names = ["a.npy", "a.csv", "a.jsonl"]
    for name in names:
        assert embed(monkeypatch, *given, "-o", str(tmp_path / name)) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), vectors)
    with (tmp_path / "a.csv").open(newline="") as file:
        header, *cells = csv.reader(file)
    assert (header[:3], [row[0] for row in cells]) == (["text", "0", "1"], ["'=ferry", "The mill"])
    np.testing.assert_array_equal(np.array([row[1:] for row in cells], dtype=np.float32), vectors)
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()] == rows
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["texts.csv", *names])

    parquet = pytest.importorskip("pyarrow.parquet")
    assert embed(monkeypatch, *given, "-o", str(tmp_path / "a.parquet")) == 0
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist()[1]["text"] == "The mill"


def test_a_hundred_thousand_lines_of_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"line {number % 500}\n" for number in range(100_000))
    assert embed(monkeypatch, "-o", str(tmp_path / "a.npy"), stdin=lines) == 0
    assert np.load(tmp_path / "a.npy", mmap_mode="r").shape == (100_000, 129)
    assert embed(monkeypatch, "--file", "-", "--column", "b", "-o", str(tmp_path / "b.npy"), stdin="a,b\n1,2\n") == 0
    assert np.load(tmp_path / "b.npy").shape == (1, 129)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--file", "texts.csv"], "several columns. Choose one: id, text"),
        (["--file", "texts.csv", "--column", "words"], "no column 'words'. It has: id, text"),
        (["--file", "none.txt"], "none.txt cannot be read"),
        (["a", "-o", "a.xml"], ".npy, .csv, .jsonl, .parquet"),
        (["a", "-o", "none/a.npy"], "none/a.npy cannot be written"),
        ([], "standard input is empty"),
        (["--file", "blank.txt"], "only white space"),
    ],
)
def test_what_cannot_be_read_or_written_is_said(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("texts.csv").write_text("id,text\n1,ferry\n")
    Path("blank.txt").write_text(" \n\n")
    assert embed(monkeypatch, *arguments) == 1
    assert said in " ".join(capsys.readouterr().err.split())
