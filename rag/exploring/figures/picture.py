"""A map as a PNG or SVG file, by matplotlib."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.exploring.colouring import Colouring
from rag.exploring.extras import needs
from rag.exploring.figures.map import OUTSIDE, legend_of
from rag.exploring.figures.style import OTHER, STAR, SYMBOLS, mark
from rag.exploring.lists import shortened
from rag.exploring.mapping import Map, PlacedQuestion

LONGEST_NAME = 40
MARKERS = dict(zip((*SYMBOLS, "circle-open"), "osD^PX*o", strict=True))  # matplotlib's names of the shapes


def write_picture(
    file: Path, placed: Map, colouring: Colouring, question: PlacedQuestion | None = None, beside: Sequence[str] = ()
) -> None:
    """Draw a map into a file that ends in .png or .svg; a question is a star with lines to its nearest points, `beside` stands by each."""
    with needs("matplotlib", "plots", "The map as PNG or SVG"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    picture = Figure(figsize=(9.0, 7.0), dpi=160, layout="constrained")
    FigureCanvasAgg(picture)
    axes = picture.add_subplot()
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="datalim")
    size = 30 if len(placed) <= 500 else 10 if len(placed) <= 5_000 else 3
    for name, rows, group in legend_of(colouring, LONGEST_NAME):
        colour, symbol = mark(group)
        fill = "none" if name.startswith(OUTSIDE) and group < 0 else colour
        x, y = placed.points[rows].T
        axes.scatter(x, y, s=size, c=fill, edgecolors=colour, marker=MARKERS[symbol], label=name, alpha=0.85, zorder=2)
    for place, row in enumerate(np.argsort(placed.points[:, 1]) if beside else ()):
        offset = (6, 3 if place % 2 else -9)  # above and below in turn: neighbours at one height leave each other room
        words = axes.annotate(shortened(beside[row], LONGEST_NAME), placed.points[row], offset, textcoords="offset points", fontsize=7)
        words.set_parse_math(False)
    axes.margins(x=0.2 if beside else 0.05)  # room for the words
    if question:
        x, y = map(float, question.point)
        for end in placed.points[question.nearest]:
            axes.plot([x, float(end[0])], [y, float(end[1])], color=OTHER, linewidth=1, zorder=1)
        axes.scatter([x], [y], c=STAR, s=220, marker="*", edgecolors="white", zorder=3, label="the question")
    legend = picture.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=8)
    for label in legend.get_texts():
        label.set_parse_math(False)  # a name with two dollar signs is no formula
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a letter missing from the font is drawn as a box
        picture.savefig(file, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)
