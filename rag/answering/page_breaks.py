"""Quotations whose sentence goes on over a page break -> the whole sentence, with a footnote for each page."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from rag.answering.quoting import Quote
from rag.answering.sections import passage_of
from rag.storing.index import Index
from rag.text.sentences import goes_on, is_page_number
from rag.text.units import Unit, units
from rag.types import Chunk, Passage

Part = tuple[Chunk, Unit]


def completed(quotes: Sequence[Quote], passages: Sequence[Passage], index: Index) -> tuple[list[Quote], list[Passage]]:
    """The quotations, those that end or begin in the midst of a sentence with the rest of it, and the passages with those of the rests."""
    known, found = list(passages), dict[tuple[str, str], Quote]()
    for quote in quotes:
        passage = passages[quote.index]
        if not quote.head and (part := _above(quote, passage, index)):
            first = _quote(part, passage, known, index)
            quote = replace(first, words=_joined(first.words, quote.words), rest=quote, title=quote.title)
        elif not quote.head and (part := _below(quote, passage, index)):
            rest = _quote(part, passage, known, index)
            quote = replace(quote, words=_joined(quote.words, rest.words), rest=rest)
        found.setdefault((quote.title, quote.words), quote)
    return list(found.values()), known


def _below(quote: Quote, passage: Passage, index: Index) -> Part | None:
    """The first words of the next page, where they go on with a quotation that ends its page."""
    said = passage.text[quote.start : quote.end]
    if _inked(passage.chunk_text[passage.start + quote.end - passage.chunk_start :]):
        return None
    chunk = _chunk_at(passage, 1, index)
    parts = _inked(chunk.text) if chunk else []
    return (chunk, parts[0]) if chunk and parts and goes_on(said, _words(chunk, parts[0])) else None


def _above(quote: Quote, passage: Passage, index: Index) -> Part | None:
    """The last words of the page before, where a quotation that begins its page goes on with them."""
    if _inked(passage.chunk_text[: passage.start + quote.start - passage.chunk_start]):
        return None
    chunk = _chunk_at(passage, -1, index)
    parts = _inked(chunk.text) if chunk else []
    said = passage.text[quote.start : quote.end]
    return (chunk, parts[-1]) if chunk and parts and goes_on(_words(chunk, parts[-1]), said) else None


def _inked(text: str) -> list[Unit]:
    """The units of a text that are no page numbers."""
    return [unit for unit in units(text) if not is_page_number(text[unit.start : unit.end], "")]


def _words(chunk: Chunk, unit: Unit) -> str:
    return chunk.text[unit.start : unit.end]


def _chunk_at(passage: Passage, step: int, index: Index) -> Chunk | None:
    """The first chunk of the page after a passage's (`step` 1) where the passage ends its page, the last one of that before (-1)."""
    with index.guarded():
        record = index.records.get(passage.document_id)
        if record is None or not 1 <= passage.page + step <= record.pages:
            return None

        def place_of(page: int) -> tuple[bool, int]:
            return page in record.ocr_pages, page  # what OCR has read may be behind all other pages

        def page_at(ordinal: int) -> tuple[bool, int]:
            return next((place_of(chunk.page) for chunk in index.chunks([(record.id, ordinal)]).values()), (False, 0))

        # The first chunk of this page, or of the next.
        ordinal = bisect_left(range(record.chunks), place_of(passage.page + (step > 0)), key=page_at)
        near = index.chunks([(record.id, ordinal - 1), (record.id, ordinal)])
    chunk, edge = (near.get((record.id, ordinal - (step < 0))), near.get((record.id, ordinal - (step > 0))))
    is_edge = (
        edge
        and edge.page == passage.page
        and (edge.end <= passage.chunk_start + len(passage.chunk_text) if step > 0 else edge.start >= passage.chunk_start)
    )
    return chunk if is_edge and chunk and chunk.page == passage.page + step else None


def _quote(part: Part, near: Passage, known: list[Passage], index: Index) -> Quote:
    """A quotation of these words, whose passage is added to those known."""
    chunk, unit = part
    with index.guarded():
        made = passage_of(chunk, chunk.text, chunk.sections, index.records[chunk.document_id], len(known) + 1)
    known.append(replace(made, score=near.score, cosine=near.cosine))
    return Quote(len(known) - 1, unit.start, unit.end, f"“{' '.join(_words(chunk, unit).split())}”")


def _joined(first: str, second: str) -> str:
    return f"{first.removesuffix('”')} {second.removeprefix('“')}"
