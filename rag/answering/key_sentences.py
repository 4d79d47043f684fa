"""Sections -> the sentence of each that says most of it: by words that are frequent in it and rare elsewhere, its place, and its title."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.sections import Piece, Section
from rag.text.languages import FUNCTION_WORDS, language_of
from rag.text.sentences import count_words, sentence_spans
from rag.text.terms import indexed_terms

MOST_SENTENCES = 60  # of a section, from its beginning: the cost of an outline does not grow with the length of a document
LEAST_WORDS, MOST_CHARACTERS = 5, 360  # of a sentence that says something, and is read at a glance
CHARACTERS_A_WORD = 3  # of scripts without spaces
CENTRAL, FIRST, TITLE = 1.0, 0.5, 0.25  # weights of a sentence's words, of standing first, and of sharing words with the title
DANGLING, ITEM, LONG = 0.3, 0.3, 0.3  # taken away from a sentence that leans on the one before, from a list's item, and from a long one
LONG_CHARACTERS = 240
SYMBOLS, LEAST_LETTERS = 0.4, 0.65  # taken away from a sentence of figures and formulas, with a smaller share of letters than this
CLAUSE_WORDS = 8
FRONT = 2  # sections at the front of a document, which may be a disclaimer or an imprint
SUBJECT_TERMS, LEAST_SHARED = 40, 0.25  # terms that a document is about; the share of these in a sentence at the front

_STATEMENT = re.compile(r"(?s:.*)[.!…。！।۔][\"'”’»)\]」』]*\Z")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_ITEM = re.compile(r"\s*(?:[-*+•–·▪●|#]|(?P<number>\(?\w{1,2}[.)]\s))")
_DANGLING = re.compile(
    r"(?:there (?:is|are)|es gibt|il y a|hay|ci sono|há"
    r"|these|they|it|he|she|this|that|such|however|additionally|furthermore|also|in addition|finally|therefore|thus|for example|instead"
    r"|otherwise|first|second|third|then|so|hence|dann|dabei|damit|hierbei|allerdings|dies|dieser?|sie|er|es|jedoch|außerdem|zudem|daher"
    r"|alors|donc|ils?|elles?|cela|ceci|ces|cependant|de plus|esto|estos|ello|además|sin embargo|entonces|questo|questi|inoltre|tuttavia"
    r"|allora|isto|isso|além disso|então|тогда|это|они|он|она|однако|кроме того)\b"
    r"|(?:它|他们|这些|此外|然而|因此|これら?は|それは|また、|しかし|وهذا|كما|لكن)",
    re.IGNORECASE,
)
_FUNCTION_TERMS = frozenset(term for words in FUNCTION_WORDS.values() for term in words)


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence with its terms; `is_whole` says that it begins and ends as sentences do."""

    quote: Piece
    terms: frozenset[str]
    is_whole: bool


def key_sentences(sections: Sequence[Section]) -> list[KeySentence | None]:
    """For each section the sentence that says most of it; None where there is none. No two have the same words.

    What stands at the front of a document has to be about what the document is about: there, disclaimers and imprints are passed over.
    """
    language = language_of("\n".join(piece.text for section in sections for piece in section.pieces[:2]))
    candidates = [_candidates(section, language) for section in sections]
    if any(each.is_whole for mine in candidates for each in mine):
        candidates = [[each for each in mine if each.is_whole] for mine in candidates]
    subject = _subject(candidates[FRONT:])
    for n in range(FRONT if _pages(sections) > FRONT else 0):
        candidates[n] = [each for each in candidates[n] if len(each.terms & subject) >= LEAST_SHARED * len(each.terms - _FUNCTION_TERMS)]
    having = Counter(term for mine in candidates for term in frozenset[str]().union(*(each.terms for each in mine)))
    chosen: list[KeySentence | None] = []
    taken: set[frozenset[str]] = set()
    for section, mine in zip(sections, candidates, strict=True):
        weights = _weights(mine, having, len(sections))
        title = frozenset(indexed_terms(section.title, language)[0])
        scores = _scores(mine, weights, title)
        best = max((n for n in range(len(mine)) if mine[n].terms not in taken), key=scores.__getitem__, default=None)
        chosen.append(None if best is None else mine[best])
        if best is not None:
            taken.add(mine[best].terms)
    return chosen


def _candidates(section: Section, language: str) -> list[KeySentence]:
    """The sentences and lines at the beginning of a section that say something."""
    found: list[KeySentence] = []
    for piece in section.pieces:
        for first, last in sentence_spans(piece.text):
            if len(found) >= MOST_SENTENCES:
                return found
            text = piece.text[first:last]
            if len(text) > MOST_CHARACTERS or _words(text) < LEAST_WORDS:
                continue
            is_whole = bool(_STATEMENT.fullmatch(text)) and not text[0].islower()
            if is_whole or not text.endswith(("?", "？", "؟", ":", "：")):
                terms = frozenset(indexed_terms(text, language)[0])
                found.append(KeySentence(Piece(piece.block, piece.start + first, piece.start + last), terms, is_whole))
    return found


def _pages(sections: Sequence[Section]) -> int:
    """How many pages sections are on."""
    return len({piece.block.chunks[0].page for section in sections for piece in section.pieces})


def _subject(candidates: Sequence[Sequence[KeySentence]]) -> frozenset[str]:
    """The commonest terms of a document besides function words."""
    counts = Counter(term for mine in candidates for each in mine for term in each.terms if len(term) > 1 and term not in _FUNCTION_TERMS)
    return frozenset(term for term, _ in counts.most_common(SUBJECT_TERMS))


def _words(text: str) -> int:
    """Words of a text; in scripts without spaces they are estimated."""
    return max(count_words(text), len(_UNSPACED.findall(text)) // CHARACTERS_A_WORD)


def _weights(sentences: Sequence[KeySentence], having: Counter[str], sections: int) -> dict[str, float]:
    counts = Counter(term for sentence in sentences for term in sentence.terms)
    return {term: math.log1p(count) * (0.3 + math.log((1 + sections) / having[term])) for term, count in counts.items()}


def _scores(sentences: Sequence[KeySentence], weights: dict[str, float], title: frozenset[str]) -> list[float]:
    means = [sum(weights[term] for term in each.terms) / (len(each.terms) + 4) if each.terms else 0.0 for each in sentences]
    most = max(means, default=0.0) or 1.0
    scores = []
    for n, (sentence, mean) in enumerate(zip(sentences, means, strict=True)):
        text = sentence.quote.text
        score = CENTRAL * mean / most + FIRST / (1 + n / 3) + TITLE * len(title & sentence.terms) / max(len(title), 1)
        score -= DANGLING * bool(_DANGLING.match(text)) + ITEM * _is_item(sentence) + LONG * (len(text) > LONG_CHARACTERS)
        score -= SYMBOLS * (sum(map(str.isalpha, text)) < LEAST_LETTERS * len(text))
        scores.append(score)
    return scores


def _is_item(sentence: KeySentence) -> bool:
    """Whether a sentence is an item of a list; a numbered clause that is a whole sentence is none."""
    item = _ITEM.match(sentence.quote.text)
    if item is None:
        return False
    return not (item["number"] and sentence.is_whole and _words(sentence.quote.text) >= CLAUSE_WORDS)
