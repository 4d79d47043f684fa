"""Footnote markers in a model's text, resolved while the text streams."""

import re
from collections.abc import Sequence
from operator import itemgetter

from rag.sentences import content_words, sentence_spans
from rag.types import Citation, Passage

LEAST_SHARED = 0.3
"""Of a sentence's words, the share that a passage's sentence must have to be quoted for it."""

_NUMBERS = r"\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*"
_MARKER = re.compile(rf"[^\S\n]*(?:\[({_NUMBERS})\]|【({_NUMBERS})(?:†[^】\n]{{0,40}})?】)")
_UNFINISHED = re.compile(r"[^\S\n]*(?:\[[\d\s,;–-]*|【[^】\n]*)?\Z")
_HALF = re.compile(r"\s*(?:\[[\d\s,;–-]*|【[\d\s,;–-]*(?:†[^】\n]*)?)\Z")
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
        return _HALF.sub("", self._resolve(rest))

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


def with_quotes(text: str, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Say for each `[n]` of a finished answer which words of its passage the sentence before it rests on.

    Args:
        text: The answer; its `[n]` are all in `citations`.
        citations: One a number.

    Returns:
        One citation for each `[n]`, in the order of the text. Its quote is the passage's sentence that shares most words
        with the answer's, or the whole passage where none has `LEAST_SHARED` of them.
    """
    passages = {citation.number: citation.passage for citation in citations}
    cited = []
    for match in _MARKER.finditer(text):
        said = without_markers(text[: match.start()])
        spans = sentence_spans(said)
        sentence = said[slice(*spans[-1])] if spans else ""
        cited += [
            _with_quote(int(number), passages[int(number)], sentence) for number in re.findall(r"\d+", match[0]) if int(number) in passages
        ]
    return tuple(cited)


def _with_quote(number: int, passage: Passage, sentence: str) -> Citation:
    words = content_words(sentence)
    shared = [(len(words & content_words(passage.text[start:end])), start, end) for start, end in sentence_spans(passage.text)]
    most, start, end = max(shared, key=itemgetter(0), default=(0, 0, 0))
    if most == 0 or most < LEAST_SHARED * len(words):
        return Citation.of_words(number, passage)
    return Citation.of_words(number, passage, start, end)


def without_markers(text: str) -> str:
    """Take the footnote markers out, as for a conversation's history, where their numbers mean nothing any more."""
    return _MARKER.sub("", text)
