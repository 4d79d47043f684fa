"""The numbers of a text, by value, and the units that stand beside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from rag.verifying.number_words import number_words
from rag.verifying.vocabulary import Vocabulary, contrasts, folded, vocabulary

_PERHAPS_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9}

_UNIT_WORDS = {
    **dict.fromkeys(["%", "percent", "percentage"], "%"),
    **dict.fromkeys(["$", "usd", "dollar", "dollars"], "$"),
    **dict.fromkeys(["€", "eur", "euro", "euros"], "€"),
    **dict.fromkeys(["£", "gbp"], "£"),
    **{form: unit for unit in ("second", "minute", "hour", "day", "week", "month", "year") for form in (unit, f"{unit}s")},
}

MOST_ADDED = 8  # numbers of a source that a claim may add up
LONGEST_UNIT = 40  # characters behind a number in which its unit may stand
_GROUPED = r"\d{1,3}(?:[,.'’\u00a0\u2009\u202f ]\d{3})+(?![\d])(?:[.,]\d{1,9})?"
_DIGITS = re.compile(
    rf"(?<![A-Za-z\d])(?<!\d[.,])(?P<digits>{_GROUPED}|\d{{1,30}}(?:[.,]\d{{1,30}})*)"
    r"(?P<suffix>[A-Za-z]{1,3}(?![A-Za-z\d]))?(?![A-Za-z\d])"
)
_IN_CODE = re.compile(r"(?<=[A-Za-z])\d{1,30}")
_IN_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_IN_SCALE = re.compile(r"\bin (thousand|million|billion)s\b", re.IGNORECASE)
_AFTER = re.compile(r"[\s-]*(%|per\s?cent\b|[^\W\d_]+)(?:[\s-]+([^\W\d_]+))?")
_BEFORE = re.compile(r"([$€£])\s*\Z")
_ENUMERATED = re.compile(r"\s*\(?\d{1,3}[.)]\s")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at `text[start:end]`.

    Attributes:
        values: What it may mean: "1.234" is one and a bit, or a thousand and some.
        unit: "%", a currency's sign, a span of time, or "" where none stands beside it.
        is_word: Whether it is written in letters.
        is_ordinal: Whether it counts a place, as "third".
        is_part: Whether it is only one way to read a part of another: the 1 of "1 000".
        is_unsure: Whether its words mean something else at times: "acht", "cuarto".
        is_count: Whether it counts things that are known: "the two grants".
        is_fraction: Whether it is a share in other words than per cent: "one in four", "a quarter".
    """

    values: frozenset[Decimal]
    unit: str
    start: int
    end: int
    is_word: bool = False
    is_ordinal: bool = False
    is_part: bool = False
    is_unsure: bool = False
    is_count: bool = False
    is_fraction: bool = False


def numbers_in(text: str, language: str = "en") -> list[Number]:
    """Find the numbers of a text, in digits and in words of its language, in no order; a list item's own at its beginning is left out."""
    skipped = _ENUMERATED.match(text)
    found = [
        number for number in (*_in_digits(text, language), *_in_words(text, language)) if not (skipped and number.end <= skipped.end())
    ]
    found += _fractions(text, language, [number.start for number in found if not number.is_part])
    if scale := _IN_SCALE.search(text):
        times = _IN_SCALES[scale[1].lower()]
        found += [Number(_times(number.values, times), number.unit, number.start, number.end) for number in found]
    return found


def equals_any(number: Number, others: Sequence[Number]) -> bool:
    """Whether one of the others has a value of the number and no other unit."""
    return any(
        not number.values.isdisjoint(other.values) and (number.unit == other.unit or not (number.unit and other.unit)) for other in others
    )


def is_sum_of(number: Number, others: Sequence[Number]) -> bool:
    """Whether a number is the sum of two or more neighbours among others, which have its unit or none."""
    found = sorted(
        {(other.start, other) for other in others if not (other.is_part or other.is_ordinal or other.is_fraction)}, key=itemgetter(0)
    )
    added = [min(other.values) for _, other in found if other.unit == number.unit or not (number.unit and other.unit)][:MOST_ADDED]
    return any(sum(added[start:end]) in number.values for start in range(len(added)) for end in range(start + 2, len(added) + 1))


def _fractions(text: str, language: str, starts: Sequence[int]) -> Iterator[Number]:
    """Shares that are not written in per cent: "one in four", "a quarter of"; `starts` are where numbers begin."""
    words, known = contrasts(language), vocabulary(language)
    if words is None or known is None:
        return
    begun = (words.one_in.match(text, start) for start in starts)
    for match in words.one_in.finditer(text) if "every" in words.one_in.groupindex else filter(None, begun):
        parts = match.groupdict()
        part = _value(parts["part"], known) if parts.get("part") else 1
        whole = _value(parts["whole"] if parts.get("whole") else parts["every"], known)
        if 0 < part < whole:
            yield Number(_percentages(Decimal(100 * part) / whole), "%", *match.span(), is_word=True, is_fraction=True)
    for match in words.fraction.finditer(text):
        before = text[max(0, match.start() - LONGEST_UNIT) : match.start()].rstrip()
        times = next((number.value for number in number_words(before, language) if number.end == len(before)), 1)
        share = Decimal(100) * times / round(Decimal(100) / words.fractions[folded(match.group())])
        if 0 < share < 100:
            yield Number(_percentages(share), "%", *match.span(), is_word=True, is_fraction=True, is_unsure=True)


def _value(word: str, known: Vocabulary) -> int:
    return int(word) if word.isdecimal() else known.values[folded(word)]


def _percentages(share: Decimal) -> frozenset[Decimal]:
    """A share as it may be written: 33.3 % is also 33."""
    return frozenset({share.normalize(), *(round(share, places) for places in (0, 1, 2))})


def _in_digits(text: str, language: str) -> Iterator[Number]:
    words = vocabulary(language) or vocabulary("en")
    assert words
    for match in _DIGITS.finditer(text):
        digits, suffix, end = match["digits"], (match["suffix"] or "").lower(), match.end()
        values = _readings(digits)
        if scale := words.scale.match(text, end):
            values, end = _times(values, words.scales.get(folded(scale[1]), 1)), scale.end()
        elif suffix in _PERHAPS_SCALES:
            values |= _times(values, _PERHAPS_SCALES[suffix])
        elif suffix in words.scales:
            values = _times(values, words.scales[suffix])
        if values:
            yield Number(values, _unit(text, match.start(), end), match.start(), end, is_ordinal=suffix in {"st", "nd", "rd", "th"})
        if not values or " " in digits:  # "5,6,7"; and "1 000" is a thousand, but "room 12 300 chairs" has none
            for part in re.finditer(r"\d+", digits):
                start = match.start() + part.start()
                yield Number(frozenset({Decimal(part.group())}), "", start, start + len(part.group()), is_part=bool(values))
    for match in _IN_CODE.finditer(text):  # "RJ45" may be "RJ-45" elsewhere
        yield Number(frozenset({Decimal(match.group())}), "", match.start(), match.end(), is_part=True)


def _readings(digits: str) -> frozenset[Decimal]:
    """The values that digits with marks between them may have; none for a list of numbers."""
    plain = re.sub(r"['’\s]", "", digits)
    marks = {mark for mark in ",." if mark in plain}
    if not marks:
        return frozenset({Decimal(plain)})
    last = max(plain.rfind(","), plain.rfind("."))
    whole, rest = re.sub(r"[.,]", "", plain[:last]), plain[last + 1 :]
    as_decimal, as_groups = Decimal(f"{whole}.{rest}"), Decimal(whole + rest)
    if len(marks) == 2:
        return frozenset({as_decimal})
    groups = re.split(r"[.,]", plain)
    is_grouped = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3
    if len(groups) > 2:
        return frozenset({as_groups}) if is_grouped else frozenset()
    return frozenset({as_decimal, as_groups} if is_grouped else {as_decimal})


def _times(values: frozenset[Decimal], scale: int) -> frozenset[Decimal]:
    return frozenset(value * scale for value in values)


def _in_words(text: str, language: str) -> Iterator[Number]:
    special = contrasts(language)
    for words in number_words(text, language):
        unit = "%" if words.is_percentage else _unit(text, words.start, words.end)
        value = frozenset({Decimal(words.value)})
        is_count = not unit and bool(
            not text[: words.start].strip() or (special and special.counted.search(text[max(0, words.start - 12) : words.start]))
        )
        kind = {"is_ordinal": words.is_ordinal, "is_unsure": words.is_unsure, "is_count": is_count}
        yield Number(value, unit, words.start, words.end, is_word=True, **kind)


def _unit(text: str, start: int, end: int) -> str:
    if before := _BEFORE.search(text, max(0, start - 3), start):
        return before[1]
    after = _AFTER.match(text, end, end + LONGEST_UNIT)
    if not after:
        return ""
    first = "%" if after[1].lower().startswith("per") and after[1].lower().endswith("cent") else _UNIT_WORDS.get(after[1].lower(), "")
    return first or _UNIT_WORDS.get((after[2] or "").lower(), "")
