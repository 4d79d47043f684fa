"""Related documents as a graph."""

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.exploring.figures.style import OTHER, PALETTE, figure
from rag.exploring.graph import DocumentGraph
from rag.exploring.lists import shortened

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_NAMED = 25  # with more documents, names are shown in tooltips only
LONGEST_NAME = 22  # characters of a name in the picture; the tooltip shows all of it
WIDTHS = (1.0, 2.2, 4.0)  # pixels of an edge: below a cosine of 0.5, of 0.75, and above


def document_graph(graph: DocumentGraph, chosen: str = "") -> "Figure":
    """Draw it, with the edges of one document (by id) highlighted. The `customdata` of a document's point is its id."""
    from plotly.graph_objects import Scatter

    at = next((number for number, record in enumerate(graph.records) if record.id == chosen), -1)
    near = {edge.left + edge.right - at for edge in graph.edges if at in (edge.left, edge.right)} | {at}
    is_named = len(graph.records) <= MOST_NAMED
    named = [is_named or (at >= 0 and number in near) for number in range(len(graph.records))]
    sizes = np.sqrt(np.array(graph.sizes) / max(graph.sizes))
    nodes = Scatter(
        x=graph.positions[:, 0].tolist(),
        y=graph.positions[:, 1].tolist(),
        mode="markers+text",
        text=[_plain(shortened(record.name, LONGEST_NAME)) if shown else "" for record, shown in zip(graph.records, named, strict=True)],
        textposition=_positions(graph),
        cliponaxis=False,
        marker={
            "size": (_scale(graph) * (9 + 17 * sizes)).tolist(),
            "color": [PALETTE[0] if number == at else PALETTE[1] if number in near else OTHER for number in range(len(graph.records))],
            "symbol": ["diamond" if number == at else "circle" for number in range(len(graph.records))],
            "opacity": 1,
            "line": {"width": 0},
        },
        customdata=[record.id for record in graph.records],
        hovertext=_details(graph),
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    return figure(
        [*_edges(graph, at), nodes],
        height=420,
        xaxis={"visible": False, "range": _range(graph, 0, 0.35)},
        yaxis={"visible": False, "range": _range(graph, 1, 0.15)},
        dragmode="pan",
    )


def _edges(graph: DocumentGraph, at: int) -> list[Any]:
    """A trace for each width, and one for those of the chosen document."""
    from plotly.graph_objects import Scatter

    traces = []
    for is_chosen in (False, True):
        for width, low, high in ((WIDTHS[0], -2.0, 0.5), (WIDTHS[1], 0.5, 0.75), (WIDTHS[2], 0.75, 2.0)):
            lines = [edge for edge in graph.edges if low <= edge.cosine < high and (at in (edge.left, edge.right)) == is_chosen]
            if lines:
                ends = [graph.positions[[edge.left, edge.right]] for edge in lines]
                x = [value for end in ends for value in (*end[:, 0].tolist(), None)]
                y = [value for end in ends for value in (*end[:, 1].tolist(), None)]
                line = {"width": width * _scale(graph), "color": PALETTE[1] if is_chosen else OTHER}
                traces.append(Scatter(x=x, y=y, mode="lines", line=line, opacity=0.75, hoverinfo="skip", showlegend=False))
    return traces


def _scale(graph: DocumentGraph) -> float:
    """Smaller dots and thinner lines where there are many."""
    return min(1.0, max(0.35, float(np.sqrt(MOST_NAMED / len(graph.records)))))


def _details(graph: DocumentGraph) -> list[str]:
    """The tooltip of each document."""
    near: list[list[str]] = [[] for _ in graph.records]
    for edge in graph.edges:
        near[edge.left].append(f"{edge.cosine:.2f} {_plain(graph.records[edge.right].name)}")
        near[edge.right].append(f"{edge.cosine:.2f} {_plain(graph.records[edge.left].name)}")
    return [
        "<br>".join([f"<b>{_plain(record.name)}</b>", f"{size} passage{'s' if size != 1 else ''}", *others[:6]])
        for record, size, others in zip(graph.records, graph.sizes, near, strict=True)
    ]


def _positions(graph: DocumentGraph) -> list[str]:
    """Whether a name is above or below its point: away from the nearest point."""
    places = []
    for number, place in enumerate(graph.positions):
        distances = np.linalg.norm(graph.positions - place, axis=1)
        distances[number] = np.inf
        nearest = graph.positions[int(distances.argmin())]
        places.append("bottom center" if nearest[1] > place[1] else "top center")
    return places


def _range(graph: DocumentGraph, axis: int, margin: float) -> list[float]:
    low, high = float(graph.positions[:, axis].min()), float(graph.positions[:, axis].max())
    room = margin * max(high - low, 0.1)
    return [low - room, high + room]


def _plain(name: str) -> str:
    return escape(name, quote=False)  # plotly reads some tags
