"""How languages write numbers, denials and months, from `vocabulary.toml`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rag.text.languages import language_by_script, language_of, likely_language

LONGEST_BOUND = 30  # characters before a number, in which "at least" may stand
MOST_LETTERS = 0.05  # of a text's words, the share that other languages may have lent it
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


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Words of one language by which two sentences differ though they share the others; patterns match nothing where it has none.

    Attributes:
        every: "all", "each", "always".
        some: "some", "many", "often".
        only: "only".
        before: "before".
        after: "after".
        plans: What says that something is planned, or may be: "plans to", "perhaps".
        assured: What leaves that open too, in a claim: "can", "allowed".
        conditions: "if", "unless".
        reports: What says that something is somebody's claim, or none that holds: "alleged", "myth".
        sums: "in total".
        counted: What stands before a number of things that are named: "the" three.
        attributing: An opening that says whose words follow: "According to the report,".
        passive: What stands before the one who acts: "by".
        auxiliaries: What stands before a verb in the passive voice: "was".
        opposites: Groups of words, as patterns, any of the first of which is the opposite of any of the second.
        begun: Of each of these, the first two letters of all words.
        peoples: Words for one country and its people, each with the first of them.
        fractions: Words for fractions, in per cent.
        fraction: Finds one of these.
        little: Words that join sentences or say how often or how surely, which a source may lack: "moreover", "typically".
        light: Verbs that only carry a noun which says what is done: payment is "made".
        one_in: "one in four", with the numbers as groups `part` and `whole`, or `every`.
        most: What stands before a number that is not exceeded: "up to".
        least: What stands before one that is reached or exceeded: "at least".
        stands_for: Finds pronouns, with the words that a claim has for those whom they mean: "you", "employees".
    """

    every: re.Pattern[str]
    some: re.Pattern[str]
    only: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    plans: re.Pattern[str]
    assured: re.Pattern[str]
    conditions: re.Pattern[str]
    reports: re.Pattern[str]
    sums: re.Pattern[str]
    counted: re.Pattern[str]
    attributing: re.Pattern[str]
    passive: re.Pattern[str]
    auxiliaries: re.Pattern[str]
    opposites: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    begun: tuple[frozenset[str], ...]
    peoples: Mapping[str, str]
    fractions: Mapping[str, int]
    fraction: re.Pattern[str]
    little: frozenset[str]
    light: frozenset[str]
    one_in: re.Pattern[str]
    most: re.Pattern[str]
    least: re.Pattern[str]
    stands_for: tuple[tuple[re.Pattern[str], frozenset[str]], ...]

    def bound(self, text: str, place: int) -> tuple[bool, re.Match[str] | None]:
        """What limits the number at a place, and whether from above: "no more than" does, which has "more than" in it."""
        found = [
            (is_most, match)
            for is_most, pattern in ((True, self.most), (False, self.least))
            for match in pattern.finditer(text, max(0, place - LONGEST_BOUND), place)
            if not text[match.end() : place].strip(" $€£\u00a0")
        ]
        return min(found, key=lambda each: each[1].start(), default=(False, None))


@cache
def contrasts(language: str) -> Contrasts | None:
    """The words of a language that make two sentences differ; None where there is no vocabulary."""
    table = _tables().get(language)
    if not table:
        return None
    patterns = {name: _pattern(table.get(name, "")) for name in _CONTRASTS}
    opposites = [tuple(map(_beginning, pair.split("|"))) for pair in table.get("opposites", "").split()]
    fractions = {folded(form): value for form, value in _by_value(table.get("fractions", {})).items()}
    numbers = _any_of(vocabulary(language).values) if table.get("units") else "(?!)"  # type: ignore[union-attr]
    return Contrasts(
        **patterns,
        opposites=tuple((one, other) for one, other in opposites),
        begun=tuple(frozenset(form[:2].lower() for form in re.split(r"[/|]", pair)) for pair in table.get("opposites", "").split()),
        peoples={name: names[0] for names in (group.split("/") for group in table.get("peoples", "").split()) for name in names},
        fractions=fractions,
        fraction=re.compile(rf"(?<!{LETTER}){_any_of(fractions)}(?!{LETTER})", re.IGNORECASE) if fractions else _NEVER,
        little=frozenset(table.get("little", "").split()),
        light=frozenset(table.get("light", "").split()),
        stands_for=tuple((_pattern(each), frozenset(words.split())) for each, words in table.get("stands_for", {}).items()),
        one_in=_pattern(table.get("one_in", "").replace("{n}", rf"(?:\d{{1,3}}|{numbers})")),
    )


_CONTRASTS = (
    *("every", "some", "only", "before", "after", "plans", "assured", "conditions", "reports"),
    *("sums", "counted", "attributing", "passive", "auxiliaries", "most", "least"),
)


def _beginning(words: str) -> re.Pattern[str]:
    """Matches a word that begins with one of these; a short one must be the whole word."""
    forms = words.split("/")
    if not forms[0].isascii() and not re.match(r"[^\W\d_]", forms[0]):
        return _NEVER
    unspaced = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    alternatives = [re.escape(form) if unspaced.match(form) else rf"(?<!{LETTER}){re.escape(form)}" for form in forms]
    ends = [
        alternative if unspaced.match(form) else f"{alternative}{LETTER}{{0,{_endings(form)}}}(?!{LETTER})"
        for form, alternative in zip(forms, alternatives, strict=True)
    ]
    return re.compile("|".join(ends), re.IGNORECASE)


def _endings(form: str) -> int:
    """How many letters may follow a word's beginning: few after a short one, which begins other words too."""
    return 6 if len(form) >= 5 or (len(form) == 4 and not form.isascii()) else 3 if not form.isascii() else 1


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
    told = _by_letters(text, MOST_LETTERS) or language_of(text) or language_by_script(text) or near
    return told or _by_letters(text, 0) or likely_language(text) or "en"


def _by_letters(text: str, share: float) -> str:
    """The language that alone has letters of more than this share of a text's words, names apart; "" where there is none."""
    for language, table in _tables().items():
        letters = table.get("letters", "")
        if any(each in text for each in letters):
            words = text.split()
            if sum(any(each in word for each in letters) for word in words if not word[0].isupper()) > share * len(words):
                return language
    return ""


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
