"""A matrix as a labelled heat map."""

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.figures.style import DIVERGING, SEQUENTIAL, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_WRITTEN = 144
"""Up to so many cells, each has its number written in it."""

MOST_DRAWN = 60
"""Rows of a square of texts that a person can still tell apart."""

LONGEST_LABEL = 24
"""Characters of a label on an axis; hovering shows more of it."""

HOVERED, LINE = 240, 48
"""Characters of a label in the window at the pointer, and in one of its lines."""

ROW_PIXELS = 34


def heat_map(matrix: NDArray[np.float32], rows: Sequence[str], columns: Sequence[str]) -> "Figure":
    """Draw cosines, first row on top.

    Args:
        matrix: `(len(rows), len(columns))`, in [-1, 1].
        rows: Their labels; may repeat.
        columns: Theirs.
    """
    shades = {"zmin": -1, "zmax": 1, "colorscale": DIVERGING}
    return _cells(matrix, rows, columns, shades, ("%{z:.2f}", "cosine %{z:.3f}"))


def count_map(counts: NDArray[np.intp], rows: Sequence[str], columns: Sequence[str]) -> "Figure":
    """Draw how many are in each cell, first row on top.

    Args:
        counts: `(len(rows), len(columns))`, at least 0.
        rows: Their labels; may repeat.
        columns: Theirs.
    """
    shades = {"zmin": 0, "zmax": max(1, int(counts.max(initial=0))), "colorscale": SEQUENTIAL, "showscale": False}
    return _cells(counts, rows, columns, shades, ("%{z}", "%{z}"))


def _cells(matrix: NDArray[Any], rows: Sequence[str], columns: Sequence[str], shades: dict[str, Any], said: tuple[str, str]) -> "Figure":
    from plotly.graph_objects import Heatmap

    written, hovered = said
    across, down = [_hovered(column) for column in columns], [_hovered(row) for row in rows]
    cells = Heatmap(
        z=matrix,
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        texttemplate=written if matrix.size <= MOST_WRITTEN else None,
        customdata=[[(row, column) for column in across] for row in down],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>" + hovered + "<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0},
        xgap=1,
        ygap=1,
        **shades,
    )
    return figure(
        [cells],
        height=min(900, 140 + ROW_PIXELS * len(rows)),
        xaxis=_axis(columns),
        yaxis=_axis(rows) | {"autorange": "reversed"},
    )


def _axis(names: Sequence[str]) -> dict[str, Any]:
    return {"tickvals": list(range(len(names))), "ticktext": [_short(name) for name in names], "automargin": True, "showgrid": False}


def _short(name: str) -> str:
    """As on an axis; plotly would take a `<` for the beginning of a tag."""
    return escape(_cut(name, LONGEST_LABEL), quote=False)


def _hovered(name: str) -> str:
    return "<br>".join(escape(line, quote=False) for line in textwrap.wrap(_cut(name, HOVERED), LINE))


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"
