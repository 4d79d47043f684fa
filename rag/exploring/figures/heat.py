"""A matrix as a labelled heat map."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.figures.style import DIVERGING, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_WRITTEN = 144
"""Up to so many cells, each has its number written in it."""

LONGEST_LABEL = 24
"""Characters of a label on an axis; hovering shows all of it."""

ROW_PIXELS = 34


def heat_map(matrix: NDArray[np.float32], rows: Sequence[str], columns: Sequence[str]) -> "Figure":
    """Draw cosines, first row on top.

    Args:
        matrix: `(len(rows), len(columns))`, in [-1, 1].
        rows: Their labels; may repeat.
        columns: Theirs.
    """
    from plotly.graph_objects import Heatmap

    cells = Heatmap(
        z=matrix,
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        texttemplate="%{z:.2f}" if matrix.size <= MOST_WRITTEN else None,
        customdata=[[(row, column) for column in columns] for row in rows],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>cosine %{z:.3f}<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0},
        xgap=1,
        ygap=1,
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
    return name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1].rstrip() + "…"
