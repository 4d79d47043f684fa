"""The view Related: which documents are near which, and more passages like one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import DocumentNotFoundError, RagError
from rag.exploring import DocumentGraph, related_documents, related_to
from rag.exploring.related import found_like
from rag.library import Library
from rag.types import DocumentRecord
from ui.rendering.html import render
from ui.web.exploring.said import explained, said, trouble
from ui.web.exploring.words import related as words
from ui.web.scripts import script

if TYPE_CHECKING:
    from ui.web.exploring.explore import Tools

LABEL = words.LABEL
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
TOP_K = 5
"""Documents, or passages, in the list."""


@dataclass(frozen=True, slots=True)
class RelatedPanel:
    """The view's components."""

    graph: gr.HTML
    document: gr.Dropdown
    listing: gr.HTML


def build() -> RelatedPanel:
    """Lay the view out."""
    gr.HTML(explained(words.EXPLAIN))
    graph = gr.HTML(elem_id="related-graph")
    document = gr.Dropdown([], value=None, label=words.CHOOSE, elem_id="related-document", visible=False)
    listing = gr.HTML(elem_id="related", js_on_load=script("exploring/related.js"))
    return RelatedPanel(graph, document, listing)


def wire(panel: RelatedPanel, tab: gr.Tab, tools: "Tools") -> None:
    """Make it work."""
    handlers = RelatedHandlers(tools)
    listing: Any = panel.listing
    tab.select(handlers.show, panel.document, [panel.document, panel.graph], queue=True, **PRIVATE)
    panel.document.input(handlers.choose, panel.document, [panel.graph, listing], queue=False, **PRIVATE)
    listing.near(handlers.near, None, [panel.document, panel.graph, listing], queue=False, **PRIVATE)
    listing.like(handlers.like, None, listing, queue=False, **PRIVATE)


class RelatedHandlers:
    """What happens in the view."""

    def __init__(self, tools: "Tools") -> None:
        self._library: Library = tools.library
        self._figures = tools.figures
        self._last: tuple[tuple[str, int], DocumentGraph] | None = None

    def show(self, chosen: str | None) -> tuple[Any, str]:
        """The documents that there are, and the graph."""
        records = self._library.documents()
        chosen = chosen if any(record.id == chosen for record in records) else None
        graph = self._drawn(chosen)
        return gr.Dropdown(_choices(records), value=chosen, visible=len(records) > 1), graph

    def choose(self, chosen: str | None) -> tuple[str, str]:
        """The documents nearest to one."""
        return self._drawn(chosen), self._listed(chosen)

    def near(self, event: gr.EventData) -> tuple[Any, str, str]:
        """As `choose`, for a point of the graph."""
        chosen = str(event._data.get("id", ""))
        return gr.Dropdown(value=chosen), *self.choose(chosen)

    def like(self, event: gr.EventData) -> str:
        """Passages like one, or like a page where none stands at the place."""
        document_id, page, start = (event._data.get(name) for name in ("id", "page", "start"))
        page, start = (number if isinstance(number, int) else -1 for number in (page, start))
        try:
            record = self._library.document(str(document_id))
            ordinal = self._ordinal(record, page, start)
            found = found_like(self._library, record.id, ordinal, page=page, top_k=TOP_K)
        except DocumentNotFoundError:
            return trouble(words.GONE)
        except RagError as error:
            return trouble(error)
        title = words.LIKE_PAGE.format(page=page, name=record.name) if ordinal is None else words.LIKE
        asked = None if ordinal is None else self._library.chunks([(record.id, ordinal)]).get((record.id, ordinal))
        return render("explore_related_passages.html", found=found, title=title, asked=asked, record=record, words=words)

    def _ordinal(self, record: DocumentRecord, page: int, start: int) -> int | None:
        chunks = self._library.chunks((record.id, ordinal) for ordinal in range(record.chunks))
        return next((chunk.ordinal for chunk in chunks.values() if chunk.page == page and chunk.start <= start < chunk.end), None)

    def _drawn(self, chosen: str | None) -> str:
        from rag.exploring.figures.graph import document_graph

        try:
            vectors = self._library.vectors()
            key = (vectors.fingerprint, vectors.waiting)
            if self._last is None or self._last[0] != key:
                self._last = key, related_documents(self._library)
        except RagError as error:
            return trouble(error)
        graph = self._last[1]
        notes = [words.LEFT_OUT.format(count=graph.left_out)] if graph.left_out else []
        notes += [words.WAITING.format(count=vectors.waiting)] if vectors.waiting else []
        drawn = self._figures.show(document_graph(graph, chosen or ""), words.GRAPH, "related")
        return drawn + "".join(said(note) for note in notes)

    def _listed(self, chosen: str | None) -> str:
        if not chosen:
            return said(words.HINT)
        try:
            record = self._library.document(chosen)
            found = related_to(self._library, record.id, top_k=TOP_K)
        except DocumentNotFoundError:
            return trouble(words.GONE)
        except RagError as error:
            return trouble(error)
        return render("explore_related.html", found=found, record=record, words=words)


def _choices(records: list[DocumentRecord]) -> list[tuple[str, str]]:
    names = [record.name for record in records]
    return sorted((f"{record.name} ({record.id[:8]})" if names.count(record.name) > 1 else record.name, record.id) for record in records)
