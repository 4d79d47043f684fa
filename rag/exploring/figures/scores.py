"""The distribution of cosines in a library as a histogram."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.exploring.figures.style import PALETTE, figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from rag.exploring.scores import ScoreDistribution

BIN = 0.05  # width of a bin on the axis of cosines
NAMES = {"pairs": "random pairs of passages", "nearest": "each passage and its nearest", "question": "the question and each passage"}


def score_histogram(distribution: "ScoreDistribution", scores: Sequence[float] = ()) -> "Figure":
    """Draw the share of cosines in each bin, one line for each of the three arrays; `scores` are marked by vertical lines."""
    from plotly.graph_objects import Scatter

    traces = []
    for place, (name, label) in enumerate(NAMES.items()):
        cosines: NDArray[np.float32] | None = getattr(distribution, name)
        if cosines is None:
            continue
        edges, shares = _bins(cosines)
        traces.append(
            Scatter(
                x=edges,
                y=shares,
                name=label,
                mode="lines",
                line={"shape": "hv", "color": PALETTE[place], "width": 2, "dash": ("solid", "dash", "dot")[place]},
                fill="tozeroy" if not place else "none",
                hovertemplate="from %{x:.2f}: %{y:.1f} %<extra>" + label + "</extra>",
            )
        )
    upright = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": PALETTE[6], "width": 1.5}}
    number = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    return figure(
        traces,
        height=330,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        shapes=[upright | {"x0": score, "x1": score} for score in scores],
        annotations=[number | {"x": score, "text": f"{score:.2f}"} for score in scores],
        xaxis={"title": {"text": "cosine"}, "automargin": True, "showgrid": False, "zeroline": False},
        yaxis={"title": {"text": "share, %"}, "automargin": True, "rangemode": "tozero"},
        legend={"orientation": "h", "yanchor": "top", "y": -0.3, "x": 0},
    )


def _bins(cosines: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lower edges of the bins from the first to the last that is not empty, and one after; the share in each, in percent."""
    steps = np.floor(cosines.astype(np.float64) / BIN).astype(int)
    counts = np.bincount(steps - steps.min())
    edges = BIN * np.arange(steps.min(), steps.max() + 2)
    return edges.round(2), np.append(100 * counts / len(cosines), 0.0)
