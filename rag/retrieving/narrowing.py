"""Words of a question that say where to look, such as "in the 2022 report" -> the documents that they name.

Whoever narrows wrongly hides the answer. So every word between the preposition and the end of the phrase must be understood; the phrase
must name a file, a folder, or a kind of document with a year, a language, a format or the words of a name; and where one phrase
names nothing that is there, no phrase counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

from rag.filters import folder_parts, is_in_folder, kind_of
from rag.text.document_phrases import (
    ANY,
    COMPARES,
    FOLDER,
    LANGUAGE_WORDS,
    LEAD,
    MONTHS,
    TOKEN,
    TYPES,
    Phrase,
    Said,
    dated_types,
    folded,
    is_plain,
    phrases,
    plain_words,
    said_in,
)
from rag.types import DocumentRecord

MOST_SHOWN = 3  # documents that a label names
MOST_NAMES = 100_000
"""Documents whose words are remembered, some 2 KB each. Of a library with more, a question that says where to look takes as long as the
first one: 9 microseconds a document instead of 3."""

_YEARS_IN_NAME = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The documents that a question names, and how they are called where that is shown."""

    documents: tuple[str, ...]
    label: str


def narrowed(question: str, records: Sequence[DocumentRecord]) -> Narrowed | None:
    """The documents that a question says to look in; None where it does not say so plainly, or names none or all of those there are."""
    if len(records) < 2 or COMPARES.search(question):
        return None
    chosen: dict[str, DocumentRecord] = {}
    mentions = 0
    for phrase in phrases(question):
        found = _documents(phrase, records)
        if found is None:
            continue
        if not found:
            return None
        chosen |= {record.id: record for record in found}
        mentions += 1
    if not chosen or len(chosen) == len(records) or dated_types(question) > mentions:
        return None
    names = [record.name for record in chosen.values()]
    label = ", ".join(names[:MOST_SHOWN]) + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")
    return Narrowed(tuple(chosen), label)


def _documents(phrase: Phrase, records: Sequence[DocumentRecord]) -> list[DocumentRecord] | None:
    """What a phrase names; nothing where that is not there, None where it says of no document."""
    if found := _by_name(phrase, records):
        return found
    if (folder := _folder(phrase, records)) is not None:
        return folder
    for count in range(len(phrase.words), 0, -1):
        said = said_in(phrase.words[:count])
        if said and (meant := _by_what_is_said(said, phrase, records)) is not None:
            return meant
    return None


def _by_name(phrase: Phrase, records: Sequence[DocumentRecord]) -> list[DocumentRecord]:
    """By a file's whole name with its suffix, or by a name or title of several words one of which is a type of document."""
    lead = LEAD.match(phrase.rest.casefold())
    rest = phrase.rest.casefold()[lead.end() if lead else 0 :]
    if files := [record for record in records if PurePath(record.name).suffix and _begins(rest, record.name.casefold())]:
        longest = max(len(record.name) for record in files)
        return [record for record in files if len(record.name) == longest]
    is_quoted = phrase.rest[:1] in set('"“„«‘')
    if phrase.is_weak and not is_quoted:
        return []
    plain = plain_words(rest)
    named = {name for record in records for name in _names(record) if " " in name and _begins(plain, name)}
    named = {name for name in named if is_quoted or _has_type(name) or ANY.match(plain[len(name) :].strip())}
    if not named:
        return []
    words = set(max(named, key=len).split())
    return [record for record in records if any(words <= set(name.split()) for name in _names(record))]


def _begins(text: str, name: str) -> bool:
    return text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()


def _has_type(name: str) -> bool:
    return any(pattern.fullmatch(word) for word in name.split() for pattern in TYPES)


def _folder(phrase: Phrase, records: Sequence[DocumentRecord]) -> list[DocumentRecord] | None:
    """The documents of "folder Contracts" or "the Contracts folder"; None where the words name no folder that is there."""
    words = phrase.words
    if len(words) < 2:
        return None
    for name in (phrase.words[1:] if FOLDER.fullmatch(words[0]) else ()), (words[: _place(words)] if _place(words) else ()):
        for count in range(len(name), 0, -1):
            wanted = " ".join(name[:count])
            folders = {
                part for record in records for parts in folder_parts(record) for part in parts if plain_words(part) == plain_words(wanted)
            }
            if folders:
                return [record for record in records if any(is_in_folder(record, folder) for folder in folders)]
    return None


def _place(words: Sequence[str]) -> int:
    """Where the word for a folder stands, after a name; 0 where it does not."""
    return next((place for place, word in enumerate(words) if place and FOLDER.fullmatch(word)), 0)


def _by_what_is_said(said: Said, phrase: Phrase, records: Sequence[DocumentRecord]) -> list[DocumentRecord] | None:
    """The documents of a year, a language, a format; other words must stand in their names. None where that is no plain statement."""
    if not is_plain(said, phrase):
        return None
    found = [record for record in records if all(folded(word) in _all_words(record) for word in said.others)]
    if said.others and not found:
        return None
    if said.formats:
        found = [record for record in found if kind_of(record) in said.formats]
    if said.language:
        found = _in_language(said.language, found)
    if said.years:
        found = [record for record in found if _is_of(record, said)]
    typed = [record for record in found if all(_is_of_type(record, pattern) for pattern in said.types)]
    names_tell = any(_is_of_type(record, pattern) for record in records for pattern in said.types)
    return typed if said.types and (names_tell or not said.language) else found


def _is_of(record: DocumentRecord, said: Said) -> bool:
    """Whether a document is of these years: by its name or title; where only a format or "document" is named, by its own date too."""
    dated = record.date if record.date_source == "document" else ""
    if said.month:
        months = {f"{year}-{said.month:02}" for year in said.years}
        named = any(MONTHS.get(word) == said.month for word in _all_words(record)) and said.years[0] in _YEARS_IN_NAME.findall(record.name)
        return dated[:7] in months or named or any(month in record.name for month in months)
    years = set(_YEARS_IN_NAME.findall(f"{record.name} {record.title}"))
    own = {dated[:4]} if not years and not said.types else set[str]()
    return bool((years | own) & set(said.years))


def _in_language(language: str, records: Sequence[DocumentRecord]) -> list[DocumentRecord]:
    """The documents in a language, and those whose name has its word: "the German contract" may be one about Germany."""
    pattern = LANGUAGE_WORDS[language]
    return [record for record in records if record.language == language or any(pattern.match(word) for word in _all_words(record))]


def _is_of_type(record: DocumentRecord, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(word) for word in _all_words(record))


def _names(record: DocumentRecord) -> tuple[str, ...]:
    """A document's name without its suffix, and its title, as words between single spaces."""
    return _names_of(record.name, record.title)


def _all_words(record: DocumentRecord) -> frozenset[str]:
    return _words_of(record.name, record.title)


@lru_cache(maxsize=MOST_NAMES)
def _names_of(name: str, title: str) -> tuple[str, ...]:
    return tuple(filter(None, (plain_words(PurePath(name).stem), plain_words(title))))


@lru_cache(maxsize=MOST_NAMES)
def _words_of(name: str, title: str) -> frozenset[str]:
    """The words of a name and a title, those with a hyphen or an apostrophe also as one: "10-K" is 10, k, 10k and 10-k."""
    tokens = TOKEN.findall(f"{PurePath(name).stem} {title}".replace("_", " ").casefold())
    tokens += [part for token in tokens for part in re.split(r"[-.&'’]", token)]
    return frozenset({*tokens, *map(folded, tokens)})
