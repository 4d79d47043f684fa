r"""Where a model's text has footnote markers, in the shapes that models write; code and mathematics are left alone.

Shapes: `[1]`, `[1, 3]`, `[2-4]`, `[^1]`, `[[1]]`, `[1](address)`, `[Source 1]`, `【1】`, `【1†source】`, and `(1)` after a sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = r"(?:sources?|passages?|documents?|docs?|ref(?:erence)?s?|citations?|quellen?|fuentes?|pasajes?)[\s:#.]*"
_ITEM = rf"(?:{_NAME})?\d{{1,3}}"
_LIST = rf"\s*{_ITEM}(?:\s*(?:[,;&–-]|and|und|et|y)\s*{_ITEM})*\s*"
_SQUARE = rf"\[(?:\[\^?{_LIST}\]|\^?{_LIST})\](?:\([^()\s]*\))?"
_LENTICULAR = rf"【{_LIST}(?:†[^】\n]{{0,40}})?】"
_ROUND = rf"(?<=[.!?…。！？])(?:\({_LIST}\)|[^\S\n]\({_LIST}\)(?=[^\S\n]*\Z))"

_SHORT = ".{0,500}?"  # of a formula, or code in a line: without a limit, a long line of beginnings would take minutes
_TOKEN = re.compile(
    rf"(?P<left>\\\[{_SHORT}\\\]|\\\({_SHORT}\\\)|\$\${_SHORT}\$\$|\$(?![\s\d$])[^$]{{0,500}}?(?<![\s\\])\$(?!\d)"
    rf"|(?P<ticks>(?<!`)`+)(?!`){_SHORT}(?<!`)(?P=ticks)(?!`))"
    r"|(?P<open>\\\[|\\\(|\$\$|\$(?![\s\d])|`+)"
    r"|(?P<escape>\\[^\w\s])"
    rf"|(?P<marker>[^\S\n]*(?:{_SQUARE}|{_LENTICULAR})|{_ROUND})",
    re.IGNORECASE,
)

_BEGUN_LIST = rf"(?:{_NAME}|and|und|et|y|[\d\s,;&–-])*[a-z]{{0,10}}"
_BEGUN = re.compile(
    rf"[^\S\n]*(?:\[\[?\^?{_BEGUN_LIST}(?:\]\]?(?:\([^()\s]*\)?)?)?|【[^】\n]*】?)?\Z|(?<=[.!?…。！？])[^\S\n]?\({_BEGUN_LIST}\)?[^\S\n]*\Z",
    re.IGNORECASE,
)
"""The end of a line that may become a marker or part of one."""

_HALF = re.compile(
    rf"[^\S\n]*(?:\[\[?\^?{_BEGUN_LIST}|\[\[\^?{_LIST}\]|【{_BEGUN_LIST}(?:†[^】\n]*)?)\Z|(?<=[.!?…。！？])[^\S\n]?\(\d[\d\s,;&–-]*\Z",
    re.IGNORECASE,
)
"""A half-written marker at the end of a text."""

_BRACKET = re.compile(r"[^\S\n]*[\[【(]")
_LEAD = re.compile(r"[^\S\n]*(?:>[^\S\n]*)*(?:(?:[-*+]|\d{1,9}[.)])[^\S\n]+)?")
"""The marks of a list item or a quotation, whose white space is not part of a marker."""

_FENCE = re.compile(r"(?P<lead>(?: {0,3}>)* {0,3}(?:(?:[-*+]|\d{1,9}[.)]) +)?)(?P<fence>`{3,}(?=[^`]*\Z)|~{3,})(?P<info>.*)\Z")
_TILDES = re.compile(r" {0,3}~{3,}")
_DISPLAY_ENDS = {r"\[": re.compile(r"\\\]|^\s*$"), "$$": re.compile(r"\$\$|^\s*$")}
"""The end of a display formula; a blank line is one too, so that an unclosed formula does not swallow the footnotes after it."""

_ITEM_LINE = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_INDENTED = re.compile(r" {4}| {0,3}\t")
_PART = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")

MOST_NUMBERS = 1000  # of one range; markers have three digits


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker in a line, `line[start:end]`, with the white space before it; ranges of its numbers are expanded.

    `is_certain` is False for `(1)` after a sentence, which is a marker only where its numbers are in use.
    """

    start: int
    end: int
    numbers: tuple[int, ...]
    is_certain: bool


class MarkerScanner:
    """Finds the markers of a Markdown text, line by line; `is_prose` says whether the last whole line was neither code nor mathematics."""

    def __init__(self) -> None:
        self.is_prose = True
        self._closing: re.Pattern[str] | None = None
        self._is_in_list = False
        self._is_after_blank = True

    def scan(self, line: str) -> list[Marker]:
        """The markers of the next line, which is whole, without its line end."""
        self.is_prose = False
        if self._closing:
            if self._closing.search(line):
                self._closing = None
            return []
        if fence := _FENCE.match(line):
            self._closing = re.compile(rf"^[\s>]*{fence['fence'][0]}{{{len(fence['fence'])},}}\s*$")
            return []
        if self._is_code(line):
            return []
        self.is_prose = True
        if not line.strip():
            self._is_after_blank = True
            return []
        self._is_in_list = bool(_ITEM_LINE.match(line)) or (self._is_in_list and not (self._is_after_blank and line[0].strip()))
        self._is_after_blank = False
        markers, opened = _markers(line)
        self._closing = _DISPLAY_ENDS.get(opened)
        return markers

    def scan_begun(self, line: str) -> tuple[list[Marker], int]:
        """The certain markers of an unfinished line, and the offset up to which more text can change nothing; the state stays."""
        if self._is_code(line):
            return [], len(line)
        certain = _first_doubt(line)
        return [marker for marker in _markers(line)[0] if marker.end <= certain], certain

    def cut_half(self, line: str) -> str:
        """A text's last line without a half-written marker."""
        return line if self._is_code(line) or _FENCE.match(line) else _HALF.sub("", line)

    def _is_code(self, line: str) -> bool:
        """Whether a line is code, or display mathematics, however it goes on."""
        is_indented = self._is_after_blank and not self._is_in_list and bool(_INDENTED.match(line))
        return bool(self._closing) or is_indented or bool(_TILDES.match(line))


def prose_lines(text: str) -> Iterator[tuple[int, int]]:
    """`(start, end)` of the lines of a Markdown text that are neither code nor display formulas, without line ends."""
    scanner, start = MarkerScanner(), 0
    for line in text.split("\n"):
        scanner.scan(line)
        if scanner.is_prose:
            yield start, start + len(line)
        start += len(line) + 1


def without_markers(text: str) -> str:
    """Remove the markers, as for a conversation's history, where their numbers mean nothing any more."""
    scanner = MarkerScanner()
    lines = []
    for line in text.split("\n"):
        kept = line
        for marker in reversed(scanner.scan(line)):
            if marker.is_certain:
                kept = kept[: marker.start] + kept[marker.end :]
        lines.append(kept)
    return "\n".join(lines)


def _markers(line: str) -> tuple[list[Marker], str]:
    """The markers of a whole line, and what opens a display formula that goes on in the next line, or ""."""
    markers = []
    for token in _tokens(line):
        if token["marker"]:
            numbers = tuple(_numbers(token["marker"].partition("](")[0]))
            if 0 not in numbers or len(numbers) == 1:  # `[0, 1]` is an interval
                markers.append(Marker(token.start(), token.end(), numbers, is_certain=token["marker"].lstrip()[0] != "("))
        elif token["open"] in _DISPLAY_ENDS and not (line[: token.start()].strip() and line[token.end() :].strip()):
            return markers, token["open"]
    return markers, ""


def _tokens(line: str) -> Iterator[re.Match[str]]:
    lead = _LEAD.match(line)
    return _TOKEN.finditer(line, lead.end() if lead else 0)


def _first_doubt(line: str) -> int:
    """The offset in an unfinished line up to which its markers are certain."""
    begun = _BEGUN.search(line)
    certain = begun.start() if begun else len(line)
    for token in _tokens(line):
        if token["open"] or (token["left"] and token.end() == len(line)):
            bracket = _BRACKET.search(line, token.start())  # up to there it is the same either way
            return min(certain, bracket.start() if bracket else len(line))
    return certain


def _numbers(marker: str) -> Iterator[int]:
    for first, last in _PART.findall(marker):
        yield from range(int(first), min(int(last or first), int(first) + MOST_NUMBERS) + 1)
