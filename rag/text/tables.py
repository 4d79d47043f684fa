"""Lines of a text -> the tables among them, as readers of files give them: with marks between the cells, or with nothing but spaces."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]

LONGEST_ROW = 200  # characters of a row without marks between its cells
LONGEST_JOINED_ROW = 600  # characters of a row over several lines
MOST_ROW_WORDS = 10  # beside the numbers of a row without marks between its cells
MOST_CELL_WORDS = 6  # on average, in a row whose cells are told apart by spaces
MOST_HEADER_ROWS = 3
TELLING_ROWS = 50  # at the top of a table, which tell whether it is one of figures
LEAST_COLUMNS = 3  # of rows of numbers with the names of groups between them
LONGEST_NAME = 60  # characters, of a group of rows

_RULE = re.compile(r"[|+:\-=_ ]*(?:-{3,}|={3,}|_{3,}|\|:?-+:?\|)[|+:\-=_ ]*|\\(?:hline|toprule|midrule|bottomrule)\s*")
_BEGIN, _END = "\\begin{tabular", "\\end{tabular"
_AMPERSAND = re.compile(r"(?<!\\)&")
_GAP = re.compile(r"(?<=[^\s.!?…])[^\S\n]{2,}(?=\S)")
_COMMA = re.compile(r"[,;](?! )")
_VALUE = re.compile(r"[^\w\s]*\d[\d.,:/’'\-–]*[^\w\s]*[kKmMxX]?[^\w\s]*|[-–—]+|[nN]/?[aA]", re.ASCII)
_LONGEST_VALUE = 24
_NO_VALUE = ("-", "–", "—")
_CURRENCY = re.compile(r"[^\w\s]|EUR|USD|GBP|CHF|JPY")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DATE = re.compile(r"\b\d{1,2}\.? [^\W\d_]{3,10}\.?,? \d{4}\b|\b[^\W\d_]{3,10}\.? \d{1,2}, \d{4}\b")
_LABEL = re.compile(r"[^:：]{1,40}(?:: |：)")
_LATEX = re.compile(r"\\(?:multicolumn|multirow)(?:\[\w\])?\{\d+\}\{[^}]*\}|\\[a-z]+|[\\${}]")
_CAPTION = re.compile(r"\W*[^\W\d_]+\.?\s+[\dIVX]+(?:[.\-]\d+)*\s*[:.–—-]")
_STOP = re.compile(r"[.!?…。！？؟۔।॥;,:]$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, from `start` to `end` of its text, without the white space around it; its cells, if tabs part them."""

    start: int
    end: int
    text: str
    is_after_blank: bool
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A line as a row: what its cells are told apart by ("1": nothing but numbers show them), and the cells."""

    mark: str
    cells: tuple[str, ...]

    @property
    def filled(self) -> int:
        """How many cells are not empty."""
        return sum(bool(cell) for cell in self.cells)

    @property
    def is_data(self) -> bool:
        """Whether a cell holds a figure, or several that are not told apart."""
        return any(_is_value(cell) or (cell and all(map(_is_value, cell.split()))) for cell in self.cells)

    @property
    def names_years(self) -> bool:
        """Whether two cells are years, and none is a figure."""
        return sum(bool(_YEAR.search(cell)) for cell in self.cells) > 1 and not self.is_data

    @property
    def can_be_header(self) -> bool:
        """Whether it has no figures, and where nothing but numbers show cells, these are years."""
        return self.names_years if self.mark == "1" else not self.is_data


@dataclass(frozen=True, slots=True)
class Table:
    """The lines `first` to `after`, exclusive; for each the spans of its header and of the line that names its group of rows, if any."""

    first: int
    after: int
    headers: tuple[Span | None, ...]
    groups: tuple[Span | None, ...]


def lines_of(text: str) -> list[Line]:
    """The lines that are not blank, each without the white space around it."""
    lines, at, is_after_blank = [], 0, True
    for raw in text.split("\n"):
        words = raw.strip()
        if words:
            start = at + raw.index(words[0])
            cells = tuple(cell.strip() for cell in raw.split("\t")) if "\t" in raw else ()
            lines.append(Line(start, start + len(words), words, is_after_blank, cells))
        is_after_blank = not words
        at += len(raw) + 1
    return lines


def is_rule(line: str) -> bool:
    """Whether a line of a table is a rule between its rows."""
    return bool(_RULE.fullmatch(line))


def is_separator(line: str) -> bool:
    """Whether a line of a table is a rule between its rows, or its frame."""
    return is_rule(line) or line.startswith((_BEGIN, _END))


def joined_rows(text: str, lines: Sequence[Line]) -> list[Line]:
    """The lines, with those of a LaTeX table as one that are one row."""
    found: list[Line] = []
    is_inside = False
    for line in lines:
        above = found[-1] if found else None
        is_open = is_inside and above and not (above.text.endswith(r"\\") or is_separator(above.text) or is_separator(line.text))
        if is_open and above and line.end - above.start <= LONGEST_JOINED_ROW:
            found[-1] = Line(above.start, line.end, text[above.start : line.end], above.is_after_blank)
        else:
            found.append(line)
        is_inside = (is_inside or line.text.startswith(_BEGIN)) and _END not in line.text
    return found


def tables(lines: Sequence[Line]) -> dict[int, Table]:
    """The tables among lines, by their first line."""
    rows = _rows(lines)
    found: dict[int, Table] = {}
    at = 0
    while at < len(lines):
        after = at + 1
        if row := rows[at]:
            while after < len(lines) and (_goes_on(rows, lines, after) or _names_group(rows, lines, after)):
                rows[after] = rows[after] or Row(row.mark, lines[after].cells or (lines[after].text,))
                after += 1
        if row and (after - at > 1 or row.mark == "&"):
            found[at] = Table(at, after, tuple(_headers(lines, rows, at, after)), tuple(_groups(lines, rows, at, after)))
        at = after
    return found


def _groups(lines: Sequence[Line], rows: Sequence[Row | None], first: int, after: int) -> list[Span | None]:
    """For each row, the span of the nearest row above it that has nothing but a name for what follows, below the first row."""
    groups: list[Span | None] = []
    group: Span | None = None
    has_cells = False
    for index in range(first, after):
        row = rows[index]
        is_name = bool(has_cells and row and row.filled == 1 and row.cells[0] and not row.is_data)
        groups.append(None if is_name else group)
        if is_name:
            group = lines[index].start, lines[index].end
        has_cells = has_cells or bool(row and row.filled > 1)
    return groups


def _rows(lines: Sequence[Line]) -> list[Row | None]:
    rows, is_latex = list[Row | None](), False
    for line in lines:
        is_latex = is_latex or line.text.startswith(_BEGIN)
        is_row = is_latex or (line.text.endswith(r"\\") and _AMPERSAND.search(line.text))
        rows.append(_latex_row(line.text) if is_row else _tab_row(line) or _row(line.text))
        is_latex = is_latex and _END not in line.text
    return rows


def cells_of(text: str, start: int, end: int) -> tuple[str, ...]:
    """The cells of a row of a table, `text[start:end]` and the empty ones around it; () where they cannot be told apart."""
    line = text[start:end]
    if "\t" in line:
        first, after = len(text[:start].rstrip(" \t")), len(text) - len(text[end:].lstrip(" \t"))
        return tuple(cell.strip() for cell in text[first:after].split("\t"))
    row = _latex_row(line) if line.endswith(r"\\") and _AMPERSAND.search(line) else _row(line)
    return row.cells if row else ()


def _tab_row(line: Line) -> Row | None:
    return Row("\t", line.cells) if sum(map(bool, line.cells)) > 1 else None


def _latex_row(line: str) -> Row:
    cells = [] if is_separator(line) else _AMPERSAND.split(line)
    return Row("&", tuple(" ".join(_LATEX.sub(" ", cell).split()) for cell in cells))


def _row(line: str) -> Row | None:
    if line.startswith("|") and line.count("|") > 1:
        return Row("|", () if is_separator(line) else tuple(cell.strip() for cell in line.strip("|").split("|")))
    if _RULE.fullmatch(line):
        return Row("-", ())
    for mark, least in ((" | ", 2), (" & ", 3)):
        if len(cells := line.split(mark)) >= least:
            return Row(mark, tuple(cell.strip() for cell in cells))
    cells = _GAP.split(line)
    if len(cells) > 1 and len(line.split()) <= MOST_CELL_WORDS * len(cells):
        return Row("\t", tuple(cells))
    return (_number_row(line) or _comma_row(line)) if len(line) <= LONGEST_ROW else None


def _comma_row(line: str) -> Row | None:
    cells = tuple(_COMMA.split(line))
    return Row(",", cells) if len(cells) > 2 and not _is_prose(line) else None


def _number_row(line: str) -> Row | None:
    """A row whose cells cannot be told apart: its words, and each of its numbers."""
    line = _DATE.sub(lambda date: date[0].replace(" ", "\u2007"), line)
    tokens = [token for token in line.split(" ") if token and (token in _NO_VALUE or not _CURRENCY.fullmatch(token))]
    are_values = _values(tokens)
    values = [token for token, is_value in zip(tokens, are_values, strict=True) if is_value]
    words = len(tokens) - len(values)
    if not values or words > MOST_ROW_WORDS or line[0].islower() or _is_prose(line):
        return None
    if len(values) == 1 and (not are_values[-1] or not words or values[0] in _NO_VALUE):
        return None
    if len(values) < LEAST_COLUMNS and _LABEL.match(line):
        return None
    return Row(
        "1", (*([" ".join(token for token, is_value in zip(tokens, are_values, strict=True) if not is_value)] if words else []), *values)
    )


def _values(tokens: Sequence[str]) -> list[bool]:
    """Which words of a row are figures, years, dates, or dashes before one of these or at the end."""
    found: list[bool] = []
    for token in reversed(tokens):
        is_value = _is_value(token) or bool(_YEAR.fullmatch(token)) or "\u2007" in token
        found.append(is_value or (token in _NO_VALUE and (not found or found[-1])))
    return found[::-1]


def _is_prose(line: str) -> bool:
    return bool(_STOP.search(line)) and not line[-2:-1].isdigit()


def _is_value(cell: str) -> bool:
    """Whether a cell holds a figure; a year is none, it may name a column."""
    if _YEAR.search(cell) and len(cell) <= _LONGEST_VALUE:
        return False
    tokens = cell.split()
    return 0 < len(tokens) <= 3 and len(cell) <= _LONGEST_VALUE and bool(_VALUE.fullmatch(tokens[0])) and any(map(str.isdigit, cell))


def _goes_on(rows: Sequence[Row | None], lines: Sequence[Line], index: int) -> bool:
    """Whether a line belongs to the table that the line above it belongs to."""
    row, above = rows[index], rows[index - 1]
    if not row or not above or lines[index].text.startswith(_BEGIN) or (lines[index].is_after_blank and row.mark != "&"):
        return False
    if "-" in (row.mark, above.mark):
        return True
    if row.mark != above.mark or row.mark not in {"1", ","}:
        return row.mark == above.mark
    if len(above.cells) == 1:  # the name of a group
        return True
    difference = abs(len(row.cells) - len(above.cells))
    return difference == 0 or (row.mark == "1" and difference <= max(1, len(row.cells) // 3))


def _names_group(rows: Sequence[Row | None], lines: Sequence[Line], index: int) -> bool:
    """Whether a line without numbers names the rows of numbers below it, in a table of such rows, or is a row with one cell filled."""
    if rows[index] or lines[index].is_after_blank:
        return False
    if lines[index].cells:
        return len(lines[index].cells) <= len(lines[index - 1].cells)
    if index + 1 >= len(lines) or lines[index + 1].is_after_blank:
        return False
    above, below, name = rows[index - 1], rows[index + 1], lines[index].text
    if not above or not below or above.mark != below.mark or below.mark not in {"1", "\t"} or len(below.cells) < LEAST_COLUMNS:
        return False
    is_name = len(name) <= LONGEST_NAME and not name[0].islower() and not _is_prose(name.rstrip(":"))
    return is_name and (len(above.cells) == 1 or abs(len(above.cells) - len(below.cells)) <= 1)


def _headers(lines: Sequence[Line], rows: Sequence[Row | None], first: int, after: int) -> list[Span | None]:
    """For each row the span of its header: the rows at the top that hold no figures, or those further down that name years."""
    table = [(index, row) for index in range(first, after) if (row := rows[index]) and row.cells]
    rules = [index for index in range(first, after) if is_rule(lines[index].text)]
    top, bottom = _top_rows([row for _, row in table], sum(index < rules[0] for index, _ in table) if rules else 0)
    header: Span | None = None
    if bottom > top:
        header = lines[table[top][0]].start, lines[table[bottom - 1][0]].end
    elif table and table[0][1].mark in {"1", "\t"}:
        header = _line_above(lines, first, max(row.filled for _, row in table))
    headers: list[Span | None] = [None] * (after - first)
    for place, (index, row) in enumerate(table):
        if place >= max(bottom, 1) and row.names_years:
            header = lines[index].start, lines[index].end
        elif place >= bottom:
            headers[index - first] = header
    return headers


def _top_rows(rows: Sequence[Row], before_rule: int) -> tuple[int, int]:
    """The rows of the header, from and to, exclusive; `before_rule` stand above the first rule between rows."""
    top = next((place for place, row in enumerate(rows) if row.filled > 1 or (row.filled and not row.cells[0])), len(rows))
    if top < before_rule <= min(MOST_HEADER_ROWS, len(rows) - 1):
        return top, before_rule
    filled = [row for row in rows[top : top + TELLING_ROWS] if row.filled > 1]
    is_of_figures = 2 * sum(row.is_data for row in filled) >= len(filled)
    bottom = top
    while bottom < min(len(rows) - 1, top + MOST_HEADER_ROWS) and rows[bottom].can_be_header:
        row = rows[bottom]
        above = rows[bottom - 1]
        if bottom > top and row.mark == "\t" and not (is_of_figures and _goes_under(row, above)):
            break
        if bottom > top and (row.filled == 1 if is_of_figures else row.cells[0]) and above.filled > 1:
            break
        bottom += 1
    return top, bottom


def _goes_under(row: Row, above: Row) -> bool:
    """Whether a row of names divides the columns that the row of names above it spans."""
    spanned = [name for name, over in zip(row.cells[1:], above.cells[1:], strict=False) if not over]
    return not row.cells[0] or (bool(spanned) and all(spanned))


def _line_above(lines: Sequence[Line], first: int, columns: int) -> Span | None:
    """The line right above numbers, where it has about as many words as they have columns and is no caption."""
    if not first:
        return None
    above = lines[first - 1]
    words = len(above.text.split())
    if ": " in above.text or any(map(_is_value, above.text.split())):
        return None
    is_header = columns - 1 <= words <= 4 * columns and words > 1 and not _STOP.search(above.text) and not _CAPTION.match(above.text)
    return (above.start, above.end) if is_header and len(above.text) <= LONGEST_ROW else None
