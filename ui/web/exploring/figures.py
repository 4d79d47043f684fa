"""Figures of plotly's on the page: kept on the server for a while, drawn by a script of ours."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.web.html import render

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_BYTES = 100_000_000
"""Of all figures together; the oldest go first."""


class Figures:
    """The figures that pages show. May be used from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, figure: "Figure") -> str:
        """Keep a figure; what comes back finds it."""
        figure_id = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[figure_id] = figure.to_json().encode()
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self._most_bytes:
                self._kept.popitem(last=False)
        return figure_id

    def find(self, figure_id: str) -> bytes | None:
        """A figure's JSON, or None if it is no longer kept."""
        with self._lock:
            return self._kept.get(figure_id)

    def show(self, figure: "Figure", label: str, name: str = "") -> str:
        """The HTML that a figure is drawn in.

        Args:
            figure: Of plotly's. The `customdata` of a point travels with its events; a list whose first two values are a document's id
                and a chunk's ordinal makes a click open that passage, where `name` is "passage".
            label: What a screen reader says of it, in a sentence.
            name: Goes with its events `fn-figure-click` and `fn-figure-select` on `document`, whose `detail` is
                `{name, data: customdata, box}` and `{name, data: [customdata, ...], box}`; `box` is the element it is drawn in.
        """
        return render("figure.html", shown=Shown(self.keep(figure), label, name, int(figure.layout.height or 460)))


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure's place on the page."""

    figure_id: str
    label: str
    name: str
    height: int
