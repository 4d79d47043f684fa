"""A claim, ready to be compared with passages: its facts, and the words that a passage should have."""

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.text.languages import FUNCTION_WORDS
from rag.text.terms import indexed_terms, terms, word_terms
from rag.types import Gap
from rag.verifying.facts import Facts, facts_of
from rag.verifying.families import verb_of
from rag.verifying.normalising import normalised, without_edges
from rag.verifying.vocabulary import checked_language, contrasts

MOST_MISSING = 0.6  # share of a claim's words that may be marked as missing; where more are, none tells anything
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class ClaimWord:
    """A content word at `text[start:end]` of a claim, the terms that may stand for it, and those of its parts that may do so together."""

    start: int
    end: int
    terms: frozenset[str]
    parts: frozenset[str] = frozenset()

    def is_in(self, found: frozenset[str]) -> bool:
        """Whether it stands among terms, or all parts of a compound do."""
        return not self.terms.isdisjoint(found) or (bool(self.parts) and self.parts <= found)


@dataclass(frozen=True, slots=True)
class PreparedClaim:
    """A claim with its normalised words, its facts, and its content words; what only says who says so is not among either.

    Attributes:
        language: Of it and of what it is compared with.
        is_sum: Whether it adds numbers up.
    """

    text: str
    normalised: str
    facts: Facts
    words: tuple[ClaimWord, ...]
    language: str
    is_sum: bool

    def written(self, index: int) -> str:
        """A word in small letters."""
        return self.text[self.words[index].start : self.words[index].end].casefold()

    def covered_by(self, found: frozenset[str]) -> frozenset[int]:
        """The indexes of the words that stand among terms."""
        return frozenset(index for index, word in enumerate(self.words) if word.is_in(found))

    def is_about(self, indexes: frozenset[int], least: int) -> bool:
        """Whether so many of these words are no figures: a figure alone does not make a sentence be about the same as the claim."""
        plain = [index for index in indexes if not any(map(str.isdecimal, self.text[self.words[index].start : self.words[index].end]))]
        return len(plain) >= min(least, len(self.words))

    def missing(self, covered: frozenset[int]) -> list[Gap]:
        """The words that are not covered, neighbours as one."""
        lacking = [word for index, word in enumerate(self.words) if index not in covered]
        if len(lacking) > MOST_MISSING * len(self.words):
            return []
        gaps: list[Gap] = []
        for word in lacking:
            if gaps and word.start <= gaps[-1].end + 1:
                gaps[-1] = Gap(gaps[-1].start, max(word.end, gaps[-1].end), "words")
            else:
                gaps.append(Gap(word.start, word.end, "words"))
        return gaps


@lru_cache(256)
def prepared_claim(text: str, near: str) -> PreparedClaim:
    """Prepare a claim; `near` is the language of what it is compared with."""
    language = checked_language(text, near)
    special = contrasts(language)
    begin = opening.end() if special and (opening := special.attributing.match(text)) else 0
    is_sum = bool(special and special.sums.search(text))
    facts = facts_of(text, near, begin)
    skipped = [match.span() for match in special.sums.finditer(text)] if special else []
    skipped += [bound.span() for number in facts.numbers if special and (bound := special.bound(text, number.start)[1])]
    words = tuple(word for word in _words(text, near or language) if word.start >= begin and not _is_inside(word, skipped))
    return PreparedClaim(text, without_edges(normalised(text).text), facts, words, language, is_sum)


def _parts(written: str, language: str) -> frozenset[str]:
    """The terms of the parts of "decision-making"."""
    return frozenset(word for part in written.split("-") for word in indexed_terms(part, language)[0]) if "-" in written else frozenset()


def _is_inside(word: ClaimWord, spans: list[tuple[int, int]]) -> bool:
    return any(start <= word.start < end for start, end in spans)


def _words(text: str, language: str) -> list[ClaimWord]:
    """The content words; all where there are no others."""
    stemmed_in = language if language in FUNCTION_WORDS else ""
    special = contrasts(language)
    ignored = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"]) | (special.little if special else frozenset())
    peoples = special.peoples if special else {}
    found: dict[tuple[int, int], ClaimWord] = {}
    others: dict[tuple[int, int], ClaimWord] = {}
    for term in terms(text, stemmed_in):
        written = text[term.start : term.end]
        plain = written.casefold().replace(".", "")
        alike = {term.text, *(word_terms(plain, (stemmed_in,)) if plain.isalpha() and not _UNSPACED.search(plain) else ())}
        if language == "en":
            alike |= set(map(verb_of, alike))
        if people := peoples.get(plain):
            alike |= {
                each for name, first in peoples.items() if first == people for each in indexed_terms(name.replace("_", " "), stemmed_in)[0]
            }
        is_single = len(term.text) == 1 and not term.text.isdecimal()
        is_little = (plain in ignored and not (people and written.isupper())) or is_single
        kept = others if is_little else found
        word = ClaimWord(term.start, term.end, frozenset(alike), _parts(written, stemmed_in))
        kept.setdefault((term.start, term.end), word)
    return list((found or others).values())
