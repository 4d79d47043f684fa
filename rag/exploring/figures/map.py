"""A map as a figure."""

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.exploring.colouring import Caption, Colouring
from rag.exploring.figures.style import OTHER, PALETTE, STAR, figure, mark
from rag.exploring.lists import shortened
from rag.exploring.mapping import Map, PlacedQuestion
from rag.formats.registry import page_name

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_SVG = 1_000  # points up to which each is an SVG element; more are drawn by the graphics card
MOST_LISTED = 12  # groups in the legend, the largest ones; the others are shown together
HOVER_WIDTH = 56
LONGEST_NAME = 32
NEARER = ((0, OTHER), (1, PALETTE[0]))  # from far to near: visible in both themes
REST = "all others"
OUTSIDE = "not in any cluster"


def map_figure(
    placed: Map, captions: Sequence[Caption], colouring: Colouring, question: PlacedQuestion | None = None, *, by_score: bool = False
) -> "Figure":
    """Draw a map, and a question as a star with lines to its nearest points. The `customdata` of a point is the key of its chunk.

    With `by_score`, points are shaded by their cosine with the question instead of coloured by group.
    """
    tooltips = [hover(caption) for caption in captions]
    traces = _lines(placed, question) if question else []
    if question and by_score:
        traces.append(_scored(placed, tooltips, question))
    else:
        traces += [_group(placed, tooltips, rows, name, group) for name, rows, group in legend_of(colouring)]
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
    """A caption as a tooltip: in short lines, escaped, as plotly reads some tags."""
    where = f"{caption.document}, {page_name(caption.page_label)}" if caption.page_label else caption.document
    lines = [f"<b>{escape(line)}</b>" for line in textwrap.wrap(where, HOVER_WIDTH)]
    return "<br>".join([*lines, *map(escape, textwrap.wrap(caption.text, HOVER_WIDTH))])


def legend_of(colouring: Colouring, longest: int = LONGEST_NAME) -> list[tuple[str, NDArray[np.intp], int]]:
    """Name, points and number of each group; the points of smaller groups and of none at the end, with the number -1."""
    groups = [
        *((shortened(name, longest), colouring.groups == number, number) for number, name in enumerate(colouring.names[:MOST_LISTED])),
        (REST, colouring.groups >= MOST_LISTED, -1),
        (OUTSIDE, colouring.groups < 0, -1),
    ]
    return [(f"{name} ({int(rows.sum()):,})", np.flatnonzero(rows), number) for name, rows, number in groups if rows.any()]


def _points(placed: Map, tooltips: Sequence[str], rows: NDArray[np.intp], **values: Any) -> Any:
    from plotly.graph_objects import Scatter, Scattergl

    kind = Scatter if len(placed) <= MOST_SVG else Scattergl
    return kind(
        x=placed.points[rows, 0],
        y=placed.points[rows, 1],
        mode="markers",
        text=[tooltips[row] for row in rows],
        hovertemplate="%{text}<extra></extra>",
        customdata=[placed.key(row) for row in rows],
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.15}},
        **values,
    )


def _size(placed: Map) -> float:
    return 9 if len(placed) <= 500 else 6 if len(placed) <= 5_000 else 4


def _group(placed: Map, tooltips: Sequence[str], rows: NDArray[np.intp], name: str, group: int) -> Any:
    colour, symbol = mark(group)
    marker = {"color": colour, "symbol": symbol, "size": _size(placed), "opacity": 0.85}
    return _points(placed, tooltips, rows, name=escape(name), marker=marker)


def _scored(placed: Map, tooltips: Sequence[str], question: PlacedQuestion) -> Any:
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
    return _points(placed, tooltips, order, name="", marker=marker | line | {"size": _size(placed)})


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
        marker={"symbol": "star", "size": 18, "color": STAR, "line": {"width": 1.5, "color": "#ffffff"}},
        text=[lines],
        hovertemplate="%{text}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
    )
