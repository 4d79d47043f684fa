"""The view Duplicates: what stands in the library twice, with what differs."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import RagError
from rag.exploring import Duplicates, find_duplicates
from rag.library import Library
from ui.rendering.html import render
from ui.web.exploring.said import explained, progress, said, trouble
from ui.web.exploring.words import duplicates as words

if TYPE_CHECKING:
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

AT_ONCE = 5_000
"""Up to so many passages it takes a few seconds, and needs no asking."""

POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class DuplicatesPanel:
    """The view's components."""

    look: gr.Button
    result: gr.HTML


def build() -> DuplicatesPanel:
    """Lay the view out."""
    gr.HTML(explained(words.EXPLAIN))
    look = gr.Button(words.LOOK, variant="primary", visible=False, elem_id="look-for-duplicates")
    return DuplicatesPanel(look, gr.HTML(elem_id="duplicates"))


def wire(panel: DuplicatesPanel, tab: gr.Tab, tools: "Tools") -> None:
    """Make it work."""
    handlers = DuplicatesHandlers(tools.library)
    shown = [panel.look, panel.result]
    tab.select(handlers.show, None, shown, queue=True, **PRIVATE)
    panel.look.click(handlers.look, None, shown, queue=True, **PRIVATE)


class DuplicatesHandlers:
    """What happens in the view."""

    def __init__(self, library: Library, at_once: int = AT_ONCE) -> None:
        self._library = library
        self._at_once = at_once
        self._lock = threading.Lock()
        self._last: tuple[tuple[str, int], Duplicates] | None = None

    def show(self) -> Iterator[tuple[Any, str]]:
        """What was found, or is found quickly; of a large library, the button."""
        try:
            vectors = self._library.vectors()
        except RagError as error:
            yield gr.Button(visible=False), _trouble(error)
            return
        is_known = self._last is not None and self._last[0] == (vectors.fingerprint, vectors.waiting)
        if is_known or len(vectors) <= self._at_once:
            yield from self.look()
        else:
            note = said(words.MANY.format(count=len(vectors)))
            yield gr.Button(visible=True), note

    def look(self) -> Iterator[tuple[Any, str]]:
        """Look, and tell how far it is."""
        done = [0.0]
        button = gr.Button(visible=False)
        with ThreadPoolExecutor(1) as executor:
            future: Future[Duplicates] = executor.submit(self._find, done)
            while not wait([future], POLL_SECONDS).done:
                percent = round(100 * done[0])
                yield button, progress(words.LOOKING.format(percent=percent), percent / 100)
        try:
            yield button, render("explore_duplicates.html", found=future.result(), words=words)
        except RagError as error:
            yield button, _trouble(error)

    def _find(self, done: list[float]) -> Duplicates:
        with self._lock:  # a second page waits, and then has it too
            vectors = self._library.vectors()
            key = (vectors.fingerprint, vectors.waiting)
            if self._last is None or self._last[0] != key:
                self._last = key, find_duplicates(self._library, progress=lambda share: done.__setitem__(0, share))
            return self._last[1]


def _trouble(error: RagError) -> str:
    return trouble(error)
