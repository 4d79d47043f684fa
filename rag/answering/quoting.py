"""Read units -> quotations: which are shown, where they stand in their passages, and how they look in an answer."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from rag.reading.reader import ReadUnit
from rag.text.tables import cells_of, lines_of
from rag.text.units import Span, Unit
from rag.types import CheckedSentence, Citation, Passage

SURE = 0.5
"""From this confidence on, quotations stand without a caveat. Below it the documents are less likely to answer than not."""

MOST_QUOTES = 3
MOST_CHARACTERS = 400  # of all quotations together, where there is more than one
MARGIN = 1.5  # a further unit is quoted when its value is at most this much below the best one's
MOST_ITEMS = 8  # of a list whose lead is what answers
LONGEST_BESIDE = 300  # characters of a sentence that is quoted with the one beside it
ANSWERS = 0.0  # a sentence whose own answer's logit is greater stands alone. Of 0, 1 and none: as many right, shorter with 0
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n|\S")
_BULLET = re.compile(r"[-*•–·‣▪]\s+")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words to quote: `passages[index].text[start:end]`.

    An answer shows `words` below `head`, both in Markdown; quotations with the same head stand under it together: the rows of a table
    under its header, the items of a list under what introduces it.
    """

    index: int
    start: int
    end: int
    words: str
    head: str = ""
    rest: "Quote | None" = None
    """What of it stands on the next page."""
    title: str = ""
    """What it is about, in Markdown, where a question has parts."""


def best_units(units: Sequence[ReadUnit], passages: Sequence[Passage], margin: float = MARGIN) -> list[ReadUnit]:
    """The units that answer best, best first, no two with the same words; at most `MOST_QUOTES`, and the items of a list."""
    chosen: dict[str, ReadUnit] = {}
    room = MOST_CHARACTERS
    for each in sorted(units, key=lambda each: -each.value):
        words = _line(passages[each.index].headed_text, each.unit.start, each.unit.end)
        if words in chosen or any(_leads(each, row) for row in chosen.values()):
            continue
        room -= len(words)
        if chosen and (room < 0 or each.value < next(iter(chosen.values())).value - margin):
            break
        chosen[words] = each
    best = list(chosen.values())[:MOST_QUOTES]
    led = defaultdict[tuple[int, Span | None], list[ReadUnit]](list)
    for each in units:
        if each.unit.kind == "item":
            led[each.index, each.unit.lead].append(each)
    whole = [item for each in best for item in led.get((each.index, (each.unit.start, each.unit.end)), [each])[:MOST_ITEMS]]
    return _joined(_in_context(each, units, passages[each.index].headed_text) for each in dict.fromkeys(whole))


def _in_context(read: ReadUnit, units: Sequence[ReadUnit], text: str) -> ReadUnit:
    """A sentence, with the one before or after it where the answer itself seems to stand there: "Such devices treat ...", but which?"""
    start, end = read.unit.start, read.unit.end
    if read.answer > ANSWERS:
        return read
    at = units.index(read)
    for beside in (*units[max(at - 1, 0) : at], *units[at + 1 : at + 2]):
        between = text[min(end, beside.unit.end) : max(start, beside.unit.start)]
        is_next = beside.index == read.index and read.unit.kind == beside.unit.kind == "sentence" and not _PARAGRAPH.search(between)
        if is_next and beside.answer > read.answer and beside.unit.end - beside.unit.start <= LONGEST_BESIDE:
            start, end = min(start, beside.unit.start), max(end, beside.unit.end)
    return replace(read, unit=replace(read.unit, start=start, end=end))


def _joined(chosen: Iterable[ReadUnit]) -> list[ReadUnit]:
    """The units, those that share words as one."""
    joined = list[ReadUnit]()
    for each in chosen:
        start, end = each.unit.start, each.unit.end
        for place, other in enumerate(joined):
            if other.index == each.index and _touches((start, end), other.unit):
                span = min(start, other.unit.start), max(end, other.unit.end)
                joined[place] = replace(other, unit=replace(other.unit, start=span[0], end=span[1]))
                break
        else:
            joined.append(each)
    return joined


def quotes_of(chosen: Sequence[ReadUnit], passages: Sequence[Passage]) -> tuple[list[Quote], list[Passage]]:
    """The quotations of units, those with one head together, and the passages, widened where they had been trimmed to other words."""
    widened = list(passages)
    for each in chosen:
        above = len(passages[each.index].header)
        widened[each.index] = covering(widened[each.index], each.unit.start - above, each.unit.end - above)
    quotes, places = list[Quote](), dict[tuple[int, str], int]()
    for each in chosen:
        before = passages[each.index]
        shift = before.chunk_start - len(before.header) - widened[each.index].start
        head, words = _shown(each.unit, before.headed_text)
        quotes.append(Quote(each.index, each.unit.start + shift, each.unit.end + shift, words, head))
        places.setdefault((each.index, head or words), len(places))
    return sorted(quotes, key=lambda quote: (places[quote.index, quote.head or quote.words], quote.start)), widened


def covering(passage: Passage, start: int, end: int) -> Passage:
    """A passage that has `chunk_text[start:end]` of its chunks as well."""
    first = min(passage.start, passage.chunk_start + start)
    last = max(passage.end, passage.chunk_start + end)
    text = passage.chunk_text[first - passage.chunk_start : last - passage.chunk_start]
    return replace(passage, start=first, end=last, text=text)


def quoted(
    quotes: Sequence[Quote], passages: Sequence[Passage], text: str = ""
) -> tuple[str, tuple[Citation, ...], tuple[CheckedSentence, ...]]:
    """Append quotations to a text, each with its footnote; a row of a table takes it into its last cell."""
    citations, checked, numbers = list[Citation](), list[CheckedSentence](), dict[int, int]()
    for index, quote in enumerate(quotes):
        if quote.title and (not index or quote.title != quotes[index - 1].title):
            text += "\n\n" * bool(text) + quote.title
        is_row = quote.words.endswith(" |")
        before = quotes[index - 1] if index else None
        if before and quote.head and (quote.index, quote.head, quote.title) == (before.index, before.head, before.title):
            text += "\n"
        else:
            text += "\n\n" * bool(text) + quote.head + ("\n" if is_row else "\n\n") * bool(quote.head)
        start, first = len(text), len(citations)
        text += quote.words.removesuffix("|") if is_row else f"{quote.words} "
        parts = [quote, quote.rest] if quote.rest else [quote]
        said = " ".join(" ".join(passages[part.index].text[part.start : part.end] for part in parts).split())
        for part in parts:
            number = numbers.setdefault(part.index, len(numbers) + 1)
            citation = Citation.of_words(number, passages[part.index], part.start, part.end, position=len(text))
            citations.append(replace(citation, verdict="supported", sentence=said))
            text += f"[{number}]"
        checked.append(CheckedSentence(start, len(text), "supported", tuple(range(first, len(citations)))))
        text += " |" * is_row
    return text, tuple(citations), tuple(checked)


def _shown(unit: Unit, text: str) -> tuple[str, str]:
    """What stands above a unit, and its words, in Markdown: a row of a table where its cells can be told apart, an item, a quotation."""
    words = _line(text, unit.start, unit.end)
    if unit.kind == "item":
        words = _BULLET.sub("", words, count=1)
    lead = unit.lead if unit.lead and not _touches(unit.lead, unit) else (0, 0)
    lead_words = " ".join(text[slice(*lead)].split())
    if unit.kind == "item" and lead_words:
        return f"“{lead_words}”", f"- “{words}”"
    group = _line(text, *unit.group) if unit.group and not _touches(unit.group, unit) else ""
    if unit.kind == "row" and (cells := cells_of(text, unit.start, unit.end)):
        is_parted = "\t" in text[slice(*lead)] or "\t" not in text[unit.start : unit.end]  # else what the names stand above is not known
        names, cells = _matched(_names(text, *lead) if is_parted else (), cells)
        if len(cells) == len(names) > 1:
            return f"{group}\n\n{_row(names)}\n{_row(['---'] * len(cells))}".strip(), _row(cells)
    return "", f"“{' … '.join(filter(None, (lead_words, group, words)))}”"


def _names(text: str, start: int, end: int) -> tuple[str, ...]:
    """The names of a table's columns: those of its header's last line, each below the name that spans it in the lines above."""
    names: tuple[str, ...] = ()
    for line in lines_of(text[start:end]):
        cells = cells_of(text, start + line.start, start + line.end)
        if names and len(names) <= len(cells):
            names += ("",) * (len(cells) - len(names))  # those at a line's end may have been left out
            over = accumulate(names, _or_before)
            cells = tuple(f"{above} {cell}".strip() if cell else name for name, above, cell in zip(names, over, cells, strict=True))
        names = cells
    return names


def _or_before(before: str, name: str) -> str:
    return name or before


def _matched(names: tuple[str, ...], cells: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and cells, as many of each where that can be: a row may have lost the empty cells at its end, a header those before it."""
    if all(names[1:]) and len(cells) < len(names) and len(cells) > 1:
        return names, cells + ("",) * (len(names) - len(cells))
    if len(names) == len(cells) - 1:
        return ("", *names), cells  # the column of the rows' own names has none
    if len(names) != len(cells):  # parted by more tabs than one
        return tuple(filter(None, names)), tuple(filter(None, cells))
    return names, cells


def _leads(unit: ReadUnit, row: ReadUnit) -> bool:
    """Whether a unit is shown anyway: as the header of a row, or a line of it."""
    lead = row.unit.lead if row.unit.kind == "row" and row.index == unit.index else None
    return lead is not None and lead[0] <= unit.unit.start and unit.unit.end <= lead[1]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _touches(span: Span, unit: Unit) -> bool:
    return span[0] < unit.end and unit.start < span[1]


def _line(text: str, start: int, end: int) -> str:
    return " ".join(text[start:end].split())
