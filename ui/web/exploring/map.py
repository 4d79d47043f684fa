"""The view Map: the library in two dimensions, its clusters, and questions asked of a part of it."""

import json
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import RagError
from ui.limits import question_of
from ui.rendering.html import render
from ui.web.exploring.map_drawing import MapDrawing, Wanted
from ui.web.exploring.said import explained, progress, trouble
from ui.web.exploring.words import map as words
from ui.web.scripts import script
from ui.web.selecting import MOST_ASKED, by_document, chunk_keys

if TYPE_CHECKING:
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

Shown = tuple[Any, Any, Any, Any, Any]
"""The map, the lists, the button for titles, what is selected, the state of the library that is shown."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The view's components; `shown` holds the fingerprint of what is drawn."""

    of: gr.Dropdown
    method: gr.Dropdown
    colour: gr.Dropdown
    question: gr.Textbox
    drawing: gr.HTML
    selection: gr.HTML
    lists: gr.HTML
    title: gr.Button
    shown: gr.State


def build() -> Panel:
    """Lay the view out."""

    def choice(label: str, names: dict[str, str], name: str) -> gr.Dropdown:
        return gr.Dropdown([(shown, value) for value, shown in names.items()], label=label, filterable=False, elem_id=f"map-{name}")

    gr.HTML(explained(words.EXPLAIN))
    with gr.Row(elem_id="map-controls"):
        of = choice(words.OF, words.OFS, "of")
        method = choice(words.METHOD, words.METHODS, "method")
        colour = choice(words.COLOUR, words.COLOURS, "colour")
    question = gr.Textbox(
        label=words.QUESTION,
        placeholder=words.QUESTION_PLACEHOLDER,
        submit_btn=words.DROP,
        max_lines=1,
        elem_id="map-question",
    )
    drawing = gr.HTML(elem_id="map-drawing")
    selection = gr.HTML(elem_id="map-selection", js_on_load=script("exploring/map.js"))
    lists = gr.HTML(elem_id="map-lists")
    title = gr.Button(words.TITLE, visible=False, size="sm", elem_id="map-title")
    return Panel(of, method, colour, question, drawing, selection, lists, title, gr.State(""))


def wire(panel: Panel, tab: gr.Tab, tools: "Tools") -> None:
    """Make the view work."""
    handlers = MapHandlers(tools)
    wanted = [panel.of, panel.method, panel.colour, panel.question]
    shown = [panel.drawing, panel.lists, panel.title, panel.selection, panel.shown]
    tab.select(handlers.arrive, [panel.shown, *wanted], shown, **PRIVATE)
    for control in (panel.of, panel.method, panel.colour):
        control.input(handlers.draw, wanted, shown, trigger_mode="always_last", **PRIVATE)
    panel.question.submit(handlers.draw, wanted, shown, trigger_mode="always_last", **PRIVATE)
    panel.title.click(handlers.title, wanted, shown, **PRIVATE)
    selection: Any = panel.selection
    selection.choose(handlers.choose, panel.of, selection, queue=False, trigger_mode="always_last", **PRIVATE)
    selection.cluster(handlers.choose_cluster, None, selection, queue=False, **PRIVATE)


class MapHandlers:
    """What happens in the view."""

    def __init__(self, tools: "Tools") -> None:
        self._library = tools.library
        self._drawing = MapDrawing(tools.library, tools.figures)

    def arrive(self, shown: str, of: str, method: str, colour: str, question: str) -> Generator[Shown]:
        """Draw the map where it is not there yet, or the library has changed since."""
        try:
            is_there = shown == self._drawing.state()
        except RagError:
            is_there = False  # drawing says why
        if is_there:
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()
        else:
            yield from self.draw(of, method, colour, question)

    def draw(self, of: str, method: str, colour: str, question: str) -> Generator[Shown]:
        """Draw the map, telling how far it is."""
        try:
            wanted = Wanted.of_choices(of, method, colour, question_of(question))
            for percent in self._drawing.make(wanted):
                waiting = progress(words.DRAWING.format(percent=percent), percent / 100)
                yield waiting, gr.skip(), gr.skip(), "", ""
            if wanted.colour == "cluster" and not self._drawing.has_clusters():
                yield progress(words.CLUSTERING, 1), gr.skip(), gr.skip(), "", ""
            can_title = wanted.colour == "cluster" and self._library.chat_model is not None
            yield *self._drawing.html(wanted), gr.Button(visible=can_title), "", self._drawing.state()
        except RagError as error:
            yield trouble(error), "", gr.Button(visible=False), "", ""

    async def title(self, of: str, method: str, colour: str, question: str) -> AsyncGenerator[Shown]:
        """Have the chat model name the clusters."""
        yield gr.skip(), gr.skip(), gr.Button(words.TITLING, interactive=False), gr.skip(), gr.skip()
        try:
            if not await self._drawing.title():
                gr.Warning(words.UNTITLED)
        except RagError as error:
            yield trouble(error), "", gr.Button(visible=False), "", ""
            return
        for drawing, lists, _, selection, state in self.draw(of, method, colour, question):
            yield drawing, lists, gr.Button(words.TITLE, interactive=True), selection, state

    def choose(self, of: str, event: gr.EventData) -> str:
        """Say what is selected on the map."""
        keys = chunk_keys(event._data.get("passages"), most=None)
        if of == "documents":
            chunks = {record.id: record.chunks for record in self._library.documents()}
            ids = dict.fromkeys(document_id for document_id, _ in keys)
            keys = tuple((document_id, ordinal) for document_id in ids for ordinal in range(chunks.get(document_id, 0)))
        return _selection(keys)

    def choose_cluster(self, event: gr.EventData) -> str:
        """Select the passages of a cluster."""
        try:
            return _selection(self._drawing.members(event._data.get("number")))
        except RagError as error:
            return trouble(error)


def _selection(keys: tuple[tuple[str, int], ...]) -> str:
    documents = len({document_id for document_id, _ in keys})
    names = words.DOCUMENTS[documents != 1].format(count=documents)
    line = words.SELECTED[len(keys) != 1].format(count=len(keys), documents=names)
    if len(keys) > MOST_ASKED:
        line += words.SELECTED_MOST.format(most=MOST_ASKED)
    selected = json.dumps(by_document(keys[:MOST_ASKED])) if keys else ""
    return render("explore_map_selection.html", words=words, selected=selected, line=f"{line}.")
