"""Text -> sentences, by rules that hold for most scripts."""

import re
from collections.abc import Iterator

_END = re.compile(
    r"(?P<stop>[.!?…]+['\"”’)\]]*)\s+(?=['\"“‘(\[]?[^\W_a-z])"
    r"|[。！？]+[」』”’]*"
    r"|\n[^\S\n]*\n\s*"  # a blank line
    r"|\n(?=\s*(?:[-*•–] |\(?\w{1,3}[.)] |#{1,6} ))"
    r"|(?P<line>(?<![.,;:!?…-])\n(?=[^\W_a-z]))"  # a line that may be a heading
)

_MARK = re.compile(r"[.!?…。！？\n]")
"""The first character of each end; searching for it first is three times as fast as trying `_END` everywhere."""

_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:[A-Z]|[a-z]\.[a-z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|No|Nos|Fig|Figs|Eq|Art|Sec|Vol|pp?|cf|vs|etc|approx|incl|Inc|Ltd|Co|Corp|e\.g|i\.e|z\.B|Nr)\.$"
)

_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})\.")  # the number of a list item
_WORD = re.compile(r"\w+")

HEADING_SHARE = 0.65  # a line without a full stop is a heading if it is at most this long, as a share of the line below it


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences of a text, in order; none is empty or has white space around it. A blank line ends a sentence."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _ends(text):
        end = match.end("stop") if match["stop"] else match.end()
        if match["stop"] == "." and (_ABBREVIATION.search(text, max(start, end - 12), end) or _NUMBER.fullmatch(text, start, end)):
            continue
        if match["line"] and not _is_heading(text, match.start()):
            continue
        _append(spans, text, start, end)
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def content_words(text: str) -> set[str]:
    """Distinctive words: those of four letters and more, numbers, and all that are not ASCII."""
    return {word for word in _WORD.findall(text.casefold()) if len(word) >= 4 or word.isdigit() or not word.isascii()}


def count_words(text: str) -> int:
    """How many words a text has."""
    return len(_WORD.findall(text))


def words_of(text: str) -> frozenset[str]:
    """All words of a text, each once, casefolded."""
    return frozenset(_WORD.findall(text.casefold()))


def _ends(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while mark := _MARK.search(text, at):
        match = _END.match(text, mark.start())
        if match:
            yield match
        at = match.end() if match else mark.end()


def _is_heading(text: str, line_end: int) -> bool:
    line = text[text.rfind("\n", 0, line_end) + 1 : line_end].strip()
    below = text[line_end + 1 :].partition("\n")[0] if line else ""
    return len(line) <= HEADING_SHARE * len(below)


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    end -= len(part) - len(part.rstrip())
    if start < end:
        spans.append((start, end))
