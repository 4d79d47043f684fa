"""Gold text -> where it stands in a document."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one page's text.

    Attributes:
        page: Physical number, 1-based.
        start: Offset of the first character in the page's text.
        end: Offset after the last.
    """

    page: int
    start: int
    end: int


Place = tuple[Span, ...]
"""One occurrence of a text: a span, or several on consecutive pages."""


class DocumentText:
    """A document's pages, to find texts in."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self._folded: _Folded | None = None

    def find(self, text: str) -> tuple[Place, ...]:
        """All places of a text: as it is written; where that is nowhere, whatever the white space, the case and the page breaks within.

        Args:
            text: Holds more than white space.
        """
        exact = [
            (Span(number, start, start + len(text)),) for number, page in enumerate(self._pages, start=1) for start in _starts(page, text)
        ]
        if exact:
            return tuple(exact)
        if self._folded is None:
            self._folded = _Folded(self._pages)
        return self._folded.find(text)


class _Folded:
    """All pages as one string without differences of case and white space, and where each of its characters comes from."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self._page_of = array("l")
        self._offset_of = array("l")
        characters: list[str] = []
        for number, page in enumerate(pages, start=1):
            for offset, character in enumerate(page + "\n"):  # a page ends like a word
                for folded in _fold(character):
                    if folded != " " or (characters and characters[-1] != " "):
                        characters.append(folded)
                        self._page_of.append(number)
                        self._offset_of.append(offset)
        self._text = "".join(characters)

    def find(self, text: str) -> tuple[Place, ...]:
        wanted = " ".join("".join(map(_fold, text)).split())
        return tuple(self._place(start, start + len(wanted)) for start in _starts(self._text, wanted))

    def _place(self, start: int, end: int) -> Place:
        spans = []
        for page in range(self._page_of[start], self._page_of[end - 1] + 1):
            first = max(start, bisect_left(self._page_of, page))
            last = min(end, bisect_right(self._page_of, page)) - 1
            while last > first and self._text[last] == " ":
                last -= 1
            if last >= first and self._text[first : last + 1].strip():
                spans.append(Span(page, self._offset_of[first], self._offset_of[last] + 1))
        return tuple(spans)


def _fold(character: str) -> str:
    if character.isspace():
        return " "
    return character.casefold() if character.isascii() else normalize("NFKC", character).casefold()


def _starts(text: str, wanted: str) -> list[int]:
    starts: list[int] = []
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        starts.append(start)
        start = text.find(wanted, start + len(wanted))
    return starts
