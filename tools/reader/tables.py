"""Sets that ask about tables, with the row that answers as evidence."""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.reader.examples import LONGEST, Example, Span, Where, example, hard_negatives, read, window, words

MOST_ROWS, FEWEST_ROWS = 25, 8
FORMS = ("markdown", "markdown", "tabs", "spaces", "spaces", "csv")
# These compare rows, so a table without the answering row would still seem to answer.
COMPARES = re.compile(
    r"\b(most|least|first|last|best|worst|top|only|next|previous|before|after|more|less|fewer|than|other|besides|consecutive|same|total|all|any"
    r"|each|list|both|or|(high|low|long|short|large|small|great|big|tall|fast|near|old|young|new|late|earl|heav)(g?e?r|g?e?st|y|ier|iest)?)\b",
    re.I,
)
COUNTS = re.compile(r"\b(how many|how much|total|difference|number of|average|combined|sum|how long)\b", re.I)
COMMON = words(
    "the and for was were with from that this what which who when where how many much did does has had have are in of on at to is by"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Header rows and body rows of cells."""

    header: list[list[str]]
    rows: list[list[str]]

    def without(self, left_out: set[int]) -> "Table":
        """The table with some rows taken out."""
        return Table(self.header, [row for at, row in enumerate(self.rows) if at not in left_out])


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a body cell."""

    row: int
    column: int
    start: int
    end: int


def line_of(cells: list[str], form: str) -> tuple[str, list[Span]]:
    """A row as a line, and where each cell stands in it."""
    between = {"markdown": " | ", "tabs": "\t", "spaces": " ", "csv": ",", "pairs": ": "}[form]
    text = "| " if form == "markdown" else ""
    spans: list[Span] = []
    for at, cell in enumerate(cells):
        quoted = form == "csv" and "," in cell
        # As in PDF text: an empty cell leaves nothing behind.
        if at and not (form in ("spaces", "pairs") and (not cell or not text)):
            text += between
        text += '"' * quoted
        spans.append((len(text), len(text) + len(cell)))
        text += cell + '"' * quoted
    return (text + " |" if form == "markdown" else text), spans


def render(table: Table, rows: range, form: str) -> tuple[str, dict[int, tuple[Span, list[Span]]]]:
    """Some rows of a table under its header: the text, and per row its span and those of its cells."""
    lines = [line_of(cells, form)[0] for cells in table.header]
    if form == "markdown" and lines:
        lines.insert(1, "|" + " --- |" * len(table.header[0]))
    text = "".join(line + "\n" for line in lines if line.strip())
    places = {}
    for row in rows:
        line, spans = line_of(table.rows[row], form)
        here = len(text)
        places[row] = ((here, here + len(line)), [(here + start, here + end) for start, end in spans])
        text += line + "\n"
    return text.rstrip("\n"), places


def rows_around(table: Table, wanted: list[int], form: str, rng: random.Random) -> range | None:
    """A window of rows with the wanted ones somewhere in it, that is not too long."""
    first, last, size = min(wanted), max(wanted) + 1, rng.randint(FEWEST_ROWS, MOST_ROWS)
    if last - first > MOST_ROWS:
        return None
    start = rng.randint(max(0, last - size), first) if last - first < size else first
    stop = min(len(table.rows), max(last, start + size))
    while len(render(table, range(start, stop), form)[0]) > 1.2 * LONGEST and (start, stop) != (first, last):
        stop, start = (stop - 1, start) if stop - last > first - start else (stop, start + 1)
    return range(start, stop) if len(render(table, range(start, stop), form)[0]) <= 2 * LONGEST else None


def form_of(table: Table, rng: random.Random) -> str:
    """How the table is written; two columns may be labels and values."""
    return rng.choice(("pairs", *FORMS)) if len(table.rows[0]) == 2 and rng.random() < 0.5 else rng.choice(FORMS)


def about(
    where: Where, question: str, table: Table, found: tuple[list[Cell], list[int]], around: tuple[str, str], rng: random.Random
) -> list[Example]:
    """The example of a question on a table, and the table without its row where that no longer answers."""
    cells, evidence = found
    wanted = sorted({cell.row for cell in cells} | set(evidence))
    if not wanted:
        return []
    form = form_of(table, rng)
    rows = rows_around(table, wanted, form, rng)
    if rows is None:
        return []
    text, places = render(table, rows, form)
    before = f"{around[0]}\n" if around[0] else ""
    after = f"\n{around[1]}" if around[1] else ""
    at = len(before)
    answers = [(at + places[c.row][1][c.column][0] + c.start, at + places[c.row][1][c.column][0] + c.end) for c in cells]
    passage = before + text + after
    if [passage[start:end] for start, end in sorted(answers)] != [
        table.rows[c.row][c.column][c.start : c.end] for c in sorted_cells(cells)
    ]:
        raise ValueError(f"{where}: the answer has moved")
    lines = [(at + places[row][0][0], at + places[row][0][1]) for row in wanted]
    spans = [(end - len(passage[start:end].lstrip()), start + len(passage[start:end].rstrip())) for start, end in lines]
    made = [example(where, question, passage, answers, spans)]
    rest = table.without(set(wanted))
    if len(rest.rows) >= 2 and not COMPARES.search(question) and rng.random() < 0.7:
        centre = rows_around(rest, [rng.randrange(len(rest.rows))], form, rng)
        left = before + render(rest, centre, form)[0] + after if centre else ""
        texts = [passage[start:end].lower() for start, end in answers]
        if left and not any(len(text) > 2 and text in left.lower() for text in texts):
            made.append(example(where, question, left, []))
    return made


def sorted_cells(cells: list[Cell]) -> list[Cell]:
    """Cells in the order of the text, each once."""
    return sorted(cells, key=lambda cell: (cell.row, cell.column, cell.start))


def plain(text: str) -> str:
    """A value for comparing: no marks of currency, no spaces, no quotes."""
    return re.sub(r"[\s$€£%\"“”()]+", "", text.lower()).replace("−", "-").strip(".,")


def one_line(cell: str) -> str:
    """A cell without line breaks and column marks."""
    return " ".join(cell.replace("\\n", " ").replace("\\p", "/").replace("|", "/").split())


def cell_with(table: Table, value: str, question: str) -> Cell | None:
    """The one cell that holds a value; of several, the one whose row and column share most words with the question."""
    if not plain(value):
        return None
    asked = words(question) - COMMON
    found: list[tuple[int, Cell]] = []
    for exact in (True, False):
        for at, row in enumerate(table.rows):
            for column, cell in enumerate(row):
                inside = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", cell, re.I) if not exact else None
                if not inside and not (exact and plain(cell) and plain(cell) == plain(value)):
                    continue
                here = Cell(at, column, inside.start(), inside.end()) if inside else Cell(at, column, 0, len(cell))
                rest = " ".join(row[:column] + row[column + 1 :])
                heads = " ".join(head[column] for head in table.header if column < len(head))
                found.append((2 * len(asked & words(rest)) + len(asked & words(heads)), here))
        if found:
            break
    found.sort(key=lambda one: -one[0])
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    numeric = plain(value).replace(",", "").replace(".", "").isdigit()
    return None if numeric and COUNTS.search(question) and found[0][0] < 3 else found[0][1]


def cells_with(table: Table, values: Iterable[str], question: str) -> list[Cell]:
    """The cells of all values, or none when one of them is not to be found."""
    found = [cell_with(table, value, question) for value in values]
    return [cell for cell in dict.fromkeys(found) if cell] if all(found) else []


def wtq(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Encyclopedia tables; questions that a cell answers."""
    folder = raw / "WikiTableQuestions"
    tables: dict[str, tuple[str, Table]] = {}
    asked = folder / "data" / "training.tsv"
    for line in asked.read_text(encoding="utf-8").splitlines()[1:] if asked.exists() else []:
        _, question, place, target = line.split("\t")
        if place not in tables:
            lines = (folder / place).with_suffix(".tsv").read_text(encoding="utf-8").splitlines()
            rows = [[one_line(cell) for cell in row.split("\t")] for row in lines]
            title = read((folder / place.replace("csv", "page")).with_suffix(".json"))["title"]
            tables[place] = title, Table(rows[:1], [row for row in rows[1:] if len(row) == len(rows[0])])
        title, table = tables[place]
        values = [one_line(value) for value in target.split("|")]
        if table.rows and (cells := cells_with(table, values, question)):
            caption = title if rng.random() < 0.5 else ""
            yield about(("wtq", "en", place, title), question, table, (cells, []), (caption, ""), rng)


def headed(rows: list[list[str]]) -> Table:
    """A table of plain rows: those at the top without a label are its header."""
    count = next((at for at, row in enumerate(rows[:4]) if at and row[0]), 1)
    return Table(rows[:count], rows[count:])


def rows_of_derivation(table: Table, derivation: str) -> list[int]:
    """The one row that holds all numbers of a calculation."""
    numbers = {plain(number) for number in re.findall(r"\d[\d,.]*", derivation)} - {"2", "100", "1"}
    held = [at for at, row in enumerate(table.rows) if len(numbers) > 1 and numbers <= {plain(cell).lstrip("-") for cell in row}]
    return held if len(held) == 1 else []


def tatqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Financial reports: tables with the paragraphs around them."""
    for path in sorted(raw.glob("TAT-QA/dataset_raw/*.json")):
        for report in read(path):
            table = headed([[one_line(cell) for cell in row] for row in report["table"]["table"]])
            texts = [paragraph["text"] for paragraph in sorted(report["paragraphs"], key=lambda one: int(one["order"]))]
            for asked in report["questions"]:
                yield _tatqa_question(("tatqa", "en", report["table"]["uid"], ""), asked, table, texts, rng)


def _tatqa_question(where: Where, asked: dict[str, Any], table: Table, texts: list[str], rng: random.Random) -> list[Example]:
    question, values = asked["question"], asked["answer"] if isinstance(asked["answer"], list) else []
    if asked["answer_from"] == "text" and "span" in asked["answer_type"]:
        text = next((one for one in texts if values and all(str(value) in one for value in values)), "")
        spans = [(text.index(value), text.index(value) + len(value)) for value in map(str, values)] if text else []
        cut = window(text, spans, rng) if spans else None
        if cut is None:
            return []
        others = [one[: 2 * LONGEST] for one in texts if one != text] + [render(table, range(len(table.rows))[:MOST_ROWS], "spaces")[0]]
        negatives = hard_negatives(question, [str(value) for value in values], others, rng)
        return [example(where, question, *cut), *(example(where, question, other, []) for other in negatives)]
    spans_asked = "span" in asked["answer_type"] and asked["answer_from"] != "text"
    cells = cells_with(table, [str(value) for value in values], question) if spans_asked and table.rows else []
    rows = rows_of_derivation(table, asked["derivation"]) if not cells and asked["answer_type"] == "arithmetic" else []
    before = texts[0][-300:].split(". ", 1)[-1] if texts and rng.random() < 0.5 else ""
    after = texts[-1][:200].rsplit(". ", 1)[0] if len(texts) > 1 and rng.random() < 0.3 else ""
    return about(where, question, table, (cells, rows), (before, after), rng)


def fetaqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Encyclopedia tables with a free answer; the marked rows whose cells the answer names."""
    for path in sorted(raw.glob("FeTaQA/data/*.jsonl")):
        for row in read(path):
            grid = [[one_line(cell) for cell in cells] for cells in row["table_array"]]
            table = Table(grid[:1], grid[1:])
            told = row["answer"].lower()
            marked: dict[int, list[int]] = {}
            for at, column in row["highlighted_cell_ids"]:
                if at and len(grid[at][column]) > 1 and grid[at][column].lower() in told:
                    marked.setdefault(at - 1, []).append(column)
            most = max(map(len, marked.values()), default=0)
            rows = [at for at, columns in marked.items() if len(columns) >= 0.6 * most]
            asked = row["question"].lower()
            cells = [Cell(r, c, 0, len(table.rows[r][c])) for r in rows for c in marked[r] if table.rows[r][c].lower() not in asked]
            where = ("fetaqa", "en", row["page_wikipedia_url"], f"{row['table_page_title']} > {row['table_section_title']}")
            caption = row["table_section_title"] if rng.random() < 0.5 else ""
            if table.rows:
                yield about(where, row["question"], table, (list(dict.fromkeys(cells)), rows), (caption, ""), rng)


def aitqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Airlines' annual reports: headers of several levels."""
    folder = raw / "AITQA" / "raw_data"
    tables = {}
    for data in read(folder / "aitqa_tables.jsonl") if folder.exists() else []:
        labels: list[list[str]] = [levels or [""] for levels in data["row_header"]]
        if labels and len(labels) != len(data["data"]):
            continue
        head = [""] * bool(labels) + [one_line(" ".join(levels)) for levels in data["column_header"]]
        rows, parents = [], [""]
        for at, values in enumerate(data["data"]):
            if labels and labels[at][:-1] and labels[at][:-1] != parents:
                parents = labels[at][:-1]
                rows.append([one_line(" ".join(parents))] + [""] * len(values))
            rows.append(([one_line(labels[at][-1])] if labels else []) + [one_line(value) for value in values])
        tables[data["id"]] = Table([head], rows)
    for asked in read(folder / "aitqa_questions.jsonl") if folder.exists() else []:
        table = tables.get(asked["table_id"], Table([], []))
        if table.rows and (cells := cells_with(table, map(one_line, asked["answers"]), asked["question"])):
            yield about(("aitqa", "en", asked["table_id"], ""), asked["question"], table, (cells, []), ("", ""), rng)


def jfinqa(raw: Path, rng: random.Random) -> Iterator[list[Example]]:
    """Japanese annual reports; the rows from which the answer is worked out."""
    for path in sorted(raw.glob("jfinqa/scripts/data/final/jfinqa_v1.json")):
        for row in read(path):
            table = Table([row["table"]["headers"]], row["table"]["rows"])
            where = ("jfinqa", "ja", row["source_doc_id"], row["company_name"])
            around = ("\n".join(row["pre_text"]), "\n".join(row["post_text"]) if rng.random() < 0.5 else "")
            yield about(where, row["qa"]["question"], table, ([], row["qa"]["gold_evidence"]), around, rng)
