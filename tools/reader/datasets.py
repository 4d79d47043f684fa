"""Turn public question-answering sets into training examples for the reader.

    python -m tools.reader.datasets RAW_FOLDER OUT_FOLDER [SET ...]

RAW_FOLDER holds one folder a set, named as its repository (`DATA.md` lists repositories, commits and licences).
Each set becomes OUT_FOLDER/SET.jsonl, one example a line; a set whose raw files are missing is passed over.
"""

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.reader.examples import Example, example, grouped, hard_negatives, paragraphs_of, read, squad, squad_question, window
from tools.reader.tables import aitqa, fetaqa, jfinqa, tatqa, wtq

SEED = 13
QUESTIONS_AT_MOST = 12_000
Converter = Callable[[Path, random.Random], Iterator[list[Example]]]


def squad_files(source: str, language: str, pattern: str) -> Callable[[Path, random.Random], Iterator[list[Example]]]:
    """A converter for SQuAD files that match a pattern under the raw folder."""

    def convert(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
        for path in sorted(raw.glob(pattern)):
            data = read(path)
            yield from squad(source, language, data if isinstance(data, list) else data["data"], rng)

    return convert


def iapp(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Thai encyclopedia articles."""
    for path in sorted(raw.glob("iapp-wiki-qa-dataset/squad_format/data/*.jsonl")):
        yield from squad("iapp", "th", grouped(read(path), "title"), rng)


def idk_mrc(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Indonesian, with unanswerable questions."""
    for path in sorted(raw.glob("IDK-MRC/dataset/idk_mrc/*.json")):
        yield from squad("idk_mrc", "id", [{"title": "", "paragraphs": [row]} for row in read(path)], rng)


def amqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Amharic encyclopedia articles."""
    for path in sorted(raw.glob("amharic-qa/*_data.json")):
        found = [entry["paragraphs"] for entry in read(path)["data"]]
        articles = [{"title": "", "paragraphs": one if isinstance(one, list) else [one]} for one in found]
        yield from squad("amqa", "am", articles, rng)


def afriqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Questions from Africa, put into English or French, on encyclopedia passages."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(raw.glob("afriqa/data/gold_passages/*/*.json")):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        whole = [line for line in lines if line["context"] and line["question_translated"] and line["answer_pivot"]["answer_start"]]
        asked = [{"question": line["question_translated"], "answers": line["answer_pivot"]} for line in whole]
        rows[path.name.split(".")[3]] += [line | more for line, more in zip(whole, asked, strict=True)]
    for language, found in rows.items():
        yield from squad("afriqa", language, grouped(found, "title"), rng)


def covid_qa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Biomedical papers; only those that state a Creative Commons BY licence."""
    for path in sorted(raw.glob("COVID-QA/data/question-answering/200423*.json")):
        papers = [entry["paragraphs"] for entry in read(path)["data"]]
        free = [p for p in papers if re.search(r"License: ?cc-by\s", p[0]["context"][:1500])]
        yield from squad("covid_qa", "en", [{"title": p[0]["context"].split("\n")[0][:90], "paragraphs": p} for p in free], rng)


def xquad(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Twelve languages; one pair in ten asks in English of another language's passage, or the other way round."""
    rows = read(raw / "xquad" / "xquad.jsonl") if (raw / "xquad" / "xquad.jsonl").exists() else []
    same = {(row["language"], row["article"], row["paragraph"]): row for row in rows}
    by_article: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in rows:
        by_article[row["language"], row["article"]].append(row["text"])
    for row in rows:
        where = ("xquad", row["language"], str(row["article"]), row["title"])
        others = [part for text in by_article[row["language"], row["article"]] if text != row["text"] for part in paragraphs_of(text)]
        for number, asked in enumerate(row["questions"]):
            answers = [{"text": asked["answer"], "answer_start": asked["start"]}]
            question = asked["question"]
            if rng.random() < 0.1:
                other = rng.choice(("ar", "de", "el", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")) if row["language"] == "en" else "en"
                question = same[other, row["article"], row["paragraph"]]["questions"][number]["question"]
            yield squad_question(where, row["text"], {"question": question, "answers": answers}, others, rng)


def selqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """English: which sentences of a section answer."""
    rows = [row for path in sorted(raw.glob("selqa/ass/*.json")) for row in read(path)]
    sections: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        row["candidates"] = [candidate.strip() for candidate in row["candidates"]]
        sections[row["article"]].add(" ".join(row["candidates"]))
    for row in rows:
        passage, starts = " ".join(row["candidates"]), [0]
        for sentence in row["candidates"]:
            starts.append(starts[-1] + len(sentence) + 1)
        evidence = [(starts[at], starts[at] + len(row["candidates"][at])) for at in row["answers"]]
        found = window(passage, evidence, rng)
        if not found or not evidence:
            continue
        where = ("selqa", "en", row["article"], f"{row['article']} > {row['section']}")
        gold = [passage[start:end] for start, end in evidence]
        others = [part for other in sections[row["article"]] - {passage} for part in paragraphs_of(other)]
        negatives = hard_negatives(row["question"], gold, sorted(others), rng)
        yield [example(where, row["question"], found[0], [], found[1]), *(example(where, row["question"], n, []) for n in negatives)]


SETS: dict[str, Converter] = {
    "xquad": xquad,
    "wtq": wtq,
    "tatqa": tatqa,
    "fetaqa": fetaqa,
    "aitqa": aitqa,
    "jfinqa": jfinqa,
    "selqa": selqa,
    "covid_qa": covid_qa,
    "piaf": squad_files("piaf", "fr", "piaf-code/piaf-v1.0.json"),
    "faquad": squad_files("faquad", "pt", "faquad/data/dataset.json"),
    "arcd": squad_files("arcd", "ar", "SOQAL/data/arcd.json"),
    "heq": squad_files("heq", "he", "Hebrew-Question-Answering-Dataset/*.json"),
    "enelpi": squad_files("enelpi", "tr", "enelpi/*[a2].json"),
    "iapp": iapp,
    "idk_mrc": idk_mrc,
    "norquad": squad_files("norquad", "no", "NorQuAD/data/annotation/wikipedia/*.json"),
    "amqa": amqa,
    "afriqa": afriqa,
    "jaquad": squad_files("jaquad", "ja", "JaQuAD/data/*/*.json"),
    "jsquad": squad_files("jsquad", "ja", "JGLUE/datasets/jsquad-v1.3/*.json"),
    "cmrc2018": squad_files("cmrc2018", "zh", "cmrc2018/squad-style-data/*.json"),
    "drcd": squad_files("drcd", "zh-Hant", "DRCD/*.json"),
}


def report(name: str, groups: list[list[Example]]) -> str:
    """What was made of a set, in one line."""
    lines = [line for group in groups for line in group]
    answered = sum(bool(line["answers"] or line["evidence"]) for line in lines)
    languages = " ".join(sorted(Counter(line["language"] for line in lines)))
    length = sum(len(line["passage"]) for line in lines) // len(lines)
    documents = len({line["document"] for line in lines})
    counts = f"{len(groups)} questions, {len(lines)} lines, {answered / len(lines):.0%} answered, {documents} documents"
    return f"{name}: {counts}, {languages}, mean passage {length}"


def main(raw: Path, out: Path, chosen: list[str]) -> None:
    """Convert every set (or the chosen ones) whose raw files are there."""
    held = raw / "held_out.txt"
    held_out = {" ".join(line.lower().split()) for line in held.read_text(encoding="utf-8").splitlines()} if held.exists() else set()
    for name in chosen or SETS:
        rng, groups, seen = random.Random(SEED), [], set()
        for group in SETS[name](raw, rng):
            if group and group[0]["question"].lower() not in held_out and (key := (group[0]["question"], group[0]["passage"])) not in seen:
                seen.add(key)
                groups.append(group)
        if not groups:
            sys.stdout.write(f"{name}: no raw files\n")
            continue
        if len(groups) > QUESTIONS_AT_MOST:
            groups = rng.sample(groups, QUESTIONS_AT_MOST)
        made = "".join(json.dumps(line, ensure_ascii=False) + "\n" for group in groups for line in group)
        unfinished = out / f"{name}.part"
        unfinished.write_text(made, encoding="utf-8")
        unfinished.replace(out / f"{name}.jsonl")
        sys.stdout.write(report(name, groups) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
