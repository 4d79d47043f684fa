"""A claim and passages -> the run of sentences of a passage that says most of it, and sentences from all over that say more together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.text.terms import indexed_terms
from rag.verifying.claims import PreparedClaim
from rag.verifying.facts import SourceFacts, missing_facts
from rag.verifying.families import verb_of
from rag.verifying.matching import PreparedPassage, Span
from rag.verifying.vocabulary import contrasts

CANDIDATES = 4  # sentences of a passage with most of a claim's words, whose meaning is compared
LONGEST_RUN = 6  # sentences
LEAST_SHARED = 2  # words other than figures that a sentence from elsewhere must share with a claim
MOST_GATHERED = 4  # sentences in addition to the run

_AS_VERB = re.compile(r"\b(?:may|can|must|shall|should|will|would|could|to|you|they|we|i|who|not)\s+(?=(\w+))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Run:
    """Sentences of a passage that follow each other: `text[start:end]`, with the indexes of the claim's words that they have."""

    start: int
    end: int
    covered: frozenset[int]
    nearness: float


def candidates(claim: PreparedClaim, passage: PreparedPassage) -> list[int]:
    """The sentences of a passage that have most of a claim's words, best first."""
    counts = [(len(claim.covered_by(window.terms)), -index) for index, window in enumerate(passage.windows)]
    return [-index for count, index in sorted(counts, reverse=True)[:CANDIDATES] if count]


def best_run(claim: PreparedClaim, passage: PreparedPassage, near: Mapping[int, float]) -> Run:
    """The run that has most of a claim's words, from one of the candidates, whose cosines `near` has: wider while it has more of them."""
    best, best_value = Run(0, 0, frozenset(), 0.0), 0.0
    for index, cosine in near.items():
        first, last, covered = index, index, claim.covered_by(passage.windows[index].terms)
        while last - first + 1 < LONGEST_RUN and (wider := _wider(claim, passage, (first, last), covered)):
            step, covered = wider
            first, last = min(first, first + step), max(last, last + step)
        value = cosine / 2 + len(covered) / max(1, len(claim.words)) - 0.02 * (last - first)
        if value > best_value:
            best, best_value = Run(passage.windows[first].start, passage.windows[last].end, covered, cosine), value
    return best


def _wider(claim: PreparedClaim, passage: PreparedPassage, run: Span, covered: frozenset[int]) -> tuple[int, frozenset[int]] | None:
    """Whether to take the sentence after a run or before it, and the words covered then; None where neither adds any.

    To a sum, a sentence with a number adds one.
    """
    found = []
    for step, index in ((1, run[1] + 1), (-1, run[0] - 1)):
        if 0 <= index < len(passage.windows):
            window = passage.windows[index]
            more = claim.covered_by(window.terms)
            if (more - covered and claim.is_about(more, 1)) or (claim.is_sum and more and any(map(str.isdecimal, window.text))):
                found.append((len(more - covered), step, covered | more))
    return max(found)[1:] if found else None


def gathered(claim: PreparedClaim, passages: Sequence[PreparedPassage], covered: frozenset[int]) -> tuple[frozenset[int], list[str]]:
    """The words that sentences from all over the passages have, those first that have most of what is missing; and these sentences."""
    windows = [
        (words, window.text)
        for passage in passages
        for window in passage.windows
        if claim.is_about(words := claim.covered_by(window.terms), LEAST_SHARED)
    ]
    texts: list[str] = []
    while windows and len(texts) < MOST_GATHERED and len(covered) < len(claim.words):
        more, text = max(windows, key=lambda each: len(each[0] - covered))
        if not more - covered:
            break
        covered, texts = covered | more, [*texts, text]
    return covered, texts


def with_facts(claim: PreparedClaim, covered: frozenset[int], source: SourceFacts) -> frozenset[int]:
    """The covered words, and those that are a number, date or name that a source has in another form."""
    facts = claim.facts
    spans = [(number.start, number.end) for number in facts.numbers] + [(dates[0].start, dates[0].end) for dates in facts.dates]
    spans += [(name.start, name.start + len(name.word)) for name in facts.names]
    missing = {gap.start for gap in missing_facts(facts, source, may_add=claim.is_sum)}
    spans = [span for span in spans if span[0] not in missing]
    return covered | {index for index, word in enumerate(claim.words) if any(start <= word.start < end for start, end in spans)}


def with_pronouns(claim: PreparedClaim, covered: frozenset[int], words: str) -> frozenset[int]:
    """The covered words, and those for somebody whom words call otherwise: "employees" where they say "you"."""
    special = contrasts(claim.language)
    meant = (people for pronoun, people in (special.stands_for if special else ()) if pronoun.search(words))
    people = frozenset[str]().union(*meant)
    return covered | {at for at in range(len(claim.words)) if claim.written(at) in people} if people else covered


def with_light_verbs(claim: PreparedClaim, covered: frozenset[int], words: str) -> frozenset[int]:
    """The covered words, and verbs that only carry a noun which is a verb among words: "returns are accepted", "payment is made"."""
    special = contrasts(claim.language)
    light = [at for at in range(len(claim.words)) if special and at not in covered and claim.written(at) in special.light]
    if not light:
        return covered
    verbs = set(indexed_terms(" ".join(_AS_VERB.findall(words)), claim.language)[0])
    there = set(indexed_terms(words, claim.language)[0])
    carried = {
        at for at in covered if verbs & claim.words[at].terms or any(verb_of(term) in there - {term} for term in claim.words[at].terms)
    }
    return covered | {at for at in light if at - 1 in carried or at + 1 in carried}
