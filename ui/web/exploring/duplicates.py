"""The view Duplicates: what is in the library twice, and what differs."""

import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.exploring.duplicates import Duplicates, find_duplicates
from rag.exploring.vectors import Progress
from ui.rendering.html import render
from ui.web.contract import PRIVATE
from ui.web.exploring.view import Handlers, Tools, explanation, in_background, note, problem, progress_bar

LABEL = "Duplicates"
EXPLAIN = (
    "Documents and passages that are in the library twice, or nearly so. Two passages are duplicates if most of their words are the same, "
    "in the same order; a common subject is not enough. Words only in the first document are struck through, words only in the second are "
    "underlined. Click a place to open its page."
)
AT_ONCE = 5_000  # passages up to which the search takes a few seconds and starts by itself


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""
    gr.HTML(explanation(EXPLAIN))
    look = gr.Button("Look for duplicates", variant="primary", visible=False, elem_id="look-for-duplicates")
    shown = [look, gr.HTML(elem_id="duplicates")]
    handlers = DuplicatesHandlers(tools)
    tab.select(handlers.show, None, shown, **PRIVATE)
    look.click(handlers.look, None, shown, **PRIVATE)


class DuplicatesHandlers(Handlers):
    """The events of the view."""

    def __init__(self, tools: Tools, at_once: int = AT_ONCE) -> None:
        super().__init__(tools)
        self._at_once = at_once
        self._lock = threading.Lock()
        self._last: tuple[tuple[str, int], Duplicates] | None = None

    def show(self) -> Iterator[tuple[Any, str]]:
        """Show what was found or can be found quickly; for a large library, the button."""
        try:
            vectors = self._library.vectors()
        except RagError as error:
            yield gr.Button(visible=False), problem(error)
            return
        is_known = self._last is not None and self._last[0] == vectors.state
        if is_known or len(vectors) <= self._at_once:
            yield from self.look()
        else:
            many = f"There are {len(vectors):,} passages to compare with each other. This takes about a minute."
            yield gr.Button(visible=True), note(many)

    def look(self) -> Iterator[tuple[Any, str]]:
        """Search, with a progress bar."""
        button = gr.Button(visible=False)
        try:
            found = yield from in_background(
                self._find, lambda share: (button, progress_bar(f"Comparing passages, {round(100 * share)} %", share))
            )
            yield button, render("explore_duplicates.html", found=found)
        except RagError as error:
            yield button, problem(error)

    def _find(self, progress: Progress) -> Duplicates:
        with self._lock:  # a second page waits, and then shares the result
            state = self._library.vectors().state
            if self._last is None or self._last[0] != state:
                self._last = state, find_duplicates(self._library, progress=progress)
            return self._last[1]
