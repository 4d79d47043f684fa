"""The documents made to train the reader on: each span lies where the answer is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def made(out: Path, seed: int) -> list[dict[str, Any]]:
    subprocess.run(
        [sys.executable, "-m", "tools.reader.made_documents", str(out), "--count", "1500", "--seed", str(seed)],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return made(tmp_path_factory.mktemp("made") / "a.jsonl", 3)


def test_each_answer_lies_in_its_evidence(examples: list[dict[str, Any]]) -> None:
    assert len(examples) == 1500
    for example in examples:
        assert bool(example["answers"]) == bool(example["evidence"])
        for start, end in example["answers"]:
            assert 0 <= start < end <= len(example["passage"])
            assert any(first <= start and end <= last for first, last in example["evidence"])


def test_no_slot_or_mark_is_left(examples: list[dict[str, Any]]) -> None:
    for example in examples:
        text = example["passage"] + example["question"] + example["heading"]
        assert not any(mark in "{}<>\0" or "\ue000" <= mark < "\uf000" for mark in text), text


def test_nineteen_languages_and_about_a_third_without_an_answer(examples: list[dict[str, Any]]) -> None:
    assert len({example["language"] for example in examples}) == 19
    assert 0.3 < sum(not example["evidence"] for example in examples) / len(examples) < 0.45


def test_the_same_seed_makes_the_same_file(examples: list[dict[str, Any]], tmp_path: Path) -> None:
    assert made(tmp_path / "b.jsonl", 3) == examples
    assert made(tmp_path / "c.jsonl", 4) != examples
