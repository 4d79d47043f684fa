"""The styles of an OpenDocument file: how paragraphs and words look, and how the items of lists are counted."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from rag.formats.blocks import BULLET
from rag.formats.office.numbering import spelt
from rag.formats.office.package import attribute, child, descendants, local, whole

_MOST_BASED = 20  # styles on one another
_LENGTH = re.compile(r"(-?[\d.]+)(cm|mm|in|pt|pc|px)?")
_CENTIMETRES = {"cm": 1, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96, None: 1}


@dataclass(frozen=True, slots=True)
class Level:
    """How the items of a level look: how it counts ("" for bullets), between what, from which number on; how far it is indented, in cm."""

    kind: str = ""
    before: str = ""
    after: str = ""
    start: int = 1
    indent: float = 0

    def mark(self, item: etree._Element, level: int, counts: list[int]) -> str:
        """What stands before the next item; `counts` holds how far each level has counted."""
        counts[level] = whole(attribute(item, "start-value"), counts[level] + 1 if counts[level] else self.start)
        return f"{self.before}{spelt(counts[level], self.kind)}{self.after or ('' if self.before else '.')}" if self.kind else BULLET


class Styles:
    """Styles by their names; a style has what the one it is based on has."""

    def __init__(self, roots: Sequence[etree._Element]) -> None:
        """Read the styles of some parts; those of later ones count more."""
        self._elements: dict[str, etree._Element] = {}
        self._lists: dict[str, dict[int, Level]] = {}
        for root in roots:
            for each in descendants(root, "style"):
                self._elements[attribute(each, "name")] = each
            for each in (*descendants(root, "list-style"), *descendants(root, "outline-style")):
                self._lists[attribute(each, "name")] = dict(map(_list_level, each))

    def level(self, style: str, level: int) -> Level:
        """How the items of a level of a list look."""
        return self._lists.get(style, {}).get(level, Level())

    def look(self, name: str, wanted: str) -> str:
        """A property of a style, or of the nearest of those it is based on that has it; "" where none has."""
        properties = (each for style in self.bases(name) for each in style if local(each).endswith("-properties"))
        return next(filter(None, (attribute(each, wanted) for each in properties)), "")

    def bases(self, name: str) -> Iterator[etree._Element]:
        """A style and those it is based on, nearest first."""
        for _ in range(_MOST_BASED):
            if (style := self._elements.get(name)) is None:
                return
            yield style
            name = attribute(style, "parent-style-name")


def centimetres(text: str) -> float:
    """A length, such as "0.5in"; 0 for none."""
    found = _LENGTH.fullmatch(text)
    try:
        return float(found[1]) * _CENTIMETRES[found[2]] if found else 0.0
    except ValueError:
        return 0.0


def _list_level(level: etree._Element) -> tuple[int, Level]:
    """The level, from 0, and how its items look."""
    kind = attribute(level, "num-format") if local(level).endswith("number") else ""
    properties = child(level, "list-level-properties")
    alignment = child(properties, "list-level-label-alignment")
    lengths = [attribute(each, name) for each, name in ((alignment, "margin-left"), (properties, "space-before")) if each is not None]
    indent = centimetres(next(filter(None, lengths), ""))
    look = Level(kind, attribute(level, "num-prefix"), attribute(level, "num-suffix"), whole(attribute(level, "start-value"), 1), indent)
    return whole(attribute(level, "level"), 1) - 1, look
