"""The years, quarters and versions that a text names, however they are written: "FY18", "fiscal 2018", "29.12.2018", "3Q19", "v2.1".

Words alone do not tell them: "FY18" and "2018" share no term.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_FULL = r"(?:19|20)\d\d"
_FISCAL_WORD = (
    r"(?:fiscal(?:\s+years?)?|financial\s+years?|f\.?\s?y\.?|gesch(?:ä|ae)ftsjahr(?:e?s)?|gj|wirtschaftsjahr|exercices?(?:\s+fiscal)?|ejercicios?(?:\s+fiscal)?"
    r"|esercizi[oi]|exerc[ií]cios?|boekjaar|regnskabs[åa]r(?:et)?|räkenskapsår(?:et)?|rok\s+obrotowy)"
)
_FISCAL = re.compile(
    rf"(?<![^\W_]){_FISCAL_WORD}[\s_]*['’‘-]?\s*(?P<year>{_FULL}|\d\d)(?:\s?[/–-]\s?(?P<end>{_FULL}|\d\d)(?!\d))?(?![\d]|[.,]\d)",
    re.IGNORECASE,
)
_FISCAL_SIGNS = (
    "fiscal",
    "financial y",
    "fy",
    "jahr",
    "gj",
    "exercice",
    "ejercicio",
    "eserci",
    "exerc",
    "boekjaar",
    "regnskab",
    "räkenskap",
    "obrotow",
)
_QUARTER_SIGN = re.compile(r"q[1-4]|[1-4]q|t[1-4]|quart|trimestr|kwart")
_QUARTER_OF = re.compile(
    r"(?<![^\W_])(?:q(?P<q>[1-4])|(?P<n>[1-4])q|t(?P<t>[1-4]))[\s_.,/'’-]*(?P<year>(?:19|20)\d\d|\d\d)?(?![\d]|[.,]\d)", re.IGNORECASE
)
_BEFORE_QUARTER = re.compile(rf"(?<!\d)(?P<year>{_FULL})[\s_-]?q(?P<q>[1-4])(?![^\W_])", re.IGNORECASE)
_ORDINALS = (
    ("first", "1st", "erste", "1.", "premier", "1er", "primer", "primo", "primeiro", "eerste"),
    ("second", "2nd", "zweite", "2.", "deuxième", "2e", "segundo", "secondo", "tweede"),
    ("third", "3rd", "dritte", "3.", "troisième", "3e", "tercer", "terzo", "terceiro", "derde"),
    ("fourth", "4th", "vierte", "4.", "quatrième", "4e", "cuarto", "quarto", "vierde"),
)
_ORDINAL = {word: place for place, words in enumerate(_ORDINALS, start=1) for word in words}
_WRITTEN_QUARTER = re.compile(
    rf"(?<!\w)(?P<ordinal>{'|'.join(map(re.escape, sorted(_ORDINAL, key=len, reverse=True)))})(?:[snr])?[\s-]+"
    r"(?:fiscal\s+)?(?:quarter|quartal|trimestre|kwartaal)\b",
    re.IGNORECASE,
)
_COMPACT = re.compile(rf"(?<!\d)(?P<year>{_FULL})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")
_DATE = re.compile(r"(?<![\d.])\d{1,2}[./-]\d{1,2}[./-](?P<year>(?:19|20)?\d\d)(?!\d)")
_TWO_YEARS = re.compile(r"(?<![\d.,])(?:19|20)(?P<first>\d\d)\s?[/–-]\s?(?P<year>(?:(?:19|20)\d\d|\d\d))(?!\d|[-/.]\d)")
_PLAIN = re.compile(rf"(?<![\d,$€£¥])(?<!\d[.])(?P<year>{_FULL})(?!\d|[.,]\d|\s?%)")
_PERIOD = re.compile(
    rf"\b(?:year|years|period|quarter|months|weeks)\s+(?:ended|ending)\b[^.;]{{0,40}}?(?P<year>{_FULL})"
    rf"|\b(?:annual\s+report|gesch(?:ä|ae)ftsbericht|jahresbericht|rapport\s+annuel|informe\s+anual|relazione\s+annuale)\b[^.;]{{0,30}}?(?P<report>{_FULL})",
    re.IGNORECASE,
)

_VERSION = re.compile(
    r"(?<![^\W_])(?:v(?:er(?:sion)?)?|release|rel|rev(?:ision)?|edition|ausgabe)[\s_.]*(?P<version>\d+(?:\.\d+){0,3})(?![^\W_])",
    re.IGNORECASE,
)

LEAST_FISCAL = 3  # mentions of fiscal years that tell which one a text is about
LEAST_QUARTER = 3
QUARTER_RATE = 0.15  # mentions of a quarter for each part of a text
QUARTER_SHARE = 0.6  # of a text's mentions of quarters, for the text to be about one


@dataclass(frozen=True, slots=True)
class Period:
    """A year, or a quarter (1 to 4) of it; 0 where it is not given."""

    year: int
    quarter: int = 0


def years_in(text: str) -> Iterator[int]:
    """The years of a text, as often as they are named; a fiscal year over two calendar years is named after the second."""
    rest = text
    for pattern in (_FISCAL, _QUARTER_OF, _TWO_YEARS, _DATE, _COMPACT, _PLAIN):
        for match in pattern.finditer(rest):
            parts = match.groupdict()
            if (year := parts.get("end") or parts["year"]) and (pattern is not _TWO_YEARS or _follow(parts["first"], year)):
                yield _full(year)
                rest = f"{rest[: match.start()]}{' ' * len(match[0])}{rest[match.end() :]}"  # told once


def without_periods(text: str) -> str:
    """A text without its years and quarters."""
    for pattern in (_FISCAL, _QUARTER_OF, _BEFORE_QUARTER, _WRITTEN_QUARTER, _TWO_YEARS, _DATE, _COMPACT, _PLAIN):
        text = pattern.sub(" ", text)
    return text


def fiscal_years_in(text: str) -> Iterator[int]:
    """The years that a text calls fiscal."""
    return (_full(match["end"] or match["year"]) for match in _FISCAL.finditer(text))


def quarters_in(text: str) -> Iterator[int]:
    """The quarters of a text, 1 to 4, as often as they are named."""
    for pattern in (_QUARTER_OF, _BEFORE_QUARTER):
        for match in pattern.finditer(text):
            parts = match.groupdict()
            yield int(parts["q"] or parts.get("n") or parts.get("t") or 0)
    yield from (_ORDINAL[match["ordinal"].lower()] for match in _WRITTEN_QUARTER.finditer(text))


def versions_in(text: str) -> Iterator[str]:
    """The versions of a text, as "2.1"."""
    return (match["version"] for match in _VERSION.finditer(text))


def asked_periods(question: str) -> list[Period]:
    """The years that a question names, each once, the latest first, with its quarter where it names one."""
    quarters = sorted(set(quarters_in(question)))
    quarter = quarters[0] if len(quarters) == 1 else 0
    return [Period(year, quarter) for year in sorted(set(years_in(question)), reverse=True)]


class OwnPeriod:
    """Finds out, from its name, its beginning and all of its text, which years and quarter a document is about."""

    def __init__(self, named: str) -> None:
        """`named`: the file's name and the document's title."""
        self._named = list(years_in(named))
        self._named_quarters = list(quarters_in(named))
        self._beginning: list[int] = []
        self._parts = 0
        self._years, self._fiscal, self._quarters = Counter[int](), Counter[int](), Counter[int]()

    def begin(self, text: str) -> None:
        """Read the beginning."""
        self._beginning = [int(match["year"] or match["report"]) for match in _PERIOD.finditer(text)] or list(years_in(text))[:1]

    def read(self, text: str) -> None:
        """Read a part of the text. Most parts have few mentions, and are looked at quickly."""
        self._parts += 1
        self._years.update(map(int, _PLAIN.findall(text)))
        small = text.lower()
        if any(word in small for word in _FISCAL_SIGNS):
            self._fiscal.update(fiscal_years_in(text))
        if _QUARTER_SIGN.search(small):
            self._quarters.update(quarters_in(text))

    @property
    def years(self) -> list[int]:
        """The years that it is about, the most likely first."""
        votes = Counter[int]()
        fiscal = _most_common(self._fiscal) if self._fiscal.total() >= LEAST_FISCAL else []
        for years in (self._named, fiscal, self._beginning, [] if fiscal else _most_common(self._years)):
            votes.update(dict.fromkeys(years, 1))
        return [year for year, _ in votes.most_common()]

    @property
    def quarter(self) -> int:
        """The quarter that it is about, or 0."""
        if len(set(self._named_quarters)) == 1:
            return self._named_quarters[0]
        quarter, count = next(iter(self._quarters.most_common(1)), (0, 0))
        least = max(LEAST_QUARTER, QUARTER_RATE * self._parts, QUARTER_SHARE * self._quarters.total())
        return quarter if quarter < 4 and count >= least else 0


def _most_common(counts: Counter[int]) -> Collection[int]:
    """The most frequent one; of several, the latest."""
    return [max(counts, key=lambda year: (counts[year], year))] if counts else []


def _full(year: str) -> int:
    """A year in four digits."""
    return int(year) if len(year) == 4 else (2000 if int(year) < 70 else 1900) + int(year)


def _follow(first: str, second: str) -> bool:
    """Whether one year follows another, as in "2018/19"; both by their last digits."""
    return (int(first) + 1) % 100 == int(second[-2:])


def spelt_out(question: str) -> str:
    """A question with its fiscal years in four digits: texts and tables have "2018" where people ask for "FY18"."""
    return _FISCAL.sub(lambda match: f" {_full(match['end'] or match['year'])}", question)
