"""What pages repeat at their top and bottom: running headers, footers, page numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.formats.pdf.characters import Frame, Piece
from rag.formats.pdf.lines import lines_of

_EDGE = 0.17  # of the page's height, in which furniture stands
_MOST_LINES = 4
_LARGEST = 1.2  # of the usual height of a line: a larger one is a title
_LEAST_STEP = 1.25  # of the step between the lines beyond it
_WIDE_STEP = 2.5  # line heights
_SAME_PLACE = 3.0  # points
_LONGEST_NUMBERING = 14  # letters beside the number of a page: "Page of", "Seite von"
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A line near the top or the bottom of a page.

    Attributes:
        words: With 0 for each number.
        numbers: These, in order.
        middle: Its place.
        pieces: Its pieces.
    """

    words: str
    numbers: tuple[str, ...]
    middle: float
    pieces: tuple[Piece, ...]

    @property
    def is_numbering(self) -> bool:
        """Whether it is the number of the page and little else."""
        longest = _LONGEST_NUMBERING if len(self.pieces) == 1 else 1
        return bool(self.numbers) and sum(map(str.isalpha, self.words)) <= longest


@dataclass(frozen=True, slots=True)
class Edges:
    """The lines that may be furniture, from the page's edge inwards; and the middles of all lines, from top to bottom."""

    top: tuple[EdgeLine, ...] = ()
    bottom: tuple[EdgeLine, ...] = ()
    middles: tuple[float, ...] = ()


def edges_of(pieces: Sequence[Piece], frame: Frame) -> Edges:
    """The lines near a page's top and bottom that are no larger than its text."""
    lines = lines_of(pieces)
    if not lines:
        return Edges()
    usual = median(piece.size for piece in pieces)
    top, bottom = frame.box[1], frame.box[3]
    found = []
    for ordered, edge, way in ((lines, top, 1), (lines[::-1], bottom, -1)):
        near = []
        for line in ordered[:_MOST_LINES]:
            if way * (line.middle - edge) > _EDGE * (bottom - top) or line.size > _LARGEST * usual:
                break
            near.append(_edge_line(line.pieces, line.middle))
        found.append(tuple(near))
    return Edges(found[0], found[1], tuple(line.middle for line in lines))


def _edge_line(pieces: Sequence[Piece], middle: float) -> EdgeLine:
    words = " ".join(" ".join(piece.text for piece in pieces).split())
    return EdgeLine(_NUMBER.sub("0", words), tuple(_NUMBER.findall(words)), middle, tuple(pieces))


def furniture_of(pieces: Sequence[Piece], edges: Edges, beside: Mapping[int, Edges], *, is_first: bool, is_last: bool) -> set[int]:
    """The `id` of each piece that is furniture: its line stands in the same place on one of the pages beside, by how far they are away.

    So that nothing is lost, the first page keeps its header and the last one its footer, if it is more than a number; and a page keeps
    what would leave it with less than was taken.
    """
    found: list[Piece] = []
    top = [(distance, other.top) for distance, other in beside.items()]
    bottom = [(distance, other.bottom) for distance, other in beside.items()]
    for own, there, middles, keeps in ((edges.top, top, edges.middles, is_first), (edges.bottom, bottom, edges.middles[::-1], is_last)):
        count = 0
        while count < len(own) and any(_is_same(own[count], line, distance) for distance, lines in there for line in lines):
            count += 1
        while count and not _stands_apart(middles[count - 1 : count + 2], own[count - 1].pieces[0].size):
            count -= 1
        found += [piece for line in own[:count] if line.is_numbering or not keeps for piece in line.pieces]
    taken = sum(len(piece.text) for piece in found)
    return {id(piece) for piece in found} if 2 * taken <= sum(len(piece.text) for piece in pieces) else set()


def _is_same(own: EdgeLine, other: EdgeLine, distance: int) -> bool:
    if abs(own.middle - other.middle) > _SAME_PLACE:
        return False
    if own.words != other.words:  # a running title that changes, with the page's number far from it
        ends = zip((own.pieces[0], own.pieces[-1]), (other.pieces[0], other.pieces[-1]), strict=True)
        numbers = [(one.text, two.text) for one, two in ends if one.text.isdecimal() and two.text.isdecimal()]
        return len(own.pieces) > 1 and any(_counts_on(one, two, distance) for one, two in numbers)
    pairs = zip(own.numbers, other.numbers, strict=True)
    return all(one == two or _counts_on(one, two, distance) for one, two in pairs)


def _counts_on(own: str, other: str, distance: int) -> bool:
    """Whether two numbers are those of pages so far apart; a year is none."""
    if own.isdecimal() and other.isdecimal():
        return int(other) - int(own) == distance and not _YEAR.fullmatch(own)
    return not own.isdecimal() and not other.isdecimal()


def _stands_apart(middles: Sequence[float], size: float) -> bool:
    """Whether the step from a line of this height to the next is wide, or wider than the one after that."""
    steps = [abs(after - before) for before, after in pairwise(middles)]
    return len(steps) < 2 or steps[0] > min(_LEAST_STEP * steps[1], _WIDE_STEP * size)
