"""A map as a figure."""

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.colouring import Caption, Colouring
from rag.exploring.figures.style import OTHER, PALETTE, figure, mark
from rag.exploring.mapping import Map, PlacedQuestion
from rag.formats.registry import page_name

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_SVG = 1_000
"""Points up to which each is an element of its own; more are painted by the graphics card."""

MOST_LISTED = 12
"""Groups in the legend; of more, the largest, and the others stand together."""

HOVER_WIDTH = 56
LONGEST_NAME = 32

NEARER = ((0, OTHER), (1, PALETTE[0]))
"""From far to near: seen on paper and on black alike."""

REST = "all others"
OUTSIDE = "not in any cluster"


def map_figure(
    placed: Map, captions: Sequence[Caption], colouring: Colouring, question: PlacedQuestion | None = None, *, by_score: bool = False
) -> "Figure":
    """Draw a map. The `customdata` of a point is its document's id and its chunk's ordinal, 0 where it is a document.

    Args:
        placed: The map.
        captions: Of its points.
        colouring: Of its points.
        question: Shown as a star, with lines to its nearest points.
        by_score: Whether points are shaded by their cosine with the question instead of coloured by group.
    """
    hovers = [hover(caption) for caption in captions]
    traces = _lines(placed, question) if question else []
    if question and by_score:
        traces.append(_scored(placed, hovers, question))
    else:
        rows_of = _legend(colouring)
        traces += [_group(placed, hovers, rows, name, group) for name, rows, group in rows_of]
    if question:
        traces.append(_star(question))
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    return figure(
        traces,
        height=520,
        xaxis=axis,
        yaxis=axis | {"scaleanchor": "x"},
        dragmode="lasso",
        hovermode="closest",
        newselection={"line": {"color": OTHER, "width": 1.5, "dash": "dot"}},
        showlegend=not by_score,
        legend={"orientation": "h", "yanchor": "top", "y": -0.01, "x": 0, "itemsizing": "constant", "font": {"size": 11}},
    )


def hover(caption: Caption) -> str:
    """A caption for plotly, which takes some tags for HTML: escaped, in short lines."""
    where = f"{caption.document}, {page_name(caption.page_label)}" if caption.page_label else caption.document
    lines = [f"<b>{escape(line)}</b>" for line in textwrap.wrap(where, HOVER_WIDTH)]
    return "<br>".join([*lines, *map(escape, textwrap.wrap(caption.text, HOVER_WIDTH))])


def _legend(colouring: Colouring) -> list[tuple[str, NDArray[np.intp], int]]:
    """Name, points and number of each group, the points of none at the end."""
    groups = [(name, np.flatnonzero(colouring.groups == number), number) for number, name in enumerate(colouring.names[:MOST_LISTED])]
    rest = np.flatnonzero(colouring.groups >= MOST_LISTED)
    outside = np.flatnonzero(colouring.groups < 0)
    shown = [(f"{_short(name)} ({len(rows):,})", rows, number) for name, rows, number in groups if len(rows)]
    return shown + [(f"{name} ({len(rows):,})", rows, -1) for name, rows in ((REST, rest), (OUTSIDE, outside)) if len(rows)]


def _points(placed: Map, hovers: Sequence[str], rows: NDArray[np.intp], **values: Any) -> Any:
    from plotly.graph_objects import Scatter, Scattergl

    ids = [(placed.keys[row] if placed.keys else (placed.records[placed.owners[row]].id, 0)) for row in rows]
    kind = Scatter if len(placed) <= MOST_SVG else Scattergl
    return kind(
        x=placed.points[rows, 0],
        y=placed.points[rows, 1],
        mode="markers",
        text=[hovers[row] for row in rows],
        hovertemplate="%{text}<extra></extra>",
        customdata=ids,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.15}},
        **values,
    )


def _size(placed: Map) -> float:
    return 9 if len(placed) <= 500 else 6 if len(placed) <= 5_000 else 4


def _group(placed: Map, hovers: Sequence[str], rows: NDArray[np.intp], name: str, group: int) -> Any:
    colour, symbol = mark(group)
    marker = {"color": colour, "symbol": symbol, "size": _size(placed), "opacity": 0.85}
    return _points(placed, hovers, rows, name=escape(name), marker=marker)


def _scored(placed: Map, hovers: Sequence[str], question: PlacedQuestion) -> Any:
    order = np.argsort(question.cosines)  # the best on top
    scores = question.cosines[order]
    bar = {"title": {"text": "cosine", "side": "top"}, "thickness": 10, "outlinewidth": 0, "orientation": "h", "y": -0.08, "len": 0.6}
    marker = {
        "color": scores,
        "colorscale": NEARER,
        "cmin": float(min(0.0, scores.min())),
        "cmax": float(scores.max()),
        "colorbar": bar,
    }
    line = {"line": {"width": 0.5, "color": OTHER}}
    return _points(placed, hovers, order, name="", marker=marker | line | {"size": _size(placed)})


def _lines(placed: Map, question: PlacedQuestion) -> list[Any]:
    from plotly.graph_objects import Scatter

    ends = placed.points[question.nearest]
    xs = [value for x in ends[:, 0] for value in (float(question.point[0]), float(x), None)]
    ys = [value for y in ends[:, 1] for value in (float(question.point[1]), float(y), None)]
    return [Scatter(x=xs, y=ys, mode="lines", line={"color": OTHER, "width": 1.2}, hoverinfo="skip", showlegend=False)]


def _star(question: PlacedQuestion) -> Any:
    from plotly.graph_objects import Scatter

    lines = "<br>".join(map(escape, textwrap.wrap(question.question[:400], HOVER_WIDTH)))
    return Scatter(
        x=[float(question.point[0])],
        y=[float(question.point[1])],
        mode="markers",
        name="your question",
        marker={"symbol": "star", "size": 18, "color": "#ca5330", "line": {"width": 1.5, "color": "#ffffff"}},
        text=[lines],
        hovertemplate="%{text}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
