"""The sets that quoting is measured on: their files, and their questions with what answers them."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from tests.benchmarks import sets
from tests.benchmarks.quoted import Gold, Question, Texts, covers, needed_of, squeeze, tokens, without_tables

SEED = 13

Files = dict[str, dict[str, str | Path]]
"""For each library its files: the text, or where the file is."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many questions are drawn: of a language, and of each source of evidence; of how many documents; and how many are probes.

    A probe is a drawn question asked again without the file that answers it: one in `probe_every`.
    """

    language: int = 200
    text: int = 300
    table: int = 200
    equation: int = 50
    documents: int = 25
    clapnq: int = 300
    probe_every: int = 2
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Set:
    """Libraries with their questions, and the squeezed texts of their files."""

    files: Files
    questions: tuple[Question, ...]
    texts: Mapping[str, Texts]


def xquad(folder: Path, sizes: Sizes) -> Set:
    """A library a language, one file an article."""
    files: Files = defaultdict(dict)
    drawn: dict[str, list[Question]] = defaultdict(list)
    texts: dict[str, Texts] = defaultdict(Texts)
    for row in _rows(folder / "reading" / "xquad.jsonl"):
        language, name = row["language"], f"{_file_name(row['title'])}.txt"
        if sizes.languages and language not in sizes.languages:
            continue
        library = f"xquad-{language}"
        before = str(files[library].get(name, row["title"].replace("_", " ")))
        files[library][name] = f"{before}\n\n{row['text'].strip()}"
        led = len(squeeze(before))
        for asked in row["questions"]:
            start = led + len(squeeze(row["text"][: asked["start"]]))
            gold = Gold(needed=(asked["answer"],), document=name, place=(start, start + max(1, len(squeeze(asked["answer"])))))
            drawn[language].append(Question(asked["question"], library, language, gold=gold))
    for library, named in files.items():
        texts[library].squeezed.update({name: squeeze(str(text)) for name, text in named.items()})
    questions = [_sampled(asked, sizes.language) for asked in drawn.values()]
    return Set(files, tuple(_with_probes(chain(*questions), sizes.probe_every)), texts)


def ohr(folder: Path, sizes: Sizes) -> Set:
    """One library of documents of six kinds; what is right must stand on the gold page."""
    rows = list(_rows(folder / "reading" / "ohr_questions.jsonl"))
    pages = {row["document"]: row["pages"] for row in _rows(folder / "reading" / "ohr_pages.jsonl")}
    chosen = _spread([row["document"] for row in rows if row["document"] in pages], sizes.documents)
    named: dict[str, str | Path] = {}
    texts, at = Texts(), dict[tuple[str, int], tuple[str, tuple[int, int]]]()
    for document in chosen:
        name, parts, end = f"{_file_name(document)}.txt", list[str](), 0
        for page in pages[document]:
            parts.append(without_tables(page["text"]).strip())
            start, end = end, end + len(squeeze(parts[-1]))
            at[document, page["page"]] = (parts[-1], (start, end))
        named[name] = "\n\n".join(parts)
        texts.squeezed[name] = "".join(map(squeeze, parts))
    drawn: dict[str, list[Question]] = defaultdict(list)
    for row in rows:
        page_text, place = at.get((row["document"], row["page"]), ("", (0, 0)))
        evidence = row["evidence"] if isinstance(row["evidence"], str) else "\n".join(row["evidence"])
        if not covers(tokens(page_text), evidence):
            continue  # of a document left out, or the page does not hold what is to be found
        gold = Gold((evidence,), needed_of(str(row["answer"]), evidence, page_text), (), f"{_file_name(row['document'])}.txt", place)
        drawn[row["source"]].append(Question(row["question"], "ohr", row["source"], row["document"].split("/")[0], gold))
    questions = [_sampled(drawn[source], count) for source, count in _sources(sizes).items()]
    return Set({"ohr": named}, tuple(_with_probes(chain(*questions), sizes.probe_every)), {"ohr": texts})


def clapnq(folder: Path, sizes: Sizes) -> Set:
    """A file a passage; half of the questions are not answered by them. Right has one of the gold sentences."""
    rows = list(_rows(folder / "clapnq" / "questions.jsonl"))
    questions = []
    for row, asked in zip(rows, sets.clapnq_questions(folder / "clapnq"), strict=True):
        sentences = tuple(sentence for annotator in row.get("gold_sentences") or [] for sentence in annotator)
        gold = Gold(sentences, document=f"{row['gold_passage']}.txt", twins=asked.documents) if row["answerable"] else None
        questions.append(Question(asked.text, "clapnq", "answerable" if gold else "unanswerable", gold=gold))
    named: dict[str, str | Path] = {
        f"{row['_id']}.txt": f"{row['title']}\n\n{row['text']}" for row in _rows(folder / "clapnq" / "passages.jsonl")
    }
    return Set({"clapnq": named}, tuple(_sampled(questions, sizes.clapnq)), {"clapnq": Texts()})


def _sources(sizes: Sizes) -> dict[str, int]:
    return {"text": sizes.text, "table": sizes.table, "equation": sizes.equation}


def _with_probes(drawn: Iterable[Question], every: int) -> Iterator[Question]:
    questions = list(drawn)
    yield from questions
    for question in questions[:: max(1, every)]:
        assert question.gold is not None
        yield replace(question, gold=None, without=question.gold.document)


def _spread(documents: Sequence[str], most: int) -> list[str]:
    """Documents in turn from each kind, those with most questions first."""
    counts = {document: documents.count(document) for document in dict.fromkeys(documents)}
    kinds: dict[str, list[str]] = defaultdict(list)
    for document in sorted(counts, key=lambda name: (-counts[name], name)):
        kinds[document.split("/")[0]].append(document)
    turns = [document for turn in range(len(counts)) for kind in sorted(kinds) for document in kinds[kind][turn : turn + 1]]
    return turns[:most]


def _sampled(questions: list[Question], most: int) -> list[Question]:
    """As many of them, always the same."""
    return random.Random(SEED).sample(questions, most) if len(questions) > most else questions


def _file_name(title: str) -> str:
    return re.sub(r"[^\w.,&()+-]+", "_", title)[:100].strip("_.")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
