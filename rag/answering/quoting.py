"""Read units -> quotations: which are shown, where they stand in their passages, and how they look in an answer."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.reading.reader import ReadUnit
from rag.text.tables import cells_of
from rag.text.units import Span, Unit
from rag.types import CheckedSentence, Citation, Passage

MOST_QUOTES = 3
MOST_CHARACTERS = 300  # of all quotations together, where there is more than one
MARGIN = 2.0  # a further unit is quoted when its value is at most this much below the best one's
MOST_ITEMS = 8  # of a list whose lead is what answers
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


def best_units(units: Sequence[ReadUnit], passages: Sequence[Passage], margin: float = MARGIN) -> list[ReadUnit]:
    """The units that answer best, best first, no two with the same words; at most `MOST_QUOTES`, and the items of a list."""
    chosen: dict[str, ReadUnit] = {}
    room = MOST_CHARACTERS
    for each in sorted(units, key=lambda each: -each.value):
        words = _line(passages[each.index].chunk_text, each.unit.start, each.unit.end)
        if words in chosen:
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
    return list(dict.fromkeys(whole))


def quotes_of(chosen: Sequence[ReadUnit], passages: Sequence[Passage]) -> tuple[list[Quote], list[Passage]]:
    """The quotations of units, those with one head together, and the passages, widened where they had been trimmed to other words."""
    widened = list(passages)
    for each in chosen:
        widened[each.index] = covering(widened[each.index], each.unit.start, each.unit.end)
    quotes, places = list[Quote](), dict[tuple[int, str], int]()
    for each in chosen:
        before = passages[each.index]
        shift = before.chunk_start - widened[each.index].start
        head, words = _shown(each.unit, before.chunk_text)
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
        number = numbers.setdefault(quote.index, len(numbers) + 1)
        is_row = quote.words.endswith(" |")
        if index and quote.head and (quote.index, quote.head) == (quotes[index - 1].index, quotes[index - 1].head):
            text += "\n"
        else:
            text += "\n\n" * bool(text) + quote.head + ("\n" if is_row else "\n\n") * bool(quote.head)
        start = len(text)
        text += quote.words.removesuffix("|") if is_row else f"{quote.words} "
        citation = Citation.of_words(number, passages[quote.index], quote.start, quote.end, position=len(text))
        citations.append(replace(citation, verdict="supported", sentence=" ".join(citation.quote.split())))
        text += f"[{number}]"
        checked.append(CheckedSentence(start, len(text), "supported", (index,)))
        text += " |" * is_row
    return text, tuple(citations), tuple(checked)


def _shown(unit: Unit, text: str) -> tuple[str, str]:
    """What stands above a unit, and its words, in Markdown: a row of a table where its cells can be told apart, an item, a quotation."""
    words = _line(text, unit.start, unit.end)
    lead = text[slice(*unit.lead)] if unit.lead and not _touches(unit.lead, unit) else ""
    if unit.kind == "item" and lead:
        return f"“{' '.join(lead.split())}”", f"- “{_BULLET.sub('', words, count=1)}”"
    group = _line(text, *unit.group) if unit.group and not _touches(unit.group, unit) else ""
    if unit.kind == "row" and (cells := cells_of(text[unit.start : unit.end])):
        names = cells_of(lead.split("\n")[-1])
        if len(names) == len(cells) - 1:
            names = ("", *names)  # the column of the rows' own names has none
        if len(cells) == len(names) > 1:
            return f"{group}\n\n{_row(names)}\n{_row(['---'] * len(cells))}".strip(), _row(cells)
    return "", f"“{' … '.join(filter(None, (' '.join(lead.split()), group, words)))}”"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _touches(span: Span, unit: Unit) -> bool:
    return span[0] < unit.end and unit.start < span[1]


def _line(text: str, start: int, end: int) -> str:
    return " ".join(text[start:end].split())
