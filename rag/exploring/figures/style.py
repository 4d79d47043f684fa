"""What all figures have in common. The page gives them its own fonts and colours of paper and ink."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PALETTE = ("#ca5330", "#3c7eb7", "#588436", "#a07110", "#9267ba", "#1e8787", "#c15578", "#8c7661", "#6074c2", "#65830f")
"""One colour a group, 4 to 1 against the paper of both themes; with more groups than colours, shape tells them apart too."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
"""The shape of the first ten groups, of the next ten, and so on."""

OTHER = "#a59f92"
"""The colour of what belongs to no group."""

SEQUENTIAL = "Oranges"
"""Shades for values of which more is more."""

DIVERGING = "RdBu_r"
"""Shades for values on both sides of 0."""


PRIVATE: dict[str, object] = {"displaylogo": False, "showSendToCloud": False, "plotlyServerURL": ""}
"""Plotly's options for a file: without the button that uploads the figure, and with it the words of documents."""


def figure(traces: list[Any], *, height: int = 460, **layout: Any) -> "Figure":
    """A figure without a frame around it.

    Args:
        traces: Of `plotly.graph_objects`.
        height: Pixels.
        layout: Of plotly's own layout, over what is set here.
    """
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
    """The colour and the shape of a group; of none, where it is below 0."""
    if group < 0:
        return OTHER, "circle-open"
    return PALETTE[group % len(PALETTE)], SYMBOLS[group // len(PALETTE) % len(SYMBOLS)]
