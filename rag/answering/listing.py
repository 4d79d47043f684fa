"""All of something in a document: the items of the lists and the rows of the tables that are about it, or all that names it."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from rag.answering.outline import Line
from rag.answering.sections import Block, Piece, Section, sections
from rag.text.languages import language_of
from rag.text.terms import indexed_terms, query_terms
from rag.text.units import Kind, Unit, units
from rag.types import ChunkKey

MOST_ENTRIES = 20  # shown
FEWEST_ENTRIES = 2  # with fewer, a sentence answers better
_BULLET = re.compile(r"[-*+•–·▪●○◦‣]\s+")


@dataclass(frozen=True, slots=True)
class Entry:
    """An item, a row or a sentence; `lead` is what introduces its list: titles, the line above, a table's header."""

    quote: Piece
    lead: str
    kind: Kind
    is_listed: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries in reading order; `is_counted` says that they are the whole of one or more lists, so that their number means something."""

    entries: tuple[Entry, ...]
    is_counted: bool

    def lines(self) -> tuple[Line, ...]:
        """The entries that are shown."""
        return tuple(Line("", entry.quote) for entry in self.entries[:MOST_ENTRIES])


def find_all(subject: str, documents: Sequence[Sequence[Block]], having: Container[ChunkKey]) -> Listing | None:
    """All of a subject in documents: lists and tables introduced by its words, else all units that have its words; None for too few.

    `having` are the chunks that have any of the words: sections without one are passed over, unless their titles have one.
    """
    listed, named = list[Entry](), list[Entry]()
    for document in documents:
        language = language_of("\n".join(block.text for block in document[:40]))
        wanted = [frozenset(alternatives) for alternatives in query_terms(subject, {language})]
        if not wanted:
            continue
        for section in sections(document):
            title = set(indexed_terms(" ".join((section.title, *section.above)), language)[0])
            keys = {key for piece in section.pieces for key in piece.keys}
            if all(map(title.isdisjoint, wanted)) and not any(key in having for key in keys):
                continue
            for entry in _entries(section):
                lead = set(indexed_terms(entry.lead, language)[0])
                if entry.is_listed and _has(lead | title, wanted):
                    listed.append(entry)
                elif _has(set(indexed_terms(entry.quote.text, language)[0]) | (title if entry.is_listed else set()), wanted):
                    named.append(entry)
    if len(listed) >= FEWEST_ENTRIES:
        return Listing(tuple(listed), is_counted=not any(map(_may_lack, listed)))
    found = sorted(listed + named, key=lambda entry: (entry.quote.keys, entry.quote.start)) if len(documents) == 1 else listed + named
    return Listing(tuple(found), is_counted=False) if len(found) >= FEWEST_ENTRIES else None


def _may_lack(entry: Entry) -> bool:
    """Whether a list may have others like an entry that were not told from running text: a row whose cells only spaces part."""
    return entry.kind == "row" and not re.search(r"[|\t]", entry.quote.text)


def _has(terms: set[str], wanted: Sequence[frozenset[str]]) -> bool:
    return all(not terms.isdisjoint(alternatives) for alternatives in wanted)


def _entries(section: Section) -> Iterator[Entry]:
    """The items, rows, pairs and sentences of a section."""
    lead = _Lead()
    for piece in section.pieces:
        text = piece.text
        found = units(text)
        headers = {unit.lead for unit in found if unit.kind == "row"}
        for n, unit in enumerate(found):
            if (unit.start, unit.end) in headers:
                continue
            beside = {each.kind for each in found[max(n - 1, 0) : n + 2 : 2]}
            is_listed = unit.kind in {"row", "item"} or (unit.kind == "pair" and "pair" in beside)
            words = lead.follow(unit, text, is_first=not n)
            start, end = _shown(text, unit)
            if unit.kind != "line" and start < end:
                yield Entry(Piece(piece.block, piece.start + start, piece.start + end), words if is_listed else "", unit.kind, is_listed)


class _Lead:
    """What introduces the units that come: a line above that ends in a colon, or what belongs to the list. A list may run over a page."""

    def __init__(self) -> None:
        self._words = self._before = self._kind = ""
        self._given: tuple[int, int] | None = None

    def follow(self, unit: Unit, text: str, *, is_first: bool) -> str:
        """The lead of the next unit; `is_first` says that it is the first in its text."""
        if self._before.endswith((":", "：")):
            self._words = self._before
        elif unit.kind != self._kind or (unit.lead != self._given and not is_first):
            self._words = text[slice(*unit.lead)] if unit.lead else ""
        self._kind, self._given = unit.kind, unit.lead
        self._before = text[unit.start : unit.end]
        return self._words


def _shown(text: str, unit: Unit) -> tuple[int, int]:
    """A unit without its bullet, and without a last line that introduces what follows."""
    bullet = _BULLET.match(text, unit.start, unit.end)
    last = text.rfind("\n", unit.start, unit.end)
    introduces = unit.kind == "item" and last >= 0 and text[last : unit.end].endswith((":", "："))
    return bullet.end() if bullet else unit.start, last if introduces else unit.end
