"""Gold text -> where it occurs in a document."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text of page `page`, 1-based."""

    page: int
    start: int
    end: int


Occurrence = tuple[Span, ...]
"""One occurrence of a text: a span, or several on consecutive pages."""


class DocumentText:
    """A document's pages as one string with case and white space folded, and the origin of each of its characters."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self._folded = ""
        self._page_of, self._offset_of = array("l"), array("l")

    def find(self, text: str) -> tuple[Occurrence, ...]:
        """All occurrences of a text: exact ones, else those that differ in case, white space and page breaks only."""
        exact = [
            (Span(number, start, start + len(text)),) for number, page in enumerate(self._pages, start=1) for start in _starts(page, text)
        ]
        if exact:
            return tuple(exact)
        if not self._folded:
            self._fold_pages()
        wanted = " ".join("".join(map(_fold, text)).split())
        return tuple(self._occurrence(start, start + len(wanted)) for start in _starts(self._folded, wanted))

    def _fold_pages(self) -> None:
        characters: list[str] = []
        for number, page in enumerate(self._pages, start=1):
            for offset, character in enumerate(page + "\n"):  # words do not run on across a page break
                for folded in _fold(character):
                    if folded != " " or (characters and characters[-1] != " "):
                        characters.append(folded)
                        self._page_of.append(number)
                        self._offset_of.append(offset)
        self._folded = "".join(characters)

    def _occurrence(self, start: int, end: int) -> Occurrence:
        spans = []
        for page in range(self._page_of[start], self._page_of[end - 1] + 1):
            first = max(start, bisect_left(self._page_of, page))
            last = min(end, bisect_right(self._page_of, page)) - 1
            while last > first and self._folded[last] == " ":
                last -= 1
            if self._folded[first : last + 1].strip():
                spans.append(Span(page, self._offset_of[first], self._offset_of[last] + 1))
        return tuple(spans)


def _fold(character: str) -> str:
    if character.isspace():
        return " "
    return character.casefold() if character.isascii() else normalize("NFKC", character).casefold()


def _starts(text: str, wanted: str) -> Iterator[int]:
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        yield start
        start = text.find(wanted, start + len(wanted))
