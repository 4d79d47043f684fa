"""Measure questions about several documents, things or times: whether the pages for each part are found, and whether each is quoted.

    python -m tests.benchmarks.comparisons EVAL_FOLDER WORK [--part judging] [--setting split_questions=false] [--answers]
    python -m tests.benchmarks.comparisons EVAL_FOLDER WORK --single xquad

The questions compare northwind's two plans, invented companies' annual reports (`made_reports`) and three made contracts. What is compared
and the forms of questions are divided in two: the rule was made on "choosing", and is judged on "judging". `--single` counts the questions
of a public set that one passage answers and the rule parts all the same, and how many of those get worse. Libraries are kept in WORK.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from rag import Library, Passage, Settings
from rag.retrieving.naming import NamedDocuments
from rag.retrieving.planning import parts_by_rule
from tests.benchmarks import quoting_sets
from tests.benchmarks.made_reports import COMPANIES, LINES, YEARS, made_reports
from tests.benchmarks.quoted import judged

PARTS = ("choosing", "judging")
STANDARD, PLUS = "Northwind_Standard_Benefits_Details.pdf", "Northwind_Health_Plus_Benefits_Details.pdf"
ASPECTS: dict[str, tuple[int, int]] = {
    "deductible": (12, 13), "acupuncture": (18, 17), "allergy testing": (19, 18), "ambulance services": (20, 19),
    "dialysis": (26, 26),
    "clinical trials": (23, 23), "emergency room visits": (27, 27), "foot care": (28, 28),
    "hearing care": (30, 30), "hospice care": (32, 33),
    "home health care": (30, 31), "infusion therapy": (34, 35), "massage therapy": (35, 36), "maternity care": (36, 38),
    "medical transportation": (37, 40), "newborn care": (42, 44), "prescription drugs": (44, 46), "preventive care": (45, 47),
    "rehabilitation therapy": (48, 50), "skilled nursing facilities": (48, 51), "spinal manipulations": (49, 52), "TMJ care": (53, 56),
    "substance use disorder": (50, 53), "transplants": (55, 58), "urgent care": (56, 59), "virtual care": (57, 60),
    "weight management": (58, 61), "clinical review": (67, 72), "subrogation": (76, 81), "timely filing of claims": (78, 83),
    "appeal levels": (80, 85), "out-of-pocket maximum": (14, 14), "coinsurance": (13, 13), "the allowed amount": (15, 15),
    "copays": (11, 11), "balance billing": (7, 7),
}  # fmt: skip
"""What both plans tell of, and the page where each begins to; the next page counts too."""

PLAN_FORMS = (
    ("compare {aspect} of Standard and Plus", "What do Standard and Plus say about {aspect}?",
     "What is the difference between Northwind Standard and Northwind Health Plus in {aspect}?",
     "Is {aspect} in Standard better than in Plus?", "Vergleiche {aspect} von Standard und Plus"),
    ("How does Plus differ from Standard when it comes to {aspect}?", "{aspect}: Northwind Standard vs. Northwind Health Plus",
     "Which plan is more generous about {aspect}, Standard or Plus?", "What are the rules on {aspect} for both Plus and Standard?",
     "Quelle est la différence entre Standard et Plus pour {aspect} ?"),
)  # fmt: skip
YEAR_FORMS = (
    ("How did {company}'s {line} change from {a} to {b}?", "Compare {company}'s {line} in {a} and {b}"),
    ("Was {line} of {company} higher in {b} than in {a}?", "What was {company}'s {line} in fiscal {a}, and how did it develop until {b}?"),
)
COMPANY_FORMS = (
    ("Compare the {line} of {one} and {other} in {a}", "Did {one} have more {line} than {other} in {a}?"),
    ("Which had the larger {line} in {a}: {one} or {other}?", "What is the difference between {one}'s and {other}'s {line} for {a}?"),
)
EVENT_FORMS = (
    ("What do {company}'s {a} and {b} reports say about {event}?",),
    ("{company}: how does {event} compare between the {a} and the {b} annual report?",),
)
TOPICS = {"lawsuit": "legal proceedings", "restructuring": "restructuring", "employees": "the number of employees", "facility": "debt"}
CONTRACTS = {"berlin": ("two", "40", "Monday"), "lisbon": ("six", "65", "Tuesday"), "oslo": ("three", "20", "Friday")}
CONTRACT_FORMS = (
    ("Which of the three contracts has the longest notice period?", "Compare the hourly rate in Berlin, Lisbon and Oslo",
     "What is the difference between the Berlin and the Oslo contract in notice?"),
    ("What does each of the three contracts say about the day of the weekly meeting?", "Is the rate in Lisbon higher than in Oslo?",
     "Which has the shortest notice period: Berlin, Lisbon or Oslo?"),
)  # fmt: skip

Gold = tuple[tuple[str, frozenset[int]], ...]
"""Of each part the document and its pages."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question about several things, and for each what answers it."""

    library: str
    text: str
    gold: Gold


def plan_questions(place: int) -> Iterator[Comparison]:
    """Questions about northwind's two plans."""
    for number, (aspect, pages) in enumerate([*ASPECTS.items()][place::2]):
        text = PLAN_FORMS[place][number % len(PLAN_FORMS[place])].format(aspect=aspect)
        gold = zip((STANDARD, PLUS), pages, strict=True)
        yield Comparison("northwind", text, tuple((name, frozenset((page, page + 1))) for name, page in gold))


def report_questions(place: int) -> Iterator[Comparison]:
    """Questions about two years of a company, or two companies in a year."""
    random = Random(PARTS[place])
    reports = {(report.company.short, report.year): report for report in made_reports() if report.kind == "annual"}
    companies = [company.short for company in COMPANIES[place:8:2]]
    for number in range(16):
        a, b = sorted(random.sample(YEARS, 2))
        one, other = random.sample(companies, 2)
        line = random.choice(LINES)
        words = {"company": one, "one": one, "other": other, "a": a, "b": b, "line": random.choice(line.asked), "event": ""}
        keys, meant = line.key, [(one, a), (one, b)]
        forms: tuple[tuple[str, ...], ...] = YEAR_FORMS
        if number % 3 == 1:
            forms, meant = COMPANY_FORMS, [(one, a), (other, a)]
        elif number % 3 == 2:
            keys, forms = random.choice([*TOPICS]), EVENT_FORMS
            words["event"] = TOPICS[keys]
        gold = tuple((reports[each].name, reports[each].facts[keys]) for each in meant)
        yield Comparison("reports", random.choice(forms[place]).format(**words), gold)


def contract_questions(place: int) -> Iterator[Comparison]:
    """Questions about three contracts of one wording."""
    for text in CONTRACT_FORMS[place]:
        meant = [name for name in CONTRACTS if name.title() in text] or [*CONTRACTS]
        yield Comparison("contracts", text, tuple((f"contract_{name}.txt", frozenset({1})) for name in meant))


def write_contracts(folder: Path) -> list[Path]:
    """The three contracts."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (months, rate, day) in CONTRACTS.items():
        text = (
            f"Cleaning contract {name.title()}\n\nThe contractor cleans the offices in {name.title()} on every working day.\n\n"
            f"Either party may end this contract with {months} months' notice to the end of a quarter.\n\n"
            f"The hourly rate is {rate} euros, travel included.\n\nThe parties meet every {day} to talk about quality.\n\n"
            "The law of the place of the offices applies. Changes must be made in writing.\n"
        )
        (folder / f"contract_{name}.txt").write_text(text, encoding="utf-8")
    return sorted(folder.iterdir())


def write_annual_reports(folder: Path) -> list[Path]:
    """The annual reports of eight companies."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [report for report in made_reports() if report.kind == "annual" and report.company in COMPANIES[:8]]
    return [report.write(folder) for report in made if not (folder / report.name).exists()]


def measure(library: Library, asked: Sequence[Comparison], *, answers: bool) -> dict[str, float]:
    """Means over questions: parts whose page is found, all of them, among how many passages; parts whose page is quoted; milliseconds."""
    rows = []
    for each in asked:
        began = time.perf_counter()
        passages = library.retrieve(each.text)
        row = {"ms": 1000 * (time.perf_counter() - began), "passages": float(len(passages))}
        row |= {"parts@k": float(np.mean(hits(passages, each.gold))), "all@k": float(all(hits(passages, each.gold)))}
        row["all@5"] = float(all(hits(passages[:5], each.gold)))
        if answers:
            began = time.perf_counter()
            answer = library.ask(each.text)
            quoted = hits([citation.passage for citation in answer.citations if answer.finish == "complete"], each.gold)
            row |= {"parts quoted": float(np.mean(quoted)), "all quoted": float(all(quoted)), "split": float(bool(answer.parts))}
            row |= {"characters": float(len(answer.text)), "ms of the answer": 1000 * (time.perf_counter() - began)}
        rows.append(row)
        print(json.dumps({"question": each.text} | row), flush=True)
    return {"n": len(rows)} | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def hits(passages: Sequence[Passage], gold: Gold) -> list[bool]:
    """Of each part whether a page for it is among the passages."""
    found = {(passage.document, passage.page) for passage in passages}
    return [any((name, page) in found for page in pages) for name, pages in gold]


def open_library(work: Path, name: str, files: Callable[[], Sequence[Path] | Path], settings: dict[str, Any]) -> Library:
    """A library in WORK, filled once."""
    (work / name).mkdir(parents=True, exist_ok=True)
    library = Library.open(work / name / "library", Settings(**settings))
    if not library.documents():
        library.add(files())
    return library


def measure_comparisons(folder: Path, work: Path, part: str, settings: dict[str, Any], *, answers: bool) -> None:
    """Print the figures of each library."""
    place = PARTS.index(part)
    made: tuple[tuple[str, Callable[[int], Iterator[Comparison]], Callable[[], Any]], ...] = (
        ("northwind", plan_questions, lambda: folder / "northwind" / "pdfs"),
        ("reports", report_questions, lambda: write_annual_reports(work / "reports" / "files")),
        ("contracts", contract_questions, lambda: write_contracts(work / "contracts" / "files")),
    )
    for name, questions, files in made:
        with open_library(work, name, files, settings) as library:
            library.warm_up()
            figures = measure(library, [*questions(place)], answers=answers)
            print(name, part, json.dumps({key: round(value, 3) for key, value in figures.items()}), flush=True)


def measure_single(folder: Path, work: Path, name: str) -> None:
    """Count the questions of a set that are parted though one passage answers them, and those that get worse or better by it."""
    of = getattr(quoting_sets, name)(folder, quoting_sets.Sizes(language=10**6, text=10**6, table=10**6, equation=10**6))
    for key, files in of.files.items():
        place = work / name / key
        (place / "files").mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (place / "files" / file).write_text(str(text), encoding="utf-8")
        questions = [question for question in of.questions if question.library == key and question.gold is not None]
        rows: dict[bool, list[bool]] = {}
        for splits in (True, False):
            with open_library(work / name, key, partial(Path.joinpath, place, "files"), {"split_questions": splits}) as library:
                if splits:  # where a document's name tells it, or what it is about
                    questions = [question for question in questions if _is_parted(library, question.text)]
                rows[splits] = [bool(judged(each, library.ask(each.text), of.texts[key])["right"]) for each in questions]
        pairs = list(zip(rows[False], rows[True], strict=True))
        worse, better = pairs.count((True, False)), pairs.count((False, True))
        print(key, json.dumps({"parted": len(pairs), "right whole": sum(rows[False]), "worse": worse, "better": better}), flush=True)


def _is_parted(library: Library, question: str) -> bool:
    return bool(parts_by_rule(question, NamedDocuments(library.documents())))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--part", choices=PARTS, default="judging")
    parser.add_argument("--single", choices=("xquad", "ohr", "clapnq"), help="count the questions of this set that are parted for nothing")
    parser.add_argument("--answers", action="store_true", help="ask, too, and see what is quoted")
    parser.add_argument("--setting", action="append", default=[], help="NAME=VALUE, as split_questions=false")
    given = parser.parse_args()
    if given.single:
        measure_single(given.folder, given.work, given.single)
        return
    settings = dict(item.split("=", 1) for item in given.setting)
    measure_comparisons(given.folder, given.work, given.part, settings, answers=given.answers)


if __name__ == "__main__":
    main()
