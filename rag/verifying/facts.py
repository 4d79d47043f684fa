"""The facts of a sentence that can be checked one by one: its numbers, dates and names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.text.languages import language_of
from rag.verifying.dates import Date, agrees_with_any, dates_in
from rag.verifying.names import Name, NameIndex, index_names, names_in
from rag.verifying.numbers import Number, equals_any, numbers_in

SPELLED_OUT = 12  # numbers up to this are often written as words, which only English texts are searched for
_LATIN = re.compile(r"[A-Za-z]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence states in numbers, dates and names; `dates` holds the readings of each."""

    numbers: tuple[Number, ...]
    dates: tuple[tuple[Date, ...], ...]
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a source holds, to look facts up in: all readings of its numbers and dates, numbers that may be years, and its words."""

    numbers: tuple[Number, ...]
    dates: tuple[Date, ...]
    years: frozenset[int]
    names: NameIndex
    is_english: bool


def facts_of(sentence: str) -> Facts:
    """Find the facts that a sentence states. "one", "first" and "second" do not count: they are often pronouns and openings."""
    dates: dict[tuple[int, int], list[Date]] = {}
    for date in dates_in(sentence):
        dates.setdefault((date.start, date.end), []).append(date)
    numbers = [number for number in numbers_in(sentence) if not (number.is_part or _inside(number.start, dates) or _says_little(number))]
    names = [name for name in names_in(sentence) if not _inside(name.start, dates)]
    return Facts(tuple(numbers), tuple(map(tuple, dates.values())), tuple(names))


def source_facts(texts: Sequence[str]) -> SourceFacts:
    """Gather the facts of texts, which are read as one."""
    text = "\n".join(texts)
    numbers = tuple(numbers_in(f"\n{text}"))
    years = frozenset(int(value) for number in numbers for value in number.values if 1000 <= value < 3000 and value == int(value))
    return SourceFacts(numbers, tuple(dates_in(text)), years, index_names(text), _is_english(text))


def missing_facts(facts: Facts, source: SourceFacts) -> list[str]:
    """The kind of each fact that a source lacks: "number", "date" or "name"; empty where it has all."""
    numbers = [
        "number"
        for number in facts.numbers
        if not (equals_any(number, source.numbers) or (not source.is_english and min(number.values) <= SPELLED_OUT and number.unit != "%"))
    ]
    dates = ["date" for readings in facts.dates if not any(agrees_with_any(date, source.dates, source.years) for date in readings)]
    names = ["name" for name in facts.names if name not in source.names]
    return [*numbers, *dates, *names]


def _inside(place: int, spans: dict[tuple[int, int], list[Date]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _says_little(number: Number) -> bool:
    value = min(number.values)
    return number.is_word and (value == Decimal(1) or (value == Decimal(2) and number.is_ordinal)) and not number.unit


def _is_english(text: str) -> bool:
    language = language_of(text)
    return language == "en" or (not language and 2 * len(_LATIN.findall(text)) >= len(_LETTER.findall(text)))
