"""Where words stand on a page: rectangles, and how the pieces of a line become one."""

from collections.abc import Sequence
from dataclasses import dataclass

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom; the origin is top left. What leaves this room is in fractions of the page's picture."""


@dataclass(frozen=True, slots=True)
class PageView:
    """What there is to a page besides its picture.

    Attributes:
        size: Width and height of its picture in points (1/72 inch); None where it cannot be drawn.
        text: Its cleaned text; may be empty.
        marks: Where the words that were asked for stand in its picture, in reading order; none where that is not known.
    """

    size: tuple[float, float] | None
    text: str
    marks: tuple[Rectangle, ...] = ()


_WIDEST_GAP = 1.5
"""Between two pieces of one line, in line heights; the gap between columns is wider."""


def join_lines(pieces: Sequence[Rectangle], *, sideways: bool = False) -> list[Rectangle]:
    """Join neighbours that stand on one line.

    Args:
        pieces: In reading order, in one unit of length in both directions.
        sideways: Whether the lines run up or down.
    """
    if sideways:
        return [_flip(line) for line in _join_rows([_flip(piece) for piece in pieces])]
    return _join_rows(pieces)


def _join_rows(pieces: Sequence[Rectangle]) -> list[Rectangle]:
    lines: list[Rectangle] = []
    for piece in pieces:
        if lines and _on_one_line(lines[-1], piece):
            last = lines.pop()
            lines.append((min(last[0], piece[0]), min(last[1], piece[1]), max(last[2], piece[2]), max(last[3], piece[3])))
        else:
            lines.append(piece)
    return lines


def _flip(rectangle: Rectangle) -> Rectangle:
    x0, y0, x1, y1 = rectangle
    return y0, x0, y1, x1


def _on_one_line(a: Rectangle, b: Rectangle) -> bool:
    heights = (a[3] - a[1], b[3] - b[1])
    overlap = min(a[3], b[3]) - max(a[1], b[1])
    gap = max(a[0], b[0]) - min(a[2], b[2])
    return overlap >= min(heights) / 2 and gap <= _WIDEST_GAP * max(heights)
