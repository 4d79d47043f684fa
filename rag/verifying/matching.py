"""A claim and a passage -> the words of the passage that say the same."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz

from rag.text.languages import FUNCTION_WORDS, language_of
from rag.text.sentences import sentence_spans
from rag.text.table_headers import header_of
from rag.text.terms import indexed_terms
from rag.types import Passage
from rag.verifying.facts import SourceFacts, source_facts
from rag.verifying.families import verb_of
from rag.verifying.normalising import Normalised, normalised, without_edges

MOST_SENTENCES = 200  # of a passage, the sentences that are looked at: no chunk has as many, and more would take seconds to embed
LEAST_FUZZY = 90.0  # of 100: a stretch of the passage this like the claim is a quotation of it
LEAST_QUOTED = 20  # characters: a shorter claim resembles a stretch of many passages by chance

Span = tuple[int, int]
"""Start and end offsets in a passage's text."""


@dataclass(frozen=True, slots=True)
class Window:
    """A sentence of a passage: `text[start:end]`, with its stems."""

    start: int
    end: int
    text: str
    terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class PreparedPassage:
    """A passage, ready to be compared with any number of claims.

    Attributes:
        windows: Its sentences.
        whole: The span of each sentence, and each two, by their normalised words.
        language: "" where it cannot be told.
        titles: Its heading, its document's name and its table's header, whose facts hold for all of it.
        context: All that its `facts` may stand in: with `titles`, the words that were trimmed off.
    """

    text: str
    normalised: Normalised
    windows: tuple[Window, ...]
    sentences: tuple[Span, ...]
    whole: Mapping[str, Span]
    language: str
    titles: tuple[str, str, str]
    context: tuple[str, ...]
    facts: SourceFacts

    def whole_sentences(self, start: int, end: int) -> Span:
        """The sentences that a stretch of the text touches."""
        touched = [span for span in self.sentences if span[0] < end and start < span[1]]
        return (touched[0][0], touched[-1][1]) if touched else (start, end)


def prepare(passage: Passage) -> PreparedPassage:
    """Cut a passage into what claims are compared with."""
    text = passage.text
    spans = sentence_spans(text)[:MOST_SENTENCES]
    language = language_of(text)
    likely = language or language_of(f"{text}\n{text}")  # a short one has few of the words that tell it
    even = normalised(text)
    titles = passage.heading, Path(passage.document).stem.replace("_", " "), header_of(passage)
    written = (passage.headed_text,) if text in passage.headed_text else (text, passage.headed_text)
    context = (*written, *titles)
    facts = source_facts(context, likely)
    windows = _windows(text, spans, facts.language)
    whole: dict[str, Span] = {}
    for start, end in (*spans, *((one[0], two[1]) for one, two in pairwise(spans))):
        words = even.text[bisect_left(even.places, start) : bisect_left(even.places, end)]
        whole.setdefault(without_edges(words), (start, end))
    return PreparedPassage(text, even, tuple(windows), tuple(spans), whole, language, titles, context, facts)


def same_words(claim: str, passage: PreparedPassage) -> Span | None:
    """Find the sentences of a passage that are a claim word for word, or the words of it that are; `claim` is normalised, without edges."""
    if not claim:
        return None
    if claim in passage.whole:
        return passage.whole[claim]
    text = passage.normalised.text
    at = text.find(claim)
    while at >= 0:
        end = at + len(claim)
        if not (_is_inside_word(text, at) or _is_inside_word(text, end)):
            return passage.normalised.span(at, end)
        at = text.find(claim, at + 1)
    return None


def similar_words(claim: str, passage: PreparedPassage) -> tuple[Span, float] | None:
    """Find the sentences of a passage that a normalised claim quotes with small changes, and how alike they are, in [0, 1]."""
    text = passage.normalised.text
    if not LEAST_QUOTED <= len(claim) <= len(text):
        return None
    found = fuzz.partial_ratio_alignment(claim, text, score_cutoff=LEAST_FUZZY)
    if found is None or found.dest_start >= found.dest_end:
        return None
    return passage.whole_sentences(*passage.normalised.span(found.dest_start, found.dest_end)), found.score / 100


def _windows(text: str, spans: Sequence[Span], language: str) -> list[Window]:
    stemmed_in = language if language in FUNCTION_WORDS else ""
    found = ((start, end, indexed_terms(text[start:end], stemmed_in)[0]) for start, end in spans)
    is_english = language == "en"
    return [
        Window(start, end, text[start:end], frozenset([*terms, *map(verb_of, terms)] if is_english else terms))
        for start, end, terms in found
    ]


def _is_inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
