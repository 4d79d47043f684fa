"""A library of invented companies' filings, made by script: annual and quarterly reports, earnings and press releases.

    python -m tests.benchmarks.made_reports FOLDER

Much of a report is as good as word for word in every other one; each shows the years before beside its own. Fiscal years are called as
companies call them, files are named more or less helpfully. Always the same: the numbers come from fixed seeds.
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from textwrap import wrap
from typing import Any

from fpdf import FPDF

YEARS = (2018, 2019, 2020, 2021)
QUARTERLY_YEARS = (2020, 2021)
LETTERS_OF_LINE, SIZE, LEADING = 104, 9.5, 12.0
STATEMENT_WIDTHS = (300.0, 75.0, 75.0, 75.0)

Figures = Mapping[str, float]
Table = list[list[str]]
Block = str | Table
"""A paragraph, or the rows of a table."""


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company.

    Attributes:
        name: As on the cover.
        short: As it calls itself.
        ticker: At its exchange.
        business: What it does, as the end of "is a ...".
        segments: What it reports by.
        year_end: Month of the end of a fiscal year, and whether that is the last Saturday instead of the last day.
        runs_over: Whether a fiscal year is called after the calendar year before that of its end, as of retailers.
        says_fiscal: How it calls a year, with "{}" for the number.
        files: How its annual reports are called, with "{year}", "{yy}" and "{n}".
        has_quarters: Whether its quarterly reports and earnings releases are in the library.
        in_thousands: Whether figures are in thousands instead of millions.
    """

    name: str
    short: str
    ticker: str
    business: str
    segments: tuple[str, ...]
    year_end: tuple[int, bool]
    says_fiscal: str
    files: str
    runs_over: bool = False
    has_quarters: bool = False
    in_thousands: bool = False

    def end_of(self, year: int) -> date:
        """The last day of a fiscal year."""
        month, is_saturday = self.year_end
        last = date(year + self.runs_over + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - 5) % 7) if is_saturday else last

    def called(self, year: int) -> str:
        """A fiscal year as the company calls it."""
        return self.says_fiscal.format(year)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement.

    Attributes:
        key: Its name here.
        statement: "income", "balance" or "cash".
        labels: What companies call it.
        asked: What analysts call it, for choosing and, from the middle on, for judging.
        share: Of sales, between these.
    """

    key: str
    statement: str
    labels: tuple[str, ...]
    asked: tuple[str, ...]
    share: tuple[float, float] = (0.1, 0.2)


_TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
COMPANIES = tuple(Company(**row) for row in _TEXTS["companies"])
LINES = tuple(Line(**row) for row in _TEXTS["lines"])
EVENTS: dict[str, dict[str, Any]] = _TEXTS["events"]
"""What happened in a year: a sentence, what it chooses from, and questions about it, for choosing and for judging."""
BOILERPLATE: dict[str, list[str]] = _TEXTS["boilerplate"]


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A filing.

    Attributes:
        name: Of the file.
        company: Whose it is.
        year: The fiscal year it is about.
        kind: "annual", "quarterly", "results" (an earnings release) or "news" (a press release).
        quarter: 1 to 4, or 0.
        title: That the file gives itself, or "".
        pages: Its pages' blocks.
        facts: The pages, 1-based, on which each fact stands: a line of a statement, "segments", or an event.
    """

    name: str
    company: Company
    year: int
    kind: str
    quarter: int
    title: str
    pages: tuple[tuple[Block, ...], ...]
    facts: Mapping[str, frozenset[int]]

    def write(self, folder: Path) -> Path:
        """Write the file."""
        path = folder / self.name
        if path.suffix == ".txt":
            path.write_text("\n\n".join(str(block) for page in self.pages for block in page), encoding="utf-8")
            return path
        pdf = FPDF(unit="pt", format="letter")
        pdf.set_auto_page_break(auto=False)
        if self.title:
            pdf.set_title(self.title)
        for number, page in enumerate(self.pages, start=1):
            pdf.add_page()
            y = 50.0
            for block in page:
                y = (_draw_text(pdf, block, y) if isinstance(block, str) else _draw_table(pdf, block, y)) + 0.6 * LEADING
            pdf.text(300, 770, str(number))
        pdf.output(str(path))
        return path


class Book:
    """What a company's figures are, and how it calls them; the same company has the same."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._random = Random(company.name)
        self.labels = {line.key: self._random.choice(line.labels) for line in LINES}
        self.years: dict[int, dict[str, float]] = {}
        self.segments: dict[int, list[tuple[float, float]]] = {}
        sales = self._random.uniform(1500, 40_000)
        shares = [self._random.uniform(1, 4) for _ in company.segments]
        ratios = {line.key: self._random.uniform(*line.share) for line in LINES}
        for year in range(YEARS[0] - 2, YEARS[-1] + 1):
            sales *= self._random.uniform(0.92, 1.15)
            figures = {line.key: sales * ratios[line.key] * self._random.uniform(0.85, 1.15) for line in LINES}
            self.years[year] = _balanced(sales, figures)
            shares = [share * self._random.uniform(0.85, 1.2) for share in shares]
            parts = [sales * share / sum(shares) for share in shares]
            self.segments[year] = [(part, part * self._random.uniform(0.05, 0.25)) for part in parts]
        self.events = {year: {key: self._event(key) for key in EVENTS} for year in YEARS}

    def written(self, figure: float) -> str:
        """A figure as in a table."""
        rounded = round(figure * (1000 if self.company.in_thousands else 1))
        return f"({-rounded:,})" if rounded < 0 else f"{rounded:,}"

    def _event(self, key: str) -> str:
        sentence, choices = EVENTS[key]["sentence"], EVENTS[key]["choices"]
        slots = {f"n{place}": f"{self._random.randint(12, 980)}" for place in range(4)}
        slots |= {f"c{place}": self._random.choice(choices) for place in range(2)}
        slots["share"] = f"{self._random.randint(3, 60)}.{self._random.randint(1, 9)}"
        return str(sentence.format(short=self.company.short, **slots))


def _balanced(sales: float, figures: dict[str, float]) -> dict[str, float]:
    made = figures | {"revenue": sales}
    made["gross"] = sales - made["cost"]
    made["operating"] = made["gross"] - made["sga"] - made["research"] - made["depreciation"] / 3
    made["net"] = (made["operating"] - made["interest"]) * 0.78
    made["taxes"] = (made["operating"] - made["interest"]) * 0.22
    made["current_assets"] = made["cash"] + made["receivables"] + made["inventories"]
    made["assets"] = made["current_assets"] + made["plant"] + made["goodwill"]
    made["current_liabilities"] = made["payables"] + made["short_debt"]
    made["equity"] = made["assets"] - made["current_liabilities"] - made["long_debt"]
    made["operations"] = made["net"] + made["depreciation"]
    return made


def made_reports() -> Iterator[MadeReport]:
    """All filings."""
    for place, company in enumerate(COMPANIES):
        book = Book(company)
        for year in YEARS:
            yield _annual(book, year, place)
            if company.has_quarters:
                yield _results(book, year, place)
        for year in QUARTERLY_YEARS if company.has_quarters else ():
            for quarter in (1, 2, 3):
                yield _quarterly(book, year, quarter)
        yield _news(book, YEARS[place % len(YEARS)], place)


def _annual(book: Book, year: int, place: int) -> MadeReport:
    company, random = book.company, Random(f"{book.company.name} {year}")
    pages: list[list[Block]] = [_cover(book, year, "FORM 10-K"), ["Table of Contents", *_contents()]]
    facts: dict[str, set[int]] = {}

    def page(*blocks: Block, facts_of: Sequence[str] = ()) -> None:
        pages.append(list(blocks))
        for fact in facts_of:
            facts.setdefault(fact, set()).add(len(pages))

    text = _Texts(book, year, random)
    if place % 4 == 3:  # a letter first, as in a glossy report
        pages.insert(0, [f"{year} ANNUAL REPORT", company.name, f"To our shareholders: {text.event('outlook')} {text.boiler('letter')}"])
        facts["outlook"] = {1}
    defined = f'{company.name} (the "Company", "{company.short}", "we" or "our") is a {company.business}.'
    page("PART I. Item 1. Business", f"{defined} Our shares are listed under the symbol {company.ticker}.", *text.boilers("business", 3))
    page(
        "Segments",
        f"We report {len(company.segments)} segments: {', '.join(company.segments)}.",
        text.boiler("business"),
        text.event("employees"),
        text.event("supplier"),
        *text.boilers("business", 2),
        facts_of=("employees", "supplier"),
    )
    page("Item 1A. Risk Factors", *text.boilers("risk", 6))
    page("Item 1A. Risk Factors (continued)", *text.boilers("risk", 6))
    page(
        "Item 2. Properties",
        text.event("properties"),
        *text.boilers("legal", 1),
        "Item 3. Legal Proceedings",
        text.event("lawsuit"),
        *text.boilers("legal", 3),
        facts_of=("properties", "lawsuit"),
    )
    page(
        "PART II. Item 5. Market for the Registrant's Common Equity",
        text.event("repurchase"),
        *text.boilers("legal", 2),
        "Item 6. Selected Financial Data",
        text.table(("revenue", "net", "assets", "long_debt"), 3),
        facts_of=("repurchase",),
    )
    page(
        "Item 7. Management's Discussion and Analysis",
        text.overview(),
        *text.boilers("mda", 4),
        text.event("restructuring"),
        facts_of=("restructuring",),
    )
    page("Results by segment", text.segment_prose(), *text.boilers("mda", 3), facts_of=("segments",))
    page("Liquidity and Capital Resources", text.liquidity(), *text.boilers("mda", 3), text.event("facility"), facts_of=("facility",))
    page(
        "Item 7A. Quantitative and Qualitative Disclosures about Market Risk",
        *text.boilers("risk", 2),
        "Item 9A. Controls and Procedures",
        *text.boilers("control", 3),
    )
    page("Report of Independent Registered Public Accounting Firm", f"To the shareholders of {company.name}:", *text.boilers("control", 4))
    for title, statement, columns in (
        ("Income", "income", 3),
        ("Financial Position" if place % 2 else "Balance Sheets", "balance", 2),
        ("Cash Flows", "cash", 3),
    ):
        keys = [line.key for line in LINES if line.statement == statement]
        head = f"{company.name}: Consolidated Statements of {title}".replace("Statements of Balance", "Balance")
        page(head, text.table(keys, columns), "The accompanying notes are an integral part of these statements.", facts_of=keys)
    page("Note 1. Summary of significant accounting policies", *text.boilers("policy", 6))
    page("Note 1. Summary of significant accounting policies (continued)", *text.boilers("policy", 6))
    page("Note 4. Segment information", text.boiler("policy"), text.segment_table(), *text.boilers("policy", 2), facts_of=("segments",))
    page(
        "Note 8. Debt",
        text.event("facility"),
        *text.boilers("policy", 3),
        "Note 9. Commitments",
        text.event("lawsuit"),
        facts_of=("facility", "lawsuit"),
    )
    page(
        "Note 11. Acquisitions",
        text.event("acquisition"),
        *text.boilers("policy", 2),
        "Note 12. Restructuring",
        text.event("restructuring"),
        facts_of=("acquisition", "restructuring"),
    )
    page(
        "Item 15. Exhibits", *text.boilers("control", 2), "SIGNATURES", f"{company.name}, {_day(company.end_of(year) + timedelta(days=52))}"
    )
    name = company.files.format(year=year, yy=year % 100, n=100 * place + 17 * (year - 2000))
    title = (f"{company.name} Form 10-K {company.called(year)}", "", "Microsoft Word - 10k_draft_v7.doc")[place % 3]
    return _made(name, book, (year, "annual", 0), title, pages, facts)


def _quarterly(book: Book, year: int, quarter: int) -> MadeReport:
    company, random = book.company, Random(f"{book.company.name} {year} {quarter}")
    text = _Texts(book, year, random, quarter)
    keys = {name: [line.key for line in LINES if line.statement == name] for name in ("income", "balance", "cash")}
    pages: list[list[Block]] = [
        _cover(book, year, "FORM 10-Q", quarter),
        ["Condensed Consolidated Statements of Income (unaudited)", text.table(keys["income"], 2)],
        ["Condensed Consolidated Balance Sheets (unaudited)", text.table(keys["balance"], 2)],
        ["Condensed Consolidated Statements of Cash Flows (unaudited)", text.table(keys["cash"], 2)],
        ["Notes to condensed consolidated financial statements", *text.boilers("policy", 5)],
        ["Item 2. Management's Discussion and Analysis", text.overview(), text.segment_table(), *text.boilers("mda", 3)],
        ["Item 1A. Risk Factors", *text.boilers("risk", 4), "SIGNATURES", company.name],
    ]
    facts = {key: {place} for place, name in ((2, "income"), (3, "balance"), (4, "cash")) for key in keys[name]} | {"segments": {6}}
    name = (
        f"{company.ticker.lower()}-q{quarter}-{year}.pdf"
        if year % 2
        else f"{company.short.replace(' ', '')}_10Q_{company.ticker}_{quarter}{year % 100}.pdf"
    )
    return _made(name, book, (year, "quarterly", quarter), "", pages, facts)


def _results(book: Book, year: int, place: int) -> MadeReport:
    company = book.company
    text = _Texts(book, year, Random(f"{company.name} results {year}"))
    called, day = company.called(year), _day(company.end_of(year) + timedelta(days=30))
    pages: list[list[Block]] = [
        [
            f"{company.short} Reports Fourth Quarter and Full Year {year} Results",
            f"{day}. {company.name} ({company.ticker}) today announced results for the fourth quarter and for {called}.",
            text.overview(),
            text.event("outlook"),
            text.boiler("letter"),
        ],
        ["Consolidated results (unaudited)", text.table([line.key for line in LINES if line.statement == "income"], 2)],
        ["Forward-looking statements", *text.boilers("risk", 3)],
    ]
    facts = {"outlook": {1}} | {line.key: {2} for line in LINES if line.statement == "income"}
    name = f"{company.ticker}_{year}Q4_EARNINGS.pdf" if place % 2 else f"release_{1000 * place + year:x}.pdf"
    return _made(name, book, (year, "results", 4), "", pages, facts)


def _news(book: Book, year: int, place: int) -> MadeReport:
    company = book.company
    text = _Texts(book, year, Random(f"{company.name} news"))
    day = _day(company.end_of(year) - timedelta(days=100))
    pages: list[list[Block]] = [[f"{company.short} completes acquisition", f"{day}. {text.event('acquisition')}", text.boiler("letter")]]
    return _made(f"press-{place + 1:02}.txt", book, (year, "news", 0), "", pages, {"acquisition": {1}})


def _made(
    name: str, book: Book, about: tuple[int, str, int], title: str, pages: Sequence[Sequence[Block]], facts: Mapping[str, set[int]]
) -> MadeReport:
    places = {fact: frozenset(numbers) for fact, numbers in facts.items()}
    return MadeReport(name, book.company, *about, title, tuple(map(tuple, pages)), places)


class _Texts:
    """Writes the parts of one filing."""

    def __init__(self, book: Book, year: int, random: Random, quarter: int = 0) -> None:
        self._book, self._year, self._random, self._quarter = book, year, random, quarter
        self._order = {kind: random.sample(range(len(texts)), len(texts)) for kind, texts in BOILERPLATE.items()}

    def boiler(self, kind: str) -> str:
        """A paragraph that stands in other filings too."""
        order = self._order[kind]
        order.append(order.pop(0))
        company = self._book.company
        return BOILERPLATE[kind][order[-1]].format(
            short=company.short, name=company.name, year=company.called(self._year), before=company.called(self._year - 1)
        )

    def boilers(self, kind: str, count: int) -> list[str]:
        """Some of them."""
        return [self.boiler(kind) for _ in range(count)]

    def event(self, key: str) -> str:
        """What happened in this year alone."""
        return self._book.events[self._year][key].replace("{year}", self._book.company.called(self._year))

    def table(self, keys: Sequence[str], columns: int) -> Table:
        """Lines of a statement, for this year and those before."""
        years = [self._year - back for back in range(columns)]
        unit = "thousands" if self._book.company.in_thousands else "millions"
        rows = [[f"(in {unit}, except per share amounts)", *map(self._heading, years)]]
        for key in keys:
            rows.append([self._book.labels[key], *(self._book.written(self._part(self._book.years[year][key], key)) for year in years)])
        return rows

    def segment_table(self) -> Table:
        """Sales and profit by segment."""
        years = [self._year - back for back in range(2 if self._quarter else 3)]
        rows = [["Net sales by segment", *map(self._heading, years)]]
        names = self._book.company.segments
        for column, title in enumerate(("", "Segment operating profit:")):
            rows += [[title, *[""] * len(years)]] if title else []
            rows += [
                [name, *(self._book.written(self._part(self._book.segments[year][place][column], "")) for year in years)]
                for place, name in enumerate(names)
            ]
        return rows

    def overview(self) -> str:
        """What the statements say, in words."""
        now, before = (self._book.years[year]["revenue"] for year in (self._year, self._year - 1))
        called = self._period()
        change = f"{'increased' if now > before else 'decreased'} {abs(now / before - 1):.1%}"
        return f"{self._book.labels['revenue']} for {called} {change} compared with the year before. {self.boiler('mda')}"

    def segment_prose(self) -> str:
        """How each segment did."""
        told = []
        for place, name in enumerate(self._book.company.segments):
            now, before = (self._book.segments[year][place][0] for year in (self._year, self._year - 1))
            change = f"{'up' if now > before else 'down'} {abs(now / before - 1):.1%} from {self._book.company.called(self._year - 1)}"
            told.append(f"{name} sales were {self._book.written(now)}, {change}.")
        return f"In {self._book.company.called(self._year)}: {' '.join(told)}"

    def liquidity(self) -> str:
        """Where cash came from."""
        figure = self._book.written(self._book.years[self._year]["operations"])
        return f"Cash provided by operations was {figure} in {self._book.company.called(self._year)}. {self.boiler('mda')}"

    def _heading(self, year: int) -> str:
        return f"Q{self._quarter} {year}" if self._quarter else str(year)

    def _part(self, figure: float, key: str) -> float:
        """A quarter's part of a year's figure; of what is counted on one day, all."""
        is_stock = any(line.key == key and line.statement == "balance" for line in LINES)
        return figure * (0.22 + 0.02 * self._quarter) if self._quarter and not is_stock else figure

    def _period(self) -> str:
        called = self._book.company.called(self._year)
        return f"the {('first', 'second', 'third')[self._quarter - 1]} quarter of {called}" if self._quarter else called


def _cover(book: Book, year: int, form: str, quarter: int = 0) -> list[Block]:
    company = book.company
    end = _end_of_quarter(company, year, quarter) if quarter else company.end_of(year)
    period = "quarterly period" if quarter else "fiscal year"
    kind = "QUARTERLY" if quarter else "ANNUAL"
    return [
        "UNITED STATES SECURITIES AND EXCHANGE COMMISSION Washington, D.C. 20549",
        form,
        f"[X] {kind} REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT OF 1934 For the {period} ended {_day(end)}",
        "[ ] TRANSITION REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT OF 1934",
        company.name,
        "(Exact name of registrant as specified in its charter)",
        f"Common Stock, par value $.01 per share; trading symbol {company.ticker}; New York Stock Exchange",
        *(
            BOILERPLATE["cover"][place].format(day=_day(end + timedelta(days=40)), half=_day(end - timedelta(days=183)))
            for place in range(len(BOILERPLATE["cover"]))
        ),
    ]


def _contents() -> list[str]:
    first = "Item 1. Business. Item 1A. Risk Factors. Item 2. Properties. Item 3. Legal Proceedings. Item 5. Market for Common Equity."
    second = (
        "Item 6. Selected Financial Data. Item 7. Management's Discussion and Analysis. Item 7A. Market Risk. Item 8. Financial Statements."
    )
    return [first, second]


def _end_of_quarter(company: Company, year: int, quarter: int) -> date:
    return company.end_of(year) - timedelta(days=91 * (4 - quarter))


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _draw_text(pdf: FPDF, text: str, y: float) -> float:
    pdf.set_font("Times", "B" if len(text) < 90 else "", SIZE)
    for line in wrap(text, LETTERS_OF_LINE):
        pdf.text(50, y, line)
        y += LEADING
    return y


def _draw_table(pdf: FPDF, rows: Table, y: float) -> float:
    pdf.set_font("Times", size=SIZE)
    for row in rows:
        x = 50.0
        for column, (text, width) in enumerate(zip(row, STATEMENT_WIDTHS, strict=False)):
            pdf.text(x if not column else x + width - pdf.get_string_width(text), y, text)
            x += width
        y += LEADING
    return y


def write_reports(folder: Path) -> list[MadeReport]:
    """Write all filings into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    reports = list(made_reports())
    for report in reports:
        report.write(folder)
    return reports


if __name__ == "__main__":
    print(len(write_reports(Path(sys.argv[1]))), "filings")
