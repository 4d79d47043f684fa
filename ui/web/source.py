"""The right column: a page of a document, with the cited words highlighted."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import gradio as gr

from rag.errors import DocumentNotFoundError, RagError
from rag.exploring.passages import passage_of
from rag.filters import kind_of
from rag.formats.counting import page_noun, pages_counted
from rag.formats.protocol import Format, PageView, Rectangle
from rag.formats.registry import format_of
from rag.formats.text import MOST_CHARACTERS
from rag.library import Library
from rag.origins import UPLOAD
from rag.types import Chunk, Citation, DocumentRecord
from rag.viewing import SCALES
from ui import text
from ui.chats.conversations import Conversations
from ui.rendering.html import Quote, quote, render
from ui.rendering.page_text import page_html
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
    """What is shown of a document: a page's picture with its words for those who hear them, or else its text.

    Attributes:
        words: Those of a page that is drawn, any cited ones in their middle.
        sheet: Its picture.
        body: The text of one that is not, with its structure.
        problem: What is to be said first.
        is_cut: Whether the text goes on before and after what is shown of it.
    """

    words: Quote | None = None
    sheet: Sheet | None = None
    body: str = ""
    problem: str = ""
    is_cut: tuple[bool, bool] = (False, False)


def build_source(library: Library, conversations: Conversations, conversation: gr.BrowserState, documents: gr.HTML) -> None:
    """Lay the column out and wire it; a click in the list of `documents` opens one too."""
    view = gr.HTML(render("note.html", words=text.NO_SOURCE), elem_id="source-view", js_on_load=script("source.js"))
    handlers = SourceHandlers(library, conversations)
    on(view, "cite")(handlers.cite, conversation, view, **AT_ONCE)
    on(view, "passage")(handlers.passage, None, view, **AT_ONCE)
    on(view, "open")(handlers.open, None, view, **AT_ONCE)
    on(view, "place")(handlers.place, None, view, **AT_ONCE)
    on(view, "close")(handlers.close, None, view, **AT_ONCE)
    on(documents, "open")(handlers.open, None, view, **AT_ONCE)
    on(documents, "details")(handlers.details, None, view, **AT_ONCE)


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

    async def place(self, event: gr.EventData) -> str:
        """Show the words that an address names, or a page where it names none that are there."""
        page, start, end = (each if isinstance(each := getattr(event, name, 0), int) else 0 for name in ("page", "start", "end"))
        citation = None
        with suppress(RagError):  # what is wrong with the page or the document is said below
            record = await asyncio.to_thread(self._library.document, id_of(event))
            words = (await asyncio.to_thread(self._library.pages.text, record.id, page))[start:end] if 0 <= start < end else ""
            if words:
                citation = Citation.of_words(1, passage_of(Chunk(record.id, 0, page, start, start + len(words), words), record))
        return await self._show(id_of(event), page, citation, _width(event))

    def close(self) -> str:
        """Show nothing."""
        return render("note.html", words=text.NO_SOURCE)

    async def details(self, event: gr.EventData) -> str:
        """Show what is known of a document."""
        try:
            record = await asyncio.to_thread(self._library.document, id_of(event))
        except DocumentNotFoundError:
            return render("no_source.html", words=text.GONE, citation=None, quote=None)
        return render("details.html", record=record, rows=details_of(record))

    async def _show(self, document_id: str, page: int, citation: Citation | None, width: float) -> str:
        cited = quote(citation) if citation else None
        try:
            record = await asyncio.to_thread(self._library.document, document_id)
            page = min(max(page, 1), record.pages)
            place = await self._place(record, page, citation, width)
        except DocumentNotFoundError:
            words = text.GONE_FOOTNOTE.format(document=citation.passage.document) if citation else text.GONE
            return render("no_source.html", words=words, citation=citation, quote=cited)
        return render(
            "source.html", record=record, page=page, kind=format_of(record.media_type), citation=citation, quote=cited, place=place
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
        kind = format_of(record.media_type)
        if not kind.is_drawn or view.size is None:
            return await asyncio.to_thread(_as_text, view, span, kind)
        words = Quote(view.text[: span[0]], view.text[slice(*span)], view.text[span[1] :])
        scale = min(max(width / view.size[0], SCALES[0]), SCALES[1])
        sheet = Sheet(f"documents/{record.id}/pages/{page}.png", scale, view.size, view.marks)
        return Place(words, sheet, problem=text.NOT_MARKED if citation and not view.marks else "")


def details_of(record: DocumentRecord) -> dict[str, str]:
    """What is known of a document, each with its name; what is not known is left out."""
    added = datetime.fromisoformat(record.added).astimezone()
    values = (
        record.title,
        text.KINDS[kind_of(record)],
        pages_counted(record),
        f"{record.size / 1e6:,.1f} MB" if record.size >= 1e6 else f"{record.size / 1e3:,.1f} kB",
        record.author,
        text.LANGUAGES.get(record.language, record.language),
        record.date,
        f"{added:%d %b %Y, %H:%M}",
        "\n".join(source.removeprefix(UPLOAD) for source in record.sources),
        f"{record.chunks:,}",
        record.id[:12],
    )
    known = {name: value for name, value in zip(text.DETAILS, values, strict=True) if value}
    return known | {str(key): str(value) for key, value in record.metadata.items()}


def _as_text(view: PageView, span: tuple[int, int], kind: Format) -> Place:
    """A page that is not drawn, or the text around the cited words where it is longer than pages are made today."""
    is_blank = not view.text.strip()
    if kind.is_drawn:
        problem = text.NOTHING_TO_SHOW if is_blank else text.NOT_DRAWN
    else:
        problem = text.NO_WORDS.format(unit=page_noun(kind)) if is_blank else ""
    first, last = max(0, span[0] - MOST_CHARACTERS), span[1] + MOST_CHARACTERS
    titles = [(level, title, start - first) for level, title, start in view.headings if first <= start < last]
    body = page_html(view.text[first:last], titles, [(span[0] - first, span[1] - first)], kind)
    return Place(body=body, problem=problem, is_cut=(first > 0, last < len(view.text)))


def _width(event: gr.EventData) -> float:
    """Pixels of the screen that a page fills from side to side."""
    width = getattr(event, "width", None)
    return width if isinstance(width, int | float) and 0 < width < 1e5 else USUAL_WIDTH
