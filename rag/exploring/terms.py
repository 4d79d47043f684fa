"""The terms that set groups of texts apart."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.text.languages import FUNCTION_WORDS, language_of
from rag.text.terms import terms

MOST_TERMS = 5


def telling_terms(groups: Sequence[Sequence[str]], most: int = MOST_TERMS) -> list[tuple[str, ...]]:
    """Find words and pairs of words that are frequent in one group and rare in the others.

    The weight of a term t in a group c is sqrt(tf(t, c)) * ln(1 + A / f(t)): tf its share of the group's terms, f how often it occurs in
    all groups, A the mean number of terms in a group. This is BERTopic's c-TF-IDF (Grootendorst 2022, arXiv:2203.05794, section 3.3), with
    the root of its option `reduce_frequent_words`: without it, words that all groups share come first.

    Args:
        groups: The texts of each.
        most: Terms of each group, at most.

    Returns:
        For each group, the heaviest first, as they are most often written; none that shares a word with a heavier one, and of a word and
        a pair of the same weight the pair.
    """
    spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
    counts: list[Counter[str]] = []
    for texts in groups:
        count: Counter[str] = Counter()
        language = language_of("\n".join(texts))
        for text in texts:
            for term, written in _terms(text, language):
                count[term] += 1
                spelled[term][written] += 1
        counts.append(count)
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    mean = total.total() / max(len(groups), 1)
    return [_heaviest(count, total, mean, spelled, most) for count in counts]


def _heaviest(count: Counter[str], total: Counter[str], mean: float, spelled: dict[str, Counter[str]], most: int) -> tuple[str, ...]:
    size = max(count.total(), 1)
    weights = {term: math.sqrt(often / size) * math.log(1 + mean / total[term]) for term, often in count.items()}
    chosen: list[str] = []
    for term in sorted(weights, key=lambda term: (-weights[term], -len(term.split()), term)):
        if not any(set(term.split()) & set(other.split()) for other in chosen):
            chosen.append(term)
        if len(chosen) == most:
            break
    return tuple(spelled[term].most_common(1)[0][0] for term in chosen)


def _terms(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The words of a text that may tell what it is about, and the pairs of those that follow each other: as compared, as written."""
    words = [
        (term.text, term.start, term.end)
        for term in terms(text, language)
        if term.end - term.start > 2 and any(character.isalpha() for character in term.text)
        if text[term.start : term.end].casefold() not in FUNCTION_WORDS[language or "en"]
    ]
    for term, start, end in words:
        yield term, text[start:end]
    for (one, start, end), (other, after, last) in pairwise(words):
        if text[end:after] == " " and one != other:
            yield f"{one} {other}", text[start:last]
