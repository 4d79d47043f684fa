"""Gold text -> where it occurs in a document."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from rag.verifying.normalising import normalised


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text of page `page`, 1-based."""

    page: int
    start: int
    end: int


Occurrence = tuple[Span, ...]
"""One occurrence of a text: a span, or several on consecutive pages."""


class DocumentText:
    """A document's pages, to find texts in."""

    def __init__(self, pages: Sequence[str]) -> None:
        self._pages = pages
        self._page_starts = list(accumulate((len(page) + 1 for page in pages), initial=0))  # in the pages, joined by line ends
        self._text, self._offsets = "", array("l")

    def find(self, text: str) -> tuple[Occurrence, ...]:
        """All occurrences of a text: exact ones, else those that differ only in how they are written and where lines and pages break."""
        exact = [
            (Span(number, start, start + len(text)),) for number, page in enumerate(self._pages, start=1) for start in _starts(page, text)
        ]
        if exact:
            return tuple(exact)
        if not self._text:
            whole = normalised("\n".join(self._pages))
            self._text, self._offsets = whole.text, array("l", whole.places)  # 8 bytes a character
        wanted = normalised(text).text.strip()
        return tuple(self._occurrence(start, start + len(wanted)) for start in _starts(self._text, wanted))

    def _occurrence(self, first: int, last: int) -> Occurrence:
        start, end = self._offsets[first], self._offsets[last - 1] + 1
        spans = []
        for number in range(bisect_right(self._page_starts, start), bisect_right(self._page_starts, end - 1) + 1):
            page, page_start = self._pages[number - 1], self._page_starts[number - 1]
            words = page[max(start - page_start, 0) : end - page_start]
            if words.strip():
                begins = max(start - page_start, 0) + len(words) - len(words.lstrip())
                spans.append(Span(number, begins, begins + len(words.strip())))
        return tuple(spans)


def _starts(text: str, wanted: str) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(wanted), text)] if wanted else []
