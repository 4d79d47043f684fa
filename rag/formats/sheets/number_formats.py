"""A number format of Excel -> what a cell shows: "0.0%" makes 0.25 "25.0%", "dd.mm.yyyy" a date "11.06.2024"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import isfinite

from rag.formats.sheets.date_formats import date_formatter, year_first

Value = str | float | bool | date | time | timedelta
"""What a cell holds; a `datetime` is a `date`."""

BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
}
"""Those that look alike everywhere. Dates by the settings of the machine (14, 22) are written year first."""

_LONGEST_CODE = 255
_MOST_DECIMALS = 30
_LARGEST = 1e30  # shown by a format
_EXACT = 1e15  # from here on, and below the next, a number has its exponent
_SMALL = 1e-4

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<blank>_.)|(?P<fill>\*.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|\[(?P<elapsed>h+|m+|s+)\]'
    r"|\[(?P<colour>[^\]]*)\]|(?P<general>general)|(?P<noon>am/pm|a/p)|(?P<exponent>e[+-]0+)|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+)"
    r"|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?)|(?P<percent>%)|(?P<text>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_LITERALS = {"quoted", "escaped", "currency", "other", "percent", "blank"}
_NOT_OF_NUMBERS = {"date", "elapsed", "noon", "text", "exponent"}
Token = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Digits:
    """The digits of a format: decimals, at least and at most; digits before them at least; how often a thousand is divided away."""

    least: int
    most: int
    whole: int
    is_grouped: bool
    thousands: int

    @classmethod
    def of(cls, pattern: str) -> "_Digits":
        whole, _, decimals = pattern.rstrip(",").partition(".")
        most = min(len(decimals), _MOST_DECIMALS)
        least = min(len(decimals.rstrip("#?")), most)
        return cls(least, most, whole.count("0"), "," in whole, len(pattern) - len(pattern.rstrip(",")))

    def show(self, number: Decimal) -> str:
        number = number.scaleb(-3 * self.thousands).quantize(Decimal(1).scaleb(-self.most), ROUND_HALF_UP)
        whole, _, decimals = f"{number:,f}".partition(".")
        whole = (whole if self.is_grouped else whole.replace(",", "")).zfill(self.whole)
        whole = "" if whole == "0" and not self.whole else whole
        decimals = decimals[: self.least] + decimals[self.least :].rstrip("0")
        return f"{whole}.{decimals}" if decimals else whole


def general(value: Value) -> str:
    """A value without a format: a whole number without decimals, a date year first."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        if isfinite(value) and abs(value) < _EXACT and value == int(value):
            return str(int(value))
        return f"{value:.10g}" if _SMALL <= abs(value) < 1 / _SMALL else f"{value:.15g}"
    return year_first(value)


@lru_cache(maxsize=1000)
def formatter(code: str) -> Callable[[Value], str]:
    """What shows values by a format; those that it says nothing of, or that are not understood, as without one."""
    sections = _sections(code[:_LONGEST_CODE])
    if any(kind == "colour" and words[:1] in {"<", ">", "="} for section in sections for kind, words in section):
        return general
    numbers = [_number_section(section) for section in sections[:3]]
    has_era = any(kind == "other" and words.lower() in {"g", "e", "b"} for kind, words in sections[0])  # years of emperors
    tokens = [("literal" if kind in _LITERALS else kind, _literal(kind, words)) for kind, words in sections[0]]
    dates = None if has_era else date_formatter(tokens)

    @lru_cache(maxsize=5_000, typed=True)  # a column often has few values; True is no 1
    def show(value: Value) -> str:
        if isinstance(value, date | time | timedelta):
            return dates(value) if dates else general(value)
        if isinstance(value, bool | str) or not abs(value) < _LARGEST:
            return general(value)
        place = 2 if value == 0 and len(numbers) > 2 else int(value < 0 and len(numbers) > 1)
        number = numbers[place]
        if number is None:
            return general(value)
        return number(-value if place == 1 else value)

    return show


def _sections(code: str) -> list[list[Token]]:
    """The tokens of a format's sections: for numbers above zero, below, zero, and for text."""
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = str(match.lastgroup)
        if match[0] == ";":
            sections.append([])
        else:
            sections[-1].append((kind, match[kind]))
    return sections


def _number_section(tokens: list[Token]) -> Callable[[float], str] | None:
    """What shows a number; None where a section holds what is not understood: fractions, exponents, digits in several places."""
    kinds = [kind for kind, _ in tokens]
    places = [place for place, kind in enumerate(kinds) if kind in {"digits", "general"}]
    if len(places) > 1 or _NOT_OF_NUMBERS & {*kinds}:
        return None
    if not places:
        words = _literals(tokens)
        return lambda _: words
    before, after = _literals(tokens[: places[0]]), _literals(tokens[places[0] + 1 :])
    digits = _Digits.of(tokens[places[0]][1]) if kinds[places[0]] == "digits" else None
    hundreds = 2 * kinds.count("percent")

    def show(value: float) -> str:
        number = Decimal(repr(abs(value))).scaleb(hundreds)
        words = digits.show(number) if digits else general(float(number))
        sign = "-" if value < 0 and any(digit in "123456789" for digit in words) else ""
        return f"{sign}{before}{words}{after}".strip()

    return show


def _literals(tokens: list[Token]) -> str:
    return "".join(_literal(kind, words) for kind, words in tokens if kind in _LITERALS)


def _literal(kind: str, words: str) -> str:
    return " " if kind == "blank" else words
