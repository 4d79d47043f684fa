"""Which documents a search is limited to: by name, folder, kind, language, date and metadata.

Documents are chosen before anything is searched, from their records alone, so the search within them is exact.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, get_args

from rag import arguments
from rag.formats.registry import format_of
from rag.origins import UPLOAD
from rag.types import DocumentRecord, FileKind, MetadataValue

KINDS: tuple[FileKind, ...] = get_args(FileKind)
MOST_NAMED = 8  # folders or languages named in a message
_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Filters:
    """What documents must have to be searched; they must meet all that is given.

    Attributes:
        documents: Names or ids, or patterns of names such as "*.pdf".
        folder: A folder that they came from: "Contracts" or "Contracts/2022" anywhere in their path, or an absolute path.
        kinds: Families of formats: "pdf", "word", "sheets", "slides", "mail", "web", "code", "text", "pictures".
        languages: ISO 639-1 codes: "en", "de".
        since: The first day, month or year: "2022-03-05", "2022-03" or "2022".
        until: The last day, month or year, included.
        where: Conditions on metadata and on what `facts` says of a document, in Chroma's words: `{"year": {"$gte": 2021}}`.
        reads_question: Whether words of a question, such as "in the 2022 report", may limit the search further.
    """

    documents: tuple[str, ...] = ()
    folder: str = ""
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    where: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reads_question: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, with a `ValueError` or `TypeError` that says what can."""
        for name in ("documents", "kinds", "languages"):
            object.__setattr__(self, name, arguments.texts(name, getattr(self, name)))
        for name in ("folder", "since", "until"):
            arguments.text(name, getattr(self, name))
        for kind in self.kinds:
            if kind not in KINDS:
                raise ValueError(f"There is no kind of file {kind!r}. Kinds: {', '.join(KINDS)}.")
        for name, day in (("since", self.since), ("until", self.until)):
            if day and not _is_day(day):
                raise ValueError(f"{name}: {day!r} is not a date. Write it as 2022-03-05, 2022-03 or 2022.")
        if not isinstance(self.where, Mapping):
            raise TypeError(f'where must be a mapping such as {{"year": {{"$gte": 2021}}}}, not {type(self.where).__name__}.')
        _check(self.where)

    @classmethod
    def of(cls, where: "Filters | Mapping[str, Any] | None") -> "Filters":
        """Filters as a caller gives them: as they are, or as conditions in Chroma's words."""
        if where is None:
            return cls()
        if isinstance(where, Filters):
            return where
        if not isinstance(where, Mapping):
            raise TypeError(f'where must be Filters or a mapping such as {{"year": {{"$gte": 2021}}}}, not {type(where).__name__}.')
        return cls(where=where)

    def __bool__(self) -> bool:
        """Whether they limit anything."""
        return bool(self.documents) or self._has_limits

    @property
    def _has_limits(self) -> bool:
        return any((self.folder, self.kinds, self.languages, self.since, self.until, self.where))

    def matching(self, records: Sequence[DocumentRecord]) -> list[DocumentRecord]:
        """Those of the documents that meet all but `documents`, which the index finds by their names."""
        return [record for record in records if self._is_met_by(record)] if self._has_limits else list(records)

    def _is_met_by(self, record: DocumentRecord) -> bool:
        day = str(fact(record, "date") or "") if self.since or self.until else ""
        return (
            (not self.kinds or fact(record, "kind") in self.kinds)
            and (not self.languages or fact(record, "language") in self.languages)
            and (not (self.since or self.until) or bool(day))
            and (not self.since or day >= self.since)
            and (not self.until or day[: len(self.until)] <= self.until)
            and (not self.folder or is_in_folder(record, self.folder))
            and (not self.where or _holds(self.where, record))
        )

    def words(self) -> list[tuple[str, str]]:
        """What they ask for: the name of each field that is set, and its value in words."""
        words = [("document", name) for name in self.documents]
        words += [("folder", self.folder)] if self.folder else []
        words += [("kind", kind) for kind in self.kinds] + [("language", language) for language in self.languages]
        words += [(name, day) for name, day in (("since", self.since), ("until", self.until)) if day]
        return words + ([("where", " ".join(str(dict(self.where)).split()))] if self.where else [])


_FACTS: dict[str, Callable[[DocumentRecord], MetadataValue | None]] = {
    "name": lambda record: record.name,
    "title": lambda record: record.title or None,
    "author": lambda record: record.author or None,
    "kind": lambda record: kind_of(record),
    "language": lambda record: record.language or None,
    "date": lambda record: record.date or None,
    "year": lambda record: int(record.date[:4]) if record.date else None,
    "added": lambda record: record.added or None,
    "pages": lambda record: record.pages,
    "size": lambda record: record.size,
}


def fact(record: DocumentRecord, name: str) -> MetadataValue | None:
    """What is known of a document by one of these names, or its metadata, which counts before what the file says; None if nothing is."""
    if name in record.metadata:
        return record.metadata[name]
    return _FACTS[name](record) if name in _FACTS else None


def facts(record: DocumentRecord) -> dict[str, MetadataValue]:
    """All that is known of a document, by the names that `where` uses."""
    found = {name: fact(record, name) for name in (*_FACTS, *record.metadata)}
    return {name: value for name, value in found.items() if value is not None}


def kind_of(record: DocumentRecord) -> FileKind:
    """The family of a document's format."""
    return format_of(record.media_type).kind


def folder_parts(record: DocumentRecord) -> list[tuple[str, ...]]:
    """The folders above each file of a document, outermost first; archives count as folders."""
    return [_folders_of(source) for source in record.sources]


@lru_cache(maxsize=50_000)
def _folders_of(source: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[/\\]|!/", source.removeprefix(UPLOAD))))[:-1]


def is_in_folder(record: DocumentRecord, folder: str) -> bool:
    """Whether a file of a document came from a folder, or from one in it."""
    return any(_is_within(parts, folder) for parts in folder_parts(record))


@lru_cache(maxsize=50_000)
def _is_within(parts: tuple[str, ...], folder: str) -> bool:
    wanted = [_composed(part) for part in re.split(r"[/\\]|!/", folder) if part not in {"", "."}]
    is_absolute = folder.startswith(("/", "\\")) or folder[1:2] == ":"
    folded = [_composed(part) for part in parts]
    starts = range(1) if is_absolute else range(len(folded) - len(wanted) + 1)
    return any(folded[start : start + len(wanted)] == wanted for start in starts)


def _composed(folder: str) -> str:
    return unicodedata.normalize("NFC", folder).casefold()  # as `composed_name`, and quicker


def described(records: Sequence[DocumentRecord]) -> str:
    """What there is to limit a search to, in a sentence."""
    said = [facts(record) for record in records]
    kinds = Counter(str(each["kind"]) for each in said)
    languages = Counter(str(each["language"]) for each in said if "language" in each)
    days = sorted(str(each["date"]) for each in said if "date" in each)
    keys = sorted({key for record in records for key in record.metadata})
    parts = ["kinds " + _counted(kinds)] + (["languages " + _counted(languages)] if languages else [])
    parts += (
        [f"dates {days[0]} to {days[-1]}" + (f" ({len(records) - len(days)} without)" if len(days) < len(records) else "")] if days else []
    )
    parts += ["metadata " + ", ".join(keys[:MOST_NAMED])] if keys else []
    return f"The library has {'; '.join(parts)}."


def _counted(counts: Counter[str]) -> str:
    most = ", ".join(f"{name} ({count})" for name, count in counts.most_common(MOST_NAMED))
    return most + (", …" if len(counts) > MOST_NAMED else "")


def _is_day(day: str) -> bool:
    if not _DAY.fullmatch(day):
        return False
    try:
        date.fromisoformat(f"{day}-01-01"[:10])
    except ValueError:
        return False
    return True


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """An ordering of numbers, or of strings such as dates; nothing else can be compared."""

    def compare(value: Any, wanted: Any) -> bool:
        return _is_comparable(value, wanted) and test(value, wanted)

    return compare


def _is_comparable(value: Any, wanted: Any) -> bool:
    return (isinstance(value, str) and isinstance(wanted, str)) or (_is_number(value) and _is_number(wanted))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_equal(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": _is_equal,
    "$ne": lambda value, wanted: not _is_equal(value, wanted),
    "$gt": _compared(lambda value, wanted: value > wanted),
    "$gte": _compared(lambda value, wanted: value >= wanted),
    "$lt": _compared(lambda value, wanted: value < wanted),
    "$lte": _compared(lambda value, wanted: value <= wanted),
    "$in": lambda value, wanted: any(_is_equal(value, each) for each in wanted),
    "$nin": lambda value, wanted: not any(_is_equal(value, each) for each in wanted),
    "$contains": lambda value, wanted: _contains(value, wanted),
    "$not_contains": lambda value, wanted: not _contains(value, wanted),
}
"""Of a value that is known; of one that is not, those in `_DENYING` alone hold, as in Chroma."""

_DENYING = {"$ne", "$nin", "$not_contains"}


def _contains(value: Any, wanted: Any) -> bool:
    """Whether one of several values is the wanted one, or a string has the wanted one in it."""
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list) and any(_is_equal(each, wanted) for each in value)


def _holds(where: Mapping[str, Any], record: DocumentRecord) -> bool:
    for key, condition in where.items():
        if key in {"$and", "$or"}:
            met = (_holds(each, record) for each in condition)
            if not (all(met) if key == "$and" else any(met)):
                return False
            continue
        value = fact(record, key)
        for operator, wanted in _conditions(condition).items():
            if not (operator in _DENYING if value is None else _OPERATORS[operator](value, wanted)):
                return False
    return True


def _conditions(condition: Any) -> Mapping[str, Any]:
    return condition if isinstance(condition, Mapping) else {"$eq": condition}


def _check(where: Mapping[str, Any]) -> None:
    """Refuse conditions that Chroma would refuse."""
    for key, condition in where.items():
        if not isinstance(key, str):
            raise TypeError(f'where has a key {key!r}; keys are names of what is known of a document, such as "year".')
        if key in {"$and", "$or"}:
            if not isinstance(condition, list | tuple) or not condition or not all(isinstance(each, Mapping) for each in condition):
                raise ValueError(f'{key} takes a list of conditions: {{"{key}": [{{"year": 2022}}, {{"author": "Ann"}}]}}.')
            for each in condition:
                _check(each)
            continue
        if key.startswith("$"):
            raise ValueError(f"where has no operator {key!r} outside of a condition; there are $and and $or.")
        if condition == {}:
            raise ValueError(f'where says nothing of {key!r}: write {{"{key}": 2022}} or {{"{key}": {{"$gte": 2022}}}}.')
        for operator, wanted in _conditions(condition).items():
            _check_condition(key, operator, wanted)


def _check_condition(key: str, operator: str, wanted: Any) -> None:
    if operator not in _OPERATORS:
        raise ValueError(f"where has no operator {operator!r} ({key}). Operators: {', '.join(_OPERATORS)}, $and, $or.")
    values = wanted if operator in {"$in", "$nin"} else [wanted]
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f'{operator} takes a list: {{"{key}": {{"{operator}": [2021, 2022]}}}}.')
    if not all(isinstance(each, str | int | float | bool) for each in values):
        raise ValueError(f"where compares {key!r} with strings, numbers or true and false.")
