"""Questions on the cells of tables, asked without a chat model: is the right row quoted, with its header, and no other?

python -m tests.benchmarks.table_questions [--pdf] [--alone] [--show] [--rows 100000] [--tree FOLDER]

The tables are those of `sheets` below, files of tab-separated rows, in one library; with --alone each question is asked of its own file.
--pdf takes those of `made_tables` instead, each asked alone, since several are on the same topic. --rows measures one price list of so
many rows: seconds until it is keyword-ready, and whether exact item numbers are found. --tree measures the program in another folder, by
its public names alone.

right: a quotation has the row's name and the value, and the answer the column's header. first: the first quotation does. alone: and
nothing else is quoted. retrieved: a passage has the row.
"""

import argparse
import importlib
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

QUESTIONS = 6  # of a table
BIG_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class CellQuestion:
    """A question on a cell: what the quoted row must have, and what its header must."""

    text: str
    document: str
    row: tuple[str, ...]
    header: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of words; `asks` has the question on a row's cell in a column, by the column's place."""

    name: str
    header: Sequence[Sequence[str]]
    rows: Sequence[Sequence[str]]
    asks: dict[int, str]
    title: str = ""
    key: int = 0

    @property
    def text(self) -> str:
        """As a reader of files gives it."""
        return self.title + "\n".join("\t".join(row) for row in (*self.header, *self.rows)) + "\n"

    def questions(self, count: int, rng: random.Random) -> list[CellQuestion]:
        """Questions on cells drawn at random, in rows from all over the table."""
        asked = []
        whole = [row for row in self.rows if all(row[column] for column in self.asks)]
        for place in range(count):
            row = whole[rng.randrange(place * len(whole) // count, (place + 1) * len(whole) // count)]
            column = rng.choice(sorted(self.asks))
            header = tuple(filter(None, (line[column] for line in self.header)))
            text = self.asks[column].format(row[self.key], *header, row=row)
            asked.append(CellQuestion(text, f"{self.name}.tsv", (row[self.key], row[column]), header))
        return asked


def price_list(count: int, rng: random.Random) -> Sheet:
    """Items with numbers that are alike."""
    things = [" ".join(each) for each in product(("Brass", "Steel", "Oak", "Plain", "Blue"), ("bracket", "hinge", "panel", "lamp", "hook"))]
    rows = [
        (f"SKU-{10_000 + n}", rng.choice(things), f"{rng.randrange(100, 99_999) / 100:.2f}", str(rng.randrange(900)), rng.choice("ABCDEF"))
        for n in range(count)
    ]
    asks = {2: "What is the price of {0}?", 3: "How many {0} are in stock?", 1: "What item is {0}?"}
    return Sheet("price_list", [("Number", "Item", "Price", "Stock", "Shelf")], rows, asks)


def sheets() -> list[Sheet]:
    """Ten tables, the same each time."""
    rng = random.Random(4)
    lines = ["Revenue", "Cost of sales", "Gross profit", "Research", "Marketing", "Depreciation", "Interest", "Income tax", "Net income"]
    lines += ["Employees", "Capital expenditure", "Free cash flow", "Dividends", "Inventories", "Receivables", "Payables", "Pensions"]
    years = [str(year) for year in range(2013, 2020)]
    first = ["Ada", "Ben", "Cleo", "Dana", "Emil", "Finn", "Gwen", "Hugo", "Iris", "Jon", "Kira", "Liam", "Mona", "Nils", "Olga"]
    last = ["Abbott", "Brandt", "Carver", "Dietz", "Ekholm", "Fisher", "Grau", "Hansen", "Ivers", "Jansen", "Keller", "Lund", "Moss"]
    names = [" ".join(each) for each in product(first, last)]
    towns = ["Leiden", "Porto", "Ghent", "Turku", "Aarhus", "Graz", "Lyon", "Bath", "Cork", "Malmo", "Basel", "Krakow", "Split", "Brno"]
    months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
    words = ["weekly", "monthly", "yearly", "never", "daily", "on request"]

    def figure() -> str:
        return f"{rng.randrange(1000, 99_999) / 10:,.1f}"

    def cells(count: int, make: Callable[[], str] = figure) -> list[str]:
        return [make() for _ in range(count)]

    def grouped() -> list[Sequence[str]]:
        return [
            row for group in ("Assets", "Debts", "Equity") for row in ([group, "", "", ""], *([f"{group} {n}", *cells(3)] for n in words))
        ]

    return [
        price_list(400, rng),
        Sheet(
            "key_figures",
            [("in million euros", *years)],
            [(line, *cells(7)) for line in lines],
            {3: "What was the {0} in {1}?", 6: "{0} in {1}?"},
            title="Key figures of the Skell group\n\nAll figures are audited.\n\n",
        ),
        Sheet(
            "timetable",
            [("Line", "From", "To", "Departure", "Fare")],
            [(f"Line {n}", *rng.sample(towns, 2), f"{n % 24:02}:{n * 7 % 60:02}", f"{n * 13 % 90 / 10 + 2:.2f}") for n in range(1, 61)],
            {3: "When does {0} leave?", 4: "What is the fare of {0}?", 2: "Where does {0} go to?"},
        ),
        Sheet(
            "staff",
            [("Name", "Department", "Phone", "Room")],
            [
                (name, rng.choice(["Sales", "Finance", "Legal"]), f"+49 30 {rng.randrange(10**5, 10**6)}", f"B{n}")
                for n, name in enumerate(names)
            ],
            {2: "What is the phone number of {0}?", 3: "In which room is {0}?", 1: "Which department does {0} work in?"},
        ),
        Sheet(
            "towns",
            [("Town", "Inhabitants", "Area (km2)", "Elevation (m)", "Mayor")],
            [
                (town, f"{rng.randrange(20, 900)},{rng.randrange(100, 999)}", figure(), str(rng.randrange(900)), rng.choice(names))
                for town in towns
            ],
            {1: "How many inhabitants does {0} have?", 4: "Who is the mayor of {0}?", 3: "What is the elevation of {0}?"},
        ),
        Sheet(
            "rainfall",
            [("Station", *(f"{month} {year}" for year in ("2021", "2022") for month in months))],
            [(f"{town} {place}", *cells(24)) for town in towns for place in ("harbour", "airport")],
            {2: "How much rain fell at {0} in {1}?", 15: "What is the rainfall of {0} in {1}?", 23: "{0}, {1}?"},
        ),
        Sheet("balance", [("in thousands", "2017", "2018", "2019")], grouped(), {1: "What were {0} in {1}?", 3: "What were {0} in {1}?"}),
        Sheet(
            "plans",
            [("Plan", "Support", "Backups", "Invoices")],
            [
                (f"{town} {size}", rng.choice(["phone", "mail", "chat"]), *cells(2, lambda: rng.choice(words)))
                for town in towns
                for size in ("Basic", "Plus")
            ],
            {1: "What support does the plan {0} have?", 2: "How often are backups made with {0}?"},
        ),
        Sheet(
            "regions",
            [("", "2021", "", "2022", ""), ("Region", "Orders", "Returns", "Orders", "Returns")],
            [(f"{town} {side}", *(str(rng.randrange(100, 9_000)) for _ in range(4))) for town in towns for side in ("North", "South")],
            {1: "How many orders did {0} have in 2021?", 4: "How many returns did {0} have?"},
        ),
        Sheet(
            "orders",
            [("Order", "Date", "Customer", "Status", "Amount")],
            [
                (
                    f"{480_000 + 7 * n}",
                    f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}",
                    rng.choice(names),
                    rng.choice(["paid", "open", "shipped"]),
                    figure(),
                )
                for n in range(2_000)
            ],
            {3: "What is the status of order {0}?", 4: "What is the amount of order {0}?", 2: "Who is the customer of order {0}?"},
        ),
    ]


def judged(question: CellQuestion, answer: Any) -> dict[str, bool]:
    """What is to be counted of an answer."""
    quotes = [_plain(cited.quote) for cited in answer.citations] if answer.finish != "not_found" else []
    has_header = all(_plain(words) in _plain(answer.text) for words in question.header)
    holding = [has_header and all(_plain(words) in quote for words in question.row) for quote in quotes]
    retrieved = any(all(_plain(words) in _plain(passage.chunk_text) for words in question.row) for passage in answer.passages)
    return {
        "right": any(holding),
        "first": holding[:1] == [True],
        "alone": holding == [True],
        "answered": bool(quotes),
        "retrieved": retrieved,
    }


def of_sheets() -> tuple[dict[str, bytes], list[CellQuestion]]:
    """The files of `sheets` and the questions on them."""
    tables, rng = sheets(), random.Random(7)
    return {f"{table.name}.tsv": table.text.encode() for table in tables}, [
        question for table in tables for question in table.questions(QUESTIONS, rng)
    ]


def of_pdfs() -> tuple[dict[str, bytes], list[CellQuestion]]:
    """The files of `made_tables` and the questions on them."""
    from tests.benchmarks.made_tables import made_tables

    made = list(made_tables())
    asked = [CellQuestion(cell.question, each.name, (cell.label, cell.value), (cell.header,)) for each in made for cell in each.cells]
    return {each.name: each.pdf for each in made}, asked


def measure(rag: Any, contents: dict[str, bytes], questions: Sequence[CellQuestion], *, is_alone: bool, is_shown: bool) -> None:
    """Add the files, ask, and print the shares of each kind of file and of all."""
    rows: dict[str, list[dict[str, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        files = Path(temporary) / "files"
        files.mkdir()
        for name, content in contents.items():
            (files / name).write_bytes(content)
        with rag.Library.open(Path(temporary) / "library", rag.Settings()) as library:
            began = time.monotonic()
            library.add(files)
            chunks = sum(record.chunks for record in library.documents())
            print(f"{chunks} chunks indexed in {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
            for question in questions:
                answer = library.ask(question.text, documents=[question.document] if is_alone else None)
                row = judged(question, answer)
                rows[re.sub(r"(-\d+)?\.\w+$", "", question.document)].append(row)
                if is_shown and not row["alone"]:
                    print(f"{question.text}  {question.row}  {row}\n{answer.text}\n", flush=True)
    rows["all"] = [row for each in list(rows.values()) for row in each]
    names = list(rows["all"][0])
    print(f"| | n | {' | '.join(names)} |\n|---|{'---|' * (len(names) + 1)}")
    for name, each in rows.items():
        print(f"| {name} | {len(each)} | {' | '.join(f'{100 * sum(row[key] for row in each) / len(each):.0f}' for key in names)} |")


def measure_big(rag: Any, count: int, *, is_shown: bool) -> None:
    """One price list: make it keyword-ready, and ask for exact item numbers while nothing is embedded."""
    rng = random.Random(5)
    table = price_list(count, rng)
    pages = [
        f"{table.text.partition(chr(10))[0]}\n" + "\n".join("\t".join(row) for row in table.rows[n : n + 1000])
        for n in range(0, count, 1000)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "price_list.tsv"
        file.write_text("\n\n".join(pages), encoding="utf-8")
        with rag.Library.open(Path(temporary) / "library", rag.Settings()) as library:
            began = time.monotonic()
            library.add_upload(file, file.name, wait=False)
            print(f"{library.documents()[0].chunks} chunks, keyword-ready in {time.monotonic() - began:.1f} s")
            rows, ranks, seconds = [], [], []
            for question in table.questions(BIG_QUESTIONS, rng):
                began = time.monotonic()
                answer = library.ask(question.text)
                seconds.append(time.monotonic() - began)
                rows.append(judged(question, answer))
                ranks.append(next((p.rank for p in answer.passages if question.row[0] in p.chunk_text), 0))
                if is_shown and not rows[-1]["alone"]:
                    print(f"{question.text}  {question.row}  {rows[-1]}\n{answer.text}\n", flush=True)
    print(
        {name: sum(row[name] for row in rows) for name in rows[0]},
        f"of {len(rows)}; ranks {ranks}; {1000 * sum(seconds) / len(rows):.0f} ms",
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("|", " ").split()).casefold()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alone", action="store_true", help="ask each question of its own file")
    parser.add_argument("--pdf", action="store_true", help="ask about the tables in PDFs, each alone: several are on the same topic")
    parser.add_argument("--rows", type=int, default=0, help="measure one price list of so many rows")
    parser.add_argument("--show", action="store_true", help="print the answers that are not right alone")
    parser.add_argument("--tree", type=Path, help="the program to measure; this one if not given")
    given = parser.parse_args()
    if given.tree:
        os.environ |= {"PYTHONPATH": str(given.tree.resolve()), "PYTHONSAFEPATH": "1"}
        sys.path.insert(0, str(given.tree.resolve()))
    rag = importlib.import_module("rag")
    if given.rows:
        measure_big(rag, given.rows, is_shown=given.show)
    else:
        measure(rag, *(of_pdfs() if given.pdf else of_sheets()), is_alone=given.alone or given.pdf, is_shown=given.show)


if __name__ == "__main__":
    main()
