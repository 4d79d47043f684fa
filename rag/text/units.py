"""Text -> what can be quoted alone: sentences, rows of tables, labels with their values, list items, and the lines between."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.text.sentences import continues, sentence_spans, starts_item, starts_section
from rag.text.tables import Line, Table, is_separator, joined_rows, lines_of, tables

Kind = Literal["sentence", "row", "pair", "item", "line"]
Span = tuple[int, int]

LONGEST_LINE = 100  # characters; longer words without a full stop are a sentence that was cut off
LONGEST_LABEL = 40  # of a label and its value
LONGEST_VALUE = 80
MOST_LABEL_WORDS = 5

_HEADING = re.compile(r"#{1,6}\s")
_COLON_PAIR = re.compile(rf"([^\s:：][^:：\n]{{0,{LONGEST_LABEL - 1}}})(?:[:：]\s+|：)(\S.{{0,{LONGEST_VALUE - 1}}})")
_LABEL = r"[^\W\d_][^\d\n:]{1,38}? "
_PLAIN_PAIR = re.compile(  # "Due date 11 June 2024", "Deposit € 200.00"
    r"(?![^\W\d_]+\.? \d{1,3}(?:\.\d)?$)"  # "Figure 24.2"
    rf"(?:{_LABEL}(?:[€$£¥] ?)?(?!(?:19|20)\d\d$)(?:[A-Z]{{1,5}}[-/])?\d[\w.,/:-]{{2,20}}(?: ?[€$£¥%]| [^\W\d_]{{1,10}}\.?)?"
    rf"|{_LABEL}\d{{1,2}}\.? [^\W\d_]{{3,10}}\.?,? \d{{4}}|{_LABEL}\d{{1,2}} ?[€$£¥%])"
)
_LABEL_LINE = re.compile(rf"(?![a-z])[^\W\d_][^\d:：]{{0,{LONGEST_LABEL}}}[:：]?")
_VALUE_LINE = re.compile(  # a code, an amount, a date: "INV-17"
    r"(?!(?:19|20)\d\d$)(?:[€$£¥] ?)?(?:[A-Z]{1,5}[-/]?)?\d[\w.,/:-]+(?: ?[€$£¥%])?|\d{1,2}\.? [^\W\d_]{3,10}\.?,? \d{4}"
)
_STOP = re.compile(r"[.!?…。！？؟۔।॥]['\"”’»)\]」』]*$")
_CAPTION = re.compile(r"[^\W\d_]+\.?\s\d+(?:\.\d+)*\s*[:：]")
_MATH = ("$$", "\\[", "\\begin{")
_CLAUSE_END = re.compile(r"[,;.:!?…。！？؟۔।॥，；：、-]['\"”’»)\]」』]*$")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Unit:
    """What can be quoted alone: `text[start:end]`, without white space around it.

    Attributes:
        kind: "sentence"; "row" of a table; "pair" of a label and its value; "item" of a list; "line": a heading, a caption or a scrap.
        lead: The span of what must be shown with it, if anything: the header of its table, the words that introduce its list.
        group: Of a row, the span of the line in its table that names the group of rows it is in: "Year ended December 31, 2017".
    """

    start: int
    end: int
    kind: Kind
    lead: Span | None = None
    group: Span | None = None


def units(text: str) -> list[Unit]:
    """Cut a text into units: in order, not overlapping, covering all that is not white space."""
    lines = joined_rows(text, lines_of(text))
    found: list[Unit] = []
    leads = _ItemLeads(text)
    by_first = tables(lines)
    at = 0
    while at < len(lines):
        after = at + 1
        if at in by_first:
            after = by_first[at].after
            found.extend(_rows(lines, by_first[at]))
        else:
            while after < len(lines) and after not in by_first and not _parts(lines, at, after):
                after += 1
            found.extend(_running(text, lines[at:after], found, leads))
        at = after
    return list(_with_pairs(text, found))


def _with_pairs(text: str, found: Sequence[Unit]) -> Iterator[Unit]:
    """The units, with a line that is a label and the line below that is its value as one."""
    at = 0
    while at < len(found):
        unit, below = found[at], found[at + 1] if at + 1 < len(found) else None
        after = found[at + 2] if at + 2 < len(found) else None
        if below and unit.kind == below.kind == "line" and _is_label_of(text, unit, below, after):
            yield Unit(unit.start, below.end, "pair")
            at += 2
        else:
            yield unit
            at += 1


def _is_label_of(text: str, unit: Unit, below: Unit, after: Unit | None) -> bool:
    """Whether a line is a label and the one right below it its only value."""
    label, value = text[unit.start : unit.end], text[below.start : below.end]
    if text.count("\n", unit.end, below.start) != 1 or not _LABEL_LINE.fullmatch(label) or len(label.split()) > MOST_LABEL_WORDS:
        return False
    next_line = text[after.start : after.end] if after and text.count("\n", below.end, after.start) == 1 else ""
    if label[-1] in ":：":
        return len(value) <= LONGEST_VALUE and value[-1] not in ":：" and (not next_line or next_line[-1] in ":：")
    return bool(_VALUE_LINE.fullmatch(value)) and not _VALUE_LINE.fullmatch(next_line)


def _parts(lines: Sequence[Line], first: int, index: int) -> bool:
    """Whether a line begins something new, rather than going on with the line above; `first` is where that began."""
    line, above = lines[index], lines[index - 1]
    if lines[first].text == "$$":
        return above.text == "$$" and index - first > 1
    if (
        line.is_after_blank
        or line.text.startswith(_MATH)
        or _HEADING.match(line.text)
        or _HEADING.match(above.text)
        or starts_item(line.text, above.text)
    ):
        return True
    below = lines[index + 1] if index + 1 < len(lines) and not lines[index + 1].is_after_blank else None
    before = lines[index - 2] if index - 2 >= first else None
    return _is_pair(line, above, below) or _is_pair(above, before, line)


def _rows(lines: Sequence[Line], table: Table) -> Iterator[Unit]:
    has_header = any(table.headers)
    for line, header, group in zip(lines[table.first : table.after], table.headers, table.groups, strict=True):
        if is_separator(line.text):
            yield Unit(line.start, line.end, "line")
        else:
            is_pair = not has_header and _PLAIN_PAIR.fullmatch(line.text)
            yield Unit(line.start, line.end, "pair" if is_pair else "row", header, group)


def _running(text: str, lines: Sequence[Line], before: Sequence[Unit], leads: "_ItemLeads") -> Iterator[Unit]:
    """The units of lines that go on with one another."""
    first, start, end = lines[0], lines[0].start, lines[-1].end
    if first.text.startswith(_MATH):
        last = before[-1] if before else None
        yield Unit(start, end, "line", (last.start, last.end) if last and not _STOP.search(text, last.end - 2, last.end) else None)
    elif starts_item(first.text, ""):
        lead = leads.of(first, before)
        for place, unit in enumerate(_sentences(text, start, end)):
            is_item = place == 0 and not (unit.kind == "line" and starts_section(first.text))
            yield Unit(unit.start, unit.end, "item", lead) if is_item else unit
    else:
        leads.clear()
        if len(lines) == 1 and _is_pair(first, None, None):
            yield Unit(start, end, "pair")
        else:
            yield from _sentences(text, start, end)


def _sentences(text: str, start: int, end: int) -> Iterator[Unit]:
    for first, after in sentence_spans(text[start:end]):
        words = text[start + first : start + after]
        if _STOP.search(words[-8:]):
            yield Unit(start + first, start + after, "sentence")
            continue
        lines = lines_of(words)
        if len(lines) > 1 and not _are_scraps(lines):
            yield Unit(start + first, start + after, "sentence")
            continue
        for line in lines:
            is_long = len(line.text) > LONGEST_LINE
            yield Unit(start + first + line.start, start + first + line.end, "sentence" if is_long else "line")


def _is_pair(line: Line, above: Line | None, below: Line | None) -> bool:
    """Whether a line is a label and a short value; the lines around it may show that it is part of a sentence."""
    if (
        len(line.text) > LONGEST_LABEL + LONGEST_VALUE
        or _HEADING.match(line.text)
        or line.text[0].islower()
        or (below and continues(below.text))
    ):
        return False
    if match := _COLON_PAIR.fullmatch(line.text):
        is_label = len(match[1].split()) <= MOST_LABEL_WORDS and any(map(str.isalpha, match[1]))
        return is_label and not _STOP.search(match[2][-8:]) and not _CAPTION.match(line.text)
    if above and not _STOP.search(above.text[-8:]) and len(above.text) > LONGEST_LABEL:
        return False
    return bool(_PLAIN_PAIR.fullmatch(line.text)) and not _STOP.search(line.text[-8:])


def _are_scraps(lines: Sequence[Line]) -> bool:
    """Whether short lines stand below one another without being sentences: an address, a title page."""
    return all(
        len(line.text) <= LONGEST_LINE // 2 and not _CLAUSE_END.search(line.text[-8:]) and not continues(line.text) for line in lines
    )


class _ItemLeads:
    """What introduces the lists that are open, outermost first, by the form of their marks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._leads: dict[str, Span | None] = {}

    def clear(self) -> None:
        """Close all lists."""
        self._leads.clear()

    def of(self, item: Line, before: Sequence[Unit]) -> Span | None:
        """The lead of the next item: what stands above it and ends in a colon, or that of the items before, or the line right above."""
        mark = re.sub(r"\d+", "1", re.sub(r"[^\W\d_]+", "a", item.text.split(maxsplit=1)[0]))
        last = before[-1] if before else None
        if mark in self._leads:
            marks = list(self._leads)
            for inner in marks[marks.index(mark) + 1 :]:
                del self._leads[inner]
        if last and (mark not in self._leads or last.kind != "item") and self._introduces(last, item):
            self._leads[mark] = last.start, last.end
        return self._leads.setdefault(mark, None)

    def _introduces(self, last: Unit, item: Line) -> bool:
        words = self._text[last.start : last.end]
        if words[-1] in ":：":
            return True
        if self._leads:  # a list in a list
            return last.kind == "item" and not _CLAUSE_END.search(words[-8:])
        return last.kind in {"sentence", "line"} and not item.is_after_blank and not is_separator(words)
