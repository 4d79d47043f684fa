"""Lines and tables as a reader makes them -> the parts of a text, each with the header of the table that it goes on with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rag.formats.cleaning import clean
from rag.formats.protocol import PageContent
from rag.formats.text import MOST_CHARACTERS, part_labels


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or a few that belong together.

    Attributes:
        text: "" parts what stands around it; several of them part it no more.
        header: Of a row of a table, its header, which a part begins with that begins with the row.
        level: Of a heading, from 1; 0 of other lines.
    """

    text: str
    header: str = ""
    level: int = 0


BLANK = Line("")


@dataclass(slots=True)
class _Part:
    lines: list[str] = field(default_factory=list)
    headings: list[tuple[int, str, int]] = field(default_factory=list)
    size: int = 0

    def add(self, text: str, level: int = 0) -> None:
        if text or (self.lines and self.lines[-1]):
            if level:
                self.headings.append((level, text, self.size))
            self.lines.append(text)
            self.size += len(text) + 1


def text_parts(lines: Iterable[Line]) -> list[PageContent]:
    """The parts of a text: at least one, each with `MOST_CHARACTERS` at most where no line is longer."""
    parts = list(_cut(lines)) or [_Part()]
    pages = zip(part_labels(parts), parts, strict=True)
    return [PageContent(label, "\n".join(part.lines).rstrip(), headings=part.headings) for label, part in pages]


def _cut(lines: Iterable[Line]) -> Iterator[_Part]:
    part = _Part()
    for line in lines:
        text = clean(line.text).text
        if part.size and part.size + len(text) > MOST_CHARACTERS:
            yield part
            part = _Part()
            if line.header:
                part.add(line.header)
        part.add(text, line.level)
    if part.lines:
        yield part
