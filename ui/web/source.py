"""The right column: where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from rag.errors import DocumentNotFoundError, RagError
from rag.library import Library
from rag.types import Citation
from ui.web import text
from ui.web.conversations import Conversations
from ui.web.html import Quote, quote, render
from ui.web.scripts import SOURCE_SCRIPT

EXCERPT_CHARACTERS = 100_000
"""Of a text file, shown at most on either side of the cited words."""

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class SourcePanel:
    """The column's components."""

    view: gr.HTML


def build_source() -> SourcePanel:
    """Lay the column out."""
    return SourcePanel(gr.HTML(render("note.html", words=text.NO_SOURCE), elem_id="source-view", js_on_load=SOURCE_SCRIPT))


class SourceHandlers:
    """What happens in the column."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def cite(self, conversation_id: str, event: gr.EventData) -> str:
        """Show what a footnote stands for."""
        turn_id, _, index = str(event._data.get("id", "")).rpartition("-")
        citation = self._conversations.citation(conversation_id, turn_id, int(index) if index.isdigit() else -1)
        if citation is None:
            return render("note.html", words=text.OLD_FOOTNOTE)
        return self._show(citation.passage.document_id, citation.passage.page, citation)

    def open(self, event: gr.EventData) -> str:
        """Show a page of a document."""
        page = event._data.get("page", 1)
        return self._show(str(event._data.get("id", "")), page if isinstance(page, int) else 1, None)

    def _show(self, document_id: str, page: int, citation: Citation | None) -> str:
        marks: Sequence[tuple[float, float, float, float]] = ()
        excerpt, problem = None, ""
        try:
            record = self._library.document(document_id)
            page = min(max(page, 1), record.pages)
            if record.media_type != PDF:
                excerpt = self._excerpt(document_id, citation)
            elif citation:
                marks = self._library.pages.marks(document_id, page, citation.quote_start, citation.quote_end)
        except DocumentNotFoundError:
            return render("note.html", words=text.GONE)
        except RagError as error:
            problem = text.NOT_DRAWN.format(problem=error)
        return render(
            "source.html",
            record=record,
            page=page,
            label=record.labels[page - 1],
            is_pdf=record.media_type == PDF,
            heading=citation.heading if citation else "",
            quote=quote(citation) if citation else None,
            marks=marks,
            excerpt=excerpt,
            problem=problem,
        )

    def _excerpt(self, document_id: str, citation: Citation | None) -> Quote:
        """The text of a file that has no pages, around the cited words."""
        whole = self._library.pages.text(document_id, 1)
        start, end = (citation.quote_start, citation.quote_end) if citation else (0, 0)
        return Quote(whole[max(0, start - EXCERPT_CHARACTERS) : start], whole[start:end], whole[end : end + EXCERPT_CHARACTERS])
