"""The numbers that a program writes before the items of lists, and on pages."""

import re
from dataclasses import dataclass

from lxml import etree

from rag.formats.blocks import BULLET
from rag.formats.office.package import attribute, child, local, value, whole
from rag.formats.office.styles import indent

LEVELS = 9
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"))
_PLACE = re.compile(r"%(\d)")


def spelt(number: int, style: str) -> str:
    """A number in a style of Office or OpenDocument ("lowerRoman", "alphaUcPeriod", "I", "a"); plain in styles that are not known."""
    kind = style.lower()
    if 0 < number < 4000 and ("roman" in kind or kind == "i"):
        found = "".join(_roman(number))
    elif number > 0 and ("letter" in kind or kind.startswith("alpha") or kind == "a"):
        found = chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1) if number < 26 * 10 else str(number)
    else:
        return f"{number:02}" if kind == "decimalzero" else str(number)
    return found.upper() if style[:1].isupper() or "Uc" in style else found


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    style: str
    text: str
    indent: str


class Lists:
    """The lists of a Word document; each call of `mark` is the next item."""

    def __init__(self, root: etree._Element | None) -> None:
        """Read the part "numbering", where there is one."""
        self._levels: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, tuple[str, dict[int, int]]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[str] = set()
        for each in () if root is None else root:
            if local(each) == "abstractNum":
                self._levels[attribute(each, "abstractNumId")] = {
                    int(attribute(level, "ilvl")): _Level(
                        whole(value(level, "start"), 1), value(level, "numFmt"), value(level, "lvlText"), indent(child(level, "pPr"))
                    )
                    for level in each
                    if local(level) == "lvl"
                }
            elif local(each) == "num":
                starts = {
                    int(attribute(level, "ilvl")): whole(value(level, "startOverride"), 1)
                    for level in each
                    if local(level) == "lvlOverride" and child(level, "startOverride") is not None
                }
                self._lists[attribute(each, "numId")] = value(each, "abstractNumId"), starts

    def indent(self, list_id: str, level: int) -> str:
        """How far the items of a level are indented, in twentieths of a point; "" where that is not said."""
        known = self._levels.get(self._lists.get(list_id, ("", {}))[0], {}).get(level)
        return known.indent if known else ""

    def mark(self, list_id: str, level: int) -> str:
        """What stands before the next item of a list: "-", "1.", "(a)"; "" for nothing."""
        key, starts = self._lists.get(list_id, ("", {}))
        levels = self._levels.get(key, {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(key, [None] * LEVELS)
        if starts and list_id not in self._begun:
            self._begun.add(list_id)
            for place, start in starts.items():
                counts[place] = start - 1
        before = counts[level]
        counts[level] = levels[level].start if before is None else before + 1
        counts[level + 1 :] = [None] * (LEVELS - level - 1)
        if levels[level].style == "bullet":
            return BULLET
        return (
            "" if levels[level].style == "none" else _PLACE.sub(lambda place: _count(levels, counts, int(place[1]) - 1), levels[level].text)
        )


def _count(levels: dict[int, _Level], counts: list[int | None], level: int) -> str:
    if level not in levels:
        return ""
    count = counts[level]
    return spelt(levels[level].start if count is None else count, levels[level].style)


def _roman(number: int) -> list[str]:
    letters = []
    for size, letter in (*_ROMAN, (4, "iv"), (1, "i")):
        letters += [letter] * (number // size)
        number %= size
    return letters
