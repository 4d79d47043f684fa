"""Text -> sentences, by rules that hold for most scripts and languages."""

import re
from collections.abc import Iterator

from rag.text.abbreviations import is_abbreviation

CHINESE_OR_JAPANESE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
MARKLESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u17d7-\u17ff"  # Thai, Lao, Burmese, Khmer: only spaces part their clauses

_CLOSERS = "'\"”’»›)\\]」』）】》〉"
_OPENERS = "'\"“‘„«‹(\\[¿¡「『（【《〈"
_NEXT = re.compile(rf"(?:[–—«]\s?)?[{_OPENERS}]*([^\W_])")

_END = re.compile(
    rf"(?P<stop>[.!?…؟۔։።]++[{_CLOSERS}]*+(?:\s»)?(?: ?\[\d{{1,3}}\])*+)\s++(?=(?:[–—«]\s?)?[{_OPENERS}]*[^\W_])"
    rf"|(?:[。！？｡।॥។။]++|(?<=[{CHINESE_OR_JAPANESE}])[!?]++(?=[{_OPENERS}]*[{CHINESE_OR_JAPANESE}])|[؟۔]++(?=\w))[{_CLOSERS}]*+"
    r"(?!(?<=[」』])[ぁ-ん、，])"
    r"|(?P<greek>[;\u037e])\s++(?=[«\"]?[Ά-Ϋ])"
    r"|\n[^\S\n]*+\n\s*+"  # a blank line
    r"|(?P<line>\n)(?=[^\S\n]*+\S)"
)

_MARK = re.compile(r"[.!?…؟۔։።]++|[。！？｡।॥។။]++|[;\u037e\n]")
"""The beginning of each end; searching for it first is three times as fast as trying `_END` everywhere."""

_NUMBER = re.compile(
    r"\s*(?:(?:[^\W\d_a-z][^\W\d_]{0,9} )?[\[(§]?\s?(?:\d{1,3}(?:\.\d{1,3})*|[ivxIVX]{1,4})|\(?[^\W\d_])\."
)  # 1. or Section 1.
_ITEM = re.compile(
    r"(?:\[\d{1,3}\]|(?P<bullet>[-*+•–▪‣◦■●○·])|\(?(?:(?P<number>\d{1,3})|[^\W\d_]|[ivxIVX]{2,5})[.)]"
    r"|(?P<section>\d{1,2}(?:\.\d{1,2}){1,3}\.?))\s+(?=\S)"
)
_HEADING = re.compile(r"#{1,6} ")
_PAGE_OF_PAGES = re.compile(
    r"\W*(?:[^\W\d_]{1,9}\.?\s+)?\d{1,4}\s*(?:/|of|von|van|de|sur|di|do|din|z|ze|iz|из|από|av|af|trên|จาก|من)\s*\d{1,4}\W*", re.IGNORECASE
)
_PAGE_NUMBER = re.compile(r"[-–—|]?\s*\d{1,4}\s*[-–—|]?")
_STOPPED = re.compile(rf"[.!?…؟۔。！？｡।॥:：][{_CLOSERS}]*$")
_DANGLING = re.compile(r"(?:[,(、，;\-–]|\s[a-zà-öø-ÿа-яёά-ώ]{1,3})$")  # ends a line that is no whole sentence
_WORD = re.compile(r"(?:\w|[\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0966-\u0dff])+")
_UNSPACED = re.compile(f"([{CHINESE_OR_JAPANESE}]+)|([{MARKLESS}]+)")
_MARKLESS = re.compile(f"[{MARKLESS}]")
_SPACE = re.compile(r"\s+")
_ADDRESS = re.compile(r"\w+://|www\.|[\w.+-]{1,64}@")
_FIRST = re.compile(r"\S")

SHORT_LINE = 40  # characters; a longer line without a full stop goes on in the next one
HEADING_SHARE = 0.65  # a line without a full stop is a heading if it is at most this long, as a share of the line below it
LEAST_CLAUSE, GOOD_CLAUSE, LONGEST_CLAUSE = 25, 50, 120  # characters of a clause, where only spaces part them
LEAST_RUN = 12  # characters between two spaces; fewer are part of a name
CHARACTERS_PER_WORD, CHARACTERS_PER_MARKLESS_WORD = 2, 5  # where words are not parted: Chinese and Japanese, Thai and others


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences of a text, in order; none is empty or has white space around it. A blank line ends a sentence.

    Thai and other scripts without full stops give clauses. The number of a page at its top or bottom stands alone.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _ends(text):
        if match["line"] and not _line_ends(text, match.start()):
            continue
        end = match.end("stop") if match["stop"] else match.end()
        if match["stop"] == "." and _NUMBER.fullmatch(text, start, end):
            continue
        _append(spans, text, start, end)
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def starts_item(line: str, above: str) -> bool:
    """Whether a line begins with the mark of a list item; `above` may show that it goes on with a sentence: "a gain of / 128."."""
    mark = _ITEM.match(line)
    if not mark or not above or mark["bullet"] or _ITEM.match(above):
        return bool(mark)
    if _DANGLING.search(above[-8:]):
        return False
    return above[-1] in ".:;!?。：；！？…" or len(above) <= SHORT_LINE or mark["number"] == "1"


def starts_section(line: str) -> bool:
    """Whether a line begins with the number of a section, such as 1.2."""
    mark = _ITEM.match(line)
    return bool(mark and mark["section"])


def continues(line: str) -> bool:
    """Whether a line goes on with the sentence of the line above it."""
    return (line[:1].islower() and not _ADDRESS.match(line)) or line[:1] in ",;.)、，。"


def goes_on(above: str, below: str) -> bool:
    """Whether the last sentence of a page goes on with the first words of the next."""
    return not _STOPPED.search(above[-8:]) and bool(continues(below) or _DANGLING.search(above[-8:]))


def is_page_number(line: str, above: str) -> bool:
    """Whether a line at the top or bottom of a page is its number: "Page 1 of 2", or "128" where the line above it has ended."""
    return bool(_PAGE_OF_PAGES.fullmatch(line[:60]) or (_PAGE_NUMBER.fullmatch(line[:60]) and not _DANGLING.search(above[-8:])))


def content_words(text: str) -> set[str]:
    """Distinctive words: those of four letters and more, numbers, and all not in ASCII; pairs of characters where no spaces part words."""
    words = set[str]()
    for word in _WORD.findall(text.casefold()):
        if _UNSPACED.search(word):
            words.update(word[place : place + 2] for place in range(max(len(word) - 1, 1)))
        elif len(word) >= 4 or word.isdigit() or not word.isascii():
            words.add(word)
    return words


def count_words(text: str) -> int:
    """How many words a text has, about as many where words are not parted."""
    count = 0
    for word in _WORD.findall(text):
        characters = [sum(map(len, runs)) for runs in zip(*_UNSPACED.findall(word), strict=True)] or [0, 0]
        count += -(-characters[0] // CHARACTERS_PER_WORD) - (-characters[1] // CHARACTERS_PER_MARKLESS_WORD) + (not any(characters))
    return count


def words_of(text: str) -> frozenset[str]:
    """All words of a text, each once, casefolded."""
    return frozenset(_WORD.findall(text.casefold()))


def _ends(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while mark := _MARK.search(text, at):
        match = _END.match(text, mark.start())
        if match and _is_real(text, match):
            yield match
            at = max(match.end(), mark.end())
        else:
            at = mark.end()


def _is_real(text: str, match: re.Match[str]) -> bool:
    """Whether a stop is no abbreviation's, and what follows it begins a sentence."""
    if match["greek"]:
        return "\u0370" <= text[match.start() - 1 : match.start()] <= "\u1fff"
    if not match["stop"]:
        return True
    following = _NEXT.match(text, match.end())
    if not following or following[1].islower():
        return False
    return match["stop"] != "." or not is_abbreviation(text, match.start(), following.start(1))


def _line_ends(text: str, line_end: int) -> bool:
    """Whether a line without a full stop ends what it says: the line below begins an item, or it is a heading or a page number."""
    start, after = text.rfind("\n", 0, line_end) + 1, text.find("\n", line_end + 1)
    above, below = text[start:line_end].strip(), text[line_end + 1 : after if after >= 0 else len(text)].strip()
    if starts_item(below, above) or _HEADING.match(below) or _HEADING.match(above):
        return True
    if (after < 0 and is_page_number(below, above)) or (is_page_number(above, "") and _FIRST.search(text, 0, start) is None):
        return True
    if continues(below) or not above:
        return False
    if stopped := _STOPPED.search(above[-8:]):
        return stopped[0][0] in ":：" or not _NEXT.match(below)
    return (
        not _DANGLING.search(above[-8:])
        and bool(_NEXT.match(below))
        and not above[0].islower()
        and len(above) <= HEADING_SHARE * len(below)
    )


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    end -= len(part) - len(part.rstrip())
    if start < end and _MARKLESS.search(text, start, end):
        spans.extend(_clauses(text, start, end))
    elif start < end:
        spans.append((start, end))


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut at spaces: best between two long runs of the script, since a space beside a number or within a name parts no clauses."""
    spaces = list(_SPACE.finditer(text, start, end))
    edges = [start, *(space.end() for space in spaces)], [*(space.start() for space in spaces), end]
    widths = [after - first for first, after in zip(*edges, strict=True)]
    for space, before, behind in zip(spaces, widths, widths[1:], strict=False):
        length = space.start() - start
        if min(length, end - space.end()) < LEAST_CLAUSE:
            continue
        is_between = _MARKLESS.match(text, space.start() - 1) and _MARKLESS.match(text, space.end())
        if length >= LONGEST_CLAUSE or (is_between and length >= GOOD_CLAUSE and min(before, behind) >= LEAST_RUN):
            yield start, space.start()
            start = space.end()
    yield start, end
