"""Footnote markers in a model's text, resolved while the text streams."""

import re
from collections.abc import Sequence

from rag.types import Citation, Passage

_NUMBERS = r"\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*"
_MARKER = re.compile(rf"[^\S\n]*(?:\[({_NUMBERS})\]|【({_NUMBERS})(?:†[^】\n]{{0,40}})?】)")
_UNFINISHED = re.compile(r"[^\S\n]*(?:\[[\d\s,;–-]{0,40}|【[^】\n]{0,60})?\Z")
_PART = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")


class CitationResolver:
    """Rewrites markers such as `[3]`, `[1, 3]` or `【2】` into footnote numbers, as text arrives in pieces.

    Numbers are given by first appearance and without holes. A marker that names no passage is dropped, and no half
    of a marker is ever let through: what might become one is held back until it is decided.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Resolve against these: marker `[n]` is `passages[n - 1]`."""
        self._passages = passages
        self._numbers: dict[int, int] = {}
        self._pending = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The footnotes so far, by number."""
        return tuple(Citation.of_words(number, self._passages[marked - 1]) for marked, number in self._numbers.items())

    def feed(self, piece: str) -> str:
        """Take the next piece; return the text that is now certain."""
        text = self._pending + piece
        held = _UNFINISHED.search(text)
        certain = held.start() if held else len(text)
        self._pending = text[certain:]
        return self._resolve(text[:certain])

    def finish(self) -> str:
        """Return what was held back, without a marker that never ended."""
        rest, self._pending = self._pending, ""
        return re.sub(r"\s*[\[【][\d\s,;–-]*\Z", "", rest)

    def _resolve(self, text: str) -> str:
        return _MARKER.sub(lambda match: self._footnotes(match[1] or match[2]), text)

    def _footnotes(self, numbers: str) -> str:
        shown = []
        for first, last in _PART.findall(numbers):
            for marked in range(int(first), min(int(last or first), int(first) + len(self._passages)) + 1):
                if 1 <= marked <= len(self._passages):
                    number = self._numbers.setdefault(marked, len(self._numbers) + 1)
                    shown.append(f"[{number}]")
        return "".join(dict.fromkeys(shown))


def without_markers(text: str) -> str:
    """Take the footnote markers out, as for a conversation's history, where their numbers mean nothing any more."""
    return _MARKER.sub("", text)
