"""A document's chunks, all of them in reading order -> its sections: those of its headings, or of the lines that look like titles."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from rag.text.headings import PATH_SEPARATOR
from rag.text.titles import marked, repeated_lines, title_lines
from rag.types import Chunk, ChunkKey, DocumentRecord, Passage
from rag.types import Section as Place

OFTEN, DEEPEST = 3, 9  # a title that stands so often in a document, such as "Exceptions", is an inner one
FEWEST = 3  # of fewer sections than these, the inner ones are shown


Mark = tuple[int, int, str, int]
"""Start and end of a heading in its block, its title and its level."""


@dataclass(frozen=True, slots=True)
class Block:
    """Chunks that follow each other on one page, joined: `text` begins at `start` of the page's text."""

    record: DocumentRecord
    chunks: tuple[Chunk, ...]
    text: str

    @property
    def start(self) -> int:
        """Its offset in the page's text."""
        return self.chunks[0].start

    def pieces(self) -> "list[Piece]":
        """Its chunks, each as a piece."""
        return [Piece(self, chunk.start - self.start, chunk.end - self.start) for chunk in self.chunks]


@dataclass(frozen=True, slots=True)
class Piece:
    """`block.text[start:end]`, a run of lines of a section."""

    block: Block
    start: int
    end: int

    @property
    def text(self) -> str:
        """Its words."""
        return self.block.text[self.start : self.end]

    @property
    def keys(self) -> tuple[ChunkKey, ...]:
        """The keys of the chunks that it stands in."""
        return tuple(chunk.key for chunk in self._chunks())

    def passage(self, rank: int) -> tuple[Passage, int]:
        """A passage of the chunks that it stands in, whole, and where in it its words begin."""
        first, *others = self._chunks()
        sections = [*first.sections, *(section for chunk in others for section in ((chunk.start, chunk.heading), *chunk.sections))]
        text = first.text + "".join(chunk.gap + chunk.text for chunk in others)
        return passage_of(first, text, tuple(sections), self.block.record, rank), self.block.start + self.start - first.start

    def _chunks(self) -> list[Chunk]:
        first, last = self.block.start + self.start, self.block.start + self.end
        return [chunk for chunk in self.block.chunks if chunk.start < last and chunk.end > first]


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a title, without the title's own line; "" before the first title.

    `inner` are the titles merged into it, `above` those that it stands under.
    """

    title: str
    level: int
    pieces: tuple[Piece, ...] = ()
    inner: tuple[str, ...] = ()
    above: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Characters of text."""
        return sum(piece.end - piece.start for piece in self.pieces)


def passage_of(chunk: Chunk, text: str, sections: tuple[Place, ...], record: DocumentRecord, rank: int) -> Passage:
    """A passage that begins with a chunk: what was not searched for has no score."""
    return Passage(
        rank=rank,
        score=0.0,
        cosine=0.0,
        document=record.name,
        document_id=record.id,
        page=chunk.page,
        page_label=record.labels[chunk.page - 1],
        start=chunk.start,
        end=chunk.start + len(text),
        text=text,
        heading=chunk.heading,
        chunk_start=chunk.start,
        chunk_text=text,
        sections=sections,
        header=chunk.header,
    )


def blocks(record: DocumentRecord, chunks: Sequence[Chunk]) -> list[Block]:
    """Join a document's chunks, in order, as far as they follow each other on a page."""
    groups: list[list[Chunk]] = []
    for chunk in chunks:
        before = groups[-1][-1] if groups else None
        if before and (before.page, before.ordinal + 1, before.end + len(chunk.gap)) == (chunk.page, chunk.ordinal, chunk.start):
            groups[-1].append(chunk)
        else:
            groups.append([chunk])
    return [Block(record, tuple(group), group[0].text + "".join(chunk.gap + chunk.text for chunk in group[1:])) for group in groups]


def sections(document: Sequence[Block]) -> list[Section]:
    """The sections of a document in reading order; one without text stays where it is the parent of the next."""
    texts = ["\n".join(block.text for block in page) for _, page in groupby(document, key=lambda block: block.chunks[0].page)]
    repeated = repeated_lines(texts)
    has_headings = any(chunk.heading or chunk.sections for block in document for chunk in block.chunks)
    found, pieces = [Section("", 1)], list[list[Piece]]([[]])
    followings = [after.text for after in document[1:]] + [""]
    marks = _marked_up(document) if has_headings else [_looking_like(*each, repeated) for each in zip(document, followings, strict=True)]
    for block, places in zip(document, marks, strict=True):
        at = 0
        for start, end, title, level in places:
            pieces[-1] += _without_repeated(block, at, start, repeated)
            found.append(Section(title, level))
            pieces.append([])
            at = end
        pieces[-1] += _without_repeated(block, at, len(block.text), repeated)
    times = Counter(section.title.casefold() for section in found)
    whole = [
        replace(section, pieces=tuple(mine), level=DEEPEST if section.title and times[section.title.casefold()] >= OFTEN else section.level)
        for section, mine in zip(found, pieces, strict=True)
    ]
    whole = list(_under(whole))
    return [each for each, after in pairwise([*whole, Section("", 0)]) if each.size or (each.title and after.level > each.level)]


def _under(found: Sequence[Section]) -> Iterator[Section]:
    """The sections with the titles that they stand under."""
    above: list[Section] = []
    for section in found:
        while above and above[-1].level >= section.level:
            above.pop()
        yield replace(section, above=tuple(each.title for each in above))
        above.append(section)


def merged(found: Sequence[Section], most: int) -> list[Section]:
    """At most so many sections: inner ones are merged into the outer one before them, the deepest first, then the shortest."""
    levels = sorted({section.level for section in found if section.title})
    counts = {level: sum(section.level <= level for section in found if section.title) for level in levels}
    level = max((level for level in levels if counts[level] <= most), default=min(levels, default=1))
    if counts.get(level, 0) < FEWEST and level != max(levels, default=level):  # a title of the whole
        level = levels[levels.index(level) + 1]
    # The first under a title without text goes with it, unless that is the title of the whole.
    bare = {n + 1 for n, section in enumerate(found) if section.title and not section.size and counts[section.level] > 1}
    outer = _gathered(found, {n for n, section in enumerate(found) if section.level <= level} - bare)
    if len(outer) > most:
        longest = sorted(range(1, len(outer)), key=lambda n: -outer[n].size)[: most - 1]
        outer = _gathered(outer, {0, *longest})
    return outer


def _gathered(found: Sequence[Section], outer: set[int]) -> list[Section]:
    """The sections at these places, each with those that follow it."""
    groups: list[list[Section]] = []
    for n, section in enumerate(found):
        if n in outer or not groups:
            groups.append([])
        groups[-1].append(section)
    return [
        replace(
            group[0],
            pieces=tuple(piece for section in group for piece in section.pieces),
            inner=tuple(
                title for section in group for title in (*((section.title,) if section is not group[0] else ()), *section.inner) if title
            ),
        )
        for group in groups
    ]


def _marked_up(document: Sequence[Block]) -> list[list[Mark]]:
    """The headings in each block."""
    found, last = list[list[Mark]](), ""
    for block in document:
        places: list[Mark] = []
        for chunk in block.chunks:
            at_start = [(chunk.start, chunk.heading)] if chunk.heading != last else []
            for place, path in (*at_start, *chunk.sections):
                title = path.rpartition(PATH_SEPARATOR)[2]
                places.append(
                    (place - block.start, _title_end(block.text, place - block.start, title), title, path.count(PATH_SEPARATOR) + 1)
                )
                last = path
        found.append(places)
    return found


def _title_end(text: str, start: int, title: str) -> int:
    """Where the lines of a heading end that begins at `start`, if it does begin there: an outline may be wrong."""
    words = re.compile(r"\W*" + r"\s+".join(map(re.escape, title.split())) + r"[^\n]*").match(text, start)
    return words.end() if words else start


def _looking_like(block: Block, following: str, repeated: frozenset[str]) -> list[Mark]:
    """The lines of a block that look like titles."""
    return [
        (line.start, line.end, " ".join(block.text[line.start : line.end].split()).rstrip(":： "), line.level)
        for line in title_lines(block.text, repeated, following)
    ]


def _without_repeated(block: Block, start: int, end: int, repeated: frozenset[str]) -> Iterator[Piece]:
    """The runs of lines between two offsets that are no page's head or foot."""
    first, at = start, start
    for line in block.text[start:end].splitlines(keepends=True):
        if line.strip() and (marked(line) in repeated or line.strip().isdigit()):
            if block.text[first:at].strip():
                yield Piece(block, first, at)
            first = at + len(line)
        at += len(line)
    if block.text[first:end].strip():
        yield Piece(block, first, end)
