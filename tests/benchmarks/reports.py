"""Measure whether the right filing, and the right page of it, is found among many alike.

    python -m tests.benchmarks.reports WORK [--part judging] [--setting chunk_tokens=250]
        [--constant rag.retrieving.fusing.LEXICAL_WEIGHT=0.6]

The filings are those of `made_reports`; their library is made in WORK and kept there. Companies, forms of questions and words for lines are
divided in two parts: constants are chosen on "choosing", and judged on "judging".
"""

import argparse
import importlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from rag import Library, Passage, Settings
from tests.benchmarks.made_reports import COMPANIES, EVENTS, LINES, YEARS, Company, Line, MadeReport, made_reports, write_reports

PARTS = ("choosing", "judging")
DEPTHS = (1, 5, 10)
Figures = dict[str, float]

FIGURE = (
    ("What was {company}'s {line} in {year}?", "How much {line} did {company} report for {year}?", "{company} {line} {year}"),
    (
        "What is the {year} {line} for {company}?",
        "Give me {line} of {company} for {year}, in the units of the filing.",
        "For {year}, what did {company} show as {line}?",
    ),
)
RATIO = (
    (("Is {company}'s quick ratio healthy as of {year}?", ("current_assets", "current_liabilities")),
     ("What was the gross margin of {company} in {year}, in percent of sales?", ("gross", "revenue")),
     ("What is {company}'s return on assets for {year}?", ("net", "assets"))),
    (("What was {company}'s {year} inventory turnover, computed from cost of goods sold and inventories?", ("cost", "inventories")),
     ("Does {company} have an improving operating margin as of {year}?", ("operating", "revenue")),
     ("How large was free cash flow at {company} in {year}, i.e. cash from operations less capex?", ("operations", "capex"))),
)  # fmt: skip
GROWTH = (
    ("By how much did {company}'s {line} change in {year} compared with the year before?",),
    ("What is the year-over-year change of {line} at {company} between {before} and {year}?",),
)
SEGMENT = (
    ("Which segment grew most at {company} in {year}?",),
    ("If we look at segments, which one dragged down {company}'s growth in {year}?", "Sales by business segment of {company}, {year}"),
)
QUARTER = (
    ("What was {company}'s {line} in the {ordinal} quarter of {plain}?", "{company} Q{quarter} {plain} {line}"),
    ("How much was {line} at {company} in Q{quarter} of FY{yy}?", "{company}: {line} for {quarter}Q{yy}"),
)
RESULTS = (
    ("What did {company} say in its earnings release for {year} about next year's sales?",),
    ("What growth is expected according to {company}'s Q4 {plain} earnings announcement?",),
)
ORDINALS = ("", "first", "second", "third")


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """A question, its kind, and the pages that answer it by the name of their filing."""

    text: str
    kind: str
    gold: dict[str, frozenset[int]]


def questions(part: str, reports: Sequence[MadeReport]) -> Iterator[ReportQuestion]:
    """The questions of a part."""
    place = PARTS.index(part)
    random = Random(part)
    for company in COMPANIES[place::2]:
        own = [report for report in reports if report.company is company]
        asker = _Asker(company, place, random, own)
        for year in YEARS:
            yield from asker.of_year(year)
        yield from asker.of_quarters()
        yield from asker.without_year()
        yield from asker.without_company()


class _Asker:
    def __init__(self, company: Company, place: int, random: Random, reports: Sequence[MadeReport]) -> None:
        self._company, self._place, self._random, self._reports = company, place, random, reports

    def of_year(self, year: int) -> Iterator[ReportQuestion]:
        """What a year's annual report answers, or the release of its results."""
        spoken = {"company": self._name(), "year": self._year(year), "before": self._year(year - 1)}
        for line in self._random.sample(LINES, 2):
            yield self._question("figure", FIGURE, spoken | {"line": self._line(line)}, [line.key], year)
        line = self._random.choice(LINES)
        yield self._question("growth", GROWTH, spoken | {"line": self._line(line)}, [line.key], year)
        template, keys = self._random.choice(RATIO[self._place])
        yield ReportQuestion(template.format(**spoken), "ratio", self._gold(keys, year))
        yield self._question("segment", SEGMENT, spoken, ["segments"], year)
        for key in self._random.sample(sorted(EVENTS.keys() - {"outlook"}), 2):
            yield ReportQuestion(EVENTS[key]["asked"][self._place].format(**spoken), "event", self._gold([key], year))
        if self._company.has_quarters:
            asked = spoken | {"plain": str(year)}
            text = self._random.choice(RESULTS[self._place]).format(**asked)
            yield ReportQuestion(text, "release", self._gold(["outlook"], year))

    def of_quarters(self) -> Iterator[ReportQuestion]:
        """What a quarterly report answers."""
        for report in self._reports:
            if report.kind == "quarterly":
                line = self._random.choice(LINES)
                spoken = {"company": self._name(), "line": self._line(line), "plain": str(report.year), "yy": f"{report.year % 100}"}
                text = self._random.choice(QUARTER[self._place]).format(**spoken, quarter=report.quarter, ordinal=ORDINALS[report.quarter])
                yield ReportQuestion(text, "quarter", {report.name: report.facts[line.key]})

    def without_year(self) -> Iterator[ReportQuestion]:
        """What any filing of the company may answer."""
        for key in ("capex", "segments", "lawsuit"):
            line = next((line for line in LINES if line.key == key), None)
            asked = (
                f"What is {{company}}'s {self._line(line)}?"
                if line
                else f"What are the {'segments' if key == 'segments' else 'legal proceedings'} of {{company}}?"
            )
            gold = {report.name: report.facts[key] for report in self._reports if key in report.facts}
            yield ReportQuestion(asked.format(company=self._name()), "no year", gold)

    def without_company(self) -> Iterator[ReportQuestion]:
        """What tells its filing by a fact: which segment, in which year."""
        for year in self._random.sample(YEARS, 2):
            asked = f"What were the sales of the {self._random.choice(self._company.segments)} segment in {self._year(year)}?"
            yield ReportQuestion(asked, "no company", self._gold(["segments"], year))

    def _question(
        self, kind: str, forms: Sequence[Sequence[str]], spoken: dict[str, str], keys: Collection[str], year: int
    ) -> ReportQuestion:
        return ReportQuestion(self._random.choice(forms[self._place]).format(**spoken), kind, self._gold(keys, year))

    def _gold(self, keys: Collection[str], year: int) -> dict[str, frozenset[int]]:
        whole = [report for report in self._reports if report.year == year and report.kind in {"annual", "results", "news"}]
        places = {report.name: frozenset[int]().union(*(report.facts.get(key, ()) for key in keys)) for report in whole}
        return {name: pages for name, pages in places.items() if pages}

    def _name(self) -> str:
        company = self._company
        return self._random.choice((company.short, company.short, company.name, company.ticker, company.short.upper()))

    def _year(self, year: int) -> str:
        end = self._company.end_of(year)
        forms = (
            (f"FY{year}", f"FY{year % 100}", f"fiscal {year}", f"{year}"),
            (
                f"FY {year}",
                f"fiscal year {year}",
                f"{year}",
                f"the year ended {end:%B} {end.day}, {year + self._company.runs_over}",
                f"FY'{year % 100}",
            ),
        )
        return self._random.choice(forms[self._place])

    def _line(self, line: Line) -> str:
        half = len(line.asked) // 2
        return self._random.choice(line.asked[half:] if self._place else line.asked[:half])


def measure(library: Library, asked: Sequence[ReportQuestion], pages_of: Callable[[Passage], str]) -> dict[str, Figures]:
    """Figures by kind and, as "all", together; `pages_of` names a passage's filing."""
    rows: dict[str, list[Figures]] = {}
    for question in asked:
        began = time.perf_counter()
        passages = library.retrieve(question.text, top_k=max(DEPTHS))
        seconds = time.perf_counter() - began
        hits = [passage.page in question.gold.get(pages_of(passage), ()) for passage in passages]
        given = [
            passage.page in question.gold[pages_of(passage)]
            for passage in library.retrieve(question.text, top_k=5, documents=list(question.gold))
        ]
        row: dict[str, float] = {"report@1": bool(passages) and pages_of(passages[0]) in question.gold}
        row |= {f"page@{depth}": any(hits[:depth]) for depth in DEPTHS}
        row |= {"MRR": 1 / (hits.index(True) + 1) if any(hits) else 0.0, "given: page@5": any(given), "ms": 1000 * seconds}
        for kind in ("all", question.kind):
            rows.setdefault(kind, []).append({name: float(value) for name, value in row.items()})
    return {kind: {"n": len(each)} | {name: float(np.mean([row[name] for row in each])) for name in each[0]} for kind, each in rows.items()}


def print_table(figures: dict[str, Figures]) -> None:
    """One line a kind, in percent."""
    names = [name for name in next(iter(figures.values())) if name not in {"n", "ms"}]
    print(f"{'':12} {'n':>4} " + " ".join(f"{name:>13}" for name in names))
    for kind, row in figures.items():
        print(f"{kind:12} {row['n']:4.0f} " + " ".join(f"{100 * row[name]:13.1f}" for name in names))


def changed_constants(items: Sequence[str]) -> None:
    """Set constants from "MODULE.NAME=NUMBER"."""
    for item in items:
        place, value = item.split("=", 1)
        module, _, name = place.rpartition(".")
        getattr(importlib.import_module(module), name)  # a wrong name is an error
        setattr(importlib.import_module(module), name, float(value))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--part", action="append", choices=PARTS, dest="parts")
    parser.add_argument("--setting", action="append", default=[], help="NAME=VALUE")
    parser.add_argument("--constant", action="append", default=[], help="MODULE.NAME=NUMBER, in place of the shipped one")
    given = parser.parse_args()
    changed_constants(given.constant)
    settings: dict[str, Any] = dict(item.split("=", 1) for item in given.setting)
    files = given.work / "files"
    reports = list(made_reports()) if files.exists() else write_reports(files)
    with Library.open(given.work / "library", Settings(**settings)) as library:
        library.add(files)
        for part in given.parts or PARTS:
            figures = measure(library, list(questions(part, reports)), lambda passage: passage.document)
            print(part, json.dumps(figures["all"]))
            print_table(figures)


if __name__ == "__main__":
    main()
