"""Reads the vocabulary of one language, and fills its templates.

A vocabulary (`vocabulary/en.txt`) is a list of lines; the first character says what a line is:

    = name value                      a setting: decimal, group, colon, money, date, months, days, page
    $ name = words | words            a slot: `{name}` is one of these, slots inside them filled in turn
    ! sentence                        says nothing that is asked for: boilerplate, of every kind or of the kind it stands in
    # kind ; titles ; identity ; of   a kind of document begins; `{of}` in a question is one of `of`, or nothing
    - labels = value ; question ; ~ sentence with the <value>
    . sentence with an <answer> ; question ; 2: question about the second <answer>
    @ corner = row ; header = value : questions     a table of records; a question that begins with ^ asks for the row
    % corner = row ; columns ; value ; questions    a table of one quantity
    & sentence ; opposite ; question ; opposite question
    ? a question that this kind of document does not answer

Parts are separated by " ; ", choices by " | ". `{p=person}` fills a slot and keeps it as `{p}` for the questions.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("vocabulary")
_SLOT = re.compile(r"\{(?:(\w+)=)?(\w+)(?::([^}]+))?\}")


@dataclass(frozen=True, slots=True)
class Field:
    """A label with its value."""

    labels: list[str]
    value: str
    questions: list[str]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence with answers in it; `questions[n]` ask for answer n."""

    sentence: str
    questions: dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of records, or of one quantity where `columns` names the slot of the headers."""

    corner: str
    row: str
    cells: list[tuple[str, str, list[str]]]
    columns: str = ""


@dataclass(frozen=True, slots=True)
class Opposites:
    """Two sentences that say the opposite of each other, and their questions."""

    sentences: tuple[str, str]
    questions: tuple[list[str], list[str]]


@dataclass(slots=True)
class Kind:
    """A kind of document."""

    name: str
    titles: list[str]
    identity: str
    of: list[str]
    entries: list[Field | Clause | Opposites] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    boilerplate: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Vocabulary:
    """All that is known of one language."""

    language: str
    settings: dict[str, list[str]] = field(default_factory=dict)
    slots: dict[str, list[str]] = field(default_factory=dict)
    boilerplate: list[str] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)


def read_vocabulary(language: str) -> Vocabulary:
    """The vocabulary of a language."""
    vocabulary = Vocabulary(language)
    for number, line in enumerate((FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                _read_line(vocabulary, line[0], line[1:].strip())
            except (ValueError, IndexError, KeyError) as error:
                raise ValueError(f"{language}.txt:{number}: {line}") from error
    return vocabulary


def _read_line(vocabulary: Vocabulary, mark: str, text: str) -> None:
    """Adds what one line says."""
    kind = vocabulary.kinds[-1] if vocabulary.kinds else None
    parts = [part.strip() for part in re.split(r" ;(?= )", text + " ")]
    if mark == "=":
        name, _, value = text.partition(" ")
        vocabulary.settings[name] = choices(value)
    elif mark == "$":
        name, _, value = text.partition(" = ")
        vocabulary.slots[name.strip()] = choices(value)
    elif mark == "#":
        parts += [""] * (4 - len(parts))
        vocabulary.kinds.append(Kind(parts[0], choices(parts[1]), parts[2], choices(parts[3])))
    elif mark == "!":
        (kind.boilerplate if kind else vocabulary.boilerplate).append(text)
    else:
        _read_entry(vocabulary.kinds[-1], mark, parts)


def _read_entry(kind: Kind, mark: str, parts: list[str]) -> None:
    """Adds an entry to a kind."""
    if mark == "?":
        kind.missing += parts
    elif mark == "-":
        labels, _, value = parts[0].partition(" = ")
        sentences = [part[1:].strip() for part in parts[1:] if part[0] == "~"]
        kind.entries.append(Field(choices(labels), value.strip(), [part for part in parts[1:] if part[0] != "~"], sentences))
    elif mark == ".":
        questions: dict[int, list[str]] = {}
        for part in parts[1:]:
            asked = re.fullmatch(r"(?:(\d): )?(.+)", part)
            if asked:
                questions.setdefault(int(asked[1] or 1), []).append(asked[2])
        kind.entries.append(Clause(parts[0], questions))
    elif mark == "&":
        kind.entries.append(Opposites((parts[0], parts[1]), (choices(parts[2]), choices(parts[3]))))
    elif mark == "@":
        corner, _, row = parts[0].partition(" = ")
        kind.tables.append(Table(corner, row, [_column(part) for part in parts[1:]]))
    elif mark == "%":
        corner, _, row = parts[0].partition(" = ")
        kind.tables.append(Table(corner, row, [("", parts[2], choices(parts[3]))], columns=parts[1]))
    else:
        raise ValueError(mark)


def _column(text: str) -> tuple[str, str, list[str]]:
    """Header, value and questions of a table's column."""
    head, _, questions = text.partition(" : ")
    header, _, value = head.partition(" = ")
    return header, value, choices(questions)


def choices(text: str) -> list[str]:
    """The parts between bars."""
    return [part.strip() for part in text.split(" | ")] if text.strip() else []


class Filler:
    """Fills templates in one language, with the numbers, dates and names written as people there write them."""

    def __init__(self, vocabulary: Vocabulary, rng: random.Random) -> None:
        self.vocabulary, self.rng = vocabulary, rng
        self.year, self.styles = 2024, dict[str, str]()

    def begin(self) -> None:
        """A new document: another year, and one style for all dates and amounts of it."""
        self.year = self.rng.randint(2014, 2027)
        self.styles = {name: self.rng.choice(self.vocabulary.settings[name]) for name in ("money", "date")}
        self.styles["time"] = self.setting("time", "{hh}:{mm}")

    def setting(self, name: str, default: str = "") -> str:
        """One of a setting's values."""
        values = self.vocabulary.settings.get(name)
        return self.rng.choice(values) if values else default

    def fill(self, template: str, known: dict[str, str]) -> str:
        """One of the choices of a template with its slots filled.

        What it names is kept in `known`, its slot under the name with a star; a value under the name with a `!` is taken as it is.
        """

        def slot(match: re.Match[str]) -> str:
            name, what, limits = match.groups()
            if what in known and not name:
                return known[what]
            text = known.get(f"!{name}") or self._value(what, limits or "")
            if name:
                known[name], known["*" + name] = text, f"{{{what}:{limits}}}" if limits else f"{{{what}}}"
            return text

        return _SLOT.sub(slot, self.rng.choice(template.split(" | ")))

    def _value(self, what: str, limits: str) -> str:
        """A value of one slot."""
        if what in self.vocabulary.slots:
            return self.fill(self.rng.choice(self.vocabulary.slots[what]), {})
        low, _, high = limits.partition("-")
        values: dict[str, Callable[[], str]] = {
            "code": lambda: re.sub("[A9]", lambda m: self.rng.choice("0123456789" if m[0] == "9" else "ABCDEFGHKLMNPRSTVWXZ"), limits),
            "int": lambda: str(self.rng.randint(int(low or 2), int(high or 90))),
            "dec": lambda: self._number(self.rng.uniform(float(low or 0), float(high or 50)), 1),
            "money": lambda: self.styles["money"].replace("{n}", self._amount(float(low or 20), float(high or 4000))),
            "amount": lambda: self._amount(float(low or 20), float(high or 4000)),
            "year": lambda: str(self.year),
            "date": self._date,
            "time": self._time,
            "am": lambda: self._time(6, 11),
            "pm": lambda: self._time(14, 22),
            "weekday": lambda: self.setting("days"),
        }
        return values[what]()

    def _number(self, value: float, decimals: int) -> str:
        """A number in the local format."""
        text = f"{value:,.{decimals}f}"
        marks = {",": self.setting("group", ","), ".": self.setting("decimal", ".")}
        return re.sub("[,.]", lambda m: marks[m[0]].replace("_", "\u00a0").replace("none", ""), text)

    def _amount(self, low: float, high: float) -> str:
        """An amount of money without its currency."""
        scale = float(self.setting("scale", "1"))
        value = self.rng.uniform(low, high) * scale
        if scale < 10 and high < 20000:
            return self._number(value, 2)
        return self._number(round(value, -2 if scale > 100 else 0), 0)

    def _date(self) -> str:
        """A date in the document's style."""
        day, month = self.rng.randint(1, 28), self.rng.randint(1, 12)
        months = self.vocabulary.settings["months"]
        parts = {
            "d": str(day), "dd": f"{day:02}", "m": str(month), "mm": f"{month:02}", "y": str(self.year), "yy": f"{self.year % 100:02}",
            "month": months[(month - 1) % len(months)], "by": str(self.year + 543), "ry": str(max(2, self.year - 2018)),
        }  # fmt: skip
        return re.sub(r"\{(\w+)\}", lambda m: parts[m[1]], self.styles["date"])

    def _time(self, first: int = 7, last: int = 19) -> str:
        """A time of day."""
        hour, minute = self.rng.randint(first, last), self.rng.choice((0, 0, 5, 10, 15, 20, 30, 30, 40, 45, 50))
        return self.styles["time"].replace("{hh}", f"{hour:02}").replace("{h}", str(hour)).replace("{mm}", f"{minute:02}")
