"""A page as a picture, and where its words stand in it."""

import ctypes
import io
import math
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pypdfium2.raw
from PIL import Image, ImageChops

from rag.formats.pdf.composing import PageText
from rag.formats.protocol import NotDrawableError, Rectangle

MOST_PIXELS = 16_000_000  # of one picture: a page may claim to be of any size
LONGEST_SIDE = 16_000  # pixels
_WIDEST_GAP = 1.5  # between two pieces of one line, in line heights; the gap between columns is wider
_GRID = 1_000_000  # steps across the page in which pdfium, which counts in whole numbers, gives positions


def size_of(page: Any) -> tuple[float, float]:
    """Width and height of a `pypdfium2.PdfPage` in points, cropped and turned as it would be shown."""
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise NotDrawableError("it has no area")
    return width, height


def render_png(page: Any, scale: float) -> bytes:
    """The page as a PNG in `scale` pixels a point (1/72 inch), or fewer; in grey where it has no colour."""
    width, height = size_of(page)
    scale = min(scale, math.sqrt(MOST_PIXELS / (width * height)), LONGEST_SIDE / max(width, height))
    with closing(page.render(scale=scale)) as bitmap, io.BytesIO() as file:
        # Most of the time goes into the coding: a third of the bytes is a third of it.
        _without_colour(bitmap.to_pil()).save(file, "PNG", compress_level=3)
        return file.getvalue()


def find_marks(page: Any, read: PageText, start: int, end: int) -> list[Rectangle]:
    """A rectangle for each piece of a line of `text[start:end]`; none where the page has no such characters."""
    if not 0 <= start < end <= len(read.content.text):
        return []
    width, height = page.get_size()
    with closing(page.get_textpage()) as textpage:
        rects, angle = _boxes(textpage, read.runs(start, end))
    pieces = []
    for left, bottom, right, top in rects:
        (xa, ya), (xb, yb) = _to_picture(page, left, bottom), _to_picture(page, right, top)
        pieces.append((min(xa, xb) * width, min(ya, yb) * height, max(xa, xb) * width, max(ya, yb) * height))
    lines = [
        (_fraction(x0, width), _fraction(y0, height), _fraction(x1, width), _fraction(y1, height))
        for x0, y0, x1, y1 in join_lines(pieces, sideways=round((angle + page.get_rotation()) / 90) % 2 == 1)
    ]
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in lines if x1 > x0 and y1 > y0]  # the rest is beyond the crop box


def join_lines(pieces: Sequence[Rectangle], *, sideways: bool = False) -> list[Rectangle]:
    """Join neighbours that stand on one line: in reading order, in one unit both ways; `sideways` where lines run up or down."""
    if sideways:
        return [_flip(line) for line in join_lines([_flip(piece) for piece in pieces])]
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


def _boxes(textpage: Any, runs: Sequence[tuple[int, int]]) -> tuple[list[Rectangle], float]:
    """Left, bottom, right and top of each piece of a line, in points of the page, and the degrees by which the lines are turned.

    Where letters have no height of their own, as in upright Japanese without its font, each has the room that its font keeps for it.
    """
    letters = [index for first, after in runs for index in range(first, after) if not _is_space(textpage, index)]
    if not letters:
        return [], 0
    rects = [textpage.get_rect(place) for first, after in runs for place in range(textpage.count_rects(first, after - first))]
    angle = math.degrees(pypdfium2.raw.FPDFText_GetCharAngle(textpage, letters[0]))
    if any(right > left and top > bottom for left, bottom, right, top in rects):
        return rects, angle
    rooms = [textpage.get_charbox(index, loose=True) for index in letters]
    goes_down = len(rooms) > 1 and rooms[1][3] < rooms[0][3] and rooms[1][0] < rooms[0][2]
    return rooms, 90 if goes_down else angle


def _is_space(textpage: Any, index: int) -> bool:
    return chr(min(pypdfium2.raw.FPDFText_GetUnicode(textpage, index), 0x10FFFF)).isspace()


def _without_colour(image: Image.Image) -> Image.Image:
    """The same picture with one byte a pixel, where that loses nothing."""
    if image.mode != "RGB":
        return image
    red, green, blue = image.split()
    is_grey = not ImageChops.difference(red, green).getbbox() and not ImageChops.difference(green, blue).getbbox()
    return green if is_grey else image


def _to_picture(page: Any, x: float, y: float) -> tuple[float, float]:
    """A point of the page -> fractions of its picture; pdfium minds crop box and rotation."""
    to_x, to_y = ctypes.c_int(), ctypes.c_int()
    if not pypdfium2.raw.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, x, y, to_x, to_y):
        raise NotDrawableError("its size is beyond all measure")
    return to_x.value / _GRID, to_y.value / _GRID


def _fraction(length: float, whole: float) -> float:
    return min(max(length / whole, 0.0), 1.0)
