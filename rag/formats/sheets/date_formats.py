"""The tokens of a number format -> what a cell shows of a date, a time or a duration."""

from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

Moment = date | time | timedelta
"""What a cell holds; a `datetime` is a `date`."""

_FIRST = datetime(1899, 12, 30)  # Excel's day 0
_UNITS = {"h": 3600, "m": 60, "s": 1}

_PARTS: dict[str, Callable[[datetime], str]] = {
    "yy": lambda moment: f"{moment.year % 100:02}",
    "yyyy": lambda moment: f"{moment.year:04}",
    "m": lambda moment: f"{moment.month}",
    "mm": lambda moment: f"{moment.month:02}",
    "mmm": lambda moment: month_abbr[moment.month],
    "mmmm": lambda moment: month_name[moment.month],
    "mmmmm": lambda moment: month_name[moment.month][0],
    "d": lambda moment: f"{moment.day}",
    "dd": lambda moment: f"{moment.day:02}",
    "ddd": lambda moment: day_abbr[moment.weekday()],
    "dddd": lambda moment: day_name[moment.weekday()],
    "h": lambda moment: f"{moment.hour}",
    "hh": lambda moment: f"{moment.hour:02}",
    "i": lambda moment: f"{(moment.hour - 1) % 12 + 1}",  # of twelve
    "ii": lambda moment: f"{(moment.hour - 1) % 12 + 1:02}",
    "n": lambda moment: f"{moment.minute}",
    "nn": lambda moment: f"{moment.minute:02}",
    "s": lambda moment: f"{moment.second}",
    "ss": lambda moment: f"{moment.second:02}",
    "am/pm": lambda moment: "AM" if moment.hour < 12 else "PM",
    "a/p": lambda moment: "A" if moment.hour < 12 else "P",
}
_ALIKE = {"y": "yy", "yyy": "yyyy"}


def year_first(value: Moment) -> str:
    """A date as 2024-06-11, a time as 09:30, a duration as 36:00."""
    match value:
        case datetime():
            return value.isoformat(" ", "seconds" if value.second else "minutes")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds" if value.second else "minutes")
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def date_formatter(tokens: Sequence[tuple[str, str]]) -> Callable[[Moment], str] | None:
    """What shows dates by the tokens of a format, of the kinds "date", "elapsed", "noon" and "literal"; None where it is for numbers."""
    kinds = {kind for kind, _ in tokens}
    if not {"date", "elapsed"} & kinds or {"digits", "general"} & kinds:
        return None
    parts = [_part(kind, words) for kind, words in _told_apart(tokens, has_noon="noon" in kinds)]

    def show(value: Moment) -> str:
        moment, span = _both(value)
        return "".join(part(moment, span) for part in parts).strip()

    return show


def _told_apart(tokens: Sequence[tuple[str, str]], *, has_noon: bool) -> list[tuple[str, str]]:
    """The tokens: "m" after hours or before seconds, which is minutes, as "n", and hours of twelve as "i"."""
    letters = [(place, words[0].lower()) for place, (kind, words) in enumerate(tokens) if kind in {"date", "elapsed"}]
    found = list(tokens)
    for index, (place, letter) in enumerate(letters):
        kind, words = tokens[place]
        before, after = letters[index - 1][1] if index else "", letters[index + 1][1] if index + 1 < len(letters) else ""
        if kind == "date" and letter == "m" and (before == "h" or after == "s"):
            found[place] = kind, "n" * len(words)
        elif kind == "date" and letter == "h" and has_noon:
            found[place] = kind, "i" * len(words)
    return found


def _part(kind: str, words: str) -> Callable[[datetime, timedelta], str]:
    if kind == "elapsed":
        unit, digits = _UNITS[words[0].lower()], len(words)
        return lambda _, span: f"{int(span.total_seconds()) // unit:0{digits}}"
    if kind not in {"date", "noon"}:
        shown = words if kind == "literal" else ""
        return lambda *_: shown
    letters, _, fraction = words.lower().partition(".")
    letters = _ALIKE.get(letters, letters)
    show = _PARTS.get(letters) or _PARTS[max((known for known in _PARTS if letters.startswith(known)), key=len)]
    if fraction:
        return lambda moment, _: f"{show(moment)}.{f'{moment.microsecond:06}'[: len(fraction)]}"
    return lambda moment, _: show(moment)


def _both(value: Moment) -> tuple[datetime, timedelta]:
    """A value as a moment, and as the time since day 0."""
    match value:
        case timedelta():
            return _FIRST + value, value
        case datetime():
            moment = value
        case date():
            moment = datetime(value.year, value.month, value.day)
        case time():
            moment = datetime.combine(_FIRST, value)
    return moment, moment - _FIRST
