"""The view Related: which documents are near which, and more passages like one."""

from typing import Any

import gradio as gr

from rag.errors import DocumentNotFoundError, RagError
from rag.exploring.figures.graph import document_graph
from rag.exploring.graph import NEIGHBOURS, DocumentGraph, graph_of
from rag.exploring.nodes import NearNode, NodeEmbeddings, embed_nodes
from rag.exploring.related import found_like, related_to
from rag.exploring.vectors import Vectors
from rag.types import DocumentRecord
from ui.rendering.html import render
from ui.web.contract import PRIVATE, id_of
from ui.web.exploring.view import Handlers, Tools, explanation, note, problem
from ui.web.scripts import script

LABEL = "Related"
EXPLAIN = (
    "Which documents are about the same things. Each dot is a document, larger with more passages. A line joins two that are among each "
    "other's nearest; the thicker the line, the higher their cosine (1 is the same meaning, 0 is nothing in common). Click a dot, or "
    "choose a document below."
)
GRAPH = "Graph of related documents; the list below gives the same information for each document."
BY = [("their texts", "text"), ("their places in the graph (node2vec)", "place")]
BY_INFO = (
    "The vector of a text is the mean of its passages. The vector of a place is learned from random walks along the lines: documents that "
    "the same walks pass get similar ones, even where no line joins them and their texts have little in common."
)
TOP_K = 5  # documents, or passages, in the list


def build(tab: gr.Tab, tools: Tools) -> None:
    """Lay out the view and wire it."""
    gr.HTML(explanation(EXPLAIN))
    graph = gr.HTML(elem_id="related-graph")
    document = gr.Dropdown([], value=None, label="Documents related to", elem_id="related-document", visible=False)
    by = gr.Radio(BY, value="text", label="Compare", info=BY_INFO, elem_id="related-by", visible=False)
    listing: Any = gr.HTML(elem_id="related", js_on_load=script("exploring/related.js"))
    handlers = RelatedHandlers(tools)
    tab.select(handlers.show, document, [document, by, graph], **PRIVATE)
    gr.on([document.input, by.input], handlers.choose, [document, by], [graph, listing], queue=False, trigger_mode="always_last", **PRIVATE)
    listing.near(handlers.near, by, [document, graph, listing], queue=False, **PRIVATE)
    listing.like(handlers.like, None, listing, queue=False, **PRIVATE)


class RelatedHandlers(Handlers):
    """The events of the view."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._last: tuple[tuple[str, int], DocumentGraph] | None = None
        self._nodes: NodeEmbeddings | None = None

    def show(self, chosen: str | None) -> tuple[Any, Any, str]:
        """Show the choices, and the graph."""
        records = self._library.documents()
        chosen = chosen if any(record.id == chosen for record in records) else None
        are_several = len(records) > 1
        document = gr.Dropdown(_choices(records), value=chosen, visible=are_several)
        return document, gr.Radio(visible=are_several), self._graph(chosen)

    def choose(self, chosen: str | None, by: str = "text") -> tuple[str, str]:
        """Highlight a document in the graph, and list the documents nearest to it."""
        return self._graph(chosen), self._list(chosen, by)

    def near(self, by: str, event: gr.EventData) -> tuple[Any, str, str]:
        """As `choose`, for a click on a point of the graph."""
        chosen = id_of(event)
        return gr.Dropdown(value=chosen), *self.choose(chosen, by)

    def like(self, event: gr.EventData) -> str:
        """List passages like the one at a place; like its page, if no passage is there."""
        document_id, page, start = (getattr(event, name, None) for name in ("id", "page", "start"))
        page, start = (number if isinstance(number, int) else -1 for number in (page, start))
        try:
            record = self._library.document(str(document_id))
            chunks = self._library.chunks((record.id, ordinal) for ordinal in range(record.chunks)).values()
            chunk = next((chunk for chunk in chunks if chunk.page == page and chunk.start <= start < chunk.end), None)
            found = found_like(self._library, record.id, chunk.ordinal if chunk else None, page=page, top_k=TOP_K)
        except RagError as error:
            return _problem(error)
        return render("explore_related_passages.html", found=found, chunk=chunk, page=page, record=record)

    def _graph(self, chosen: str | None) -> str:
        try:
            vectors = self._library.vectors()
            graph = self._graph_of(vectors)
        except RagError as error:
            return problem(error)
        shown = self._figures.show(document_graph(graph, chosen or ""), GRAPH, "related")
        if graph.left_out:
            shown += note(f"{graph.left_out} smaller documents are not drawn. All of them can be chosen below.")
        if vectors.waiting:
            shown += note(f"{vectors.waiting} more documents are still being indexed and are left out.")
        return shown

    def _graph_of(self, vectors: Vectors) -> DocumentGraph:
        if self._last is None or self._last[0] != vectors.state:
            self._last, self._nodes = (vectors.state, graph_of(vectors, NEIGHBOURS)), None
        return self._last[1]

    def _list(self, chosen: str | None, by: str) -> str:
        if not chosen:
            return note("Choose a document to see the documents nearest to it, and the passages they have in common.")
        try:
            record = self._library.document(chosen)
            if by == "place":
                return render("explore_related_places.html", found=self._near_places(record.id), record=record)
            found = related_to(self._library, record.id, top_k=TOP_K)
        except RagError as error:
            return _problem(error)
        return render("explore_related.html", found=found, record=record)

    def _near_places(self, document_id: str) -> list[NearNode]:
        vectors = self._library.vectors()
        graph, nodes = self._graph_of(vectors), self._nodes
        if nodes is None or nodes.graph is not graph:
            nodes = self._nodes = embed_nodes(vectors, graph)
        return nodes.nearest(document_id, TOP_K)


def _problem(error: RagError) -> str:
    is_gone = isinstance(error, DocumentNotFoundError)
    return problem("This document is no longer in the library. Choose another." if is_gone else error)


def _choices(records: list[DocumentRecord]) -> list[tuple[str, str]]:
    names = [record.name for record in records]
    return sorted((f"{record.name} ({record.id[:8]})" if names.count(record.name) > 1 else record.name, record.id) for record in records)
