"""A page's text -> its blocks, as spans of the text: headings, lists, tables, code, rules and paragraphs.

What a text is made of is told where it is told for answers too: `rag.text`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.text.headings import open_fence
from rag.text.sentences import starts_item, starts_section
from rag.text.tables import LONGEST_NAME, Line, cells_of, is_rule, lines_of, tables

Span = tuple[int, int]
Title = tuple[int, str, int]
"""A heading's level, its words, its offset."""

HEAD_ROWS = 12  # of a table, by which it is told, and what its header is

_LETTER = re.compile(r"[^\W\d_]")
_TAB_ITEM = re.compile(r"\s*(?:[-*+•–]|\(?\w{1,3}[.)])\t")
_STOPS = ".!?…。！？:;,"
_HEADING_MARKS = "#= \t"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together.

    Attributes:
        kind: Its kind; "code" stood between fences.
        rows: Of a table, its rows of cells. Of a list, its items: their mark and their words. Of code, what its fence says, and itself.
            Of the others, one row with one span.
        level: Of a heading, 1 for the outermost; of a table, how many of its rows are its header.
        depths: Of a list, how deep each of its items is in it.
    """

    kind: Literal["heading", "list", "table", "code", "rule", "paragraph"]
    rows: Sequence[Sequence[Span]]
    level: int = 0
    depths: Sequence[int] = ()


def blocks(text: str, titles: Sequence[Title] = ()) -> Iterator[Block]:
    """The blocks of a page's text, from top to bottom."""
    lines = _lines(text)
    begun = {text.rfind("\n", 0, start) + 1: (level, title) for level, title, start in titles}
    headings = {
        at: Block("heading", ((span,),), begun[line.start][0])
        for at, line in enumerate(lines)
        if line.start in begun and (span := _title_span(text, line, begun[line.start][1]))
    }
    at = 0
    while at < len(lines):
        if at in headings:
            yield headings[at]
            at += 2 if at + 1 < len(lines) and is_rule(lines[at + 1].text) else 1  # it may be underlined
        elif not lines[at].text:
            at += 1
        else:
            block, at = _block(text, lines, at, headings)
            yield block


def _block(text: str, lines: Sequence[Line], at: int, headings: dict[int, Block]) -> tuple[Block, int]:
    """What begins in a line, and the line after it."""
    if fence := open_fence(_raw(text, lines[at]), ""):
        return _fenced(text, lines, at, fence)
    if table := _table(text, lines, at):
        return table
    if is_rule(lines[at].text):
        return Block("rule", ()), at + 1
    if _is_item(lines, at):
        return _list(text, lines, at, headings)
    after = _end(text, lines, at, headings)
    return Block("paragraph", (((lines[at].start, lines[after - 1].end),),)), after


def _lines(text: str) -> list[Line]:
    """All lines: the spans are of the whole lines, the texts without the white space around them."""
    lines, at = list[Line](), 0
    for raw in text.split("\n"):
        lines.append(Line(at, at + len(raw), raw.strip(), is_after_blank=not lines or not lines[-1].text))
        at += len(raw) + 1
    return lines


def _title_span(text: str, line: Line, title: str) -> Span | None:
    """Where a line shows a title, without its marks; None where it says more than that."""
    at = text.find(title, line.start, line.end) if title else -1
    if at < 0:
        return (line.start, line.end) if title and title.split() == line.text.split() else None
    before, after = text[line.start : at], text[at + len(title) : line.end]
    if _LETTER.search(before + after):
        return None
    return at if not before.strip(_HEADING_MARKS) else line.start, line.end if after.strip(_HEADING_MARKS) else at + len(title)


def _fenced(text: str, lines: Sequence[Line], at: int, fence: str) -> tuple[Block, int]:
    after = at + 1
    while after < len(lines) and (fence := open_fence(_raw(text, lines[after]), fence)):
        after += 1
    info = lines[at].end - len(_raw(text, lines[at]).lstrip(" `~")), lines[at].end
    inside = lines[at + 1 : after]
    return Block("code", ((info, (inside[0].start, inside[-1].end) if inside else (info[1], info[1])),)), after + 1


def _table(text: str, lines: Sequence[Line], at: int) -> tuple[Block, int] | None:
    """The table that begins in a line, where its cells are told apart by tabs or bars and not by nothing but their place."""
    mark = _cell_mark(text, lines[at])
    if not mark:
        return None
    end = _run_end(text, lines, at, mark, at + HEAD_ROWS)
    start = lines[at].start
    head = lines_of(text[start : lines[end - 1].end])
    found = tables(head).get(0)
    if mark == "\t":
        is_alone = lines[at].is_after_blank and not (end < len(lines) and lines[end].text)
        if all(sum(map(bool, line.cells)) < 2 for line in head) or not (end > at + 1 or is_alone):
            return None
    elif not found:
        return None
    is_over = mark == "|" and found and found.after < len(head)
    end = at + found.after if is_over and found else _run_end(text, lines, at, mark, len(lines))
    header = next(filter(None, found.headers), None) if found else None
    rows = [line for line in lines[at:end] if mark == "\t" or not is_rule(line.text)]
    count = sum(line.end > start + header[0] and line.start < start + header[1] for line in rows[:HEAD_ROWS]) if header else 0
    return Block("table", [_cells(text, line, mark) for line in rows], count), end


def _run_end(text: str, lines: Sequence[Line], at: int, mark: str, most: int) -> int:
    """The line after the last whose cells are told apart as those of a line above it."""
    after = at + 1
    while after < min(most, len(lines)) and (_cell_mark(text, lines[after]) == mark or (mark == "\t" and _is_name(text, lines, after))):
        after += 1
    return after


def _is_name(text: str, lines: Sequence[Line], at: int) -> bool:
    """Whether a line among rows, or below the last, is a row whose other cells are empty."""
    words = lines[at].text
    is_last = at + 1 == len(lines) or not lines[at + 1].text or "\t" in _raw(text, lines[at + 1])
    return is_last and 0 < len(words) <= LONGEST_NAME and not words[0].islower() and words[-1] not in _STOPS and not _is_item(lines, at)


def _cell_mark(text: str, line: Line) -> str:
    """What tells the cells of a line apart, if it may be a row."""
    raw = _raw(text, line)
    if "\t" in raw:
        return "" if _TAB_ITEM.match(raw) else "\t"
    return "|" if ("|" in raw and cells_of(line.text, 0, len(line.text))) or (line.text[:1] in "|+" and is_rule(line.text)) else ""


def _cells(text: str, line: Line, mark: str) -> list[Span]:
    """The cells of a row: all between tabs, or those that are told apart by bars."""
    at, spans = line.start, list[Span]()
    for cell in _raw(text, line).split("\t") if mark == "\t" else cells_of(line.text, 0, len(line.text)):
        at = text.find(cell, at, line.end)
        spans.append((at, at + len(cell)))
        at += len(cell) + (mark == "\t")
    return spans


def _is_item(lines: Sequence[Line], at: int) -> bool:
    above = "" if lines[at].is_after_blank else lines[at - 1].text
    return starts_item(lines[at].text, above) and not starts_section(lines[at].text)


def _list(text: str, lines: Sequence[Line], at: int, headings: dict[int, Block]) -> tuple[Block, int]:
    """The items from a line on, those after blank lines too; deeper ones are indented more than the one above."""
    items, depths, indents = list[tuple[Span, Span]](), list[int](), list[int]()
    after = at
    while at < len(lines) and at not in headings and lines[at].text and _is_item(lines, at):
        after = _end(text, lines, at, headings)
        raw, (mark, words) = _raw(text, lines[at]), lines[at].text.split(maxsplit=1)
        indent = len(raw) - len(raw.lstrip())
        while indents and indents[-1] >= indent:
            indents.pop()
        depths.append(len(indents))
        indents.append(indent)
        start = lines[at].start + indent
        items.append(((start, start + len(mark)), (text.index(words, start + len(mark)), lines[after - 1].end)))
        at = after
        while at < len(lines) and not lines[at].text:
            at += 1
    return Block("list", items, depths=depths), after


def _end(text: str, lines: Sequence[Line], at: int, headings: dict[int, Block]) -> int:
    """The line after the last that goes on with a paragraph or an item."""
    after = at + 1
    while after < len(lines) and lines[after].text and after not in headings and not is_rule(lines[after].text):
        if _is_item(lines, after) or open_fence(_raw(text, lines[after]), "") or _table(text, lines, after):
            break
        after += 1
    return after


def _raw(text: str, line: Line) -> str:
    return text[line.start : line.end]
