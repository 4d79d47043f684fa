"""What a reader limits questions to besides documents: how it is offered, worded, stored and handed to the library."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rag.filters import Filters, facts, folder_parts, kind_of
from rag.types import DocumentRecord
from ui import text

EVERYWHERE = "everywhere"  # that words of the question limit nothing
MOST_OFFERED = 50  # values of one filter
_SEVERAL = {"kind": "kinds", "language": "languages"}


@dataclass(frozen=True, slots=True)
class AskedFilter:
    """One condition: "kind", "language", "folder", "since", "until", "metadata" or "where", and its value; of these two a JSON object."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """A filter that can be chosen: its values, each with its words; none where it is typed, as `hint` shows."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""


def filters_of(asked: Iterable[AskedFilter]) -> Filters:
    """What the library takes; raises ValueError where a value is none, such as a date."""
    fields: dict[str, Any] = {"where": {}}
    conditions = []
    for each in asked:
        if each.name in _SEVERAL:
            fields[_SEVERAL[each.name]] = (*fields.get(_SEVERAL[each.name], ()), each.value)
        elif each.name in {"metadata", "where"}:
            conditions.append(_condition(each.value))
        elif each.name == EVERYWHERE:
            fields["reads_question"] = False
        else:
            fields[each.name] = each.value
    return Filters(**fields | ({"where": {"$and": conditions}} if conditions else {}))


def with_filter(asked: Sequence[AskedFilter], added: AskedFilter) -> tuple[AskedFilter, ...]:
    """The conditions with one more; a folder or a date takes the place of another. ValueError where it is none."""
    several = {*_SEVERAL, "metadata", "where"}
    kept = [each for each in asked if each != added and (each.name != added.name or added.name in several)]
    found = (*kept, added) if added.value else tuple(kept)
    filters_of(found)
    return found


def words_of(asked: AskedFilter) -> str:
    """A condition as its chip says it."""
    if asked.name == "kind":
        return text.KINDS.get(asked.value, asked.value)
    if asked.name == "language":
        return text.LANGUAGES.get(asked.value, asked.value)
    if asked.name == "metadata":
        return ", ".join(f"{key}: {value}" for key, value in json.loads(asked.value).items())
    return text.FILTERED.get(asked.name, "{value}").format(value=asked.value)


def offered(records: Sequence[DocumentRecord]) -> list[Offered]:
    """The filters that tell documents apart, with the values that there are."""
    said = [facts(record) for record in records]
    languages = Counter(str(each["language"]) for each in said if "language" in each)
    metadata = Counter(json.dumps({key: value}) for record in records for key, value in record.metadata.items())
    found = {
        "kind": Counter(map(str, map(kind_of, records))),
        "language": languages,
        "folder": _folders(records),
        "metadata": metadata,
    }
    shown = [
        Offered(name, text.FILTER_NAMES[name], tuple((value, f"{words_of(AskedFilter(name, value))} ({n})") for value, n in _most(values)))
        for name, values in found.items()
        if any(count < len(records) for count in values.values())
    ]
    typed = ("since", "until", "where") if metadata else ("since", "until")
    return [*shown, *(Offered(name, text.FILTER_NAMES[name], hint=text.FILTER_HINTS[name]) for name in typed)]


def _condition(typed: str) -> Any:
    """A condition on metadata, in Chroma's words; ValueError where it is none."""
    with suppress(ValueError):
        if isinstance(condition := json.loads(typed), dict):
            return condition
    raise ValueError(text.NO_CONDITION.format(typed=typed, hint=text.FILTER_HINTS["where"]))


def _most(values: Counter[str]) -> list[tuple[str, int]]:
    return values.most_common(MOST_OFFERED)


def _folders(records: Sequence[DocumentRecord]) -> Counter[str]:
    """The folders below the one that all have in common."""
    paths = {parts for record in records for parts in folder_parts(record)}
    depth = 0
    while paths and len({parts[: depth + 1] for parts in paths}) == 1 and all(len(parts) > depth for parts in paths):
        depth += 1
    found: Counter[str] = Counter()
    for record in records:
        found.update({"/".join(parts[depth:last]) for parts in folder_parts(record) for last in range(depth + 1, len(parts) + 1)})
    return found
