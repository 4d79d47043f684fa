"""The dates of a text, by their parts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAMES = "january february march april may june july august september october november december"
_MONTHS = {form: number for number, name in enumerate(_NAMES.split(), start=1) for form in (name, name[:3])} | {"sept": 9}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?![\w.,]*\d)"
_YEAR = r"(?P<year>[12]\d{3})(?!\d)"
_WRITTEN = (
    re.compile(rf"\b{_DAY}(?:\s+(?:day\s+)?of)?[\s-]+{_MONTH}(?:[\s,-]+{_YEAR})?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+(?:the\s+)?(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?!\d|[.,:]\d)(?:\s*,?\s+{_YEAR})?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s*,?\s+(?:of\s+)?{_YEAR}", re.IGNORECASE),
)
_IN_DIGITS = re.compile(r"(?<![\w.])(\d{1,4})([-/.])(\d{1,2})\2(\d{2,4})(?![\w]|\.\d)")
_MONTH_ALONE = re.compile(rf"\b{_MONTH}", re.IGNORECASE)
_VERBS = {"may", "march", "mar", "dec", "jan", "sep", "jun", "jul", "oct", "nov", "feb", "apr", "aug"}


@dataclass(frozen=True, slots=True)
class Date:
    """A date at `text[start:end]`; a `day`, `month` or `year` that is not given is 0."""

    day: int
    month: int
    year: int
    start: int
    end: int


def dates_in(text: str) -> list[Date]:
    """Find the dates of a text: "3 March 2024", "March 3rd", "March 2024", "March", "2024-03-03", and both readings of "3/4/2024"."""
    found: list[Date] = []
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            date = Date(int(parts.get("day") or 0), _MONTHS[parts["month"].lower()], int(parts.get("year") or 0), *match.span())
            if not _overlaps(date.start, date.end, found):
                found.append(date)
    found += [date for match in _IN_DIGITS.finditer(text) for date in _readings(match)]
    for match in _MONTH_ALONE.finditer(text):
        name = match["month"]
        is_name = name[0].isupper() and name.lower() not in _VERBS
        if is_name and not _overlaps(*match.span(), found):
            found.append(Date(0, _MONTHS[name.lower()], 0, *match.span()))
    return found


def agrees_with_any(date: Date, others: Sequence[Date], years: frozenset[int]) -> bool:
    """Whether a date has the month of one of the others, its day if it has one, and its year, which may stand among `years` instead."""
    return any(
        date.month == other.month
        and (not date.day or date.day == other.day)
        and (not date.year or date.year == other.year or (not other.year and date.year in years))
        for other in others
    )


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
