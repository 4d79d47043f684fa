"""A question -> the same in the words of the library: other names of what it names, acronyms spelt out, typing errors corrected."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import ascii_lowercase

from rag.storing.lexical import LexicalIndex
from rag.text.acronyms import spelling
from rag.text.languages import LANGUAGES_OF
from rag.types import Wording

MOST_WORDS = 7  # of a name
MOST_NAMES = 3  # that stand for one
LEAST_LETTERS = 6  # of a word that is corrected: most short words are one error away from another
KNOWN_SHARE = 0.6  # of a question's words that are words, from which another is taken for a typing error: else the language is unknown
LEAST_PART = 4  # letters of a part of a compound
ACRONYM_LETTERS = 2
COMPOUNDING = {"de", "nl", "sv", "da", "no", "fi", "hu"}  # languages that write compounds as one word
_WORD = re.compile(r"[^\W_]+(?:[&'’./-][^\W_]+)*")


def other_wordings(question: str, index: LexicalIndex, is_word: Callable[[str], bool]) -> list[Wording]:
    """What can be said otherwise, in order; no two overlap. `is_word` tells words that are none of the index's from typing errors."""
    words = list(_WORD.finditer(question))
    tells_errors = sum(is_word(word.group()) for word in words) >= KNOWN_SHARE * len(words)
    found, place = list[Wording](), 0
    while place < len(words):
        ends = range(min(place + MOST_WORDS, len(words)), place, -1)
        longest = next((named for last in ends if (named := _renamed(question, words[place:last], index))), None)
        if wording := longest or _corrected(words[place], index, is_word if tells_errors else None):
            found.append(wording)
        place += len(_WORD.findall(longest.asked)) if longest else 1
    return found


def reworded(question: str, wordings: Sequence[Wording]) -> str:
    """The question with other wordings in place of its own."""
    for wording in reversed(wordings):
        question = question[: wording.start] + wording.searched + question[wording.start + len(wording.asked) :]
    return question


def _renamed(question: str, words: Sequence[re.Match[str]], index: LexicalIndex) -> Wording | None:
    """The names that stand for one and that documents use: those that they give themselves, else those of the field."""
    start, end = words[0].start(), words[-1].end()
    name = question[start:end]
    if not (key := spelling(name)) or key in LANGUAGES_OF:
        return None
    others = dict[str, str]()
    for other in index.spelt_otherwise(key) or _names().get(_key(name), ()):
        others.setdefault(spelling(other), other)
    said = f" {spelling(question)} "
    kept = [other for spelt, other in others.items() if f" {spelt} " not in said and index.has_phrase(other)][:MOST_NAMES]
    if kept and all(map(_is_acronym, kept)):
        kept.insert(0, name)  # an embedding model reads little from acronyms
    return Wording(start, name, ", ".join(kept)) if kept else None


def _is_acronym(name: str) -> bool:
    return " " not in name and name[1:] != name[1:].lower()


def _key(name: str) -> str:
    """The spelling of a name. Acronyms of two letters are told from words by their capitals."""
    return name.upper() if "&" in name else name if len(name) == ACRONYM_LETTERS else spelling(name)


def _corrected(found: re.Match[str], index: LexicalIndex, is_word: Callable[[str], bool] | None) -> Wording | None:
    """For a word that no document has: its parts where they are known, or a known word that is one error away."""
    word = found.group()
    if len(word) < LEAST_LETTERS or not word.isalpha() or word[1:] != word[1:].lower() or index.has_words(word):
        return None
    if not COMPOUNDING.isdisjoint(index.languages) and (parts := next(_parts(word, index), "")):
        return Wording(found.start(), word, parts)
    if is_word is None or is_word(word):
        return None
    counts = index.counts(_one_error_away(word.lower()))
    best = max(counts, key=lambda each: (counts[each], len(each), each), default="")
    return Wording(found.start(), word, best) if counts.get(best) else None


def _parts(word: str, index: LexicalIndex) -> Iterator[str]:
    for cut in range(len(word) - LEAST_PART, LEAST_PART - 1, -1):
        first, second = word[:cut], word[cut:]
        for part in dict.fromkeys((first.removesuffix("s"), first)):
            if len(part) >= LEAST_PART and index.has_words(part) and index.has_words(second):
                yield f"{part} {second}"


def _one_error_away(word: str) -> Iterator[str]:
    """What was meant where two letters were swapped, or one was left out, doubled or exchanged (as P. Norvig does it)."""
    letters = dict.fromkeys(ascii_lowercase + word)  # the index has no accents
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in letters)
        yield from (before + letter + after for letter in letters)


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """The other names of each; acronyms go by their capitals."""
    fields = tomllib.loads(Path(__file__).with_name("wordings.toml").read_text(encoding="utf-8"))
    others = defaultdict[str, list[str]](list)
    for group in (group for groups in fields.values() for group in groups):
        for name in group:
            others[_key(name)] += [other for other in group if other != name]
    return {name: tuple(dict.fromkeys(given)) for name, given in others.items()}
