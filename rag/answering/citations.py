"""Footnote markers in a model's text, resolved while the text streams."""

from collections.abc import Iterator, Sequence

from rag.text.markers import Marker, MarkerScanner
from rag.types import Citation, Passage


class CitationResolver:
    """Rewrites markers such as `[3]`, `[1, 3]` or `【2】` into footnote numbers, as text arrives in pieces.

    Numbers are given by first appearance and without holes. A marker that names no passage is dropped, and what might become a marker is
    held back until it is decided. White space before the first word is dropped.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Resolve against these: marker `[n]` is `passages[n - 1]`."""
        self._passages = passages
        self._scanner = MarkerScanner()
        self._numbers: dict[int, int] = {}
        self._citations: list[Citation] = []
        self._line = ""
        self._resolved = 0
        self._length = 0
        self._last = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The footnotes so far, one for each `[n]`, in the order of the text."""
        return tuple(self._citations)

    def feed(self, piece: str) -> str:
        """Take the next piece; return the text that is now certain."""
        *lines, self._line = (self._line + piece).split("\n")
        certain = ""
        for line in lines:
            certain += self._resolve(line, self._scanner.scan(line), len(line)) + self._emit("\n")
            self._resolved = 0
        return certain + self._resolve(self._line, *self._scanner.scan_begun(self._line))

    def finish(self) -> str:
        """Return what was held back, without a marker that never ended."""
        line = self._scanner.cut_half(self._line)
        return self._resolve(line, self._scanner.scan(line), len(line))

    def _resolve(self, line: str, markers: Sequence[Marker], until: int) -> str:
        """The line from where it was resolved last, with footnotes for markers."""
        certain = ""
        for marker in markers:
            if marker.start < self._resolved:
                continue
            cited = [number for number in marker.numbers if 1 <= number <= len(self._passages)]
            if not marker.is_certain and len(cited) < len(marker.numbers):
                continue
            certain += self._emit(line[self._resolved : marker.start]) + "".join(self._footnotes(cited))
            if not cited:
                certain += self._emit(_gap(self._last, line[marker.end : marker.end + 1]))
            self._resolved = marker.end
        certain += self._emit(line[self._resolved : until])
        self._resolved = max(self._resolved, until)
        return certain

    def _footnotes(self, cited: Sequence[int]) -> Iterator[str]:
        for marked in dict.fromkeys(cited):
            number = self._numbers.setdefault(marked, len(self._numbers) + 1)
            self._citations.append(Citation.of_words(number, self._passages[marked - 1], position=self._length))
            yield self._emit(f"[{number}]")

    def _emit(self, text: str) -> str:
        text = text if self._length else text.lstrip()
        self._length += len(text)
        self._last = text[-1:] or self._last
        return text


def _gap(before: str, after: str) -> str:
    """What a dropped marker leaves: a space where its neighbours would run together, or form another marker."""
    return " " if (before.isalnum() or before == "[") and (after.isalnum() or after == "]") else ""
