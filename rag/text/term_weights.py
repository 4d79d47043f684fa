"""The terms of a question, weighted by how rare they are: how many of them a text has."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from rag.text.terms import indexed_terms, query_terms

_MEASURE = re.compile(
    r"\b(how) (?:many|much|long|often|high|far|old|big|large|tall|fast|late|early)\b"
    r"|\b(wie) (?:lang|lange|hoch|viele?|oft|alt|gro(?:ß|ss)|weit|schnell|teuer|spät)\b",
    re.IGNORECASE,
)
"""What asks for a measure: no text that answers needs to have these words."""

IdfOf = Callable[[Iterable[str]], Mapping[str, float]]
"""Terms -> the inverse document frequency of each, at least 0."""


class TermWeights:
    """A question's words with their inverse document frequencies in a library."""

    def __init__(self, question: str, languages: Collection[str], idf_of: IdfOf) -> None:
        """Analyse a question in the languages of a library's documents."""
        self._languages = languages or {""}
        words = query_terms(_MEASURE.sub(r"\1\2", question), self._languages)
        idf = idf_of({term for alternatives in words for term in alternatives})
        self._words = [(frozenset(alternatives), min(idf[term] for term in alternatives)) for alternatives in words]

    def weight(self, text: str) -> float:
        """The sum of the weights of the words that a text has."""
        terms = self._terms(text)
        return sum(weight for alternatives, weight in self._words if not terms.isdisjoint(alternatives))

    def words_in(self, text: str) -> frozenset[int]:
        """Which of the question's words a text has, each by its place in the question."""
        terms = self._terms(text)
        return frozenset(place for place, (alternatives, _) in enumerate(self._words) if not terms.isdisjoint(alternatives))

    def has_all_of(self, text: str) -> bool:
        """Whether the question has all words of a text, function words left out."""
        asked = {term for alternatives, _ in self._words for term in alternatives}
        return not any(asked.isdisjoint(alternatives) for alternatives in query_terms(text, self._languages))

    def share(self, text: str) -> float:
        """The share, by weight, of the question's words that a text has, in [0, 1]."""
        total = sum(weight for _, weight in self._words)
        return self.weight(text) / total if total else 0.0

    def coverage(self, text: str, known: str) -> float:
        """The share, by weight, of the words not in `known` that a text has, in [0, 1]; 1 where `known` has all words."""
        terms, known_terms = self._terms(text), self._terms(known)
        asked = [(alternatives, weight) for alternatives, weight in self._words if known_terms.isdisjoint(alternatives)]
        total = sum(weight for _, weight in asked)
        return sum(weight for alternatives, weight in asked if not terms.isdisjoint(alternatives)) / total if total else 1.0

    def has_codes(self, text: str) -> bool:
        """Whether the question names codes of letters and digits, such as part numbers, and a text has all of them."""
        codes = [alternatives for alternatives, _ in self._words if any(map(_is_code, alternatives))]
        terms = self._terms(text) if codes else set()
        return bool(codes) and not any(terms.isdisjoint(alternatives) for alternatives in codes)

    def _terms(self, text: str) -> set[str]:
        return {term for language in self._languages for term in indexed_terms(text, language)[0]}


def _is_code(term: str) -> bool:
    return any(map(str.isdigit, term)) and any(map(str.isalpha, term))
