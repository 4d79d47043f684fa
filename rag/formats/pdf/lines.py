"""Pieces -> lines: pieces side by side, in the order of drawing where that is an order of reading."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter

from rag.formats.pdf.characters import Piece

LEVEL = 0.4  # line heights
_FURTHEST_UP = 2.5  # line heights by which the drawing of running text, with its formulas, goes back up
_UP_TO_WORDS = 0.8
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
_LONG_WORD = re.compile(r"\w{4,}")


@dataclass(slots=True)
class Line:
    """Pieces side by side, from left to right; or a table found by its rules, as one piece."""

    pieces: list[Piece]
    table: Sequence[Sequence[Sequence[Piece]]] | None = None

    @property
    def middle(self) -> float:
        """Where it stands."""
        return self.pieces[0].middle

    @property
    def size(self) -> float:
        """The height of its largest letters."""
        return self.pieces[0].size if len(self.pieces) == 1 else max([piece.size for piece in self.pieces])

    @property
    def y0(self) -> float:
        """Top."""
        return self.pieces[0].y0 if len(self.pieces) == 1 else min([piece.y0 for piece in self.pieces])

    @property
    def y1(self) -> float:
        """Bottom."""
        return self.pieces[0].y1 if len(self.pieces) == 1 else max([piece.y1 for piece in self.pieces])


def lines_of(pieces: Sequence[Piece]) -> list[Line]:
    """Put pieces side by side where each overlaps the first of its line by half of its height."""
    lines: list[Line] = []
    for piece in sorted(pieces, key=attrgetter("middle")):
        for line in lines[:-3:-1]:
            seed = line.pieces[0]
            if piece.middle - seed.middle >= 0.6 * _height(piece, seed):
                continue
            if min(piece.y1, seed.y1) - max(piece.y0, seed.y0) >= 0.5 * min(piece.y1 - piece.y0, seed.y1 - seed.y0):
                line.pieces.append(piece)
                break
        else:
            lines.append(Line([piece]))
    for line in lines:
        if len(line.pieces) > 1:
            line.pieces.sort(key=attrgetter("x0"))
    return lines


def _height(one: Piece, other: Piece) -> float:
    return max(one.y1 - one.y0, other.y1 - other.y0) if one.is_turned or other.is_turned else min(one.size, other.size)


def drawn_lines(pieces: Sequence[Piece]) -> list[Line]:
    """The lines of one column, from top to bottom; formulas as they were drawn."""
    drawn = sorted(pieces, key=attrgetter("order"))
    return [line for stretch in _stretches(drawn) for line in _as_drawn(stretch) or _sorted(stretch)]


def _sorted(pieces: Sequence[Piece]) -> list[Line]:
    lines = lines_of(pieces)
    for line in lines:
        line.pieces = in_order(line.pieces)
    return lines


def _stretches(drawn: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """Pieces in the order of drawing, parted where all that follow are below all before."""
    highest = list(accumulate((piece.middle for piece in reversed(drawn)), min))[::-1]
    first, lowest = 0, -math.inf
    for at, piece in enumerate(drawn):
        if at > first and highest[at] > lowest + LEVEL * piece.size:
            yield drawn[first:at]
            first = at
        lowest = max(lowest, piece.middle)
    yield drawn[first:]


def _as_drawn(drawn: Sequence[Piece]) -> list[Line]:
    """The pieces as they were drawn, which knows formulas better; [] where that goes back up."""
    found: list[Line] = []
    for piece in drawn:
        last = found[-1].pieces[-1] if found else None
        if last is None:
            found.append(Line([piece]))
            continue
        up = (last.middle - piece.middle) / max(piece.size, last.size)
        if up > _UP_TO_WORDS and (_LONG_WORD.search(piece.text) or (up > _FURTHEST_UP and _stands_by_words(piece, found))):
            return []
        is_level = abs(up) < LEVEL or (piece.y0 > last.y0 - 1 and piece.y1 < last.y1 + 1)
        if is_level and (piece.x0 >= last.x1 - LEVEL * piece.size or is_right_to_left([piece])):
            found[-1].pieces.append(piece)
        elif is_level and _LONG_WORD.search(piece.text):
            return []
        else:
            found.append(Line([piece]))
    return found


def _stands_by_words(piece: Piece, lines: Sequence[Line]) -> bool:
    return any(
        abs(other.middle - piece.middle) < LEVEL * piece.size and _LONG_WORD.search(other.text) for line in lines for other in line.pieces
    )


def in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """From left to right, or from right to left."""
    return list(reversed(pieces)) if is_right_to_left(pieces) else list(pieces)


def is_right_to_left(pieces: Sequence[Piece]) -> bool:
    """Whether most letters are of a script that runs to the left."""
    if not any(_RIGHT_TO_LEFT.search(piece.text) for piece in pieces):
        return False
    text = "".join(piece.text for piece in pieces)
    return 2 * len(_RIGHT_TO_LEFT.findall(text)) > sum(map(str.isalpha, text))
