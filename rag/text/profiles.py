"""What a document is, as terms of the keyword index, and how far a question names it.

A document's profile has the words of its name, its title and its beginning, and those that most of its chunks have, such as a company's
name; and the years, the quarter and the versions it is about. A question's words count by how few documents have them at all, so that
those of every contract or every report count for nothing.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable

from rag.text.mentions import OwnPeriod, asked_periods, versions_in, without_periods
from rag.text.terms import indexed_terms, query_terms

BEGINNING = 3_000  # characters: a cover, or a first page
BEGINNING_CHUNKS = 4  # as many chunks have them
NAMING = 0.2  # of the documents whose profile has a word, that are long: then it is a name
FREQUENT = 0.25  # of a document's chunks, that have a word which is then part of its profile
LONG = 8
"""Chunks of a document that is more than its beginning. Only what is a name in such documents is one: all of an abstract is beginning."""

LEAST_WEIGHT = 0.5  # nats: a word of more documents says nothing
MOST_WEIGHT = 3.0  # nats: among thousands of short documents, a rare word is not yet a name
SECOND = 0.5  # weight of a year that a document may be about, or of a longer or shorter period, next to that which it is about

_NAME = re.compile(r"(?:[^\W\d_a-z][\w.'’-]*)(?:\s+(?:&\s+|and\s+|of\s+|the\s+|de\s+|und\s+|et\s+|y\s+)?[^\W\d_a-z][\w.'’-]*){1,5}")
_INITIAL = re.compile(r"(?<!\S)(?:[^\W\d_a-z]|&)")


class Profile:
    """Gathers a document's profile while its chunks are indexed."""

    def __init__(self, language: str) -> None:
        self.vocabulary: set[str] = set()
        self._language = language
        self._period: OwnPeriod | None = None
        self._named = ""
        self._beginning = ""
        self._small: set[str] = set()
        self._capital = Counter[str]()
        self._first: set[str] = set()
        self._chunks = 0

    def read(self, named: str, text: str, terms: Iterable[str]) -> None:
        """Read the next chunk."""
        if self._period is None:
            self._period, self._named = OwnPeriod(named), named
        if len(self._beginning) < BEGINNING:
            self._beginning = f"{self._beginning}\n{text}"[:BEGINNING]
        self._period.read(text)
        self.vocabulary.update(terms)
        words = text.split()
        self._small.update(indexed_terms(" ".join(filter(str.islower, words)), self._language)[0])
        self._capital.update(set(indexed_terms(" ".join(word for word in words if not word.islower()), self._language)[0]))
        if self._chunks < BEGINNING_CHUNKS:
            self._first = set(self._capital)
        self._chunks += 1

    def terms(self) -> set[str]:
        """The words, and the mentions, which begin with a sign that no word has."""
        words = indexed_terms(self._named, self._language)[0]
        names = {*words, *self._names(), *_acronyms(f"{self._named}\n{self._beginning}")}
        known = {f"!{name}" for name in names} if self._chunks >= LONG else set()
        return {*names, *known, *self._mentions()}

    def _names(self) -> Iterable[str]:
        """Words that are never written small, and stand in the beginning or in most chunks; of a script without capitals, any."""
        enough = FREQUENT * self._chunks
        likely = {*self._first, *(term for term, count in self._capital.items() if count >= enough)} - self._small
        return (term for term in likely if not term.isdecimal())

    def _mentions(self) -> Iterable[str]:
        yield from (f"=v{version}" for version in versions_in(self._named))
        if self._period is not None:
            self._period.begin(self._beginning)
            quarter = self._period.quarter
            for place, year in enumerate(self._period.years):
                if quarter and not place:
                    yield f"={year}q{quarter}"
                yield f"~{year}" if place or quarter else f"={year}"


def named_by(
    question: str, languages: Collection[str], documents: int, having: Callable[[str, str], int]
) -> list[tuple[Collection[str], float]]:
    """What a question names: terms of profiles, any of which stands for it, and its weight in nats, by how rare it is.

    `having`: how many of the documents have a term in a field, which is "profile" or "vocabulary".
    """
    rest = without_periods(question)
    named: list[tuple[Collection[str], float]] = []
    for alternatives in query_terms(rest, languages):
        known = [term for term in alternatives if having("profile", f"!{term}") > NAMING * having("profile", term)]
        if known and (weight := _rarity(max(having("vocabulary", term) for term in known), documents)) > LEAST_WEIGHT:
            named.append((known, weight))
    for term, share in _asked(question).items():
        if (count := having("profile", term)) and (weight := share * _rarity(count, documents)) > 0:
            named.append(((term,), weight))
    return named


def _rarity(count: int, documents: int) -> float:
    return min(MOST_WEIGHT, math.log((documents + 1) / (count + 0.5)))


def _asked(question: str) -> dict[str, float]:
    """The mentions of a question, with the share of its weight that each has."""
    asked = {f"=v{version}": 1.0 for version in versions_in(question)}
    for place, period in enumerate(asked_periods(question)):
        share = SECOND if place else 1.0
        if period.quarter:
            asked |= {f"={period.year}q{period.quarter}": share}
        asked |= {f"={period.year}": share * (SECOND if period.quarter else 1), f"~{period.year}": SECOND * share}
    return asked


def _acronyms(text: str) -> Iterable[str]:
    """The initials of names: "American Power & Grid Company" is apg, too."""
    for match in _NAME.finditer(text):
        initials = "".join(_INITIAL.findall(match[0]))
        for end in range(2, len(initials) + 1):
            short = initials[:end].replace("&", "").casefold()
            if len(short) > 2 or "&" in initials[:end]:
                yield short
