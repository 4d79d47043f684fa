"""Boxes on a slide -> the order in which people read them."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in any unit."""

_OVERLAP = 0.1  # of the smaller of two boxes that they may share and still be apart
_MOST_CUT = 400  # boxes on one slide; more are ordered by their tops alone


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """The indexes of boxes: cut again and again where the widest gap is, upper and left parts first."""
    indexes = sorted(range(len(boxes)), key=lambda index: (boxes[index][1], boxes[index][0]))
    return indexes if len(boxes) > _MOST_CUT else _cut(boxes, indexes)


def _cut(boxes: Sequence[Box], indexes: list[int]) -> list[int]:
    if len(indexes) < 2:
        return indexes
    down_gap, down = _widest(boxes, indexes, 1)
    across_gap, across = _widest(boxes, indexes, 0)
    first = across if across and (not down or across_gap > down_gap) else down
    if not first:
        return indexes
    rest = [index for index in indexes if index not in first]
    return _cut(boxes, [index for index in indexes if index in first]) + _cut(boxes, rest)


def _widest(boxes: Sequence[Box], indexes: list[int], axis: int) -> tuple[float, set[int]]:
    """The widest gap along an axis (0: from left to right), and the boxes before it; none where no line passes between boxes."""
    ordered = sorted(indexes, key=lambda index: boxes[index][axis])
    widest, before = 0.0, set[int]()
    end = boxes[ordered[0]][axis + 2]
    for place in range(1, len(ordered)):
        start, after = boxes[ordered[place]][axis], boxes[ordered[place]][axis + 2]
        tolerated = _OVERLAP * min(after - start, end - boxes[ordered[place - 1]][axis])
        gap = start - end
        if gap >= -max(tolerated, 0) and (not before or gap > widest):
            widest, before = gap, set(ordered[:place])
        end = max(end, after)
    return widest, before
