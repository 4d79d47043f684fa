"""`rag compare` and `rag classify`: what they print where, and how they end."""

import csv
import json
from pathlib import Path

import pytest

from tests.integration.test_cli import Run, run

__all__ = ["run"]  # a fixture

LABELS = ("--labels", "returning goods,ships in a harbour")


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Path:
    """A library of two documents."""
    (tmp_path / "returns.txt").write_text("An item may be returned within 30 days of delivery. Refunds take a week.", encoding="utf-8")
    (tmp_path / "quay.txt").write_text("Ships moor at the northern quay of the harbour. The pilot boards at high water.", encoding="utf-8")
    assert run("add", "returns.txt", "quay.txt", "--library", "made").status == 0
    return tmp_path / "made"


def test_texts_are_compared(run: Run, made: Path, tmp_path: Path) -> None:
    ended = run("compare", "The cat sat on the mat.", "A dog rested on the rug.", "--library", made, "--json")
    assert ended.status == 0
    (pair,) = ended.lines
    assert pair["cosine"] == pytest.approx(0.459, abs=0.03)
    assert (pair["first"], pair["second"], pair["first_text"]) == (0, 1, "The cat sat on the mat.")

    shown = run("compare", "--library", made, "-o", "heat.html")
    assert shown.status == 0
    assert "quay.txt" in shown.out
    assert "of passages of this library" in run("compare", "one text", "another text", "--library", made).err
    assert "Plotly.newPlot" in (tmp_path / "heat.html").read_text(encoding="utf-8")


def test_a_column_is_compared_with_a_question(run: Run, made: Path, tmp_path: Path) -> None:
    (tmp_path / "goods.csv").write_text("id,words\n1,a cotton t-shirt\n2,running shoes\n3,a laptop bag\n", encoding="utf-8")
    arguments = ("compare", "--file", "goods.csv", "--query", "What are good shoes for jogging?", "--library", made)
    ended = run(*arguments, "--column", "words", "--json", "-k", "2")
    assert ended.lines[0]["text"] == "running shoes"
    assert len(ended.lines) == 2
    unsaid = run(*arguments)
    assert (unsaid.status, unsaid.out) == (1, "")
    assert "Choose one: id, words." in unsaid.err


def test_too_little_or_too_much_to_compare(run: Run, made: Path) -> None:
    ended = run("compare", "one", "--library", made)
    assert (ended.status, ended.out) == (1, "")
    assert "at least 2 texts" in ended.err
    assert run("compare", "--query", "x", "--library", made).status == 2
    unwritten = run("compare", "--library", made, "-o", "nowhere/heat.html")
    assert unwritten.status == 1
    assert "cannot be written" in unwritten.err


def test_documents_get_labels(run: Run, made: Path, tmp_path: Path) -> None:
    ended = run("classify", *LABELS, "--library", made, "--json", "-o", "out.csv")
    assert ended.status == 0
    assert {line["document"]: line["label"] for line in ended.lines} == {
        "returns.txt": "returning goods",
        "quay.txt": "ships in a harbour",
    }
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["label"] for row in rows] == [line["label"] for line in ended.lines]

    shown = run("classify", *LABELS, "Where do vessels moor?", "--library", made)
    assert "ships in a harbour" in shown.out
    assert "rough guide" in shown.err
    assert len(run("classify", *LABELS, "--of", "chunks", "--library", made, "--json").lines) == 2


def test_examples_are_checked(run: Run, made: Path, tmp_path: Path) -> None:
    texts = {"shop": ["Refunds are paid.", "Items are returned.", "Delivery is free."], "sea": ["Ships moor.", "High water.", "The quay."]}
    rows = [f"{label},{text}" for label, own in texts.items() for text in own]
    (tmp_path / "examples.csv").write_text("\n".join(["label,text", *rows]), encoding="utf-8")
    ended = run("classify", "--examples", "examples.csv", "--evaluate", "--library", made, "--json")
    (found,) = ended.lines
    assert (found["folds"], sum(map(sum, found["confusion"]))) == (3, 6)
    assert json.dumps(found["labels"]) == '["shop", "sea"]'
    shown = run("classify", "--examples", "examples.csv", "--evaluate", "--library", made)
    assert "accuracy" in shown.out
    assert "6 examples, 3-fold" in shown.err


def test_wrong_labels_are_told(run: Run, made: Path) -> None:
    assert run("classify", "--library", made).status == 2
    assert run("classify", *LABELS, "--of", "pages", "--library", made).status == 2
    ended = run("classify", "--labels", "one", "--library", made)
    assert (ended.status, ended.out) == (1, "")
    assert "at least 2 labels" in ended.err
    assert "cannot be read" in run("classify", "--examples", "gone.csv", "--library", made).err
