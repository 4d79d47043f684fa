"""Lines found in a picture of a page -> its text as it is read, and where each word stands."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from rag.formats.ocr.engine import Line, Points, Seen
from rag.formats.pdf.characters import Piece
from rag.formats.pdf.composing import compose
from rag.formats.pdf.hyphens import Hyphens
from rag.formats.pdf.layout import Row, read_order
from rag.formats.protocol import Rectangle

_ROOM = 0.14  # of a line's height, above and below its letters, that the engine adds
_WIDE = 1.5  # of a letter's height: a gap that parts columns of a table
_FLATTEST = 1.25  # of the height of a word: a mark may be as high as that, where lines are askew
_FEWEST_LETTERS = 8  # of a line that tells how the page is turned
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word, or a character of a script without spaces: its offsets in the text, and its place in the picture."""

    start: int
    end: int
    box: Rectangle


def read_lines(seen: Seen) -> tuple[str, list[PlacedWord]]:
    """The text in reading order, tables by rows, and its words; their places are in the picture as it was before it was turned."""
    lines = seen.lines
    angle = _angle(lines)
    letters = [_upright(box) for line in lines for box in line.characters]
    firsts = accumulate((len(line.characters) for line in lines), initial=0)
    pieces = [piece for line, first in zip(lines, firsts, strict=False) for piece in _pieces(line, first, angle)]
    for order, piece in enumerate(pieces):
        piece.order = order
    is_vertical = sum(len(piece.text) for piece in pieces if piece.is_turned) * 2 > sum(len(piece.text) for piece in pieces)
    rows = [Row([[piece]]) for piece in sorted(pieces, key=lambda each: -each.x1)] if is_vertical else read_order(pieces)
    page = compose(rows, Hyphens([line.text for line in lines]))
    offsets, text = page.content.offsets(), page.content.text
    words = []
    for match in _WORD.finditer(text):
        places = [page.indexes[offset] for offset in offsets[match.start() : match.end()]]
        if boxes := [letters[place] for place in places if place >= 0]:
            words.append(PlacedWord(match.start(), match.end(), turned_back(_fractions(boxes, seen.size), seen.quarters)))
    return text, words


def turned_back(box: Rectangle, quarters: int) -> Rectangle:
    """A rectangle of a picture that was turned to the left by so many quarters, in the picture as it was; both in fractions."""
    for _ in range(quarters):
        x0, y0, x1, y1 = box
        box = 1 - y1, x0, 1 - y0, x1
    return box


def marks_of(words: Iterable[PlacedWord], size: tuple[float, float]) -> list[Rectangle]:
    """Rectangles under words, joined along a line as long as they stay flat; `size` is that of the picture, in any unit."""
    width, height = size
    joined: list[Rectangle] = []
    tallest = 0.0  # of the words in the last one
    for x0, y0, x1, y1 in (word.box for word in words):
        if joined:
            a0, b0, a1, b1 = joined[-1]
            top, bottom, tallest = min(b0, y0), max(b1, y1), max(tallest, y1 - y0)
            gap = (max(a0, x0) - min(a1, x1)) * width
            if bottom - top <= _FLATTEST * tallest and gap <= _WIDE * tallest * height:
                joined[-1] = min(a0, x0), top, max(a1, x1), bottom
                continue
        joined.append((x0, y0, x1, y1))
        tallest = y1 - y0
    return joined


def _angle(lines: Sequence[Line]) -> float:
    """By how much the page is turned, in radians: most lines of it."""
    steps = [line.corners[1] - line.corners[0] for line in lines if len(line.characters) >= _FEWEST_LETTERS]
    angles = [float(np.arctan2(y, x)) for x, y in steps if abs(y) < abs(x)]
    return float(np.median(angles)) if angles else 0.0


def _upright(corners: Points) -> Rectangle:
    """The rectangle around a letter, without the room above and below it."""
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    room = _ROOM * (y1 - y0)
    return float(x0), float(y0 + room), float(x1), float(y1 - room)


def _fractions(boxes: Sequence[Rectangle], size: tuple[int, int]) -> Rectangle:
    x0, y0, x1, y1 = (choose(box[side] for box in boxes) for side, choose in enumerate((min, min, max, max)))
    width, height = size
    return (max(x0 / width, 0.0), max(y0 / height, 0.0), min(x1 / width, 1.0), min(y1 / height, 1.0))


def _pieces(line: Line, first: int, angle: float) -> list[Piece]:
    """The line as if the page were straight, cut at wide gaps; `first` is the place of its first letter among those of the page."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    boxes = [_upright(corners) for corners in line.characters @ turn]
    if not boxes:
        return []
    (left, top), (right, bottom) = (line.corners @ turn).min(axis=0), (line.corners @ turn).max(axis=0)
    room = _ROOM * min(bottom - top, right - left)
    size = float(min(bottom - top, right - left) - 2 * room)
    is_turned = bottom - top > _WIDE * (right - left) and len(boxes) > 1
    cuts = [0, *(place for place, (a, b) in enumerate(pairwise(boxes), start=1) if b[0] - a[2] > _WIDE * size), len(boxes)]
    pieces = []
    for start, end in pairwise(cuts):
        text, indexes = _words(line.text, start, end)
        x0, x1 = (boxes[start][0], boxes[end - 1][2]) if not is_turned else (float(left), float(right))
        places = [place if place < 0 else place + first for place in indexes]
        pieces.append(Piece(text, places, x0, float(top + room), x1, float(bottom - room), size, 0, is_turned))
    return pieces


def _words(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """The part of a line from one of its letters to another, with the letter that each character is, or -1."""
    indexes, letter = list[int](), 0
    for character in text:
        indexes.append(-1 if character.isspace() else letter)
        letter += not character.isspace()
    places = [place for place, index in enumerate(indexes) if start <= index < end]
    first, after = places[0], places[-1] + 1
    return text[first:after], indexes[first:after]
