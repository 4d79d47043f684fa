"""A text -> its headings, and the path of titles down to each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from rag.text.printable import printable_line
from rag.types import Heading

PATH_SEPARATOR = " > "

LONGEST_TITLE = 200  # characters; a longer line is no heading
_FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,}).*)", re.DOTALL)
_HASHES = re.compile(r" {0,3}(#{1,6})[^\S\n]+(\S.*?)(?:[^\S\n]+#+)?[^\S\n]*")
_EQUALS = re.compile(r"\s*(={1,6})[^\S\n]+([^=\n]*[^=\s][^=\n]*?)[^\S\n]+\1\s*")
_UNDERLINE = re.compile(r" {0,3}(?:(=)=+|(-)--+)[^\S\n]*")
_LIST_OR_TABLE = re.compile(r"\s*(?:[-*+>|]|\d+[.)])\s|.*\|")
_NUMBER = re.compile(r"[\d.]+\s+")


def part_headings(parts: Iterable[str]) -> Iterator[tuple[Heading, ...]]:
    """Find the headings of each page of a text file: `# Title`, `== Title ==`, lines underlined with `===` or `---`.

    Fenced code has none, and may run over several pages.
    """
    fence, is_continued = "", False
    for page, text in enumerate(parts, start=1):
        lines = text.split("\n")
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        found: list[Heading] = []
        for index in range(is_continued, len(lines)):  # skips the rest of a line that began in the part before
            line, before = lines[index], fence
            fence = open_fence(line, fence)
            if before or fence:
                continue
            if len(line) <= LONGEST_TITLE and (marked := _HASHES.fullmatch(line) or _EQUALS.fullmatch(line)):
                found.append(Heading(len(marked[1]), marked[2].strip(), page, starts[index]))
            elif index and (under := _UNDERLINE.fullmatch(line)) and _can_be_title(lines, index - 1):
                found.append(Heading(1 if under[1] else 2, lines[index - 1].strip(), page, starts[index - 1]))
        is_continued = not text.endswith("\n")
        yield tuple(found)


def open_fence(line: str, before: str) -> str:
    """The code fence that is open after a line, or ""; `before` is the one open before it."""
    fence = _FENCE.fullmatch(line)
    marks = (fence[1] or fence[2]) if fence else ""
    if not before:
        return marks
    return "" if marks.startswith(before) and not line.strip().strip(before[0]) else before


def place_heading(title: str, page_text: str) -> int:
    """Offset on its page of the line with a title from the outline, whose white space and number may differ; 0 where it is not found."""
    for words in (title, _NUMBER.sub("", title, count=1)):
        pattern = r"\s+".join(re.escape(word) for word in words.split())
        if pattern and (match := re.search(rf"(?im)^[^\S\n]*{pattern}[^\S\n]*$", page_text) or re.search(f"(?i){pattern}", page_text)):
            return page_text.rfind("\n", 0, match.start() + 1) + 1
    return 0


class HeadingPaths:
    """For each heading in turn, the titles from the outermost one above it to its own: "Leave > Carrying over".

    `last` is the path of the last heading; "" before the first.
    """

    def __init__(self) -> None:
        self.last = ""
        self._above: list[Heading] = []

    def follow(self, heading: Heading) -> str:
        """The path of the next heading in reading order."""
        while self._above and self._above[-1].level >= heading.level:
            self._above.pop()
        self._above.append(heading)
        self.last = PATH_SEPARATOR.join(printable_line(each.title) for each in self._above)
        return self.last


def _can_be_title(lines: Sequence[str], index: int) -> bool:
    line = lines[index]
    alone = index == 0 or not lines[index - 1].strip()
    marked = _LIST_OR_TABLE.match(line) or _HASHES.fullmatch(line) or _EQUALS.fullmatch(line)
    return alone and 0 < len(line.strip()) <= LONGEST_TITLE and not marked
