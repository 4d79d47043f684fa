"""The names of a text: capitalised words that its grammar does not capitalise, and codes of letters and digits."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.text.languages import FUNCTION_WORDS, language_of
from rag.verifying.vocabulary import contrasts

MOST_CAPITALS = 0.9
"""Of a text's words of four letters and more, the share that may be capitalised: above, it is a title, and capitals say nothing."""

FEWEST_WORDS = 4  # a text with fewer such words is taken as it is written
LEAST_STEM = 4  # letters that a name and a word must share at the beginning to be forms of one ("Canada", "Canadian")
_CAPITALISED_AT_TIMES = (
    "section sections chapter article clause figure fig table page pages part appendix annex step item question answer example note "
    "summary document documents passage source sources text yes mr mrs ms dr prof sir lord lady saint president king queen prime "
    "minister professor doctor also however although though because since while after before during until unless "
    "under over above below between both each every either neither some many most much more less few several other others another "
    "such same only just even still yet already again once here now today finally further furthermore moreover additionally "
    "therefore thus hence instead otherwise overall generally usually typically currently according based within without through "
    "first second third one two three internet web english"
)
NOT_NAMES = FUNCTION_WORDS["en"].union(_CAPITALISED_AT_TIMES.split())
"""Words that are capitalised at times and name nothing, and titles that may be left out."""

_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[.&'’](?=[^\W\d_])|[\u0300-\u036f])*")
_CODE = re.compile(r"(?<![\w.])(?=[\w./-]*\d)(?:(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*|\d+(?:[./-]\d+){2,})(?![\w-])", re.ASCII)
_MEASURE = re.compile(r"\d[\d.,]*[A-Za-z]{1,3}|\d+(?:-[A-Za-z]+)+|[A-Za-z]{3,}(?:-[A-Za-z]+)*-\d+[A-Za-z]{0,2}")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…\n]|[\"“‘(\[–—•*-]|^['‘`]+)\s*[\"“‘'`(\[]*\s*\Z")
_POSSESSIVE = re.compile(r"['’]s?$")
_ENDING = re.compile(r"(?:ians?|eans?|ans?|ese|ish|ics?|ies|es|s|y|[aeio])$")
_APART = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A word of a name, or a code, at `start`; `run` are the words of the whole name, itself among them."""

    word: str
    start: int
    run: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """A text to look names up in: its words without accents and endings, all its letters and digits, the initials of its words.

    The second of the `initials` are those of capitalised words; `pairs` are those of these that follow each other.
    """

    words: frozenset[str]
    stems: frozenset[str]
    squeezed: str
    initials: tuple[str, str]
    pairs: frozenset[tuple[str, str]]

    def __contains__(self, name: Name) -> bool:
        """Whether a name's word stands here, in another form, spelled out, or as the initials of the whole name."""
        word = _folded(name.word)
        if len(word) == 1:  # an initial
            return word in self.initials[1]
        if self._has_people(word):
            return True
        stem = _stem(word)
        if word in self.words or word.removesuffix("s") in self.words or (len(stem) >= LEAST_STEM and stem in self.stems):
            return True
        plain = _APART.sub("", word)
        if len(plain) >= LEAST_STEM and plain in self.squeezed:
            return True
        every, capitals = self.initials
        if name.word.isupper() and ((len(plain) > 2 and plain in every) or (len(plain) > 1 and plain in capitals)):
            return True
        return len(name.run) > 1 and ("".join(_folded(part)[0] for part in name.run) in self.words or self._is_shortened(word, name.run))

    def _is_shortened(self, word: str, run: Sequence[str]) -> bool:
        """Whether the name stands here without this word, and nowhere with another in its place: "Obama", "the Supreme Court"."""
        parts = [_folded(part) for part in run]
        place = parts.index(word)
        if place + 1 < len(parts):
            following = parts[place + 1]
            return following in self.words and not any(second == following for _, second in self.pairs)
        before = parts[place - 1]
        return before in self.words and not any(first == before for first, _ in self.pairs)

    def _has_people(self, word: str) -> bool:
        """Whether a country's people stands here for it, or the other way round."""
        peoples = contrasts("en").peoples  # type: ignore[union-attr]
        first = peoples.get(word)
        return first is not None and any(
            each in self.words or each.replace("_", "") in self.squeezed
            for each in peoples
            if peoples[each] == first and (len(each) > 3 or each in self.words)
        )


def names_in(sentence: str, language: str = "") -> list[Name]:
    """Each word of each name of a sentence in a language, if that is known, and each code.

    In German, titles and scripts without capitals, only codes are found.
    """
    found = [Name(match.group(), match.start(), ()) for match in _CODE.finditer(sentence) if not _MEASURE.fullmatch(match.group())]
    codes = [(name.start, name.start + len(name.word)) for name in found]
    tokens = [match for match in _TOKEN.finditer(sentence) if not any(start <= match.start() < end for start, end in codes)]
    if _is_title(tokens) or (language or language_of(sentence)) == "de":
        return found
    for run in _runs(sentence, tokens):
        words = tuple(match.group() for match in run)
        found += [
            Name(match.group(), match.start(), words) for match in run if _POSSESSIVE.sub("", match.group().casefold()) not in NOT_NAMES
        ]
    return found


def index_names(text: str) -> NameIndex:
    """Prepare a text for looking names up in it."""
    written = [match.group() for match in _TOKEN.finditer(text)]
    folded = [_folded(word) for word in written]
    pairs = frozenset(
        (_folded(one.group()), _folded(two.group()))
        for one, two in pairwise(_TOKEN.finditer(text))
        if one.group()[0].isupper()
        and two.group()[0].isupper()
        and not text[one.end() : two.start()].strip(" .-")
        and one.group().casefold() not in NOT_NAMES
    )
    capitals = "".join(word[0] for word, as_written in zip(folded, written, strict=True) if as_written[0].isupper())
    words = frozenset(folded) | {_folded(word) for word in re.findall(r"\w+", text)}
    return NameIndex(
        words, frozenset(map(_stem, words)), _APART.sub("", _folded(text)), ("".join(word[0] for word in folded), capitals), pairs
    )


def _runs(text: str, tokens: Sequence[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Capitalised words that follow each other; one at a sentence's beginning belongs to a name only where another follows."""
    run: list[re.Match[str]] = []
    for match in tokens:
        if run and text[run[-1].end() : match.start()].strip(" .-–/"):
            yield from _name_of(text, run)
            run = []
        if match.group()[0].isupper():
            run.append(match)
        elif match.group() not in {"of", "and", "the", "for", "de", "von", "van"}:
            yield from _name_of(text, run)
            run = []
    yield from _name_of(text, run)


def _name_of(text: str, run: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    is_acronym = bool(run) and sum(map(str.isupper, run[0].group())) > 1
    if run and not is_acronym and _SENTENCE_START.search(text, max(0, run[0].start() - 8), run[0].start()):
        following = run[1].group().casefold() if len(run) > 1 else ""
        if run[0].group().casefold() in NOT_NAMES or not following or following in NOT_NAMES:
            run = run[1:]
    if run:
        yield run


def _is_title(tokens: Sequence[re.Match[str]]) -> bool:
    long = [match.group() for match in tokens if len(match.group()) >= 4]
    return len(long) >= FEWEST_WORDS and sum(word[0].isupper() for word in long) > MOST_CAPITALS * len(long)


@lru_cache(1 << 14)
def _folded(word: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each)).casefold()
    return _POSSESSIVE.sub("", plain).replace(".", "") or plain


def _stem(word: str) -> str:
    return _ENDING.sub("", word)
