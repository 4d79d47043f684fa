"""A pdfium page -> its characters with their boxes, and pieces of lines: characters that follow each other without a wide gap.

All lengths are in points. Positions are turned so that lines run to the right and the next line is below: y grows downwards.
"""

import ctypes
import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw

from rag.formats.cleaning import REPLACEMENT
from rag.formats.pdf.scripts import SMALL, with_scripts

_WIDE = 0.42  # of a line's height: a gap that may part columns
_TOUCHING = 0.3
_LEAST_SIZE = 0.1  # points
_MOST_RULES = 400  # of a page, that may part letters
_LEAST_SPREAD = 4  # letters with spaces between them that are a spread word
_WIDEST_SPREAD = 1.5  # of a line's height: between such letters
_SPREAD = re.compile(r"[^\W\d_](?: +\w){3,}")

_DIGIT = re.compile(r"\d")

Boxes = npt.NDArray[np.float32]

_HYPHENS = (0x02, 0xFFFE)  # what pdfium gives for a hyphen at the end of a line, and then no line end
_BREAKS = (0x0A, 0x0D)
_SPACE = 0x20
_SPACES = (0x09, 0x20, 0xA0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000, *_BREAKS)
_IS_SPACE = np.zeros(0x3002, np.bool_)
_IS_SPACE[[0, *_SPACES]] = True
_SHOWN = dict.fromkeys(_HYPHENS, "-") | {code: " " for code in _SPACES if code not in _BREAKS}


@dataclass(slots=True)
class Piece:
    """What stands together on a line.

    Attributes:
        text: Its words.
        indexes: For each character of `text`, the index of pdfium's character, or -1.
        x0: Left; y0: top; x1: right; y1: bottom.
        size: The height of a line of such letters.
        order: Its place in the order of drawing.
        is_turned: Whether it runs up or down.
    """

    text: str
    indexes: list[int]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    order: int
    is_turned: bool = False
    middle: float = field(init=False)
    """Halfway between top and bottom."""

    def __post_init__(self) -> None:
        self.middle = (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Frame:
    """How a page is turned to be read, and its visible part, turned: left, top, right, bottom."""

    quarters: int
    box: tuple[float, float, float, float]


def quick(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """The same function of pdfium, without the checks of its arguments, in half the time."""
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_GET_CODE = quick(pypdfium2.raw.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_GET_BOX = quick(pypdfium2.raw.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def read_codes(textpage: Any) -> list[int]:
    """The code of each character: all at once where pdfium's text leaves none out and has none beyond 16 bits, as that is quicker."""
    count = textpage.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pypdfium2.raw.FPDFText_GetText(textpage, 0, count, buffer)
    codes = np.frombuffer(buffer, np.uint16)
    if written == count + 1 and not codes[count] and not ((codes >= 0xD800) & (codes <= 0xDFFF)).any():
        all_codes: list[int] = np.where(codes[:count] == _HYPHENS[1], _HYPHENS[0], codes[:count]).tolist()
        return all_codes
    handle = ctypes.cast(textpage.raw, ctypes.c_void_p).value
    return list(map(_GET_CODE, repeat(handle), range(count)))


def spell(codes: list[int]) -> str:
    """One character for each code."""
    try:
        return "".join(map(chr, codes))
    except (ValueError, OverflowError):  # no character has such a code
        return "".join([chr(code) if code < 0x110000 else REPLACEMENT for code in codes])


def _read_boxes(textpage: Any, numbers: npt.NDArray[np.uint32], is_ink: npt.NDArray[np.bool_]) -> Boxes:
    """Left, top, right, bottom of each character but spaces, as the page has them: y grows upwards."""
    boxes = np.zeros((len(numbers), 4), np.float32)
    handle, wanted = ctypes.cast(textpage.raw, ctypes.c_void_p).value, np.flatnonzero(numbers != _SPACE)
    places = boxes.ctypes.data + boxes.itemsize * 4 * wanted
    deque(map(_GET_BOX, repeat(handle), wanted.tolist(), places.tolist()), maxlen=0)
    for index in np.flatnonzero(is_ink & ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 1] - boxes[:, 3]) <= 0)):
        left, bottom, right, top = textpage.get_charbox(int(index))  # turned letters have no room in the line
        boxes[index] = left, top, right, bottom
    return boxes if np.isfinite(boxes).all() else np.nan_to_num(boxes, posinf=0, neginf=0)


def read_pieces(textpage: Any, codes: list[int], page: Any, rules: Boxes) -> tuple[list[Piece], Frame]:
    """The pieces of lines that stand within the crop box, in the order of drawing, cut where one of the `rules` stands between letters."""
    numbers = np.array(codes, np.uint32)
    is_ink = ~_IS_SPACE[np.minimum(numbers, len(_IS_SPACE) - 1)]
    boxes = _read_boxes(textpage, numbers, is_ink)
    if ((numbers >= 0x590) & (numbers <= 0x8FF)).any():
        _turn_ligatures(codes, boxes, is_ink)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    left, bottom, right, top = page.get_bbox()
    is_seen = (x >= left - 1) & (x <= right + 1) & (y >= bottom - 1) & (y <= top + 1)
    is_end = (numbers == _HYPHENS[0]) | (numbers == _HYPHENS[1])
    is_end |= (numbers == _BREAKS[0]) | (numbers == _BREAKS[1])
    lines = np.cumsum(is_end) - is_end  # by how many line ends there are before
    ink = np.flatnonzero(is_ink & is_seen)
    quarters = _quarters(x[ink], y[ink], lines[ink], is_upside_down=_is_upside_down(textpage, ink))
    turned = turn(boxes, quarters)
    frame = Frame(quarters, tuple(turn(np.array([[left, top, right, bottom]], np.float32), quarters)[0].tolist()))
    if not len(ink):
        return [], frame
    hidden = np.cumsum(is_ink & ~is_seen)
    apart = (np.diff(hidden[ink]) != 0) | _ruled_apart(turned[ink], turn(rules, quarters))
    starts = _starts(turned[ink], lines[ink], apart)
    pieces = _pieces(textpage, codes, turned, ink, starts)
    return _spread_letters(pieces), frame


def _turn_ligatures(codes: list[int], boxes: Boxes, is_ink: npt.NDArray[np.bool_]) -> None:
    """Put the letters of a right-to-left ligature, which share a box, into reading order: pdfium has turned them with the line."""
    same = np.flatnonzero((boxes[1:] == boxes[:-1]).all(axis=1) & is_ink[1:] & is_ink[:-1] & (boxes[1:, 0] < boxes[1:, 2])).tolist()
    at = 0
    while at < len(same):
        after = at + 1
        while after < len(same) and same[after] == same[after - 1] + 1:
            after += 1
        first, last = same[at], same[after - 1] + 2
        letters = codes[first:last]
        if all(0x590 <= code <= 0x8FF for code in letters) and not (letters[0] == 0x644 and letters[1] in {0x622, 0x623, 0x625, 0x627}):
            codes[first:last] = letters[::-1]
        at = after


def _is_upside_down(textpage: Any, ink: npt.NDArray[np.intp]) -> bool:
    """Whether letters here and there on the page are turned by about 180 degrees."""
    angles = [pypdfium2.raw.FPDFText_GetCharAngle(textpage, int(ink[len(ink) * part // 4])) for part in range(4)] if len(ink) else []
    return len(angles) > 0 and all(abs(angle - math.pi) < 1 for angle in angles)


def _quarters(x: npt.NDArray[Any], y: npt.NDArray[Any], lines: npt.NDArray[Any], *, is_upside_down: bool) -> int:
    """By how many quarters, clockwise, the page is to be turned so that most of its lines run to the right."""
    is_step = np.diff(lines) == 0
    across, up = np.diff(x)[is_step], np.diff(y)[is_step]
    is_upright = np.abs(up) > np.abs(across)
    if is_upright.sum() * 2 <= len(up):
        return 2 if is_upside_down else 0
    return 1 if (up[is_upright] > 0).sum() * 2 >= is_upright.sum() else 3


def turn(boxes: Boxes, quarters: int) -> Boxes:
    """Boxes (left, top, right, bottom; y upwards), turned, with y downwards."""
    left, top, right, bottom = boxes.T
    sides = ((left, -top, right, -bottom), (bottom, left, top, right), (-right, bottom, -left, top), (-top, -right, -bottom, -left))
    return np.stack(sides[quarters], axis=1)


def _starts(boxes: Boxes, lines: npt.NDArray[Any], apart: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Where among the visible characters a new piece begins."""
    before, after = boxes[:-1], boxes[1:]
    heights = np.maximum(before[:, 3] - before[:, 1], after[:, 3] - after[:, 1])
    across = np.maximum(after[:, 0] - before[:, 2], before[:, 0] - after[:, 2])
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    level = np.abs(np.diff(middles)) < 0.5 * heights
    down = np.maximum(after[:, 1] - before[:, 3], before[:, 1] - after[:, 3])
    columns = np.abs(np.diff((boxes[:, 0] + boxes[:, 2]) / 2)) < _TOUCHING * heights
    is_new_line = np.diff(lines) != 0
    touches = level & (np.abs(across) < _TOUCHING * heights)  # pdfium begins a new line after a superscript
    goes_on = np.where(is_new_line, touches, (level & (across <= _WIDE * heights)) | (columns & (down <= _WIDE * heights)))
    return np.concatenate(([0], np.flatnonzero(~goes_on | apart) + 1))


def _ruled_apart(boxes: Boxes, rules: Boxes) -> npt.NDArray[np.bool_]:
    """Whether an upright rule stands between a letter and the next."""
    apart = np.zeros(max(len(boxes) - 1, 0), np.bool_)
    before, after = (boxes[:-1, 0] + boxes[:-1, 2]) / 2, (boxes[1:, 0] + boxes[1:, 2]) / 2
    middle = (boxes[:-1, 1] + boxes[:-1, 3]) / 2
    is_upright = rules[:, 3] - rules[:, 1] > rules[:, 2] - rules[:, 0]
    for left, top, right, bottom in rules[is_upright][:_MOST_RULES].tolist():
        apart |= (before < left) & (after > right) & (middle > top) & (middle < bottom)
    return apart


def _pieces(textpage: Any, codes: list[int], boxes: Boxes, ink: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]) -> list[Piece]:
    own = boxes[ink]
    ends = np.concatenate((starts[1:], [len(ink)]))
    x0, y0 = np.minimum.reduceat(own[:, 0], starts), np.minimum.reduceat(own[:, 1], starts)
    x1, y1 = np.maximum.reduceat(own[:, 2], starts), np.maximum.reduceat(own[:, 3], starts)
    heights = own[:, 3] - own[:, 1]
    tallest, smallest = np.maximum.reduceat(heights, starts), np.minimum.reduceat(heights, starts)
    sides = zip(x0.tolist(), y0.tolist(), x1.tolist(), y1.tolist(), tallest.tolist(), smallest.tolist(), strict=True)
    letters = spell(codes).translate(_SHOWN)
    pieces = []
    for order, (start, end, (left, top, right, bottom, size, least)) in enumerate(zip(starts.tolist(), ends.tolist(), sides, strict=True)):
        first, last = int(ink[start]), int(ink[end - 1])
        text, indexes = letters[first : last + 1], list(range(first, last + 1))
        is_turned = end - start > 1 and bottom - top > 1.5 * size
        if not is_turned and least < SMALL * size:
            tall = own[start:end][heights[start:end] >= SMALL * size]
            top, bottom = float(tall[:, 1].min()), float(tall[:, 3].max())
        if not is_turned and ((least < SMALL * size and _DIGIT.search(text)) or "\n" in text or "\r" in text):
            text, indexes = with_scripts(textpage, text, boxes[first : last + 1], first)
        if _SPREAD.fullmatch(text):
            apart = [(text[at], index) for at, index in enumerate(indexes) if not text[at].isspace()]
            text, indexes = _words([(letter, index, *boxes[index, [0, 2]].tolist()) for letter, index in apart])
        height = max(min(size, right - left) if is_turned else size, _LEAST_SIZE)
        pieces.append(Piece(text, indexes, left, top, right, bottom, height, order, is_turned))
    return pieces


def _spread_letters(pieces: list[Piece]) -> list[Piece]:
    """Make words of letters that stand so far apart that each is a piece."""
    found: list[Piece] = []
    run: list[Piece] = []
    for piece in [*pieces, None]:
        if piece and len(piece.text) == 1 and piece.text.isalnum() and (not run or _follows(run[-1], piece)):
            run.append(piece)
            continue
        if len(run) >= _LEAST_SPREAD and any(letter.text.isalpha() for letter in run):
            text, indexes = _words([(each.text, each.indexes[0], each.x0, each.x1) for each in run])
            first, last = run[0], run[-1]
            found.append(Piece(text, indexes, first.x0, first.y0, last.x1, last.y1, first.size, first.order))
        else:
            found += run
        run = [piece] if piece and len(piece.text) == 1 and piece.text.isalnum() else []
        found += [piece] if piece and not run else []
    return found


def _follows(before: Piece, piece: Piece) -> bool:
    return abs(before.middle - piece.middle) < 0.2 * piece.size and 0 < piece.x0 - before.x1 < _WIDEST_SPREAD * piece.size


def _words(letters: list[tuple[str, int, float, float]]) -> tuple[str, list[int]]:
    """Letters that are set apart, each with its index, its left and its right, as words."""
    gaps = [after[2] - before[3] for before, after in pairwise(letters)]
    widest = 1.6 * sorted(gaps)[len(gaps) // 2]
    text, indexes = letters[0][0], [letters[0][1]]
    for gap, (character, index, _, _) in zip(gaps, letters[1:], strict=True):
        if gap > widest:
            text, indexes = text + " ", [*indexes, -1]
        text, indexes = text + character, [*indexes, index]
    return text, indexes
