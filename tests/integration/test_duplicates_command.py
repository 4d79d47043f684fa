"""`rag duplicates` and `rag related`: what they print, and how they end; with the real model."""

import json
from pathlib import Path

import pytest

from rag import Library, Passage
from rag.embedding.protocol import Embedder
from tests.integration.test_cli import Run, names, run

__all__ = ["run"]  # a fixture


@pytest.fixture
def doubled(tmp_path: Path, samples: Path, minilm: Embedder) -> Path:
    """A library with a sample, a changed copy of it, and another sample."""
    text = (samples / "returns-policy.txt").read_text(encoding="utf-8")
    (tmp_path / "old.txt").write_text(text.replace("30 days", "45 days"), encoding="utf-8")
    with Library.open(tmp_path / "made", embedder=minilm) as library:
        assert library.add([samples / "returns-policy.txt", tmp_path / "old.txt", samples / "workshop-faq.md"]).all_searchable
    return tmp_path / "made"


def test_duplicates_are_printed_with_what_differs(run: Run, doubled: Path) -> None:
    shown = run("duplicates", "--library", doubled)
    assert (shown.status, shown.err) == (0, "")
    assert "passages of the first are in the second" in shown.out
    assert "within [-30-] {+45+} days of delivery" in shown.out or "within [-45-] {+30+} days of delivery" in shown.out
    assert "workshop-faq.md" not in shown.out

    (line,) = run("duplicates", "--library", doubled, "--json").lines
    assert line["kind"] == "documents"
    assert {line["left"], line["right"]} == {"old.txt", "returns-policy.txt"}
    assert {part["kind"] for change in line["changes"] for part in change["parts"]} == {"same", "changed"}
    assert set(line["changes"][0]["left"]["passage"]) == names(Passage)


def test_no_duplicates_is_a_sentence_and_no_failure(run: Run, sample_library: Path) -> None:
    ended = run("duplicates", "--library", sample_library)
    assert (ended.status, ended.out) == (0, "")
    assert "No duplicates" in ended.err
    assert run("duplicates", "--library", sample_library, "--threshold", "2").status == 2


def test_related_documents_and_passages_are_printed(run: Run, doubled: Path) -> None:
    nearest, other = run("related", "old.txt", "--library", doubled, "--json").lines
    assert (nearest["document"], other["document"]) == ("returns-policy.txt", "workshop-faq.md")
    assert 0 < other["cosine"] < 0.9 < nearest["cosine"] <= 1
    shown = run("related", "old.txt", "-k", "1", "--library", doubled)
    assert shown.out.startswith("1  returns-policy.txt  cosine 0.9") or shown.out.startswith("1  returns-policy.txt  cosine 1.0")

    passages = run("related", "workshop-faq.md", "--page", "1", "-k", "2", "--library", doubled, "--json")
    assert [line["rank"] for line in passages.lines] == [1, 2]
    assert set(passages.lines[0]) == names(Passage)
    missing = run("related", "workshop-faq.md", "--page", "7", "--library", doubled)
    assert (missing.status, missing.out) == (1, "")
    assert "no text on page 7" in missing.err
    assert json.loads(run("related", "old.txt", "-k", "1", "--library", doubled, "--json").out)["document"] == "returns-policy.txt"
