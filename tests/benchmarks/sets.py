"""The sets of questions that retrieval is measured on: real documents, and where their answers stand.

They are not part of this project (`README.md` beside this file says what they are); each is read from a folder of its own.
"""

import csv
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

SAME_BEGINNING = 300
"""Characters: passages that begin so far alike are one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is known of its answer.

    Attributes:
        text: The question.
        documents: Names of the documents that answer it.
        pages: `(document, page)` that answer it.
        is_answerable: Whether the documents answer it.
        source: The row it was read from.
    """

    text: str
    documents: frozenset[str] = frozenset()
    pages: frozenset[tuple[str, int]] = frozenset()
    is_answerable: bool = True
    source: dict[str, Any] = field(default_factory=dict)


def write_chunking(folder: Path, target: Path) -> list[Path]:
    """The corpora, one file each."""
    return _written(target, ((f"{path.stem}.md", path.read_text(encoding="utf-8")) for path in sorted((folder / "corpora").glob("*.md"))))


def chunking_scorer(folder: Path) -> tuple[ModuleType, dict[str, str], list[dict[str, Any]]]:
    """The set's own scorer, its corpora and its questions."""
    spec = importlib.util.spec_from_file_location("chunking_score", folder / "score.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    corpora, questions = module.load()
    return module, corpora, questions


def northwind_questions(folder: Path) -> list[Asked]:
    """Gold is a page or the next one: the source's chunks run on."""
    return [
        Asked(
            row["question"],
            frozenset(place["doc"] for place in row["evidence"]),
            frozenset((place["doc"], place["page1"] + step) for place in row["evidence"] for step in (0, 1)),
        )
        for row in _rows(folder / "questions.jsonl")
    ]


def write_scifact(folder: Path, target: Path) -> list[Path]:
    """Each abstract as a text file, its title on the first line."""
    rows = _rows(folder / "corpus.jsonl")
    return _written(target, ((f"{row['_id']}.txt", f"{row['title']}\n\n{row['text']}") for row in rows))


def scifact_questions(folder: Path, split: str = "train") -> list[Asked]:
    """Claims, and the abstracts that support or refute them."""
    with (folder / f"qrels_{split}.tsv").open(encoding="utf-8", newline="") as file:
        relevant: dict[str, set[str]] = {}
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant.setdefault(row["query-id"], set()).add(f"{row['corpus-id']}.txt")
    return [
        Asked(row["text"], frozenset(relevant[row["_id"]])) for row in _rows(folder / f"queries_{split}.jsonl") if row["_id"] in relevant
    ]


def write_clapnq(folder: Path, target: Path) -> list[Path]:
    """Each passage as a text file, its title on the first line."""
    return _written(target, ((f"{row['_id']}.txt", f"{row['title']}\n\n{row['text']}") for row in _rows(folder / "passages.jsonl")))


def clapnq_questions(folder: Path) -> list[Asked]:
    """Questions that the passages answer, and as many that they do not. Some passages are in the set twice; either is right."""
    twins: dict[str, set[str]] = {}
    beginnings = {row["_id"]: " ".join(row["text"].split())[:SAME_BEGINNING] for row in _rows(folder / "passages.jsonl")}
    for id_, beginning in beginnings.items():
        twins.setdefault(beginning, set()).add(f"{id_}.txt")
    return [
        Asked(row["question"], frozenset(twins[beginnings[row["gold_passage"]]]), is_answerable=row["answerable"])
        for row in _rows(folder / "questions.jsonl")
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _written(target: Path, texts: Iterator[tuple[str, str]]) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in texts:
        path = target / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths
