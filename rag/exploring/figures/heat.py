"""A matrix as a labelled heat map."""

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.figures.style import figure
from rag.exploring.lists import shortened

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_WRITTEN = 144  # cells up to which each has its number written in it
MOST_DRAWN = 60  # rows of a square of texts that a reader can still tell apart
LONGEST_LABEL = 24  # characters of a label on an axis; the tooltip shows more of it

TOOLTIP, LINE = 240, 48  # characters of a label in a tooltip, and in one of its lines
ROW_PIXELS = 34


def heat_map(matrix: NDArray[np.float32], rows: Sequence[str], columns: Sequence[str]) -> "Figure":
    """Draw cosines `(len(rows), len(columns))`, first row on top; labels may repeat."""
    return _cells(matrix, rows, columns, ("%{z:.2f}", "cosine %{z:.3f}"), zmin=-1, zmax=1, colorscale="RdBu_r")


def count_map(counts: NDArray[np.intp], rows: Sequence[str], columns: Sequence[str]) -> "Figure":
    """Draw counts `(len(rows), len(columns))`, first row on top; labels may repeat."""
    most = max(1, int(counts.max(initial=0)))
    return _cells(counts, rows, columns, ("%{z}", "%{z}"), zmin=0, zmax=most, colorscale="Oranges", showscale=False)


def _cells(matrix: NDArray[Any], rows: Sequence[str], columns: Sequence[str], formats: tuple[str, str], **shades: Any) -> "Figure":
    """`formats`: of the number in a cell, and of that in its tooltip."""
    from plotly.graph_objects import Heatmap

    across, down = ([_tooltip(name) for name in names] for names in (columns, rows))
    cells = Heatmap(
        z=matrix,
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        texttemplate=formats[0] if matrix.size <= MOST_WRITTEN else None,
        customdata=[[(row, column) for column in across] for row in down],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>" + formats[1] + "<extra></extra>",
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
    labels = [escape(shortened(name, LONGEST_LABEL), quote=False) for name in names]  # plotly would take a `<` for the start of a tag
    return {"tickvals": list(range(len(names))), "ticktext": labels, "automargin": True, "showgrid": False}


def _tooltip(name: str) -> str:
    return "<br>".join(escape(line, quote=False) for line in textwrap.wrap(shortened(name, TOOLTIP), LINE))
