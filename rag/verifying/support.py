"""A sentence and a passage -> the words of the passage that say the same, and what speaks for it."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from rag.text.languages import language_of
from rag.text.sentences import sentence_spans
from rag.text.terms import indexed_terms, query_terms
from rag.types import Passage
from rag.verifying.normalising import Normalised, normalised, without_edges

MOST_SENTENCES = 200
"""Of a passage, the sentences that are looked at: no chunk has as many, and more would take seconds to embed."""

LEAST_FUZZY = 90.0
"""Of 100: a stretch of the passage this like the sentence is a quotation of it."""

LEAST_QUOTED = 20
"""Characters: a shorter sentence looks like a stretch of many passages by chance."""


@dataclass(frozen=True, slots=True)
class Window:
    """One or two sentences of a passage: `text[start:end]`.

    Attributes:
        start: Offset in the passage's text.
        end: Offset after it.
        text: The words.
        terms: Their stems.
    """

    start: int
    end: int
    text: str
    terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A passage, ready to be compared with any number of sentences.

    Attributes:
        text: Its own.
        even: The same, normalised.
        windows: Its sentences and runs of two.
        sentences: The offsets of its sentences.
        whole: The offsets of each window by its normalised words.
        language: As it is told, or "".
    """

    text: str
    even: Normalised
    windows: tuple[Window, ...]
    sentences: tuple[tuple[int, int], ...]
    whole: Mapping[str, tuple[int, int]]
    language: str

    def whole_sentences(self, start: int, end: int) -> tuple[int, int]:
        """The sentences that a stretch of the text touches."""
        touched = [span for span in self.sentences if span[0] < end and start < span[1]]
        return (touched[0][0], touched[-1][1]) if touched else (start, end)


def prepare(passage: Passage) -> Prepared:
    """Cut a passage into what sentences are compared with."""
    text = passage.text
    spans = sentence_spans(text)[:MOST_SENTENCES]
    language = language_of(text)
    terms = [frozenset(indexed_terms(text[start:end], language)[0]) for start, end in spans]
    windows = [Window(start, end, text[start:end], terms[i]) for i, (start, end) in enumerate(spans)]
    windows += [
        Window(spans[i][0], spans[i + 1][1], text[spans[i][0] : spans[i + 1][1]], terms[i] | terms[i + 1]) for i in range(len(spans) - 1)
    ]
    even = normalised(text)
    places = even.places
    whole: dict[str, tuple[int, int]] = {}
    for window in windows:
        written = even.text[bisect_left(places, window.start) : bisect_left(places, window.end)]
        whole.setdefault(without_edges(written), (window.start, window.end))
    return Prepared(text, even, tuple(windows), tuple(spans), whole, language)


def same_words(claim: str, passage: Prepared) -> tuple[int, int] | None:
    """Find the sentences of a passage that are a claim word for word, or the words of it that are.

    Args:
        claim: Normalised, without punctuation around it.
        passage: Where to look.

    Returns:
        Offsets in the passage's text, or None.
    """
    if not claim:
        return None
    if claim in passage.whole:
        return passage.whole[claim]
    at = passage.even.text.find(claim)
    while at >= 0:
        end = at + len(claim)
        if not (_goes_on(passage.even.text, at) or _goes_on(passage.even.text, end)):
            return passage.even.span(at, end)
        at = passage.even.text.find(claim, at + 1)
    return None


def like_words(claim: str, passage: Prepared) -> tuple[int, int, float] | None:
    """Find the sentences of a passage that a claim quotes with small changes.

    Args:
        claim: Normalised.
        passage: Where to look.

    Returns:
        Offsets in the passage's text, and how like they are, in [0, 1]; None where nothing is `LEAST_FUZZY`.
    """
    if not LEAST_QUOTED <= len(claim) <= len(passage.even.text):
        return None
    found = fuzz.partial_ratio_alignment(claim, passage.even.text, score_cutoff=LEAST_FUZZY)
    if found is None or found.dest_start >= found.dest_end:
        return None
    start, end = passage.whole_sentences(*passage.even.span(found.dest_start, found.dest_end))
    return start, end, found.score / 100


def coverage(claim: str, terms: frozenset[str], language: str) -> float:
    """The share of a claim's words, function words not counted, that stand among terms, in [0, 1]; 0 where it has none."""
    asked = query_terms(claim, {language})
    return sum(not terms.isdisjoint(alternatives) for alternatives in asked) / len(asked) if asked else 0.0


def _goes_on(text: str, at: int) -> bool:
    """Whether a word or a number goes on over a place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
