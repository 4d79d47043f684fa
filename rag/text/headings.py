"""A text -> its headings, and the path of titles down to each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from rag.text.printable import printable_line
from rag.types import Heading

PATH_SEPARATOR = " > "

LONGEST_TITLE = 200
"""Characters; a longer line is no heading."""

_FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,}).*)", re.DOTALL)
_HASHES = re.compile(r" {0,3}(#{1,6})[^\S\n]+(\S.*?)(?:[^\S\n]+#+)?[^\S\n]*")
_EQUALS = re.compile(r"\s*(={1,6})[^\S\n]+([^=\n]*[^=\s][^=\n]*?)[^\S\n]+\1\s*")
_UNDERLINE = re.compile(r" {0,3}(?:(=)=+|(-)--+)[^\S\n]*")
_LIST_OR_TABLE = re.compile(r"\s*(?:[-*+>|]|\d+[.)])\s|.*\|")
_NUMBER = re.compile(r"[\d.]+\s+")


def text_headings(text: str) -> tuple[Heading, ...]:
    r"""Find the headings that are marked as such: `# Title`, `== Title ==`, or a line underlined with `===` or `---`.

    Args:
        text: A text file's, "\n" line ends. What stands between code fences is left alone.

    Returns:
        In reading order, all on page 1.
    """
    return next(part_headings([text]))


def part_headings(parts: Iterable[str]) -> Iterator[tuple[Heading, ...]]:
    """Find the headings of a text that comes in parts, which are its pages: code may begin in one part and end in another.

    Yields:
        For each part, as `text_headings`.
    """
    fence, goes_on = "", False
    for page, text in enumerate(parts, start=1):
        lines = text.split("\n")
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        found: list[Heading] = []
        for index in range(goes_on, len(lines)):  # the rest of a line that was cut is no line
            line, before = lines[index], fence
            fence = open_fence(line, fence)
            if before or fence:
                continue
            if len(line) <= LONGEST_TITLE and (marked := _HASHES.fullmatch(line) or _EQUALS.fullmatch(line)):
                found.append(Heading(len(marked[1]), marked[2].strip(), page, starts[index]))
            elif index and (under := _UNDERLINE.fullmatch(line)) and _can_be_title(lines, index - 1):
                found.append(Heading(1 if under[1] else 2, lines[index - 1].strip(), page, starts[index - 1]))
        goes_on = not text.endswith("\n")
        yield tuple(found)


def open_fence(line: str, before: str) -> str:
    """The fence that code stands in after a line, or "" outside of code.

    Args:
        line: With or without its line end.
        before: The fence that is open before the line, or "".
    """
    fence = _FENCE.fullmatch(line)
    marks = (fence[1] or fence[2]) if fence else ""
    if not before:
        return marks
    return "" if marks.startswith(before) and not line.strip().strip(before[0]) else before


def place_heading(title: str, page_text: str) -> int:
    """Where a title that an outline names stands on its page: the start of its line; 0 where it is not found.

    Args:
        title: As the outline has it; its white space and its number need not be the page's.
        page_text: The text of the page that the outline points at.
    """
    for words in (title, _NUMBER.sub("", title, count=1)):
        pattern = r"\s+".join(re.escape(word) for word in words.split())
        if pattern and (match := re.search(rf"(?im)^[^\S\n]*{pattern}[^\S\n]*$", page_text) or re.search(f"(?i){pattern}", page_text)):
            return page_text.rfind("\n", 0, match.start() + 1) + 1
    return 0


class HeadingPaths:
    """For each heading in turn, the titles from the outermost one above it to its own: "Leave > Carrying over".

    Attributes:
        last: The path of the last one; "" before the first.
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
