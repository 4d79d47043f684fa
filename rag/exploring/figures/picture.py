"""A map as a picture in a file: PNG or SVG, by matplotlib."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rag.exploring.colouring import Colouring
from rag.exploring.figures.map import MOST_LISTED, OUTSIDE, REST
from rag.exploring.figures.style import OTHER, PALETTE
from rag.exploring.mapping import Map, PlacedQuestion

INCHES = (9.0, 7.0)
DOTS = 160
"""A picture's dots an inch."""

MARKERS = ("o", "s", "D", "^", "P", "X", "*")
"""The shapes of `SYMBOLS`, as matplotlib calls them."""


def write_picture(file: Path, placed: Map, colouring: Colouring, question: PlacedQuestion | None = None) -> None:
    """Draw a map into a file.

    Args:
        file: Ending in .png or .svg.
        placed: The map.
        colouring: Of its points.
        question: Shown as a star, with lines to its nearest points.

    Raises:
        OSError: The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.add_subplot()
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="datalim")
    size = 30 if len(placed) <= 500 else 10 if len(placed) <= 5_000 else 3
    for number, name in enumerate(colouring.names[:MOST_LISTED]):
        _scatter(axes, placed, colouring.groups == number, name, c=PALETTE[number % len(PALETTE)], s=size, marker=_marker(number))
    _scatter(axes, placed, colouring.groups >= MOST_LISTED, REST, c=OTHER, s=size, marker="o")
    _scatter(axes, placed, colouring.groups < 0, OUTSIDE, c="none", edgecolors=OTHER, s=size, marker="o")
    if question:
        x, y = map(float, question.point)
        for end in placed.points[question.nearest]:
            axes.plot([x, float(end[0])], [y, float(end[1])], color=OTHER, linewidth=1, zorder=1)
        axes.scatter([x], [y], c="#ca5330", s=220, marker="*", edgecolors="white", zorder=3, label="the question")
    legend = picture.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=8)
    for words in legend.get_texts():
        words.set_parse_math(False)  # a name with two dollar signs is no formula
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a letter that the font has not is drawn as a box
        picture.savefig(file, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)


def _scatter(axes: Any, placed: Map, rows: Any, name: str, **how: Any) -> None:
    if np.any(rows):
        label = name if len(name) <= 40 else name[:39] + "…"
        axes.scatter(placed.points[rows, 0], placed.points[rows, 1], label=f"{label} ({int(np.sum(rows)):,})", alpha=0.85, zorder=2, **how)


def _marker(number: int) -> str:
    return MARKERS[number // len(PALETTE) % len(MARKERS)]
