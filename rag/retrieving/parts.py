"""Passages for a question and for each of its parts -> one list in which each has its turn, and which of it is about which part."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.retrieving.naming import FILLERS
from rag.types import Passage, QuestionPart

BESIDE = 2  # times as many passages for all parts together as for the question as it was asked

_WORD = re.compile(r"[^\W_]+")
_SAME_BEGINNING = 5  # letters: names are inflected


def passages_for_each(top_k: int, parts: int) -> int:
    """How many passages each of so many parts gets, at least one: `top_k` where there are two."""
    return max(1, BESIDE * top_k // parts)


def merged(
    whole: Sequence[Passage], found: Sequence[Sequence[Passage]], parts: Sequence[QuestionPart]
) -> tuple[list[Passage], tuple[QuestionPart, ...]]:
    """Passages of the question and of its parts in turn, none twice; each part with those that are about it, its own first."""
    merged, places = list[Passage](), list[list[int]]()
    lanes = [whole, *found]
    for turn in range(max(map(len, lanes), default=0)):
        for lane in lanes:
            if turn < len(lane):
                _add(merged, lane[turn])
    for lane, part in zip(found, parts, strict=True):
        own = dict.fromkeys(place for passage in lane if (place := _place(merged, passage)) is not None)
        own |= dict.fromkeys(range(len(merged)))
        places.append([place for place in own if _is_about(merged[place], part, parts, merged)])
    ranked = [replace(passage, rank=rank) for rank, passage in enumerate(merged, start=1)]
    return ranked, tuple(replace(part, passages=tuple(mine)) for part, mine in zip(parts, places, strict=True))


def _add(merged: list[Passage], passage: Passage) -> None:
    """Add a passage; where one has its chunks already, that one has its words as well."""
    place = _place(merged, passage)
    if place is None:
        merged.append(passage)
        return
    same = merged[place]
    start, end = min(same.start, passage.start), max(same.end, passage.end)
    text = same.chunk_text[start - same.chunk_start : end - same.chunk_start]
    first = same if same.start <= passage.start else passage
    sections = dict.fromkeys((*same.sections, *passage.sections))
    later = passage if first is same else same
    if later.heading != first.heading:
        sections |= {(later.start, later.heading): None}
    merged[place] = replace(
        same, start=start, end=end, text=text, heading=first.heading, sections=tuple(sorted(each for each in sections if each[0] > start))
    )


def _place(merged: Sequence[Passage], passage: Passage) -> int | None:
    """Where a passage is that has the chunks of this one."""
    for place, each in enumerate(merged):
        is_there = each.chunk_start <= passage.chunk_start and passage.chunk_start + len(passage.chunk_text) <= each.chunk_start + len(
            each.chunk_text
        )
        if (each.document_id, each.page) == (passage.document_id, passage.page) and is_there:
            return place
    return None


def _is_about(passage: Passage, part: QuestionPart, parts: Sequence[QuestionPart], found: Sequence[Passage]) -> bool:
    """Whether a passage is of a document that a part means; or of no other part's, and has its time, and its document has its name."""
    if passage.document_id in part.documents:
        return True
    if any(passage.document_id in other.documents for other in parts):
        return False
    own = f"{passage.document} {passage.heading} {passage.headed_text}"
    whole = " ".join([own, *(each.headed_text for each in found if each.document_id == passage.document_id)])
    return all(_has(own if any(map(str.isdigit, word)) else whole, word) for word in _telling(part, parts))


def _telling(part: QuestionPart, parts: Sequence[QuestionPart]) -> set[str]:
    """The words that tell a part's name from the others'."""
    first, *others = (_words(each.name) for each in parts)
    return _words(part.name) - first.intersection(*others)


def _has(text: str, word: str) -> bool:
    """Whether a text has a word, or one that begins like it, for names are inflected; a capital counts: "Premium" is not any premium."""
    begun = re.escape(word[:_SAME_BEGINNING] if not word.isdecimal() else word)
    if word[0].isupper():
        begun = f"(?:{begun}|{begun.upper()})"
    else:
        text = text.casefold()
    return bool(re.search(rf"(?<![^\W\d_]){begun}" if word.isascii() else begun, text))


def _words(name: str) -> set[str]:
    words = set(_WORD.findall(name))
    return {word for word in words if word.casefold() not in FILLERS} or words
