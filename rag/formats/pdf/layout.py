"""Pieces of lines -> the page as it is read: rows from top to bottom, columns one after the other, tables row by row.

A page is cut by white gutters: rows of pieces that leave the same gap make a band. A gutter of it parts columns of running text, or parts
that were drawn one after the other; otherwise the band is a table, if its cells are short, or a run of lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from statistics import median

from rag.formats.pdf.characters import Piece
from rag.formats.pdf.columns import FEWEST_LINES, are_columns
from rag.formats.pdf.lines import LEVEL, Line, drawn_lines, in_order, is_right_to_left, lines_of
from rag.formats.pdf.rows import is_numeric, is_table, table_rows

Gap = tuple[float, float]

_NARROWEST = 0.35  # of a line's height: a gutter, where the words beside it are the longest
_USUAL = 0.7  # of a line's height: the usual gap at a gutter
_WIDEST_STEP = 2.6  # line heights between the rows of one band
_TALLEST_TURNED = 8  # line heights of a word that runs up or down and is a header; longer ones stand beside the text
_MOST_PIECES = 6_000  # of a page that is laid out; a larger one is read as it was drawn
_MOST_TRIES = 30  # places in the order of drawing, or gutters, at which columns may be parted
_DEEPEST = 8
_LEAST_RISE = 3.0  # line heights from the foot of a column to the top of the next
_LEAST_STEP = 0.75  # line heights between the rows of one band; the parts of a formula are nearer
_NEAR = 2.0  # line heights between a header and its table


@dataclass(slots=True)
class Row:
    """A line, its pieces from left to right; or a row of a table, by its cells.

    Attributes:
        cells: One, or those of a table's row, each with its pieces.
        is_table: Whether it is a table's row.
        starts_block: Whether it stands apart from the row before it.
    """

    cells: list[list[Piece]]
    is_table: bool = False
    starts_block: bool = False


def read_order(pieces: Sequence[Piece], tables: Sequence[Sequence[Sequence[Sequence[Piece]]]] = ()) -> list[Row]:
    """The rows of a page, as they are read; `tables` are those found by their rules: rows of cells of pieces."""
    if not pieces and not tables:
        return []
    if len(pieces) > _MOST_PIECES:
        return [Row([[piece]]) for piece in pieces]
    usual = median(piece.size for piece in pieces) if pieces else 10.0
    beside = [piece for piece in pieces if piece.is_turned and piece.y1 - piece.y0 > _TALLEST_TURNED * usual]
    aside = {id(piece) for piece in beside}
    lines = lines_of([piece for piece in pieces if id(piece) not in aside])
    for table in tables:
        lines.append(Line([_frame(table)], table))
    lines.sort(key=lambda line: line.middle)
    rows = list(_read(lines, 0))
    return rows + [Row([[piece]], starts_block=True) for piece in beside]


def _frame(table: Sequence[Sequence[Sequence[Piece]]]) -> Piece:
    inside = [piece for row in table for cell in row for piece in cell]
    x0, y0 = min(piece.x0 for piece in inside), min(piece.y0 for piece in inside)
    x1, y1 = max(piece.x1 for piece in inside), max(piece.y1 for piece in inside)
    size = median(piece.size for piece in inside)
    return Piece("", [], x0, y0, x1, y1, size, min(piece.order for piece in inside))


def _read(lines: Sequence[Line], depth: int) -> Iterator[Row]:
    """The rows of a part of the page, its lines from top to bottom."""
    if depth < _DEEPEST and (strands := _strands(lines)):
        for strand in strands:
            yield from _apart(list(_read(strand, depth + 1)))
        return
    at = 0
    plain: list[Line] = []
    while at < len(lines):
        after = _band(lines, at) if depth < _DEEPEST else at + 1
        band = list(lines[at:after])
        if len(band) > 1 and (found := _columns(band, plain, depth) or _table(band, plain)):
            yield from _plain_rows(plain)
            plain = []
            yield from found
        else:
            plain += band
        at = after
    yield from _plain_rows(plain)


def _strands(lines: Sequence[Line]) -> list[list[Line]]:
    """The columns of a part of the page that was drawn column by column, with what is above and below them; [] of any other."""
    if all(len(line.pieces) == 1 for line in lines[1:-1]) and len(lines) < 2 * FEWEST_LINES:
        return []
    drawn = sorted((piece for line in lines for piece in line.pieces), key=attrgetter("order"))
    rises = [at for at in range(2, len(drawn) - 1) if drawn[at - 1].middle - drawn[at].middle >= _LEAST_RISE * drawn[at].size]
    for at in rises[:_MOST_TRIES]:
        left, right = drawn[:at], drawn[at:]
        top, bottom = min(piece.y0 for piece in right), max(piece.y1 for piece in left)
        above = [piece for piece in left if piece.y1 <= top + LEVEL * piece.size]
        below = [piece for piece in right if piece.y0 >= bottom - LEVEL * piece.size]
        left = [piece for piece in left if piece.y1 > top + LEVEL * piece.size]
        right = [piece for piece in right if piece.y0 < bottom - LEVEL * piece.size]
        if not left or not right or max(piece.x1 for piece in left) > min(piece.x0 for piece in right):
            continue
        if are_columns(left, right):
            tables = {id(line.pieces[0]): line.table for line in lines if line.table}
            sides = [above, right, left, below] if is_right_to_left(left) else [above, left, right, below]
            return [_with_tables(side, tables) for side in sides]
    return []


def _with_tables(pieces: Sequence[Piece], tables: dict[int, Sequence[Sequence[Sequence[Piece]]]]) -> list[Line]:
    lines = lines_of([piece for piece in pieces if id(piece) not in tables])
    lines += [Line([piece], tables[id(piece)]) for piece in pieces if id(piece) in tables]
    return sorted(lines, key=lambda line: line.middle)


def _band(lines: Sequence[Line], first: int) -> int:
    """Where the band that begins at a line ends: the first line that closes its gaps."""
    gaps = _gaps(lines[first])
    after = first + 1
    while gaps and after < len(lines):
        above, line = lines[after - 1], lines[after]
        if _step(lines, after) > _WIDEST_STEP * max(line.size, above.size) or _is_crowded(above, line):
            break
        narrowed = _narrow(gaps, lines[after])
        if not narrowed:
            is_name = after + 1 < len(lines) and _names_group(lines[first : after + 2], gaps)
            narrowed = _narrow(gaps, lines[after + 1]) if is_name else []
            if len(narrowed) < len(gaps):
                break
            after += 1
        gaps = narrowed
        after += 1
    while after - 1 > first and len(lines[after - 1].pieces) == 1 and not lines[after - 1].table and _closes(lines[first:after], gaps):
        after -= 1
    return after


def _step(lines: Sequence[Line], index: int) -> float:
    return lines[index].y0 - lines[index - 1].y1 + lines[index].size


def _is_crowded(above: Line, line: Line) -> bool:
    """Whether they overlap, as the parts of a formula do."""
    return any(
        piece.y0 - upper.y1 + piece.size < _LEAST_STEP * max(piece.size, upper.size) and piece.x0 < upper.x1 and piece.x1 > upper.x0
        for piece in line.pieces
        for upper in above.pieces
    )


def _gaps(line: Line) -> list[Gap]:
    pairs = zip(line.pieces, line.pieces[1:], strict=False)
    return [(left.x1, right.x0) for left, right in pairs if right.x0 - left.x1 >= _USUAL * line.size]


def _narrow(gaps: Sequence[Gap], line: Line) -> list[Gap]:
    """What a line leaves of gaps."""
    left, narrowest = list(gaps), _NARROWEST * line.size
    for piece in line.pieces:
        cut = []
        for start, end in left:
            if piece.x1 <= start or piece.x0 >= end:
                cut.append((start, end))
            else:
                cut += [(start, min(end, piece.x0)), (max(start, piece.x1), end)]
        left = [(start, end) for start, end in cut if end - start >= narrowest]
    return left


def _names_group(lines: Sequence[Line], gaps: Sequence[Gap]) -> bool:
    """Whether the last line but one, which closes the gaps, names the rows below it in a table."""
    *above, name, below = lines
    pieces = [piece for line in above for piece in line.pieces]
    is_table = median(len(piece.text.split()) for piece in pieces) <= 3 and len(below.pieces) > 1
    left = min(piece.x0 for piece in pieces)
    steps = [_step(lines, index) for index in range(1, len(lines))]
    is_near = max(steps[-2:]) <= 1.5 * max(min(steps), name.size)
    return is_table and is_near and len(name.pieces) == 1 and abs(name.pieces[0].x0 - left) < 2 * name.size and bool(_narrow(gaps, below))


def _closes(band: Sequence[Line], gaps: Sequence[Gap]) -> bool:
    """Whether the band's last line, a single piece, stands apart from it: a note below a table."""
    if len(band) < 3:
        return False
    steps = [_step(band, index) for index in range(1, len(band))]
    return steps[-1] > 1.4 * median(steps[:-1]) and not any(piece.x0 >= gaps[0][1] for piece in band[-1].pieces) if gaps else False


def _gutters(pieces: Sequence[Piece]) -> list[Gap]:
    """The gaps that all pieces leave, the widest first."""
    found: list[Gap] = []
    right: float | None = None
    for piece in sorted(pieces, key=lambda each: each.x0):
        if right is not None and piece.x0 - right >= _NARROWEST * piece.size:
            found.append((right, piece.x0))
        right = piece.x1 if right is None else max(right, piece.x1)
    return sorted(found, key=lambda gap: gap[0] - gap[1])


def _is_wide(gutter: Gap, band: Sequence[Line]) -> bool:
    """Whether it is more than the space between two words in at least half of the lines, or parts figures from what is before them."""
    middle = sum(gutter) / 2
    gaps, figures = [], 0
    for line in band:
        left = [piece for piece in line.pieces if piece.x1 <= middle]
        right = [piece for piece in line.pieces if piece.x0 >= middle]
        if left and right:
            gaps.append((right[0].x0 - left[-1].x1) / line.size)
            figures += is_numeric(right[0])
    return bool(gaps) and (median(gaps) >= _USUAL or figures >= max(FEWEST_LINES, 0.5 * len(gaps)))


def _columns(band: list[Line], before: list[Line], depth: int) -> list[Row]:
    """The band as columns, one after the other; [] where it has none. Lines just above it that begin its right column are taken too."""
    pieces = [piece for line in band for piece in line.pieces]
    for start, end in _gutters(pieces)[:_MOST_TRIES]:
        middle = (start + end) / 2
        left, right = [piece for piece in pieces if piece.x1 <= middle], [piece for piece in pieces if piece.x0 >= middle]
        if not _is_wide((start, end), band) or not are_columns(left, right):
            continue
        above: list[Line] = []
        while before and all(piece.x0 >= middle for piece in before[-1].pieces) and _step([before[-1], band[0]], 1) < 2 * band[0].size:
            above.insert(0, before.pop())
        sides = _part(above + band, middle)
        if is_right_to_left(pieces):
            sides.reverse()
        return [row for side in sides for row in _apart(list(_read(side, depth + 1)))]
    return []


def _apart(rows: list[Row]) -> list[Row]:
    if rows:
        rows[0].starts_block = True
    return rows


def _part(lines: Sequence[Line], middle: float) -> list[list[Line]]:
    left, right = list[Line](), list[Line]()
    for line in lines:
        for side, is_left in ((left, True), (right, False)):
            if pieces := [piece for piece in line.pieces if (piece.x1 <= middle) == is_left]:
                side.append(Line(pieces, line.table))
    return [left, right]


def _table(band: Sequence[Line], before: list[Line]) -> list[Row]:
    """The band as a table, or []. A header just above it whose words leave narrow gaps is taken too."""
    if any(line.table for line in band):
        return []
    gutters = sorted(_gutters([piece for line in band for piece in line.pieces if len(line.pieces) > 1 or not _crosses(line, band)]))
    gutters = [gutter for gutter in gutters if _is_wide(gutter, band)]
    if not gutters:
        return []
    above = before[-1:]
    is_near = above and len(above[0].pieces) > 1 and _step([*above, band[0]], 1) < _NEAR * band[0].size
    header = above if is_near and all(_leaves_open(above[0], gutter) for gutter in gutters) else []
    rows = table_rows([line.pieces for line in [*header, *band]], [(start + end) / 2 for start, end in gutters])
    if not is_table(rows):
        return []
    del before[len(before) - len(header) :]
    if is_right_to_left([piece for line in band for piece in line.pieces]):
        rows = [row[::-1] for row in rows]
    return [Row(row, is_table=True, starts_block=not number) for number, row in enumerate(rows)]


def _leaves_open(line: Line, gutter: Gap) -> bool:
    """Whether a line has a gap there, however narrow."""
    start, end = gutter
    return not any(piece.x0 < start + 1 and piece.x1 > end - 1 for piece in line.pieces)


def _crosses(line: Line, band: Sequence[Line]) -> bool:
    """Whether the only piece of a line stands over gaps that the other lines leave."""
    others = [piece for other in band for piece in other.pieces if len(other.pieces) > 1]
    return any(line.pieces[0].x0 < end and line.pieces[0].x1 > end for _, end in _gutters(others))


def _plain_rows(lines: Sequence[Line]) -> Iterator[Row]:
    """Lines of one column; a wider step than usual parts paragraphs."""
    first = 0
    for index, line in enumerate(lines):
        if line.table:
            yield from _paragraphs(lines[first:index])
            is_turned_round = is_right_to_left([piece for row in line.table for cell in row for piece in cell])
            for number, row in enumerate(line.table):
                cells = [[piece for each in lines_of(cell) for piece in in_order(each.pieces)] for cell in row]
                yield Row(cells[::-1] if is_turned_round else cells, is_table=True, starts_block=not number)
            first = index + 1
    yield from _paragraphs(lines[first:])


def _paragraphs(lines: Sequence[Line]) -> Iterator[Row]:
    lines = drawn_lines([piece for line in lines for piece in line.pieces])
    steps = [below.y0 - above.y1 for above, below in pairwise(lines)]
    usual = median(steps) if steps else 0.0
    for index, line in enumerate(lines):
        is_apart = not index or steps[index - 1] > usual + 0.5 * line.size
        yield Row([line.pieces], starts_block=is_apart)
