"""What all figures share. The page gives them its own fonts and its colours of paper and ink."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PALETTE = ("#ca5330", "#3c7eb7", "#588436", "#a07110", "#9267ba", "#1e8787", "#c15578", "#8c7661", "#6074c2", "#65830f")
"""Colours of groups, with a contrast of 4 to 1 in both themes; if there are more groups than colours, shapes tell them apart too."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")  # of the first ten groups, of the next ten, and so on
OTHER = "#a59f92"  # the colour of points in no group
STAR = "#ca5330"  # the colour of a question

PRIVATE: dict[str, object] = {"displaylogo": False, "showSendToCloud": False, "plotlyServerURL": ""}
"""Plotly's options for a file: no button that uploads the figure, and with it the text of documents."""


def figure(traces: list[Any], *, height: int = 460, **layout: Any) -> "Figure":
    """A figure of `plotly.graph_objects` traces, without a frame; height in pixels. `layout` overrides the defaults set here."""
    from plotly.graph_objects import Figure, Layout

    usual: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.02, "x": 0},
        "template": "none",
    }
    return Figure(traces, Layout(usual | layout))


def mark(group: int) -> tuple[str, str]:
    """The colour and the shape of a group; below 0, of points in no group."""
    if group < 0:
        return OTHER, "circle-open"
    return PALETTE[group % len(PALETTE)], SYMBOLS[group // len(PALETTE) % len(SYMBOLS)]
