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
from ui.web.exploring.view import BackgroundWork, Tools, explanation, note, problem, progress_bar
from ui.web.exploring.words import duplicates as words

LABEL = words.LABEL

AT_ONCE = 5_000
"""Passages up to which the search takes a few seconds and starts by itself."""


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""
    gr.HTML(explanation(words.EXPLAIN))
    look = gr.Button(words.LOOK, variant="primary", visible=False, elem_id="look-for-duplicates")
    shown = [look, gr.HTML(elem_id="duplicates")]
    handlers = DuplicatesHandlers(tools)
    tab.select(handlers.show, None, shown, **PRIVATE)
    look.click(handlers.look, None, shown, **PRIVATE)


class DuplicatesHandlers:
    """The events of the view."""

    def __init__(self, tools: Tools, at_once: int = AT_ONCE) -> None:
        self._library = tools.library
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
            yield gr.Button(visible=True), note(words.MANY.format(count=len(vectors)))

    def look(self) -> Iterator[tuple[Any, str]]:
        """Search, with a progress bar."""
        button = gr.Button(visible=False)
        work = BackgroundWork(self._find)
        for share in work:
            yield button, progress_bar(words.LOOKING.format(percent=round(100 * share)), share)
        try:
            yield button, render("explore_duplicates.html", found=work.result(), words=words)
        except RagError as error:
            yield button, problem(error)

    def _find(self, progress: Progress) -> Duplicates:
        with self._lock:  # a second page waits, and then shares the result
            state = self._library.vectors().state
            if self._last is None or self._last[0] != state:
                self._last = state, find_duplicates(self._library, progress=progress)
            return self._last[1]
