"""A finished answer's Markdown -> the sentences in it that state something."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rag.answering.notices import refusals
from rag.text.markers import prose_lines
from rag.text.sentences import count_words, sentence_spans
from rag.types import Citation

LEAST_WORDS = 3  # a shorter sentence without a footnote is "Yes." or a label, and is not checked
_LEAD = re.compile(r"[\s>#]*(?:(?:[-*+•]|\d{1,9}[.)])\s+)?(?:\[[ xX]\]\s+)?")
_HEADING = re.compile(r"\s*#{1,6}(?:\s|$)")
_TAGS = (
    "a|b|blockquote|body|br|code|div|em|h[1-6]|head|hr|html|i|img|li|ol|p|pre|script|section|span|strong|style|su[bp]|t[dhr]|table|tbody"
    "|thead|title|u|ul"
)
_SYNTAX = re.compile(
    rf"</?(?:{_TAGS})(?:\s[^<>\n]{{0,300}})?/?>|\$\$[^\n]{{1,300}}?\$\$|\\\[[^\n]{{1,300}}?\\\]|"
    r"\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|~~|`+|\\(?=[^\w\s])|\|",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_CLOSERS = re.compile(r"[*_~`]*")
_CELL = re.compile(r"(?<!\\)\|")
_DELIMITERS = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_GAP = re.compile(r" (?=[.,;:!?…])")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence from `start` to `end` of an answer's text, which include its footnotes.

    `text` is without footnotes and Markdown, `citations` are indexes, `may_gain` says whether a footnote may be put at its end.
    `places` has where each character of `text` stands in the answer's.
    """

    start: int
    end: int
    text: str
    citations: tuple[int, ...]
    may_gain: bool
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, which is not empty, stands in the answer's text."""
        return self.places[start], self.places[end - 1] + 1

    def has_written(self, start: int, end: int, answer: str) -> bool:
        """Whether `text[start:end]` stands in the answer's text; a table row's headings stand above it."""
        return all(self.text[at].isspace() or self.text[at] == answer[self.places[at]] for at in range(start, end))


def statements(text: str, citations: Sequence[Citation]) -> list[Statement]:
    """Find the sentences of an answer's Markdown that can be right or wrong, in order; a row of a table is one.

    These are sentences with a footnote; without one, those of `LEAST_WORDS` words or more that are no heading, no question, no refusal, and
    do not introduce what follows ("These are:").
    """
    masked = _masked(text, citations)
    found = []
    for start, end, is_prose in _blocks(text):
        spans = [(start + first, start + last) for first, last in sentence_spans(masked[start:end])]
        if not is_prose and spans:
            spans = [(spans[0][0], spans[-1][1])]
        cuts = [first for first, _ in spans[1:]]
        for (first, last), begin, until in zip(spans, [start, *cuts], [*cuts, end], strict=False):
            cited = tuple(index for index, citation in enumerate(citations) if begin <= citation.position < until)
            words = _GAP.sub("", " ".join(_LEAD.sub("", masked[first:last], count=1).split()))
            if count_words(words) and (cited or (is_prose and _is_stated(words))):
                before = [citations[index].position for index in cited]
                after = [citations[index].position + len(f"[{citations[index].number}]") for index in cited]
                closed = _CLOSERS.match(text, last)
                places = _places(words, masked, first, last)
                found.append(
                    Statement(min([first, *before]), max([closed.end() if closed else last, *after]), words, cited, is_prose, places)
                )
    return found


def _places(words: str, masked: str, first: int, last: int) -> tuple[int, ...]:
    """The offset of each character of a statement's words, which are those of the masked text but for white space and what leads in."""
    lead = _LEAD.match(masked[first:last])
    written = (place for place in range(first + (lead.end() if lead else 0), last) if not masked[place].isspace())
    places: list[int] = []
    for character in words:
        places.append(places[-1] + 1 if character == " " else next(written))
    return tuple(places)


def row_statements(text: str) -> list[Statement]:
    """The rows of a Markdown text's tables, each a sentence of its cells with their headings; a footnote stands in the last cell."""
    found, above, headings = [], "", list[str]()
    for start, end in prose_lines(text):
        line = text[start:end]
        cells = [" ".join(_SYNTAX.sub("", cell).split()) for cell in _CELL.split(line.strip().strip("|"))]
        if _DELIMITERS.fullmatch(line):
            headings = [" ".join(_SYNTAX.sub("", cell).split()) for cell in _CELL.split(above.strip().strip("|"))]
        elif "|" not in line:
            headings = []
        elif headings and any(cells[1:]):
            words, places = _named(line, list(zip_longest(headings, cells, fillvalue="")))
            first, last = start + len(line) - len(line.lstrip()), start + len(line.rstrip().removesuffix("|").rstrip())
            found.append(Statement(first, last, words, (), True, tuple(start + place for place in places)))
        above = line
    return found


def _named(line: str, cells: Sequence[tuple[str, str]]) -> tuple[str, list[int]]:
    """A row's cells with their headings as one sentence, and where each character stands in its line; a heading stands at its cell."""
    words, places, at = "", list[int](), 0
    for heading, cell in cells:
        if cell:
            before = (", " if words else "") + (f"{heading}: " if heading else "")
            at = max(at, line.find(cell, at))
            words += before + cell
            places += [at] * len(before) + [min(at + place, len(line) - 1) for place in range(len(cell))]
            at += len(cell)
    return words, places


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Runs of lines that are prose together, as `(start, end, True)`; a heading or a table's row alone, as `(start, end, False)`."""
    start = end = 0
    for first, last in prose_lines(text):
        line = text[first:last]
        if _HEADING.match(line) or line.lstrip().startswith("|"):
            yield start, end, True
            yield first, last, False
            start = end = last
        elif first > end + 1:  # there is code in between
            yield start, end, True
            start, end = first, last
        else:
            end = last
    yield start, end, True


def _masked(text: str, citations: Sequence[Citation]) -> str:
    """The text with spaces for its footnotes and for what is Markdown's."""
    pieces, at = [], 0
    for citation in citations:
        width = len(f"[{citation.number}]")
        pieces += [text[at : citation.position], " " * width]
        at = citation.position + width
    return _SYNTAX.sub(lambda match: " " * len(match[0]), "".join(pieces) + text[at:])


def _is_stated(words: str) -> bool:
    return (
        count_words(_ADDRESS.sub("", words)) >= LEAST_WORDS
        and not words.endswith((":", "?", "？"))
        and words.rstrip(".。।") not in refusals()
    )
