"""The tab Explore: its views, side by side."""

from dataclasses import dataclass
from types import ModuleType

import gradio as gr

from rag.library import Library
from ui.rendering.html import render
from ui.web.exploring import arithmetic, classify, compare, duplicates, related, tokens, words
from ui.web.exploring import map as map_view
from ui.web.exploring.figures import Figures
from ui.web.scripts import script

VIEWS: tuple[ModuleType, ...] = (map_view, duplicates, related, compare, classify, tokens, arithmetic)
"""In the order of their tabs. Each has `LABEL`; `build() -> Panel` lays it out; `wire(panel, tab, tools)` makes it work."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What views work with."""

    library: Library
    figures: Figures


def build_explore(tools: Tools) -> None:
    """Lay the tab out, and wire it."""
    described = render("figures.html", words=words)
    gr.HTML(described, elem_classes="fn-figures", js_on_load=script("exploring/figures.js"))
    with gr.Tabs(elem_id="views"):
        for view in VIEWS:
            with gr.Tab(view.LABEL) as tab:
                panel = view.build()
            view.wire(panel, tab, tools)
