"""The facts of a sentence that can be checked one by one: its numbers, dates and names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from rag.types import Gap
from rag.verifying.dates import Date, agrees_with_any, dates_in
from rag.verifying.names import Name, NameIndex, index_names, names_in
from rag.verifying.numbers import Number, equals_any, is_sum_of, numbers_in
from rag.verifying.vocabulary import checked_language, vocabulary

MOST_COUNTED = 6  # things that a text names one by one
QUARTER = re.compile("Q[1-4]")
_BETWEEN_THINGS = re.compile(
    r"[,;、，；،]|\n\s*\S|[.!?。](?=\s)|\b(?:and|or|und|oder|et|ou|y|e|o|en|of|och|og|i|a|и|или|ve|ja)\b|\sو|और|和|と", re.IGNORECASE
)
SPELLED_OUT = 12  # numbers up to this are often written as words, which are known of some languages only


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence states in numbers, dates and names; `dates` holds the readings of each."""

    numbers: tuple[Number, ...]
    dates: tuple[tuple[Date, ...], ...]
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a source holds, to look facts up in: all readings of its numbers and dates, numbers that may be years, and its words.

    `text` is all of it.
    """

    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    years: frozenset[int]
    names: NameIndex
    language: str
    text: str


def facts_of(sentence: str, near: str = "", begin: int = 0) -> Facts:
    """Find the facts that a sentence states from `begin` on; `near` is the language of what it is compared with.

    "one", "first" and "second" do not count: they are often pronouns and openings. Neither do the numbers of a fraction, which is one.
    """
    language = checked_language(sentence, near)
    dates: dict[tuple[int, int], list[Date]] = {}
    for date in dates_in(sentence, language):
        if date.start >= begin:
            dates.setdefault((date.start, date.end), []).append(date)
    found = [number for number in numbers_in(sentence, language) if number.start >= begin and not _inside(number.start, dates)]
    fractions = [number for number in found if number.is_fraction]
    numbers = [
        number for number in found if number.is_fraction or not (number.is_part or _says_little(number) or _is_part_of(number, fractions))
    ]
    names = [name for name in names_in(sentence, language) if name.start >= begin and not _inside(name.start, dates)]
    return Facts(tuple(numbers), tuple(map(tuple, dates.values())), tuple(names))


def source_facts(texts: Sequence[str], near: str = "") -> SourceFacts:
    """Gather the facts of texts, which are read as one, each behind a line's end; `near` is the language of the text that they are of."""
    return _facts_in("".join(f"\n{text}" for text in texts), near)


@lru_cache(128)
def _facts_in(text: str, near: str) -> SourceFacts:
    language = checked_language(text, near)
    numbers = tuple(numbers_in(text, language))
    years = frozenset(int(value) for number in numbers for value in number.values if 1000 <= value < 3000 and value == int(value))
    return SourceFacts(numbers, tuple(dates_in(text, language)), years, index_names(text), language, text)


def missing_facts(facts: Facts, source: SourceFacts, *, may_add: bool = False) -> list[Gap]:
    """Each fact that a source lacks; none where it has all.

    A number of things that the claim names before ("the two grants") may be counted, and `may_add` says that one may be a sum.
    """
    may_spell = 0 if vocabulary(source.language) else SPELLED_OUT
    lacking = [number for number in facts.numbers if not equals_any(number, source.numbers)]
    lacking = [number for number in lacking if min(number.values) > may_spell or number.unit == "%"]
    lacking = [number for number in lacking if not (may_add and is_sum_of(number, source.numbers))]
    numbers = [Gap(number.start, number.end, "number") for number in lacking if not (number.is_count and _may_be_counted(number, source))]
    missing = [readings[0] for readings in facts.dates if not any(agrees_with_any(date, source.dates, source.years) for date in readings)]
    unnamed = [name for name in facts.names if not (name in source.names or _is_quarter(name, source))]
    names = [Gap(name.start, name.start + len(name.word), "name") for name in unnamed]
    return [*numbers, *(Gap(date.start, date.end, "date") for date in missing), *names]


def _may_be_counted(number: Number, source: SourceFacts) -> bool:
    """Whether a number is so small that what it counts may stand there one by one, and the source has no other such count."""
    counts = [other for other in source.numbers if not (other.is_ordinal or other.unit or other.is_part or other.is_unsure)]
    things = 1 + len(_BETWEEN_THINGS.findall(source.text.strip()))
    return min(number.values) <= min(MOST_COUNTED, things) and not any(2 <= min(other.values) <= MOST_COUNTED for other in counts)


def _is_quarter(name: Name, source: SourceFacts) -> bool:
    """Whether "Q4" stands there as the fourth quarter."""
    return bool(QUARTER.fullmatch(name.word)) and any(Decimal(name.word[1]) in each.values and each.is_ordinal for each in source.numbers)


def _is_part_of(number: Number, fractions: Sequence[Number]) -> bool:
    return any(fraction.start <= number.start < fraction.end for fraction in fractions)


def _inside(place: int, spans: dict[tuple[int, int], list[Date]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _says_little(number: Number) -> bool:
    value = min(number.values)
    is_opening = value == Decimal(1) or (value == Decimal(2) and number.is_ordinal)
    return number.is_unsure or (number.is_word and is_opening and not number.unit)
