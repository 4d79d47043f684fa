"""Rules drawn on a page -> the tables that they make: grids of crossing lines, with the pieces of text in their cells."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw

from rag.formats.pdf.characters import Piece, quick

Table = list[list[list[Piece]]]
Line = tuple[float, float, float, float]

_GET_OBJECT = quick(pypdfium2.raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_GET_TYPE = quick(pypdfium2.raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)

_THIN = 3.0  # points: the width of a rule
_NEAR = 2.5  # points by which rules that meet may miss each other
_MOST_OBJECTS = 5_000
_MOST_PATHS = 1_500  # more are a drawing
_MOST_LINES = 2_000
_MOST_SEGMENTS = 400  # of one path
_FEWEST = 3  # rules each way that make a grid
_LEAST_FILLED = 0.35
_MOST_WORDS = 40  # in a usual cell: more are boxes of text


@dataclass(frozen=True, slots=True)
class Rules:
    """Level rules by `(y, x0, x1)`, upright ones by `(x, y0, y1)`; those on one line that touch are one."""

    level: list[tuple[float, float, float]]
    upright: list[tuple[float, float, float]]


def read_lines(page: Any) -> list[Line]:
    """The thin straight lines of a page: left, top, right, bottom, as the page has them."""
    count = pypdfium2.raw.FPDFPage_CountObjects(page)
    if count > _MOST_OBJECTS:
        return []
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value
    things = list(map(_GET_OBJECT, repeat(handle), range(count)))
    paths = [thing for thing in things if thing and _GET_TYPE(thing) == pypdfium2.raw.FPDF_PAGEOBJ_PATH]
    if len(paths) > _MOST_PATHS:
        return []
    return list(islice(_lines_of(paths), _MOST_LINES))


def _lines_of(paths: Sequence[int]) -> Iterator[Line]:
    return (line for path in paths for line in _lines_of_path(ctypes.cast(path, pypdfium2.raw.FPDF_PAGEOBJECT)))


def _lines_of_path(path: Any) -> Iterator[Line]:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pypdfium2.raw.FPDFPath_GetDrawMode(path, fill, stroke)
    if not fill.value and not stroke.value:
        return
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pypdfium2.raw.FPDFPageObj_GetBounds(path, left, bottom, right, top)
    width, height = right.value - left.value, top.value - bottom.value
    if min(width, height) <= _THIN:
        if max(width, height) > _THIN:
            yield left.value, top.value, right.value, bottom.value
    elif stroke.value:
        yield from _sides(path)


def _sides(path: Any) -> Iterator[Line]:
    """The straight segments of a path that are level or upright."""
    matrix, x, y = pypdfium2.raw.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
    pypdfium2.raw.FPDFPageObj_GetMatrix(path, matrix)
    start: tuple[float, float] | None = None
    last: tuple[float, float] | None = None
    for index in range(min(pypdfium2.raw.FPDFPath_CountSegments(path), _MOST_SEGMENTS)):
        segment = pypdfium2.raw.FPDFPath_GetPathSegment(path, index)
        pypdfium2.raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = matrix.a * x.value + matrix.c * y.value + matrix.e, matrix.b * x.value + matrix.d * y.value + matrix.f
        kind = pypdfium2.raw.FPDFPathSegment_GetType(segment)
        if kind == pypdfium2.raw.FPDF_SEGMENT_BEZIERTO:
            return  # a drawing
        if kind == pypdfium2.raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pypdfium2.raw.FPDF_SEGMENT_LINETO and last:
            yield from _straight(last, point)
        last = point
        if pypdfium2.raw.FPDFPathSegment_GetClose(segment) and start:
            yield from _straight(last, start)
            last = start


def _straight(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Line]:
    left, right = sorted((one[0], other[0]))
    bottom, top = sorted((one[1], other[1]))
    if min(right - left, top - bottom) <= 1 and max(right - left, top - bottom) > _THIN:
        yield left, top, right, bottom


def sort_rules(lines: Sequence[Line]) -> Rules:
    """Lines (left, top, right, bottom; y downwards) as rules."""
    level = [((y0 + y1) / 2, x0, x1) for x0, y0, x1, y1 in lines if y1 - y0 <= x1 - x0]
    upright = [((x0 + x1) / 2, y0, y1) for x0, y0, x1, y1 in lines if y1 - y0 > x1 - x0]
    return Rules(_joined(level), _joined(upright))


def _joined(rules: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Pieces of one line as one."""
    found: list[tuple[float, float, float]] = []
    for at, start, end in sorted(rules):
        near = [index for index in range(len(found) - 1, -1, -1) if at - found[index][0] <= _NEAR]
        same = next((index for index in near if start <= found[index][2] + _NEAR and end >= found[index][1] - _NEAR), None)
        if same is None:
            found.append((at, start, end))
        else:
            found[same] = found[same][0], min(start, found[same][1]), max(end, found[same][2])
    return found


def find_tables(pieces: Sequence[Piece], rules: Rules) -> list[Table]:
    """The grids that rules make, by their rows and cells."""
    return [table for grid in _grids(rules) if (table := _filled(pieces, grid))]


def _grids(rules: Rules) -> Iterator[Rules]:
    """Rules that cross each other, directly or by others."""
    if len(rules.level) < _FEWEST or len(rules.upright) < _FEWEST:
        return
    meeting = _meeting(rules)
    left = set(range(len(rules.level)))
    while left:
        level, upright = np.zeros(len(rules.level), np.bool_), np.zeros(len(rules.upright), np.bool_)
        level[left.pop()] = True
        while True:
            upright |= meeting[level].any(axis=0)
            met = meeting[:, upright].any(axis=1) | level
            if (met == level).all():
                break
            level = met
        own_level, own_upright = np.flatnonzero(level).tolist(), np.flatnonzero(upright).tolist()
        left.difference_update(own_level)
        if len(own_level) >= _FEWEST and len(own_upright) >= _FEWEST:
            yield Rules(sorted(rules.level[h] for h in own_level), sorted(rules.upright[v] for v in own_upright))


def _meeting(rules: Rules) -> npt.NDArray[np.bool_]:
    """Whether each level rule meets each upright one."""
    y, x0, x1 = np.array(rules.level)[:, :, None].transpose(1, 0, 2)
    x, y0, y1 = np.array(rules.upright).T
    is_met: npt.NDArray[np.bool_] = (x0 - _NEAR <= x) & (x <= x1 + _NEAR) & (y0 - _NEAR <= y) & (y <= y1 + _NEAR)
    return is_met


def _filled(pieces: Sequence[Piece], grid: Rules) -> Table | None:
    """The table in a grid: a piece stands in the cell whose rules are next to its beginning, left and above; None where it is no table."""
    ys, xs = _places(grid.level), _places(grid.upright)
    table: Table = [[[] for _ in xs[1:]] for _ in ys[1:]]
    for piece in pieces:
        x, y = piece.x0 + min(2.0, (piece.x1 - piece.x0) / 2), piece.middle
        if not (xs[0] < x < xs[-1] and ys[0] < y < ys[-1]):
            continue
        above = [at for at, start, end in grid.level if at <= y and start - _NEAR <= x <= end + _NEAR]
        before = [at for at, start, end in grid.upright if at <= x and start - _NEAR <= y <= end + _NEAR]
        if above and before:
            row, column = _place(ys, above[-1]), _place(xs, before[-1])
            table[min(row, len(table) - 1)][min(column, len(xs) - 2)].append(piece)
    rows = [row for row in table if any(row)]
    columns = [column for column in range(len(xs) - 1) if any(row[column] for row in rows)]
    cells = [cell for row in rows for cell in row if cell]
    if len(rows) < 2 or len(columns) < 2 or len(cells) < _LEAST_FILLED * len(rows) * len(columns):
        return None
    if sum(len(piece.text.split()) for cell in cells for piece in cell) > _MOST_WORDS * len(cells):
        return None
    return [[row[column] for column in columns] for row in rows]


def _places(rules: Sequence[tuple[float, float, float]]) -> list[float]:
    places: list[float] = []
    for at, _, _ in rules:
        if not places or at - places[-1] > _NEAR:
            places.append(at)
    return places


def _place(places: Sequence[float], at: float) -> int:
    return max(index for index, place in enumerate(places) if place <= at + 0.01)
