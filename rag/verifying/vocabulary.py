"""How languages write numbers, denials and months, from `vocabulary.toml`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rag.text.languages import language_by_script, language_of, likely_language

_NEVER: re.Pattern[str] = re.compile(r"(?!)")
LETTER = r"[\w\u0300-\u036f\u064b-\u0652\u0900-\u0903\u093c-\u094d]"  # of a word: Python's \w leaves out vowel signs


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one language's words for numbers, denials and months are.

    Attributes:
        values: The value of each number word, `folded`; scales are 12, 100, 1000 and more.
        ordinals: Those of `values` that count a place.
        scales: Those of `values` that multiply what stands before them.
        unsure: Those that are other words at times.
        numbers: Finds runs of number words.
        atom: Finds the next number word in such a run, longest first.
        joiner: Matches what may stand between units and tens.
        scale: Matches a scale behind digits.
        months: The number of each month's name.
        negations: Finds what denies.
        denying: Finds words whose meaning denies.
        not_denied: Finds phrases with a negation that denies nothing.
        denying_prefix: What a word begins with that denies the word without it; "" where the language has none.
    """

    values: Mapping[str, int]
    ordinals: frozenset[str]
    scales: Mapping[str, int]
    unsure: frozenset[str]
    numbers: re.Pattern[str]
    atom: re.Pattern[str]
    joiner: re.Pattern[str]
    scale: re.Pattern[str]
    months: Mapping[str, int]
    negations: re.Pattern[str]
    denying: re.Pattern[str]
    not_denied: re.Pattern[str]
    denying_prefix: str


@cache
def vocabulary(language: str) -> Vocabulary | None:
    """The vocabulary of a language by its ISO 639-1 code; None where there is none."""
    table = _tables().get(language)
    return _built(table) if table else None


def folded(word: str) -> str:
    """A word as the keys of a vocabulary are written: what a pattern that ignores case takes for the same letter is the same."""
    return word.replace("İ", "i").lower().replace("ı", "i").replace("ſ", "s")


@cache
def month_numbers() -> Mapping[str, int]:
    """The months of all languages by their names in small letters."""
    return {
        folded(name): number
        for table in reversed(_tables().values())
        for name, number in _numbered(table.get("months", ""), range(1, 13)).items()
    }


def checked_language(text: str, near: str = "") -> str:
    """The language in which a text's facts are looked up; `near` is that of the text it is compared with, which decides for short ones."""
    return language_of(text) or language_by_script(text) or near or likely_language(text) or "en"


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _built(table: dict[str, Any]) -> Vocabulary:
    ordinals = _numbered(table.get("ordinals", ""), range(1, 100)) | _by_value(table.get("more_ordinals", {}))
    scales = _by_value(table.get("scales", {}))
    cardinals = _numbered(table.get("units", ""), range(1, 100)) | _numbered(table.get("tens", ""), range(20, 100, 10))
    cardinals |= _by_value(table.get("more", {}))
    words = ordinals | scales | cardinals
    joiner = table.get("joiner") or "(?!)"
    any_word = _any_of(words)
    apart = rf"[\s-]*(?:(?:{joiner})[\s-]*)?" if table.get("is_compound") else rf"[\s-]+(?:(?:{joiner})[\s-]+)?"
    lead = f"(?:{joiner})?" if joiner == "و" else ""  # Arabic writes "and" on the word
    behind = scales | _by_value(table.get("abbreviated", {}))
    return Vocabulary(
        _by_folded(words),
        frozenset(map(folded, ordinals.keys() - cardinals.keys())),
        _by_folded(behind),
        frozenset(map(folded, table.get("unsure", "").split())),
        re.compile(rf"(?<!{LETTER}){lead}{any_word}(?:{apart}{any_word}){{0,15}}(?!{LETTER})", re.IGNORECASE) if words else _NEVER,
        re.compile(any_word, re.IGNORECASE) if words else _NEVER,
        re.compile(rf"[\s-]*(?:{joiner})[\s-]*", re.IGNORECASE),
        re.compile(rf"[\s-]?({_any_of(behind)})(?!{LETTER})", re.IGNORECASE) if table.get("units") else re.compile(f"({_any_of(behind)})"),
        _by_folded(_numbered(table.get("months", ""), range(1, 13))),
        _pattern(table.get("negations", "")),
        _pattern(table.get("denying", "")),
        _pattern(table.get("not_denied", "")),
        table.get("denying_prefix", ""),
    )


def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE) if expression else _NEVER


def _numbered(words: str, values: Iterable[int]) -> dict[str, int]:
    return {form: value for entry, value in zip(words.split(), values, strict=False) for form in _forms(entry)}


def _by_folded(values: Mapping[str, int]) -> dict[str, int]:
    return {folded(word): value for word, value in values.items()}


def _by_value(entries: Mapping[str, str]) -> dict[str, int]:
    return {form: int(value) for value, entry in entries.items() for form in _forms(entry)}


def _forms(entry: str) -> list[str]:
    """The forms of "stem:ending,ending/stem:ending"."""
    parts = [part.partition(":") for part in entry.split("/")]
    return [stem + ending for stem, _, endings in parts for ending in endings.split(",")]


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})"
