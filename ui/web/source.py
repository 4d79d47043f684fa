"""The right column: a page of a document, with the cited words highlighted."""

import asyncio
from dataclasses import dataclass

import gradio as gr

from rag.errors import DocumentNotFoundError, RagError
from rag.exploring.passages import passage_of
from rag.formats.protocol import PageView, Rectangle
from rag.formats.registry import format_of
from rag.formats.text import MOST_CHARACTERS
from rag.library import Library
from rag.types import Citation, DocumentRecord
from rag.viewing import SCALES
from ui import text
from ui.chats.conversations import Conversations
from ui.rendering.html import Quote, quote, render
from ui.web.contract import AT_ONCE, id_of, on
from ui.web.scripts import script

USUAL_WIDTH = 704  # of an image, in pixels, where the page does not say how many it has room for


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's image: its address without the scale, the scale in pixels a point, its size in points, highlights in fractions of it."""

    address: str
    scale: float
    size: tuple[float, float]
    marks: tuple[Rectangle, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What is shown of a document: the text with any cited words in its middle, and whether the file goes on before and after it."""

    words: Quote | None = None
    sheet: Sheet | None = None
    problem: str = ""
    is_cut: tuple[bool, bool] = (False, False)


def build_source(library: Library, conversations: Conversations, conversation: gr.BrowserState, documents: gr.HTML) -> None:
    """Lay the column out and wire it; a click in the list of `documents` opens one too."""
    view = gr.HTML(render("note.html", words=text.NO_SOURCE), elem_id="source-view", js_on_load=script("source.js"))
    handlers = SourceHandlers(library, conversations)
    on(view, "cite")(handlers.cite, conversation, view, **AT_ONCE)
    on(view, "passage")(handlers.passage, None, view, **AT_ONCE)
    on(view, "open")(handlers.open, None, view, **AT_ONCE)
    on(documents, "open")(handlers.open, None, view, **AT_ONCE)


class SourceHandlers:
    """The column's events. A page that takes long to show keeps no thread waiting."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    async def cite(self, conversation_id: str, event: gr.EventData) -> str:
        """Show a footnote's source."""
        turn_id, _, index = id_of(event).rpartition("-")
        place = int(index) if index.isdecimal() and len(index) < 10 else -1
        citation = await asyncio.to_thread(self._conversations.citation, conversation_id, turn_id, place)
        if citation is None:
            return render("no_source.html", words=text.OLD_FOOTNOTE, citation=None, quote=None)
        return await self._show(citation.passage.document_id, citation.passage.page, citation, _width(event))

    async def passage(self, event: gr.EventData) -> str:
        """Show a chunk, with its text highlighted."""
        document_id, ordinal = id_of(event), getattr(event, "ordinal", None)
        key = (document_id, ordinal if isinstance(ordinal, int) else -1)
        try:
            record = await asyncio.to_thread(self._library.document, document_id)
            chunk = (await asyncio.to_thread(self._library.chunks, [key]))[key]
        except (DocumentNotFoundError, KeyError):
            return render("no_source.html", words=text.GONE, citation=None, quote=None)
        citation = Citation.of_words(1, passage_of(chunk, record))
        return await self._show(document_id, chunk.page, citation, _width(event))

    async def open(self, event: gr.EventData) -> str:
        """Show a page of a document."""
        page = getattr(event, "page", 1)
        return await self._show(id_of(event), page if isinstance(page, int) else 1, None, _width(event))

    async def _show(self, document_id: str, page: int, citation: Citation | None, width: float) -> str:
        cited = quote(citation) if citation else None
        try:
            record = await asyncio.to_thread(self._library.document, document_id)
            page = min(max(page, 1), record.pages)
            place = await self._place(record, page, citation, width)
        except DocumentNotFoundError:
            words = text.GONE_FOOTNOTE.format(document=citation.passage.document) if citation else text.GONE
            return render("no_source.html", words=words, citation=citation, quote=cited)
        shown_as = format_of(record.media_type)
        return render(
            "source.html",
            record=record,
            page=page,
            label=record.labels[page - 1],
            is_drawn=shown_as.is_drawn,
            unit=shown_as.unit,
            citation=citation,
            quote=cited,
            place=place,
        )

    async def _place(self, record: DocumentRecord, page: int, citation: Citation | None, width: float) -> Place:
        span = (citation.quote_start, citation.quote_end) if citation else (0, 0)
        try:
            view = await asyncio.wrap_future(await asyncio.to_thread(self._library.pages.looking, record.id, page, *span))
        except DocumentNotFoundError:
            raise
        except RagError as error:
            return Place(problem=text.NOT_SHOWN.format(problem=error))
        if citation and view.text[slice(*span)] != citation.quote:  # a file read by an older version of the library
            span, view = (0, 0), PageView(view.size, view.text)
        if not format_of(record.media_type).is_drawn:
            return _in_text(view.text, *span)
        words = Quote(view.text[: span[0]], view.text[slice(*span)], view.text[span[1] :])
        if view.size is None:
            return Place(words, problem=text.NOT_DRAWN if view.text.strip() else text.NOTHING_TO_SHOW)
        scale = min(max(width / view.size[0], SCALES[0]), SCALES[1])
        sheet = Sheet(f"/documents/{record.id}/pages/{page}.png", scale, view.size, view.marks)
        return Place(words, sheet, text.NOT_MARKED if citation and not view.marks else "")


def _in_text(whole: str, start: int, end: int) -> Place:
    """Text around the cited words, of a file without pages: enough on either side for a whole part of it."""
    first, last = max(0, start - MOST_CHARACTERS), end + MOST_CHARACTERS
    return Place(Quote(whole[first:start], whole[start:end], whole[end:last]), is_cut=(first > 0, last < len(whole)))


def _width(event: gr.EventData) -> float:
    """Pixels of the screen that a page fills from side to side."""
    width = getattr(event, "width", None)
    return width if isinstance(width, int | float) and 0 < width < 1e5 else USUAL_WIDTH
