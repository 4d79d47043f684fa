"""Figures of plotly's on the page, and tables to download: kept on the server for a while. A script of ours draws the figures."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.rendering.html import render

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_BYTES = 100_000_000
"""Of all together; the oldest go first."""


class Figures:
    """The figures that pages show. May be used from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, figure: "Figure") -> str:
        """Keep a figure; what comes back finds it."""
        return self._keep(figure.to_json().encode(), "json")

    def keep_table(self, csv: str) -> str:
        """Keep a table; what comes back finds it."""
        return self._keep(csv.encode("utf-8-sig"), "csv")  # spreadsheets read it as UTF-8 by its first bytes

    def find(self, name: str) -> bytes | None:
        """A figure's JSON under its id and ".json", a table under its id and ".csv", or None if it is no longer kept."""
        with self._lock:
            return self._kept.get(name)

    def _keep(self, data: bytes, kind: str) -> str:
        kept_id = secrets.token_urlsafe(12)
        with self._lock:
            self._kept[f"{kept_id}.{kind}"] = data
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self._most_bytes:
                self._kept.popitem(last=False)
        return kept_id

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
