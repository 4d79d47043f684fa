"""The numbers of a text that are written in words, in many languages, and in Chinese numerals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.verifying.vocabulary import Vocabulary, folded, vocabulary

_UNITS_FIRST = {"de", "nl", "cs", "ar"}  # "einundzwanzig"
_DIGIT_BEFORE = re.compile(r"\d[\s-]?\Z")
_PER_HUNDRED = re.compile(r"\b(?:pour|por|per|pro)\s+\Z", re.IGNORECASE)

_HAN_DIGITS = {**{digit: value for value, digit in enumerate("〇一二三四五六七八九")}, "零": 0, "两": 2, "兩": 2}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_HAN = re.compile(f"[{''.join((*_HAN_DIGITS, *_HAN_TENS, *_HAN_SCALES))}]{{1,20}}")
_HAN_NO_NUMBER = re.compile("百分之|百分点|十分(?![钟鐘之間间以の])|万一|千万(?=[不别要别])|百合|万能|千葉")
_COUNTERS = re.compile(
    "[年月日号號天个個人名位次回倍岁歲歳周週秒时時元円块塊克吨点條条章节節项項页頁台本冊枚件度成折割楼樓层層阶階级級届屆所家间間种種类類代期款つ番社軒便"
    "晚泊股票篇字]|小[时時]|分(?![之卫衛])|公[里斤]|平[方米]|[毫厘千]?米|[ヶカかヵケ]月|メートル|キロ|グラム|パーセント|ドル|ユーロ|星期|礼拜"
)


@dataclass(frozen=True, slots=True)
class NumberWords:
    """A number in words at `text[start:end]`; `is_unsure` where the words mean something else at times."""

    value: int
    start: int
    end: int
    is_ordinal: bool = False
    is_unsure: bool = False
    is_percentage: bool = False


def number_words(text: str, language: str) -> Iterator[NumberWords]:
    """Find the numbers that a text of this language has in words."""
    if language in {"zh", "ja"}:
        yield from _han_numbers(text)
    elif words := vocabulary(language):
        for run in words.numbers.finditer(text):
            yield from _in_run(text, run.start(), run.end(), words, language)


def _in_run(text: str, start: int, end: int, words: Vocabulary, language: str) -> Iterator[NumberWords]:
    """Words that follow each other make one number as long as they can: "two hundred and fifty", but "three / five-day weeks"."""
    total = current = begin = until = 0
    is_ordinal = False
    for match in words.atom.finditer(text, start, end):
        word = folded(match.group())
        value, is_scale = words.values.get(word, 0), word in words.scales
        is_joined = bool(words.joiner.fullmatch(text, until, match.start())) if until else False
        is_last = is_ordinal and not (language == "ar" and value == 10)  # "the nine-th ten" is the nineteenth
        if until and (is_last or not (is_scale or _can_follow(current, value, is_joined, language))):
            yield _found(text, total + current, begin, until, words, is_ordinal)
            total = current = until = 0
            is_ordinal = False
        if not until and is_scale and _is_no_number(text, match.start(), value, language):
            continue
        begin = begin if until else match.start()
        if not is_scale:
            current += value
        elif value < 1000:
            current = (current or 1) * value
        else:
            total, current = total + (current or 1) * value, 0
        until, is_ordinal = match.end(), is_ordinal or word in words.ordinals
    if until:
        yield _found(text, total + current, begin, until, words, is_ordinal)


def _is_no_number(text: str, start: int, scale: int, language: str) -> bool:
    """Whether a scale alone is part of "2.5 million", of "pour cent", or of "millones de personas"."""
    before = max(0, start - 8)
    is_vague = language != "en" and scale >= 10**6
    return is_vague or bool(_DIGIT_BEFORE.search(text, before, start) or _PER_HUNDRED.search(text, before, start))


def _can_follow(current: int, value: int, is_joined: bool, language: str) -> bool:
    last = current % 100
    if last == 0:
        return value < 100 or current == 0
    if value < 10:
        return last % 10 == 0 and last >= (10 if language == "tr" else 20)
    if last < 10:
        return language in _UNITS_FIRST and ((is_joined and value >= 20 and value % 10 == 0) or (language == "ar" and value == 10))
    return language == "fr" and last in {60, 80} and value < 20


def _found(text: str, value: int, start: int, end: int, words: Vocabulary, is_ordinal: bool) -> NumberWords:
    return NumberWords(value, start, end, is_ordinal, folded(text[start:end]) in words.unsure)


def _han_numbers(text: str) -> Iterator[NumberWords]:
    """Several numerals, or one before a word that is counted with: many single ones are parts of other words."""
    skipped = {match.start() for match in _HAN_NO_NUMBER.finditer(text)}
    for match in _HAN.finditer(text):
        start, end = match.span()
        percent = text[max(0, start - 3) : start] == "百分之"
        is_other = text[max(0, start - 1) : start] in {*"数數几幾"} or start in skipped
        follows_digit = text[max(0, start - 1) : start].isdecimal()  # "2万"
        if (
            is_other
            or follows_digit
            or (end - start == 1 and not (percent or _COUNTERS.match(text, end) or text[start - 1 : start] == "第"))
        ):
            continue
        value = han_value(match.group())
        if value is not None:
            yield NumberWords(value, start, end, is_percentage=percent)


def han_value(numerals: str) -> int | None:
    """The value of 三十五, 一万二千 and 二〇二四; None for "三四", which is three or four."""
    if all(numeral in _HAN_DIGITS for numeral in numerals):
        digits = "".join(str(_HAN_DIGITS[numeral]) for numeral in numerals)
        return int(digits) if len(digits) != 2 else None
    total = section = digit = 0
    for numeral in numerals:
        if numeral in _HAN_DIGITS:
            digit = _HAN_DIGITS[numeral]
        elif numeral in _HAN_TENS:
            section, digit = section + (digit or 1) * _HAN_TENS[numeral], 0
        else:
            total, section, digit = total + (section + digit or 1) * _HAN_SCALES[numeral], 0, 0
    return total + section + digit
