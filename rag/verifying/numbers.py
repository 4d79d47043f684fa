"""The numbers of a text, by value, and the units that stand beside them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

_TO_NINETEEN = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TO_TWELFTH = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_UNITS = {
    **{word: value for value, word in enumerate(_TO_NINETEEN.split(), start=1)},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), start=2)},
}
_ORDINALS = {
    **{word: value for value, word in enumerate(_TO_TWELFTH.split(), start=1)},
    **{f"{word}th": value for word, value in _UNITS.items() if 13 <= value < 20},
    **{f"{word[:-1]}ieth": value for word, value in _UNITS.items() if value >= 20},
}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "mn": 10**6, "bn": 10**9}
_PERHAPS_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9}

_UNIT_WORDS = {
    **dict.fromkeys(["%", "percent", "percentage"], "%"),
    **dict.fromkeys(["$", "usd", "dollar", "dollars"], "$"),
    **dict.fromkeys(["€", "eur", "euro", "euros"], "€"),
    **dict.fromkeys(["£", "gbp"], "£"),
    **{form: unit for unit in ("second", "minute", "hour", "day", "week", "month", "year") for form in (unit, f"{unit}s")},
}

_GROUPED = r"\d{1,3}(?:[,.'’\u00a0\u2009\u202f ]\d{3})+(?![\d])(?:[.,]\d{1,9})?"
_DIGITS = re.compile(
    rf"(?<![A-Za-z\d])(?<!\d[.,])(?P<digits>{_GROUPED}|\d{{1,30}}(?:[.,]\d{{1,30}})*)"
    r"(?P<suffix>[A-Za-z]{1,3}(?![A-Za-z\d]))?(?![A-Za-z\d])"
)
_IN_CODE = re.compile(r"(?<=[A-Za-z])\d{1,30}")
_WORDS = re.compile(
    rf"\b(?:{'|'.join([*_UNITS, *_ORDINALS, 'dozen', 'hundred', 'thousand', 'million', 'billion', 'trillion'])})s?\b", re.IGNORECASE
)
_JOINED = re.compile(r"(?:[\s-]+|\s+and\s+)\Z", re.IGNORECASE)
_SCALE = re.compile(r"[\s-]?(hundred|thousand|million|billion|trillion|mn|bn)\b", re.IGNORECASE)
_IN_SCALE = re.compile(r"\bin (thousand|million|billion)s\b", re.IGNORECASE)
_AFTER = re.compile(r"[\s-]*(%|per\s?cent\b|[^\W\d_]+)(?:[\s-]+([^\W\d_]+))?")
_DIGIT_BEFORE = re.compile(r"\d[\s-]?\Z")
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
    """

    values: frozenset[Decimal]
    unit: str
    start: int
    end: int
    is_word: bool = False
    is_ordinal: bool = False
    is_part: bool = False


def numbers_in(text: str) -> list[Number]:
    """Find the numbers of a text, in digits and in English words, in no order; the number of a list item at its beginning is left out."""
    skipped = _ENUMERATED.match(text)
    found = [number for number in (*_in_digits(text), *_in_words(text)) if not (skipped and number.end <= skipped.end())]
    if scale := _IN_SCALE.search(text):
        times = _SCALES[scale[1].lower()]
        found += [Number(_times(number.values, times), number.unit, number.start, number.end) for number in found]
    return found


def equals_any(number: Number, others: Sequence[Number]) -> bool:
    """Whether one of the others has a value of the number and no other unit."""
    return any(
        not number.values.isdisjoint(other.values) and (number.unit == other.unit or not (number.unit and other.unit)) for other in others
    )


def _in_digits(text: str) -> Iterator[Number]:
    for match in _DIGITS.finditer(text):
        digits, suffix, end = match["digits"], (match["suffix"] or "").lower(), match.end()
        values = _readings(digits)
        if scale := _SCALE.match(text, end):
            values, end = _times(values, _SCALES[scale[1].lower()]), scale.end()
        elif suffix in _PERHAPS_SCALES:
            values |= _times(values, _PERHAPS_SCALES[suffix])
        elif suffix in _SCALES:
            values = _times(values, _SCALES[suffix])
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


def _in_words(text: str) -> Iterator[Number]:
    """Words that follow each other make one number as long as they can: "two hundred and fifty", but "three / five-day weeks"."""
    total = current = start = end = 0
    is_ordinal = False
    for match in _WORDS.finditer(text):
        word = match.group().lower()
        follows = bool(end) and _JOINED.match(text, end, match.start()) is not None and not is_ordinal
        ordinal = word in _ORDINALS or word.removesuffix("s") in _ORDINALS
        value = _UNITS.get(word) or _ORDINALS.get(word) or _ORDINALS.get(word.removesuffix("s")) or 0
        if not value and (
            word not in _SCALES or (not end and _DIGIT_BEFORE.search(text, max(0, match.start() - 3), match.start()))
        ):  # "hundreds"; "2.5 million"
            continue
        if not (follows and _can_follow(current, value)) and end:
            yield _worded(text, total + current, start, end, is_ordinal)
            total = current = end = 0
        start = start if end else match.start()
        if value:
            current += value
        elif word in {"dozen", "hundred"}:
            current = (current or 1) * _SCALES[word]
        else:
            total, current = total + (current or 1) * _SCALES[word], 0
        end, is_ordinal = match.end(), ordinal
    if end:
        yield _worded(text, total + current, start, end, is_ordinal)


def _can_follow(current: int, value: int) -> bool:
    if not value:
        return True
    last = current % 100
    return last == 0 or (last >= 20 and last % 10 == 0 and value < 10)


def _worded(text: str, value: int, start: int, end: int, is_ordinal: bool) -> Number:
    return Number(frozenset({Decimal(value)}), _unit(text, start, end), start, end, is_word=True, is_ordinal=is_ordinal)


def _unit(text: str, start: int, end: int) -> str:
    if before := _BEFORE.search(text, max(0, start - 3), start):
        return before[1]
    after = _AFTER.match(text, end)
    if not after:
        return ""
    first = "%" if after[1].lower().startswith("per") and after[1].lower().endswith("cent") else _UNIT_WORDS.get(after[1].lower(), "")
    return first or _UNIT_WORDS.get((after[2] or "").lower(), "")
