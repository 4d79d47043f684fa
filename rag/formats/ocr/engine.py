"""RapidOCR with the models in its package: a picture -> the lines of text in it. Installed by `pip install "footnote[ocr]"`."""

import io
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Points = npt.NDArray[np.float64]
"""Corners, in pixels, of shape (..., 4, 2): top left, top right, bottom right, bottom left, as the line runs."""

LONGEST_SIDE = 2500  # pixels; a larger picture is made smaller
_POOR = 0.9  # of 1: how sure the engine is of a page that may stand on its head; it is 0.95 or more of a usual one
_NICENESS = 10  # it gives way to questions and to files that are being read
_DETECTED_SIDE = 960  # pixels: lines are found in a picture of this size, and read in the whole one


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its characters, where it stands, and where each character that is no space does."""

    text: str
    corners: Points
    characters: Points


@dataclass(frozen=True, slots=True)
class Seen:
    """Lines of a picture from top to bottom, its width and height in pixels, and the quarters by which it was turned left for them."""

    lines: Sequence[Line]
    size: tuple[int, int]
    quarters: int = 0


def recognise(png: bytes) -> Seen:
    """The lines of a picture; where it makes little sense as it stands, it is turned."""
    with Image.open(io.BytesIO(png)) as picture:
        darkest, lightest = picture.convert("L").getextrema()
        pixels = np.asarray(picture.convert("RGB"))[..., ::-1]
    if darkest == lightest:
        return Seen([], picture.size)
    seen, score = _attempt(pixels, 0)
    is_tall = sum(_is_tall(line) for line in seen.lines) * 2 > len(seen.lines)
    if seen.lines and (score < _POOR or (is_tall and not _is_east_asian(seen.lines))):
        others = [_attempt(pixels, quarters) for quarters in ((1, 3) if is_tall else (2,))]
        seen, _ = max([(seen, 0.0 if is_tall else score), *others], key=itemgetter(1))
    return seen


def _attempt(pixels: npt.NDArray[np.uint8], quarters: int) -> tuple[Seen, float]:
    """What is seen, and how sure the engine is of it, in [0, 1]."""
    turned = np.ascontiguousarray(np.rot90(pixels, quarters))
    found = load()(turned, return_word_box=True, return_single_char_box=True)
    size = turned.shape[1], turned.shape[0]
    if not found.txts or found.boxes is None:
        return Seen([], size, quarters), 0.0
    words = found.word_results or [()] * len(found.txts)
    lines = [_line(text, corners, boxes) for text, corners, boxes in zip(found.txts, found.boxes, words, strict=True)]
    return Seen(lines, size, quarters), float(np.average(found.scores, weights=list(map(len, found.txts))))


def _is_tall(line: Line) -> bool:
    return float(np.ptp(line.corners[:, 1])) > 1.5 * float(np.ptp(line.corners[:, 0]))


def _is_east_asian(lines: Sequence[Line]) -> bool:
    """Whether lines may rightly run down the page."""
    text = "".join(line.text for line in lines)
    return sum(character >= "\u2e80" for character in text) * 2 > len(text)


def _line(text: str, corners: Any, characters: Any) -> Line:
    whole = np.asarray(corners, np.float64)
    count = len("".join(text.split()))
    boxes = np.asarray([box for _, _, box in characters], np.float64).reshape(-1, 4, 2)
    return Line(text, whole, boxes if len(boxes) == count else _evenly(whole, count))


def _evenly(corners: Points, count: int) -> Points:
    """A line cut in as many boxes of one width."""
    steps = np.linspace(0, 1, count + 1)[:, None]
    top, bottom = (corners[start] + (corners[end] - corners[start]) * steps for start, end in ((0, 1), (3, 2)))
    return np.stack([top[:-1], top[1:], bottom[1:], bottom[:-1]], axis=1)


@lru_cache(maxsize=1)
def load() -> Any:
    """The engine, ready to read; loading it takes some seconds."""
    from rapidocr import RapidOCR

    with suppress(AttributeError, OSError):  # Windows
        os.nice(_NICENESS)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST_SIDE,
            "Global.use_cls": False,  # lines that stand on their head are rare, and looking for them takes its time
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # a second one takes 60 % more of the processor for little
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTED_SIDE,
        }
    )
