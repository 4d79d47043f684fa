"""Texts of pages -> the lines that look like titles of sections, where no markup and no outline names them.

Lines that many pages repeat at their head or foot are none.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 90  # characters of a title
MOST_WORDS = 12
MOST_WORDS_BEFORE_COLON = 5  # "Reporting Procedures:" is a title, "You can do this in one of these ways:" is not
BELOW = 1.4  # the line below a title is at least this many times as long as it, or is a title itself
REPEATED = 3  # a line at the head or foot of this many pages, its digits aside, belongs to the pages

_CLOSED = re.compile(r".*[.!?:;…。！？：；।؟]['\"”’)\]]*")
_ITEM = re.compile(r"\s*(?:[-*+•–·▪●○◦‣]\s|\(?\w{1,2}[.)]\s|\|)")
_NUMBERED = re.compile(
    r"\s*(?:§+\s*|(?:chapter|section|part|article|appendix|kapitel|abschnitt|teil|artikel|chapitre|capítulo|第)\s*)?"
    r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?(?:\s+|[章节節条]\s*)\S",
    re.IGNORECASE,
)
_ENDS_OPEN = re.compile(r".*[.,;!…。，；！、-]['\"”’)\]]*")
_PAIR = re.compile(r"[^:：]+[:：]\s*\S")
_DOTS = re.compile(r"\.{3,}|\s\d+$|(?:\t.*){2}|\|")
_IMPRINT = re.compile(
    r"©|copyright|all rights reserved|alle rechte vorbehalten|tous droits réservés|(?:todos los derechos|tutti i diritti|todos os direitos)"
    r"|все права|版权所有|無断転載|جميع الحقوق",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class TitleLine:
    """A title, `text[start:end]` of its page; `level` is 1 for the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str  # without white space around it


def repeated_lines(pages: Sequence[str]) -> frozenset[str]:
    """The lines, digits left out, that stand at the head or the foot of `REPEATED` pages or more."""
    counts = Counter(mark for page in pages for mark in {marked(line) for line in _edges(page)} if mark and not mark.endswith((":", "：")))
    return frozenset(mark for mark, count in counts.items() if count >= REPEATED)


def marked(line: str) -> str:
    """A line as `repeated_lines` gives it."""
    return " ".join(_DIGITS.sub("", line).split())


def title_lines(page: str, repeated: frozenset[str], following: str = "") -> list[TitleLine]:
    """The titles on a page, in order; `following` is the text of the next page, over which a section may run."""
    lines = [line for line in _lines(page.rstrip()) if not line.text or marked(line.text) not in repeated]
    below = following.lstrip()[: 2 * LONGEST].partition("\n")[0].strip()
    ends = len(lines)
    if below and not _can_be_title(below):
        lines.append(_Line(len(page), len(page), below))
    found: list[TitleLine] = []
    below_title = True  # the first line begins anew
    for n, line in enumerate(lines[:ends]):
        is_title = (below_title or _begins_anew(lines, n)) and _can_be_title(line.text) and _stands_above(lines, n, 2)
        if is_title:
            found.append(TitleLine(line.start, line.end, _level(lines, n)))
        below_title = is_title
    return found


def _edges(page: str) -> list[str]:
    lines = [line for line in page.strip()[:300].split("\n") + page.strip()[-300:].split("\n") if line.strip()]
    return lines[:2] + lines[-2:]


def _lines(page: str) -> Iterator[_Line]:
    start = 0
    for line in page.split("\n"):
        text = line.strip()
        first = start + len(line) - len(line.lstrip())
        yield _Line(first, first + len(text), text)
        start += len(line) + 1


def _can_be_title(text: str) -> bool:
    if not text or len(text) > LONGEST or len(text.split()) > MOST_WORDS or not _LETTER.search(text) or _IMPRINT.search(text):
        return False
    number = _NUMBERED.match(text)
    first = text[number.end() - 1] if number else text.lstrip('"“„«¿¡([§ ')[:1]
    if first.islower() or (_ITEM.match(text) and not number) or _ENDS_OPEN.fullmatch(text) or _PAIR.match(text) or _DOTS.search(text):
        return False
    return not text.endswith((":", "：")) or len(text.split()) <= MOST_WORDS_BEFORE_COLON


def _begins_anew(lines: Sequence[_Line], n: int) -> bool:
    """Whether no sentence runs from the line before into a line."""
    before = lines[n - 1].text if n else ""
    return not before or bool(_CLOSED.fullmatch(before)) or (len(before) <= LONGEST and bool(_PAIR.match(before)))


def _stands_above(lines: Sequence[_Line], n: int, depth: int) -> bool:
    """Whether a line has text below it that is longer, or another title, `depth` times at most."""
    below = lines[n + 1].text if n + 1 < len(lines) else None
    if below == "":  # a blank line: what follows it must be text
        after = next((line.text for line in lines[n + 1 : n + 4] if line.text), "")
        return bool(after) and (len(after) >= BELOW * len(lines[n].text) or (depth > 0 and _can_be_title(after)))
    if below is None:
        return False
    if _ITEM.match(below) or below[0].islower():
        return False
    if len(below) >= BELOW * len(lines[n].text):
        return True
    return depth > 0 and _can_be_title(below) and _stands_above(lines, n + 1, depth - 1)


def _level(lines: Sequence[_Line], n: int) -> int:
    """By its number; else 1 for the first line of a page, for one above another title and for one in capitals, and 2 for others."""
    text = lines[n].text
    if number := _NUMBERED.match(text):
        return 1 + number[1].count(".")
    is_above = n + 1 < len(lines) and _can_be_title(lines[n + 1].text) and _stands_above(lines, n + 1, 0)
    is_below = n > 0 and bool(lines[n - 1].text) and _can_be_title(lines[n - 1].text)
    if is_below:
        return 2
    return 1 if n == 0 or is_above or (text.isupper() and len(text) > 3) else 2
