"""The tab Explore: its views, side by side."""

from types import ModuleType

import gradio as gr

from ui.rendering.html import render
from ui.web.exploring import arithmetic, classify, compare, duplicates, related, tokens
from ui.web.exploring import map as map_view
from ui.web.exploring.view import Tools
from ui.web.scripts import script

VIEWS: tuple[ModuleType, ...] = (map_view, duplicates, related, compare, classify, tokens, arithmetic)
"""In the order of their tabs. Each has a `LABEL`, and `build(tab, tools)` lays it out and wires it."""


def build_explore(tools: Tools) -> None:
    """Lay out the tab and wire it."""
    gr.HTML(render("figures.html"), elem_classes="fn-figures", js_on_load=script("exploring/figures.js"))
    with gr.Tabs(elem_id="views"):
        for view in VIEWS:
            with gr.Tab(view.LABEL) as tab:
                view.build(tab, tools)
