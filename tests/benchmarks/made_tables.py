"""Sixty tables in PDFs, five in each of twelve layouts, made by script; and cells of them that are asked for.

    for table in made_tables():
        path.write_bytes(table.pdf)

Always the same: the numbers come from a fixed seed.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from fpdf import FPDF

LAYOUTS = (
    "ruled",
    "unruled",
    "horizontal rules",
    "spanning header",
    "multi-line cells",
    "two pages",
    "numbers to the right",
    "group rows",
    "currency",
    "empty cells",
    "narrow gutters",
    "rotated header",
)
CELLS_ASKED = 4  # of each table
_TOP, _LEFT, _RIGHT, _BOTTOM = 90.0, 62.0, 533.0, 770.0

_TOPICS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Key figures of Nordal Group",
        "What was {row} of Nordal Group in {column}?",
        (
            "Revenue",
            "Cost of sales",
            "Operating profit",
            "Net profit",
            "Capital spending",
            "Net debt",
            "Total equity",
            "Cash flow",
            "Dividends",
        ),
        ("2019", "2020", "2021", "2022", "2023"),
    ),
    (
        "Visitors of the town museums",
        "How many visitors did {row} have in {column}?",
        (
            "Harbour Museum",
            "Old Mint",
            "Glass House",
            "Maritime Archive",
            "Toy Museum",
            "Castle Collection",
            "Printing Works",
            "Botanical Hall",
        ),
        ("Spring", "Summer", "Autumn", "Winter"),
    ),
    (
        "Pumps of the series K",
        "What is the {column} of the {row}?",
        ("Kestrel 20", "Kestrel 35", "Kolibri S", "Kolibri M", "Kormoran", "Kranich", "Kiebitz", "Kauz"),
        ("Flow", "Pressure", "Weight", "Power"),
    ),
    (
        "Staff by department",
        "How many people worked in {row} in {column}?",
        (
            "Research",
            "Production",
            "Sales and service",
            "Purchasing",
            "Human resources",
            "Legal",
            "Information systems",
            "Logistics",
            "Finance",
        ),
        ("Berlin", "Lyon", "Porto", "Turku"),
    ),
    (
        "Rainfall at the stations",
        "How much rain fell at {row} in {column}?",
        ("Skell", "Hartwell", "Upper Moor", "Dunmore Bridge", "Eastcliff", "Long Barrow", "Fernside", "Whitmere"),
        ("January", "March", "May", "July", "October"),
    ),
)
_PROSE = (
    "The figures below were compiled by the office of statistics and have been checked by an independent auditor. They follow the same "
    "rules as those of the years before, so that they can be compared without any adjustment."
)
_AFTER = (
    "Differences in the totals are due to rounding. Where a figure was corrected later, the table shows the corrected one, and the change "
    "is explained in the annex of the full report, which can be had from the office."
)
_DETAILS = (
    "including leases and rented space",
    "without the branch in Gdynia",
    "as reported by the auditor",
    "counted at the end of the year",
)


@dataclass(frozen=True, slots=True)
class AskedCell:
    """A cell to be found: its row's label, its column's header, what it holds, its page (1-based), and a question about it."""

    label: str
    header: str
    value: str
    page: int
    question: str


@dataclass(frozen=True, slots=True)
class MadeTable:
    """A PDF with a table between paragraphs.

    Attributes:
        name: Of the file, such as "ruled-1.pdf".
        layout: One of `LAYOUTS`.
        title: The line above the table.
        pdf: The file.
        cells: Some of the table's cells.
    """

    name: str
    layout: str
    title: str
    pdf: bytes
    cells: tuple[AskedCell, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is drawn: texts by row, the first of which is the header; lines of a cell are parted by a line break."""

    layout: str
    rows: list[list[str]]
    widths: list[float]
    size: float
    pitch: float
    to_the_right: bool
    by_column: bool


def made_tables() -> Iterator[MadeTable]:
    """All sixty."""
    for place, layout in enumerate(LAYOUTS):
        for variant, (title, question, labels, headers) in enumerate(_TOPICS):
            random = Random(100 * place + variant)
            yield _table(layout, variant, (title, question), _rows(layout, labels, headers, random), random)


def _rows(layout: str, labels: Sequence[str], headers: Sequence[str], random: Random) -> list[list[str]]:
    columns = headers[: 3 if layout in {"spanning header", "multi-line cells"} else len(headers)]
    count = len(labels) if layout != "two pages" else 40
    names = [labels[row % len(labels)] + (f" {row // len(labels) + 1}" if row >= len(labels) else "") for row in range(count)]
    rows = [["", *columns]]
    for name in names:
        values = [_number(layout, random) for _ in columns]
        if layout == "empty cells":
            values = [value if random.random() > 0.35 else "" for value in values]
        rows.append([name, *values])
    if layout == "multi-line cells":
        rows = [[*row, "Remark" if not place else random.choice(_DETAILS)] for place, row in enumerate(rows)]
    return rows


def _number(layout: str, random: Random) -> str:
    if layout == "currency":
        return f"$ {random.randint(20, 9800):,}.{random.randint(0, 99):02}"
    if layout == "numbers to the right":
        return random.choice((f"{random.randint(1, 99)}", f"{random.randint(1000, 99_999):,}", f"({random.randint(100, 900)})"))
    return random.choice((f"{random.randint(100, 999)}.{random.randint(0, 9)}", f"{random.randint(1000, 9999):,}"))


def _table(layout: str, variant: int, topic: tuple[str, str], rows: list[list[str]], random: Random) -> MadeTable:
    title, question = topic
    size = (9.0, 10.0, 11.0, 10.0, 9.5)[variant]
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    font = ("Helvetica", "Times")[variant % 2]
    pdf.set_font(font, size=size)
    pdf.c_margin = 0
    y = _paragraph(pdf, _TOP, _PROSE)
    pdf.set_font(font, "B", size)
    pdf.text(_LEFT, y + 14, f"Table {variant + 1}: {title}")
    pdf.set_font(font, size=size)
    first = max(pdf.get_string_width(row[0]) for row in rows) + 14
    gap = 6 if layout == "narrow gutters" else 26
    widths = [first] + [max(pdf.get_string_width(row[column]) for row in rows) + gap for column in range(1, len(rows[0]))]
    if layout == "multi-line cells":
        widths[-1] = 92
    to_the_right = layout in {"numbers to the right", "currency", "horizontal rules"}
    plan = _Plan(layout, rows, widths, size, size * 1.55, to_the_right, by_column=variant == 3 and layout in {"unruled", "ruled"})
    pages = _draw(pdf, plan, y + 24)
    asked = _asked(question, plan, pages, random)
    with io.BytesIO() as file:
        pdf.output(file)
        return MadeTable(f"{layout.replace(' ', '-')}-{variant + 1}.pdf", layout, title, file.getvalue(), asked)


def _asked(question: str, plan: _Plan, pages: Sequence[int], random: Random) -> tuple[AskedCell, ...]:
    numeric = range(1, len(plan.rows[0]) - (plan.layout == "multi-line cells"))
    full = [(row, column) for row in range(1, len(plan.rows)) for column in numeric if plan.rows[row][column]]
    cells = []
    for row, column in random.sample(full, CELLS_ASKED):
        label, header = plan.rows[row][0], plan.rows[0][column]
        cells.append(AskedCell(label, header, plan.rows[row][column], pages[row], question.format(row=label, column=header)))
    return tuple(cells)


def _paragraph(pdf: FPDF, y: float, text: str) -> float:
    pdf.set_xy(_LEFT, y)
    pdf.multi_cell(_RIGHT - _LEFT, pdf.font_size_pt * 1.3, text)
    return float(pdf.get_y())


def _draw(pdf: FPDF, plan: _Plan, y: float) -> list[int]:
    """Draw the table and a paragraph below it; the page of each row."""
    if plan.layout == "spanning header":
        y = _spanning(pdf, plan, y)
    if plan.layout == "rotated header":
        y = _rotated(pdf, plan, y)
    pages, cells, page = [], list[tuple[int, float, str, float]](), 1
    for number, row in enumerate(plan.rows):
        if plan.layout == "group rows" and number and number % 3 == 1:
            y = _group(pdf, plan, y, number)
        height = _row_height(pdf, plan, row)
        if y + height > _BOTTOM:
            _flush(pdf, plan, cells)
            pdf.add_page()
            page, y = page + 1, _TOP
            cells += _place(pdf, plan, plan.rows[0], y)
            y += plan.pitch
        pages.append(page)
        if not (plan.layout == "rotated header" and not number):
            cells += _place(pdf, plan, row, y)
            _rules(pdf, plan, y, height, number)
            y += height
    _flush(pdf, plan, cells)
    _paragraph(pdf, y + 16, _AFTER)
    return pages


def _row_height(pdf: FPDF, plan: _Plan, row: Sequence[str]) -> float:
    return plan.pitch + (max(len(_lines(pdf, plan, text, column)) for column, text in enumerate(row)) - 1) * plan.size * 1.15


def _lines(pdf: FPDF, plan: _Plan, text: str, column: int) -> list[str]:
    if plan.layout != "multi-line cells" or not text:
        return [text]
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pdf.get_string_width(longer) <= plan.widths[column] - 8:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _place(pdf: FPDF, plan: _Plan, row: Sequence[str], y: float) -> list[tuple[int, float, str, float]]:
    """Column, left, words and baseline of each line of a row's cells."""
    placed, x = [], _LEFT
    for column, (text, width) in enumerate(zip(row, plan.widths, strict=True)):
        for line, words in enumerate(_lines(pdf, plan, text, column)):
            left = x + width - 4 - pdf.get_string_width(words) if plan.to_the_right and column else x + 4
            placed.append((column, left, words, y + plan.size * (1.15 + 1.15 * line)))
        x += width
    return placed


def _flush(pdf: FPDF, plan: _Plan, cells: list[tuple[int, float, str, float]]) -> None:
    for _, x, words, baseline in sorted(cells, key=lambda cell: cell[0]) if plan.by_column else cells:
        if words:
            pdf.text(x, baseline, words)
    cells.clear()


def _rules(pdf: FPDF, plan: _Plan, y: float, height: float, number: int) -> None:
    width = sum(plan.widths)
    pdf.set_line_width(0.5)
    if plan.layout in {"ruled", "multi-line cells"}:
        x = _LEFT
        for column in plan.widths:
            pdf.rect(x, y, column, height)
            x += column
    elif plan.layout == "horizontal rules" and (number < 2 or number == len(plan.rows) - 1):
        pdf.line(_LEFT, y + (height if number > 1 else 0), _LEFT + width, y + (height if number > 1 else 0))


def _group(pdf: FPDF, plan: _Plan, y: float, number: int) -> float:
    family = pdf.font_family
    pdf.set_font(family, "B", plan.size)
    pdf.text(_LEFT + 4, y + plan.size * 1.15, ("First", "Second", "Third", "Fourth")[number // 3] + " part of the list, as filed")
    pdf.set_font(family, "", plan.size)
    return y + plan.pitch


def _spanning(pdf: FPDF, plan: _Plan, y: float) -> float:
    """A line above the header that stands over all columns but the first."""
    x, width = _LEFT + plan.widths[0], sum(plan.widths[1:])
    words = "All values as published"
    pdf.text(x + (width - pdf.get_string_width(words)) / 2, y + plan.size * 1.15, words)
    pdf.line(x, y + plan.pitch - 1, x + width, y + plan.pitch - 1)
    return y + plan.pitch


def _rotated(pdf: FPDF, plan: _Plan, y: float) -> float:
    """The header's words upright, read from below."""
    y += 56
    x = _LEFT + plan.widths[0]
    for words, width in zip(plan.rows[0][1:], plan.widths[1:], strict=True):
        with pdf.rotation(90, x + 16, y):
            pdf.text(x + 16, y, words)
        x += width
    return y + 4
