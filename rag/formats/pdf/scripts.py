"""Superscripts in a piece of a line: told by their size and their height, written as such."""

import ctypes
import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw

SMALL = 0.82  # of the height of the characters around it: a superscript may be so
_RAISED = 0.12  # of the height of its neighbours: a superscript

_FIGURES = re.compile(r"\(?[+\-−]?\d{1,3}(?:[,;] ?\d{1,3})*\)?")  # a footnote's number, an exponent
_SUPER = dict(zip("0123456789+-−()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾", strict=True))


def with_scripts(textpage: Any, text: str, boxes: npt.NDArray[np.float32], first: int) -> tuple[str, list[int]]:
    """The text of a piece with superscripts marked as such, and without the line ends that pdfium puts after them."""
    rooms = boxes[:, 1::2].round(1).tolist()
    known: dict[tuple[float, float], tuple[float, float]] = {}
    for at, (top, bottom) in enumerate(rooms):
        if not text[at].isspace() and (top, bottom) not in known:
            known[top, bottom] = _scale(textpage, first + at)
    scales = [(0.0, 0.0) if text[at].isspace() else known[top, bottom] for at, (top, bottom) in enumerate(rooms)]
    size, base = max(scales)
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(text):
        after = at + 1
        if text[at] in "\r\n":
            if found and found[-1][0] != " " and _is_word_gap(boxes, text, at):
                found.append((" ", -1))
        elif 0 < scales[at][0] < SMALL * size and found:
            while after < len(text) and 0 < scales[after][0] < SMALL * size:
                after += 1
            raised = (scales[at][1] - base) / size
            script = _superscript(text[at:after]) if raised > _RAISED else ""
            if script and text[at].isdigit() and found[-1][0].isdigit():
                found.append((" ", -1))  # so that 2018 stays 2018
            found += zip(script or text[at:after], range(first + at, first + after), strict=True)
        else:
            found.append((text[at], first + at))
        at = after
    return "".join(character for character, _ in found), [index for _, index in found]


def _scale(textpage: Any, index: int) -> tuple[float, float]:
    """The size of a letter's font as it is shown, and the height of the line that it stands on."""
    matrix, x, y = pypdfium2.raw.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
    pypdfium2.raw.FPDFText_GetMatrix(textpage, index, matrix)
    pypdfium2.raw.FPDFText_GetCharOrigin(textpage, index, x, y)
    return float(pypdfium2.raw.FPDFText_GetFontSize(textpage, index) * math.hypot(matrix.c, matrix.d)), y.value


def _is_word_gap(boxes: npt.NDArray[np.float32], text: str, at: int) -> bool:
    """Whether a space is missing where pdfium has put a line end."""
    rest = text[at:].lstrip("\r\n")
    after = at + len(text) - at - len(rest)
    return not rest.startswith(" ") and bool(boxes[after, 0] - boxes[at - 1, 2] > 0.15 * (boxes[after, 3] - boxes[after, 1]))


def _superscript(text: str) -> str:
    """The same figures, raised; "" for anything else, such as the upper half of a fraction."""
    return "".join(_SUPER.get(character, character) for character in text) if _FIGURES.fullmatch(text) else ""
