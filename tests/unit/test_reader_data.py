"""The converters behind the reader's training data, on small sets made here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PARAGRAPH = "The mill was built in 1841 by Anna Berg. It burned down twice. Today it houses a small museum of clocks."
OTHER = "The museum shows ninety clocks from the mill towns of the north, most of them built by hand in small workshops there."


def converted(tmp_path: Path, name: str) -> list[dict[str, Any]]:
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "tools.reader.datasets", str(tmp_path), str(out), name],
        check=True,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    made = out / f"{name}.jsonl"
    return [json.loads(line) for line in made.read_text(encoding="utf-8").splitlines()] if made.exists() else []


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def faquad(tmp_path: Path, context: str, start: int, text: str, question: str = "When was the mill built?") -> None:
    asked = {"question": question, "answers": [{"text": text, "answer_start": start}]}
    paragraphs = [{"context": context, "qas": [asked]}, {"context": OTHER, "qas": []}]
    write(tmp_path / "faquad/data/dataset.json", json.dumps({"data": [{"title": "The_mill", "paragraphs": paragraphs}]}))


def test_prose_gives_the_answer_and_a_hard_negative_of_the_same_document(tmp_path: Path) -> None:
    faquad(tmp_path, PARAGRAPH, PARAGRAPH.index("1841"), "1841")
    answered, unanswered = converted(tmp_path, "faquad")
    assert [answered["passage"][start:end] for start, end in answered["answers"]] == ["1841"]
    assert (unanswered["passage"], unanswered["answers"], unanswered["evidence"]) == (OTHER, [], [])
    assert answered["document"] == unanswered["document"] == "faquad/The_mill"
    assert answered["heading"] == "The mill"


def test_an_offset_a_few_characters_off_is_mended_and_a_far_one_left_out(tmp_path: Path) -> None:
    faquad(tmp_path, PARAGRAPH, PARAGRAPH.index("1841") - 5, "1841")
    answered = converted(tmp_path, "faquad")[0]
    assert [answered["passage"][start:end] for start, end in answered["answers"]] == ["1841"]
    faquad(tmp_path / "far", PARAGRAPH + " Filler." * 20, 200, "1841")
    assert converted(tmp_path / "far", "faquad") == []


def test_a_long_text_is_cut_to_whole_sentences_around_the_answer(tmp_path: Path) -> None:
    before = "".join(f"Sentence number {number} says nothing of note. " for number in range(60))
    context = before + PARAGRAPH + " " + before
    faquad(tmp_path, context, len(before) + PARAGRAPH.index("1841"), "1841")
    answered = converted(tmp_path, "faquad")[0]
    assert 250 <= len(answered["passage"]) <= 1_000
    assert [answered["passage"][start:end] for start, end in answered["answers"]] == ["1841"]
    assert answered["passage"].startswith(("Sentence", "The mill"))
    assert answered["passage"].endswith(".")


def test_held_out_questions_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "held_out.txt", "when was THE mill built?\n")
    faquad(tmp_path, PARAGRAPH, PARAGRAPH.index("1841"), "1841")
    assert converted(tmp_path, "faquad") == []


def wtq(tmp_path: Path, questions: list[tuple[str, str]], rows: list[str]) -> list[dict[str, Any]]:
    folder = tmp_path / "WikiTableQuestions"
    lines = [f"nt-{number}\t{asked}\tcsv/1-csv/1.csv\t{target}" for number, (asked, target) in enumerate(questions)]
    write(folder / "data/training.tsv", "\n".join(["id\tutterance\tcontext\ttargetValue", *lines]))
    write(folder / "csv/1-csv/1.tsv", "\n".join(["City\tCountry\tPopulation", *rows]))
    write(folder / "page/1-page/1.json", json.dumps({"title": "Ports"}))
    return converted(tmp_path, "wtq")


def test_a_table_gives_the_cell_its_row_and_the_header(tmp_path: Path) -> None:
    rows = [f"Port {number}\tLand {number}\t{number}00,{number}5{number}" for number in range(3, 40)]
    for line in wtq(
        tmp_path, [(f"what is the population of port {number}?", f"{number}00,{number}5{number}") for number in range(3, 40)], rows
    ):
        assert {"City", "Population"} <= set(line["passage"].replace("|", " ").replace(",", " ").split())
        if line["answers"]:
            number = line["question"].split()[-1].rstrip("?")
            ((start, end),) = line["answers"]
            assert line["passage"][start:end] == f"{number}00,{number}5{number}"
            ((low, high),) = line["evidence"]
            row = line["passage"][low:high]
            assert f"Port {number}" in row
            assert low <= start < end <= high
            assert "\n" not in row


def test_a_value_that_two_rows_hold_alike_and_a_count_are_left_out(tmp_path: Path) -> None:
    rows = ["Alba\tNorth\t2", "Brin\tNorth\t7", "Cove\tSouth\t9"]
    assert wtq(tmp_path, [("where does the ferry stop?", "North"), ("how many cities are there in total?", "2")], rows) == []


def test_a_comparison_gets_no_table_without_its_row(tmp_path: Path) -> None:
    rows = [f"Port {number}\tLand {number}\t{number}00" for number in range(3, 12)]
    made = wtq(tmp_path, [("which port has the largest population?", "Port 11")], rows)
    assert [bool(line["evidence"]) for line in made] == [True]
