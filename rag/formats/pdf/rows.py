"""Lines of a table -> its rows, by columns; and whether they are a table at all."""

import re
from collections.abc import Sequence
from statistics import median

from rag.formats.pdf.characters import Piece

Cells = list[list[Piece]]

_FEWEST_ROWS = 3
_ALIGNED = 0.6  # of the cells of a column
_FIGURES_IN_TEXT = 0.2  # of the cells: more are a table's
_FLUSH = 0.8  # of the lines of a column
_MOST_WORDS = 8.0  # in a usual cell
_MARKER = re.compile(r"[•·▪■□●○◦‣⁃*–—\-+✓✔➢➤\uf0b7\uf0a7]+|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\]")
_NUMERIC = re.compile(
    r"[^\w\s]*\s?\(?[^\w\s]*\d[\d.,:/’'%\s\-–]*\)?\s?(?:%|[^\w\s]|[A-Z]{3}|[kKmMxX])?[¹²³⁴-⁹⁽⁾*†‡]*|[-–—]+|n/?a", re.IGNORECASE
)
_SAYS = re.compile(r"[^\W\d_]{2}|\d|^[-–—]$")
_LEAST_SAYING = 0.7  # of the cells hold a word or a figure; parts of a formula do not
_PAGE = re.compile(r"\d{1,4}|[ivxlc]{1,7}", re.IGNORECASE)


def is_numeric(piece: Piece) -> bool:
    """Whether it is a figure."""
    return bool(_NUMERIC.fullmatch(piece.text.strip()))


def table_rows(lines: Sequence[Sequence[Piece]], borders: Sequence[float]) -> list[Cells]:
    """Each row of a table by its cells, whose lines are joined; a piece belongs to the column in which it begins."""
    rows: list[Cells] = []
    above: Cells | None = None
    for pieces in lines:
        cells: Cells = [[] for _ in range(len(borders) + 1)]
        for piece in pieces:
            cells[sum(border <= piece.x0 for border in borders)].append(piece)
        if rows and above and (_continues(above, cells) or _completes(above, cells)):
            rows[-1] = [before + more for before, more in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
        above = cells
    return rows


def _continues(above: Cells, cells: Cells) -> bool:
    """Whether a line goes on with the cells of the line above it."""
    filled = [column for column, cell in enumerate(cells) if cell]
    has_figures = any(is_numeric(piece) for cell in cells for piece in cell)
    if len(filled) == len(cells) or has_figures or not all(above[column] for column in filled):
        return False
    others = [piece.order for column, cell in enumerate(above) if column not in filled for piece in cell]
    is_drawn_with_it = all(cells[column][0].order == above[column][-1].order + 1 for column in filled)
    if is_drawn_with_it and any(order > max(cells[column][-1].order for column in filled) for order in others):
        return True
    return filled[0] > 0 or (len(filled) == 1 and cells[0][0].text[:1].islower())


def _completes(above: Cells, cells: Cells) -> bool:
    """Whether a label began on the line above it: "Property, plant and", "equipment 455"."""
    return bool(above[0] and not any(above[1:]) and cells[0] and cells[0][0].text[:1].islower())


def is_table(rows: Sequence[Cells]) -> bool:
    """Whether rows are those of a table, and not a list, a table of contents or lines that happen to leave gaps."""
    columns = len(rows[0])
    several = sum(sum(map(bool, row)) > 1 for row in rows)
    figures = sum(is_numeric(piece) for row in rows for cell in row for piece in cell)
    if several < (2 if columns > 2 and figures > 1 else _FEWEST_ROWS) or several < 0.5 * len(rows) or not _are_aligned(rows):
        return False
    filled = sum(bool(cell) for row in rows for cell in row)
    if filled < 0.45 * columns * len(rows) and columns > 2:
        return False
    cells = [" ".join(piece.text for piece in cell) for row in rows for cell in row if cell]
    if sum(len(cell.split()) for cell in cells) > _MOST_WORDS * len(cells):
        return False
    said = sum(bool(_SAYS.search(cell)) for cell in cells)
    is_justified = figures < _FIGURES_IN_TEXT * len(cells) and is_flush([row[0][0] for row in rows if row[0]]) and _ends_flush(rows)
    return said >= _LEAST_SAYING * len(cells) and not is_justified and not (columns == 2 and _is_list(rows)) and not _is_contents(rows)


def _are_aligned(rows: Sequence[Cells]) -> bool:
    """Whether the cells of each column begin, end or have their middles at one place; figures may be aligned by their points."""
    for column in range(len(rows[0])):
        cells = [row[column] for row in rows if row[column]]
        if sum(is_numeric(cell[0]) for cell in cells) >= 0.5 * len(cells):
            continue
        near = 0.35 * median(cell[0].size for cell in cells)
        lefts, rights = [cell[0].x0 for cell in cells], [cell[-1].x1 for cell in cells]
        middles = [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]
        if all(sum(abs(place - median(places)) <= near for place in places) < _ALIGNED * len(cells) for places in (lefts, rights, middles)):
            return False
    return True


def is_flush(pieces: Sequence[Piece]) -> bool:
    """Whether most of these begin at one place, as the lines of a column do."""
    usual = median(piece.x0 for piece in pieces)
    return sum(abs(piece.x0 - usual) <= 0.35 * piece.size for piece in pieces) >= _FLUSH * len(pieces)


def _is_list(rows: Sequence[Cells]) -> bool:
    """Whether two columns are marks and items."""
    marks = [cell[0].text.strip() for cell, _ in rows if cell]
    return sum(bool(_MARKER.fullmatch(mark)) for mark in marks) > 0.5 * len(marks)


def _is_contents(rows: Sequence[Cells]) -> bool:
    """Whether rows are titles and the numbers of their pages: these rise, from the first row on."""
    pages = [row[-1][0].text.strip() for row in rows if row[-1]]
    numbers = [int(page) for page in pages if page.isdecimal()]
    is_rising = numbers == sorted(numbers) and len(numbers) >= _FEWEST_ROWS and bool(rows[0][-1]) and bool(_PAGE.fullmatch(pages[0]))
    others = [cell[0] for row in rows for cell in row[1:-1] if cell]
    return is_rising and len(pages) == sum(bool(_PAGE.fullmatch(page)) for page in pages) and not any(map(is_numeric, others))


def _ends_flush(rows: Sequence[Cells]) -> bool:
    """Whether nearly all rows end at one place, as justified lines do."""
    last = [max((piece for cell in row for piece in cell), key=lambda piece: piece.x1) for row in rows]
    usual = median(piece.x1 for piece in last)
    return sum(abs(piece.x1 - usual) <= 0.35 * piece.size for piece in last) >= _FLUSH * len(last)
