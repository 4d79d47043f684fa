"""The dates of a text, by their parts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rag.verifying.number_words import han_value
from rag.verifying.vocabulary import LETTER, folded, month_numbers, vocabulary

_DAY = r"(?P<day>[0-3٠-٣०-३]?\d)(?:st|nd|rd|th|er|º|°|\.|-?го)?(?![\w.,]*\d)"
_YEAR = r"(?P<year>[12١٢१२]\d{3})(?!\d)"
_OF = r"(?:of|de|del|di|do|d['’])"
_IN_DIGITS = re.compile(r"(?<![A-Za-z_\d.])(\d{1,4})([-/.])\s?(\d{1,2})\2\s?(\d{2,4})(?![A-Za-z_\d]|\.\d)")
_MONTH_AND_YEAR = re.compile(rf"(?<![\w./-])(?P<month>0?[1-9]|1[0-2])[/.]{_YEAR}(?![/.-]\d)")
_HAN = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_HAN_YEAR = r"\d{4}|[〇零一二三四五六七八九]{4}"
_IN_HAN = re.compile(rf"(?:(?P<year>{_HAN_YEAR})\s*年\s*)?(?P<month>{_HAN})\s*月(?:\s*(?P<day>{_HAN})\s*[日号號])?")
_WORD = re.compile(rf"{LETTER}+")
_OTHER_WORDS = {"may", "march", "mar", "dec", "jan", "sep", "jun", "jul", "oct", "nov", "feb", "apr", "aug", "mars", "ocak", "ekim", "مارس"}
"""Names of months that mean something else at times, where they stand alone."""

LEAST_NAME = 4  # letters: a shorter name of a month in another language than the text's is another word


@dataclass(frozen=True, slots=True)
class Date:
    """A date at `text[start:end]`; a `day`, `month` or `year` that is not given is 0."""

    day: int
    month: int
    year: int
    start: int
    end: int


def dates_in(text: str, language: str = "en") -> list[Date]:
    """Find the dates of a text: "3 March 2024", "March 3rd", "3. März", "2024年3月3日", "2024-03-03", and both readings of "3/4/2024"."""
    found: list[Date] = []
    has_month = not _months(language).keys().isdisjoint(map(folded, _WORD.findall(text)))
    for pattern in _written(language) if has_month else ():
        for match in pattern.finditer(text):
            parts = match.groupdict()
            date = Date(
                int(parts.get("day") or 0), _months(language).get(folded(parts["month"]), 0), int(parts.get("year") or 0), *match.span()
            )
            if not _overlaps(date.start, date.end, found):
                found.append(date)
    found += [date for match in _IN_DIGITS.finditer(text) for date in _readings(match)]
    found += [Date(0, int(match["month"]), int(match["year"]), *match.span()) for match in _MONTH_AND_YEAR.finditer(text)]
    found += filter(None, map(_in_han, _IN_HAN.finditer(text)))
    for match in _month_alone(language).finditer(text) if has_month else ():
        name = match["month"]
        is_name = folded(name) not in _OTHER_WORDS and (language != "en" or name[0].isupper())
        if is_name and not _overlaps(*match.span(), found):
            found.append(Date(0, _months(language).get(folded(name), 0), 0, *match.span()))
    return found


def agrees_with_any(date: Date, others: Sequence[Date], years: frozenset[int]) -> bool:
    """Whether a date has the month of one of the others, its day if it has one, and its year, which may stand among `years` instead."""
    return any(
        date.month == other.month
        and (not date.day or date.day == other.day)
        and (not date.year or date.year == other.year or (not other.year and date.year in years))
        for other in others
    )


@cache
def _months(language: str) -> Mapping[str, int]:
    """The months by their names in any language; short names only in the text's own."""
    return {name: number for name, number in month_numbers().items() if len(name) >= LEAST_NAME} | dict(_months_of(language))


@cache
def _written(language: str) -> tuple[re.Pattern[str], ...]:
    month, english = _one_of(_months(language)), _one_of(_months_of("en").keys() & _months(language).keys())
    return (
        re.compile(rf"(?<!\w){_DAY}(?:\s+(?:day\s+)?{_OF})?[\s-]+{month}(?:[\s,-]+(?:{_OF}\s+)?{_YEAR})?", re.IGNORECASE),
        re.compile(rf"{english}\s+(?:the\s+)?(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?!\d|[.,:]\d)(?:\s*,?\s+{_YEAR})?", re.IGNORECASE),
        re.compile(rf"{month}\s*,?\s+(?:{_OF}\s+)?{_YEAR}", re.IGNORECASE),
    )


def _months_of(language: str) -> Mapping[str, int]:
    own = vocabulary(language)
    return own.months if own else {}


@cache
def _month_alone(language: str) -> re.Pattern[str]:
    own = vocabulary(language)
    names = [name for name in own.months if language == "en" or (len(name) >= LEAST_NAME and name not in own.values)] if own else []
    return re.compile(_one_of(names), re.IGNORECASE) if names else re.compile("(?!)")


def _one_of(names: Iterable[str]) -> str:
    return rf"(?<!{LETTER})(?P<month>{'|'.join(sorted(names, key=len, reverse=True))})(?!{LETTER})\.?"


def _in_han(match: re.Match[str]) -> Date | None:
    day, month, year = (_number(match[part]) for part in ("day", "month", "year"))
    return Date(day, month, year, *match.span()) if month <= 12 and day <= 31 else None


def _number(digits: str | None) -> int:
    return 0 if not digits else int(digits) if digits.isdecimal() else han_value(digits) or 0


def _readings(match: re.Match[str]) -> Iterator[Date]:
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4:
        orders = [(third, second, first)]
    elif len(match[1]) <= 2 and len(match[4]) in {2, 4}:
        year = third if third > 99 else 2000 + third if third < 70 else 1900 + third
        orders = [(first, second, year), (second, first, year)]
    else:
        orders = []
    yield from (Date(day, month, year, *match.span()) for day, month, year in orders if 1 <= day <= 31 and 1 <= month <= 12)


def _overlaps(start: int, end: int, dates: Sequence[Date]) -> bool:
    return any(start < date.end and date.start < end for date in dates)
