"""A hyphen at the end of a line: whether it is part of the word, or only parts it."""

import json
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from rag.text.languages import language_of

HYPHENS = "-\u00ad\u2010\u2013"
VOCABULARY = Path(__file__).parents[2] / "embedding" / "all-MiniLM-L6-v2" / "tokenizer.json"
SOFT = "\u00ad"
_DASH = "\u2013"

_TAIL = re.compile(r"[^\W_]+$")
_HEAD = re.compile(r"[^\W_]+")
_CONJUNCTIONS = frozenset({"and", "or", "to", "und", "oder", "bzw", "bis", "sowie", "och", "eller", "og"})
_SHORTEST_CAPITALS = 3
_PREFIXES = frozenset({"re", "co", "pre"})  # "re-sign" and "resign" are two words
_COMMON, _RARE = 4_000, 10_000  # by rank


class Hyphens:
    """Decides by what the pages around have elsewhere; then by letters and figures, and in English by the words that there are."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def join(self, before: str, after: str) -> str | None:
        """What stands between a line that ends in a hyphen and the next, in place of the hyphen and the line end; None: both stay."""
        mark = before[-1:]
        tail, head = _TAIL.search(before[:-1]), _HEAD.match(after)
        if not tail or not head:
            return None
        first, second = tail[0], head[0]
        if mark == _DASH:
            return mark if first[-1].isdigit() and second[0].isdigit() else None
        if mark == SOFT:
            return ""
        if second.lower() in _CONJUNCTIONS:
            return None
        return mark if self._is_real(first, second) else ""

    def _is_real(self, first: str, second: str) -> bool:
        if first[-1].isdigit() or second[0].isdigit():
            return True
        whole, parted = self._count(first + second), self._count(f"{first}-{second}")
        if whole != parted:
            return parted > whole
        if second[0].isupper():
            return not (first.isupper() and second.isupper() and min(len(first), len(second)) >= _SHORTEST_CAPITALS)
        return self._is_english and _is_compound(first.lower(), second.lower())

    def _count(self, word: str) -> int:
        """How often a word stands on these pages."""
        word, count = word.lower(), 0
        at = self._text.find(word)
        while at >= 0:  # a pattern that looks behind is a hundred times slower
            before, after = self._text[at - 1 : at], self._text[at + len(word) : at + len(word) + 1]
            count += not (before.isalnum() or before == "-" or after.isalnum() or after == "-")
            at = self._text.find(word, at + 1)
        return count

    @cached_property
    def _text(self) -> str:
        return "\n".join(self._texts).lower()

    @cached_property
    def _is_english(self) -> bool:
        return language_of(self._text) == "en"


def _is_compound(first: str, second: str) -> bool:
    """Whether two words are joined by a hyphen: there is no such word without it, or it is far rarer than the second with a prefix."""
    ranks = _ranks()
    whole = ranks.get(first + second)
    if whole is not None:
        return first in _PREFIXES and whole > _RARE and ranks.get(second, _RARE) < _COMMON
    return first in ranks and second in ranks and len(second) > 1


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    """English words by how common they are: those that the built-in embedding model knows as a whole."""
    ranks = json.loads(VOCABULARY.read_text(encoding="utf-8"))["model"]["vocab"]
    return {word: rank for word, rank in ranks.items() if word.isalpha()}
