"""Document -> chunks: cut by the embedder's tokens at the best break in reach, never across a page, with exact offsets."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.embedding.protocol import Embedder
from rag.text.headings import HeadingPaths, open_fence
from rag.text.table_headers import TableRows
from rag.types import Chunk, Heading, Page

VERSION = 4  # part of the index identity: raise it when the same text would be cut differently
MAX_CHARACTERS_A_TOKEN = 12
"""Limits a chunk's characters: tokenizers skip white space, and take a long run without any for one unknown token."""

LEAST_FILL = 0.5  # a break is taken only when the chunk before it holds at least this share of the tokens allowed
LEAST_FILL_BEFORE_BLOCK = 0.2  # or this share, where a list, a table or code that fits into one chunk would be cut otherwise
_BREAKS = (
    re.compile(r"\n[^\S\n]*\n\s*"),  # after a paragraph
    re.compile(r"[.!?。！？]['\"”’)\]]*\n|[。！？]"),
    re.compile(r"[.!?;:]['\"”’)\]]*\s+"),
    re.compile(r"\n"),
    re.compile(r"\s+"),
)
"""Where text may be cut besides headings, best first. A cut is made at the end of a match."""

HEADER_SHARE = 3  # one in so many tokens allowed is left for the header of a table where a chunk begins within one
LONGEST_GAP = 100  # characters of white space over which two chunks may be joined again
_ITEM = re.compile(r"\s*(?:[-*+•–·▪]|\(?\w{1,3}[.)])\s")
_INK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class _Cuttable:
    """A page and where it may be cut; all offsets ascend."""

    text: str
    starts: list[int]  # of each token
    breaks: list[list[int]]  # one list for each kind of break, best first
    blocks: list[tuple[int, int]]  # start and end of its lists, tables and code
    rows: TableRows


class Chunker:
    """Cuts the pages of one document, as they come, into chunks that the embedder reads whole."""

    def __init__(self, document_id: str, embedder: Embedder, chunk_tokens: int) -> None:
        """`chunk_tokens` is the most that a chunk may have, unless the embedder's own limit is lower."""
        self._document_id = document_id
        self._embedder = embedder
        self._limit = min(chunk_tokens, embedder.max_tokens)
        self._paths = HeadingPaths()
        self._rows: TableRows | None = None  # of the last page
        self._ordinal = 0

    def go_on(self, ordinal: int, before: str) -> None:
        """Go on as if so many chunks had been cut, and the last page had a text."""
        self._ordinal, self._rows = ordinal, TableRows.of(before)

    def cut(self, page: Page, headings: Sequence[Heading] = (), begin: int = 0) -> Iterator[Chunk]:
        """Cut the next page, whose `headings` are in order, from an offset on.

        No chunk begins or ends with white space, a page without text has none.
        """
        places = [heading.start for heading in headings]
        paths = [self._paths.last, *map(self._paths.follow, headings)]
        before = None
        rows = self._rows = TableRows.of(page.text, self._rows)
        for start, end in _spans(page.text, begin, places, rows, self._embedder, self._limit):
            first, last = bisect_right(places, start), bisect_left(places, end)
            sections = tuple((places[index], paths[index + 1]) for index in range(first, last))
            gap = page.text[before:start] if before is not None and start - before <= LONGEST_GAP else ""
            place = self._document_id, self._ordinal, page.number, start, end
            yield Chunk(*place, page.text[start:end], paths[first], gap, sections, rows.header(start, end))
            before = end
            self._ordinal += 1


def index_identity(embedder: Embedder, chunk_tokens: int) -> str:
    """All that makes an index what it is: with another identity, documents must be re-indexed."""
    return f"{embedder.identity} cosine chunker={VERSION} tokens={chunk_tokens}"


def _spans(
    text: str, begin: int, heading_starts: Sequence[int], rows: TableRows, embedder: Embedder, limit: int
) -> Iterator[tuple[int, int]]:
    """The `(start, end)` of each chunk of a page from `begin` on."""
    breaks = [list(heading_starts), *(sorted({match.end() for match in pattern.finditer(text)}) for pattern in _BREAKS)]
    page = _Cuttable(text, [start for start, _ in embedder.token_spans(text)], breaks, list(_blocks(text)), rows)
    position = begin
    while ink := _INK.search(text, position):
        room = min(limit, embedder.max_tokens - limit // HEADER_SHARE) if rows.at(ink.start()) else limit
        position = _between_rows(page, ink.start(), _cut(page, ink.start(), room))
        yield from _fitting(text, ink.start(), position, embedder, room)


def _between_rows(page: _Cuttable, position: int, cut: int) -> int:
    """The cut, or the beginning of the row that it would tear apart; the beginning of a cell, and no further than the row, within one."""
    row, own = page.rows.at(cut), page.rows.at(position)
    if own and (own[0] < position or row == own):
        cell = page.text.rfind("\t", position, cut) + 1
        return own[1] if own[1] <= cut else cell if page.text[position:cell].strip() else cut
    return row[0] if row else cut


def _cut(page: _Cuttable, position: int, limit: int) -> int:
    """Where the chunk that begins at `position` ends: the last break of the best kind in reach, or the limit itself."""
    text, starts = page.text, page.starts
    first = bisect_left(starts, position)
    furthest = min(starts[first + limit] if first + limit < len(starts) else len(text), position + limit * MAX_CHARACTERS_A_TOKEN)
    if furthest >= len(text):
        return len(text)
    least = first + int(limit * LEAST_FILL)
    nearest = min(max(starts[least], position + 1), furthest) if least < len(starts) else furthest
    for candidates in page.breaks:
        index = bisect_right(candidates, furthest) - 1
        if index >= 0 and candidates[index] >= nearest:
            return _before_block(page, position, candidates[index], limit)
    return furthest


def _before_block(page: _Cuttable, position: int, cut: int, limit: int) -> int:
    """The cut, or the beginning of the block that it would tear apart though a chunk could hold it whole."""
    index = bisect_left(page.blocks, (cut, 0)) - 1
    if index < 0:
        return cut
    start, end = page.blocks[index]
    first, torn = bisect_left(page.starts, start), cut < end
    fits = bisect_left(page.starts, end) - first <= limit
    filled = first - bisect_left(page.starts, position)
    return start if torn and fits and filled >= LEAST_FILL_BEFORE_BLOCK * limit else cut


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines that belong together: a list's items, a table's rows, code between fences."""
    start, position, kind, fence = 0, 0, "", ""
    for line in text.splitlines(keepends=True):
        before, fence = fence, open_fence(line, fence)
        new = "code" if before or fence else _kind(line, kind)
        if new != kind or (fence and not before):
            if kind:
                yield start, position
            start = position
        kind = new
        position += len(line)
    if kind:
        yield start, position


def _kind(line: str, before: str) -> str:
    """What a line outside of code is part of, after a line that was part of `before`; "" for running text."""
    if line.count("|") >= 2 or "\t" in line.strip():
        return "table"
    if _ITEM.match(line):
        return "list"
    return "list" if before == "list" and line[:1].isspace() and line.strip() else ""


def _fitting(text: str, start: int, end: int, embedder: Embedder, limit: int) -> Iterator[tuple[int, int]]:
    """The span without white space around it; halved where the tokenizer makes more of it alone than it did within the page."""
    part = text[start:end]
    end -= len(part) - len(part.rstrip())
    start += len(part) - len(part.lstrip())
    if end <= start:
        return
    tokens = embedder.token_spans(text[start:end])
    if len(tokens) <= limit or end - start == 1:
        yield start, end
        return
    middle = start + (tokens[len(tokens) // 2][0] or (end - start) // 2)
    yield from _fitting(text, start, middle, embedder, limit)
    yield from _fitting(text, middle, end, embedder, limit)
