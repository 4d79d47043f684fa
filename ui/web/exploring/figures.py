"""Plotly figures on the page, and tables to download: kept on the server for a while. `figures.js` draws the figures."""

import secrets
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from ui.rendering.html import render

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_BYTES = 100_000_000  # of all together; the oldest are dropped first


class Figures:
    """The figures and tables that pages show. Safe to use from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._files: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, figure: "Figure") -> str:
        """Keep a figure, and return its id."""
        return self._keep(figure.to_json().encode(), "json")

    def keep_table(self, csv: str) -> str:
        """Keep a table, and return its id."""
        return self._keep(csv.encode("utf-8-sig"), "csv")  # with the byte order mark by which spreadsheets recognise UTF-8

    def find(self, name: str) -> bytes | None:
        """A figure's JSON by its id and ".json", a table by its id and ".csv"; None if it is no longer kept."""
        with self._lock:
            return self._files.get(name)

    def show(self, figure: "Figure", label: str, name: str = "") -> str:
        """The HTML in which a figure is drawn; `label` is the sentence that a screen reader says.

        The events `fn-figure-click` and `fn-figure-select` on `document` have the detail `{name, data: customdata, box}` and `{name, data:
        [customdata, ...], box}`; `box` is the element it is drawn in. If `name` is "passage", a point's `customdata` is a document's id and
        a chunk's ordinal, and a click opens that passage.
        """
        return render("figure.html", figure_id=self.keep(figure), label=label, name=name, height=int(figure.layout.height or 460))

    def _keep(self, data: bytes, kind: str) -> str:
        file_id = secrets.token_urlsafe(12)
        with self._lock:
            self._files[f"{file_id}.{kind}"] = data
            while len(self._files) > 1 and sum(map(len, self._files.values())) > self._most_bytes:
                self._files.popitem(last=False)
        return file_id
