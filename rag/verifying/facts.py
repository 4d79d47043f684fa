"""The facts of a sentence that can be checked one by one: its numbers, dates and names."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.verifying.dates import Date, agrees_with_any, dates_in
from rag.verifying.names import Name, NameIndex, index_names, names_in
from rag.verifying.numbers import Number, equals_any, numbers_in
from rag.verifying.vocabulary import checked_language, vocabulary

SPELLED_OUT = 12  # numbers up to this are often written as words, which are known of some languages only


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
    language: str


def facts_of(sentence: str, near: str = "") -> Facts:
    """Find the facts that a sentence states; `near` is the language of what it is compared with.

    "one", "first" and "second" do not count: they are often pronouns and openings.
    """
    language = checked_language(sentence, near)
    dates: dict[tuple[int, int], list[Date]] = {}
    for date in dates_in(sentence, language):
        dates.setdefault((date.start, date.end), []).append(date)
    found = [number for number in numbers_in(sentence, language) if not _inside(number.start, dates)]
    numbers = [number for number in found if not (number.is_part or _says_little(number))]
    names = [name for name in names_in(sentence) if not _inside(name.start, dates)]
    return Facts(tuple(numbers), tuple(map(tuple, dates.values())), tuple(names))


def source_facts(texts: Sequence[str], near: str = "") -> SourceFacts:
    """Gather the facts of texts, which are read as one; `near` is the language of the text that they are of."""
    text = "\n".join(texts)
    language = checked_language(text, near)
    numbers = tuple(numbers_in(f"\n{text}", language))
    years = frozenset(int(value) for number in numbers for value in number.values if 1000 <= value < 3000 and value == int(value))
    return SourceFacts(numbers, tuple(dates_in(text, language)), years, index_names(text), language)


def missing_facts(facts: Facts, source: SourceFacts) -> list[str]:
    """The kind of each fact that a source lacks: "number", "date" or "name"; empty where it has all."""
    may_spell = 0 if vocabulary(source.language) else SPELLED_OUT
    lacking = [number for number in facts.numbers if not equals_any(number, source.numbers)]
    numbers = ["number" for number in lacking if min(number.values) > may_spell or number.unit == "%"]
    dates = ["date" for readings in facts.dates if not any(agrees_with_any(date, source.dates, source.years) for date in readings)]
    names = ["name" for name in facts.names if name not in source.names]
    return [*numbers, *dates, *names]


def _inside(place: int, spans: dict[tuple[int, int], list[Date]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _says_little(number: Number) -> bool:
    value = min(number.values)
    is_opening = value == Decimal(1) or (value == Decimal(2) and number.is_ordinal)
    return number.is_unsure or (number.is_word and is_opening and not number.unit)
