"""The view Map: the library in two dimensions, its clusters, and questions asked about a part of it."""

import json
from collections.abc import AsyncGenerator, Generator
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.exploring.lists import counted
from rag.exploring.mapping import map_library
from ui.limits import question_of
from ui.rendering.html import render
from ui.web.contract import PRIVATE
from ui.web.exploring.map_drawing import MapDrawing
from ui.web.exploring.view import Tools, explanation, in_background, problem, progress_bar
from ui.web.scripts import script
from ui.web.selecting import MOST_ASKED, by_document, chunk_keys

LABEL = "Map"
EXPLAIN = (
    "Every point is a passage of your documents; passages with a similar meaning are close to each other. Hover over a point to read it, "
    "click to open its page, or draw a line around several to ask about these only. The axes, and the distances between far groups, have "
    "no meaning."
)
TITLE = "Let the chat model name the clusters"
UNTITLED = "The chat model gave no names, so the terms stay. Check the connection in Settings."
Outputs = tuple[Any, Any, Any, Any, Any]  # the map, the lists, the button for titles, the selection, the state of the library that is drawn


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""

    def choice(label: str, name: str, **values: str) -> gr.Dropdown:
        return gr.Dropdown([(shown, value) for value, shown in values.items()], label=label, filterable=False, elem_id=f"map-{name}")

    gr.HTML(explanation(EXPLAIN))
    with gr.Row(elem_id="map-controls"):
        of = choice("Show", "of", chunks="passages", documents="documents")
        method = choice("Layout", "method", tsne="t-SNE", pca="PCA", umap="UMAP")
        colour = choice("Colour by", "colour", document="document", cluster="cluster", question="similarity")
    question = gr.Textbox(
        label="Place a question on the map",
        placeholder="Type a question and press Enter",
        submit_btn="Place",
        max_lines=1,
        elem_id="map-question",
    )
    drawing = gr.HTML(elem_id="map-drawing")
    selection: Any = gr.HTML(elem_id="map-selection", js_on_load=script("exploring/map.js"))
    lists = gr.HTML(elem_id="map-lists")
    title = gr.Button(TITLE, visible=False, size="sm", elem_id="map-title")
    state = gr.State("")

    handlers = MapHandlers(tools)
    choices, outputs = [of, method, colour, question], [drawing, lists, title, selection, state]
    tab.select(handlers.arrive, [state, *choices], outputs, **PRIVATE)
    changed = [of.input, method.input, colour.input, question.submit]
    gr.on(changed, handlers.draw, choices, outputs, trigger_mode="always_last", **PRIVATE)
    title.click(handlers.title, choices, outputs, **PRIVATE)
    selection.choose(handlers.choose, of, selection, queue=False, trigger_mode="always_last", **PRIVATE)
    selection.cluster(handlers.choose_cluster, None, selection, queue=False, **PRIVATE)


class MapHandlers:
    """The events of the view."""

    def __init__(self, tools: Tools) -> None:
        self._library = tools.library
        self._drawing = MapDrawing(tools.library, tools.figures)

    def arrive(self, state: str, of: Any, method: Any, colour: str, question: str) -> Generator[Outputs]:
        """Draw the map if it is not drawn yet, or the library has changed since."""
        try:
            is_drawn = state == self._drawing.state()
        except RagError:
            is_drawn = False  # drawing says why
        if is_drawn:
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()
        else:
            yield from self.draw(of, method, colour, question)

    def draw(self, of: Any, method: Any, colour: str, question: str) -> Generator[Outputs]:
        """Draw the map, with a progress bar."""
        try:
            question = question_of(question)
            placed = yield from in_background(
                lambda progress: map_library(self._library, of=of, method=method, progress=progress),
                lambda share: _busy(f"Drawing the map, {round(100 * share)} %", share),
            )
            by_cluster = colour == "cluster"
            if by_cluster and not self._drawing.has_clusters():
                yield _busy("Finding clusters…", 1)
            can_title = by_cluster and self._library.chat_model is not None
            yield *self._drawing.html(placed, colour, question), gr.Button(visible=can_title), "", self._drawing.state()
        except RagError as error:
            yield problem(error), "", gr.Button(visible=False), "", ""

    async def title(self, of: str, method: str, colour: str, question: str) -> AsyncGenerator[Outputs]:
        """Have the chat model name the clusters."""
        yield gr.skip(), gr.skip(), gr.Button("The chat model is naming the clusters…", interactive=False), gr.skip(), gr.skip()
        try:
            if not await self._drawing.title():
                gr.Warning(UNTITLED)
        except RagError as error:
            yield problem(error), "", gr.Button(visible=False), "", ""
            return
        for drawing, lists, _, selection, state in self.draw(of, method, colour, question):
            yield drawing, lists, gr.Button(TITLE, interactive=True), selection, state

    def choose(self, of: str, event: gr.EventData) -> str:
        """Show what is selected on the map."""
        keys = chunk_keys(getattr(event, "passages", None), most=None)
        if of == "documents":
            chunks = {record.id: record.chunks for record in self._library.documents()}
            ids = dict.fromkeys(document_id for document_id, _ in keys)
            keys = tuple((document_id, ordinal) for document_id in ids for ordinal in range(chunks.get(document_id, 0)))
        return _selection(keys)

    def choose_cluster(self, event: gr.EventData) -> str:
        """Select the passages of a cluster."""
        try:
            return _selection(self._drawing.members(getattr(event, "number", None)))
        except RagError as error:
            return problem(error)


def _busy(text: str, share: float) -> Outputs:
    return progress_bar(text, share), gr.skip(), gr.skip(), "", ""


def _selection(keys: tuple[tuple[str, int], ...]) -> str:
    documents = len({document_id for document_id, _ in keys})
    line = f"{counted(len(keys), 'passage')} of {counted(documents, 'document')} selected"
    if len(keys) > MOST_ASKED:
        line += f"; a question is asked of the first {MOST_ASKED:,}"
    selected = json.dumps(by_document(keys[:MOST_ASKED])) if keys else ""
    return render("explore_map_selection.html", selected=selected, line=f"{line}.")
