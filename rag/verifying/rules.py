"""The verifier that needs no second model: a claim's score against the nearest words of a passage, its facts, its contradictions.

`decide` is where a verdict is decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.embedding.protocol import Embedder, Embeddings, truncated
from rag.text.languages import FUNCTION_WORDS
from rag.text.sentences import sentence_spans
from rag.text.terms import indexed_terms
from rag.types import Gap, Passage, Verdict
from rag.verifying.claims import PreparedClaim, prepared_claim
from rag.verifying.contrasts import agreeing_words, contrasting
from rag.verifying.evidence import Evidence, odds, probability
from rag.verifying.facts import Facts, missing_facts, source_facts
from rag.verifying.gathering import Run, best_run, candidates, gathered, with_facts, with_light_verbs, with_pronouns
from rag.verifying.matching import PreparedPassage, prepare, same_words, similar_words
from rag.verifying.negation import denies_otherwise, place_of_denial
from rag.verifying.placing import misplaced
from rag.verifying.protocol import Claim, Judgement, Support
from rag.verifying.vocabulary import checked_language

SUPPORTED = 0.82
"""From this score on, a claim without a wrong fact is supported."""

LEAST_MORE = 2  # of a claim's words, those that another sentence must add to be about the same too
HALF = 0.5  # of a claim's words, the share that must stand together where sentences from elsewhere have all others
ABOUT_SAME = 0.4  # of a claim's words, the share that a sentence must have to deny it
LEFT_OUT = ("plan", "condition")  # what makes a sentence wrong that has all else of its source
PERMITTED = "may"  # allows more often than it plans
RELATED = 0.05  # from this score on, it is related


@dataclass(frozen=True, slots=True)
class Found:
    """The words of passages that are nearest to a claim: `words` follow each other, `gathered` are those and others from all over."""

    words: str
    gathered: str
    evidence: Evidence
    covered: frozenset[int]
    score: float


class RuleVerifier:
    """Checks claims by rules; a `Verifier`."""

    def __init__(self, embedder: Embedder) -> None:
        """Compare meanings with an embedder."""
        self._embedder = embedder

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """Check the sentences of an answer; each different sentence that is compared is embedded once."""
        prepared = {index: prepare(passage) for index, passage in enumerate(passages)}
        vectors: dict[str, Embeddings] = {}
        judgements = self._judged(claims, [claim.cited or tuple(prepared) for claim in claims], prepared, vectors)
        again = [number for number, claim in enumerate(claims) if claim.cited and judgements[number].verdict != "supported"]
        others = [tuple(index for index in prepared if index not in claims[number].cited) for number in again]
        uncited = [Claim(claims[number].text, ()) for number in again]
        for number, other in zip(again, self._judged(uncited, others, prepared, vectors), strict=True):
            if other.verdict == "supported":
                mine = judgements[number]
                judgements[number] = Judgement(mine.verdict, mine.supports, mine.gaps, other.supports[0])
        return judgements

    def _judged(
        self,
        claims: Sequence[Claim],
        looked_in: Sequence[tuple[int, ...]],
        prepared: Mapping[int, PreparedPassage],
        vectors: dict[str, Embeddings],
    ) -> list[Judgement]:
        """A judgement on each claim by the passages that it is looked for in; new vectors are added to those that are known."""
        needed = {claim.text for claim in claims}
        for claim, indexes in zip(claims, looked_in, strict=True):
            for passage in (prepared[index] for index in indexes):
                ready = prepared_claim(claim.text, passage.facts.language)
                needed |= {passage.windows[index].text for index in candidates(ready, passage)}
        new = sorted(needed - vectors.keys())
        vectors.update(zip(new, _embedded(new, self._embedder), strict=True))
        return [
            _judgement(claim, {index: prepared[index] for index in indexes}, vectors)
            for claim, indexes in zip(claims, looked_in, strict=True)
        ]


def decide(claim: PreparedClaim, found: Found, passages: Sequence[PreparedPassage]) -> tuple[Verdict, list[Gap]]:
    """Decide on a claim by the words found for it, and say what of it they lack; the first line that holds gives the verdict."""
    language = passages[0].facts.language
    facts = passages[0].facts if len(passages) == 1 else source_facts([text for each in passages for text in each.context], language)
    if gaps := missing_facts(claim.facts, facts, may_add=claim.is_sum):  # a number, date or name that is nowhere in the passages
        return "unsupported", gaps
    if found.score < RELATED:  # another subject
        return "unsupported", []
    titles = [title for each in passages for title in each.titles]
    near = source_facts([found.gathered, *titles], language)
    otherwise = contradictions(claim, found.words, found.gathered, language)
    if gaps := [*otherwise, *misplaced(claim, f"\n{found.gathered}", "\n".join(titles), near)]:  # the passages say otherwise
        is_otherwise = any(gap.is_contradicted or (gap.kind in LEFT_OUT and gap.stated.casefold() != PERMITTED) for gap in gaps)
        return "unsupported" if found.score >= SUPPORTED and is_otherwise else "related", gaps
    if found.score < SUPPORTED:  # the same subject, but not the same statement
        return "related", claim.missing(found.covered)
    figures = Facts(claim.facts.numbers, claim.facts.dates, ())
    if gaps := missing_facts(figures, near, may_add=claim.is_sum):  # a figure of some other sentence
        return "related", gaps
    return "supported", []


def contradictions(claim: PreparedClaim, words: str, gathered: str, language: str) -> list[Gap]:
    """Where a claim says something else than the words nearest to it."""
    spoken = checked_language(f"{claim.text}\n{words}", language)
    gaps = contrasting(claim.text, words, spoken)
    if denies_otherwise(claim.text, about_same(claim, gathered), spoken):  # one denies what the other says
        gaps.append(Gap(*place_of_denial(claim.text, gathered, spoken), "negation", is_contradicted=True))
    return sorted(gaps, key=lambda gap: (gap.start, gap.end))


def about_same(claim: PreparedClaim, words: str) -> str:
    """The sentences among words that say the same as a claim: that which has most of it, then those that have much of the rest."""
    stemmed_in = claim.language if claim.language in FUNCTION_WORDS else ""
    left = {text: claim.covered_by(frozenset(indexed_terms(text, stemmed_in)[0])) for text in map(words.__getitem__, _slices(words))}
    covered: frozenset[int] = frozenset()
    chosen: list[str] = []
    while left:
        best = max(left, key=lambda text: len(left[text] - covered))
        if len(left[best] - covered) < (LEAST_MORE if chosen else ABOUT_SAME * len(claim.words)):
            break
        covered |= left.pop(best)
        chosen.append(best)
    return "\n".join(chosen) or words


def _slices(words: str) -> list[slice]:
    return [slice(start, end) for start, end in sentence_spans(words)]


def _judgement(claim: Claim, passages: Mapping[int, PreparedPassage], vectors: Mapping[str, Embeddings]) -> Judgement:
    found_gaps = [_support(claim.text, index, passage, vectors) for index, passage in passages.items()]
    supports = tuple(support for support, _ in found_gaps)
    if not claim.cited:
        best = sorted((support for support in supports if support.verdict == "supported"), key=lambda support: -support.score)[:1]
        return Judgement("supported" if best else "unsupported", tuple(best), () if best else _nearest_gaps(found_gaps))
    by_index = dict(zip(passages, supports, strict=True))
    cited = tuple(by_index[index] for index in claim.cited)
    verdicts = {support.verdict for support in supports}
    gaps = _nearest_gaps(found_gaps)
    if len(passages) > 1 and "supported" not in verdicts:
        joint, gaps = _joint(claim.text, supports, list(passages.values()), vectors)
        verdicts.add(joint)
    verdict: Verdict = "supported" if "supported" in verdicts else "related" if "related" in verdicts else "unsupported"
    return Judgement(verdict, cited, () if verdict == "supported" else gaps)


def _nearest_gaps(found: Sequence[tuple[Support, tuple[Gap, ...]]]) -> tuple[Gap, ...]:
    return max(found, key=lambda each: each[0].score)[1] if found else ()


def _support(text: str, index: int, passage: PreparedPassage, vectors: Mapping[str, Embeddings]) -> tuple[Support, tuple[Gap, ...]]:
    """What one passage does for a claim: by the same words, by a quotation with small changes, or by meaning."""
    claim = prepared_claim(text, passage.facts.language)
    if same := same_words(claim.normalised, passage):
        if passage.whole.get(claim.normalised) == same:  # a sentence of the passage, word for word
            return Support(index, *same, "supported", 1.0), ()
        words = passage.text[slice(*passage.whole_sentences(*same))]
        verdict, gaps = decide(claim, Found(words, words, Evidence(), frozenset(range(len(claim.words))), 1.0), [passage])
        return Support(index, *same, verdict, 1.0), tuple(gaps)
    if not passage.text.strip():
        return Support(index, 0, 0, "unsupported", 0.0), ()
    run = best_run(claim, passage, _near(claim, passage, vectors))
    found = _found(claim, run, passage.text[run.start : run.end], [passage])
    span = run.start, run.end
    if (similar := similar_words(claim.normalised, passage)) and similar[1] > found.score:
        span = similar[0]
        found = replace(found, words=passage.text[slice(*span)], gathered=passage.text[slice(*span)], score=similar[1])
    verdict, gaps = decide(claim, found, [passage])
    return Support(index, *span, verdict, found.score), tuple(gaps)


def _joint(
    text: str, supports: Sequence[Support], passages: Sequence[PreparedPassage], vectors: Mapping[str, Embeddings]
) -> tuple[Verdict, tuple[Gap, ...]]:
    """On passages none of which supports a claim alone: each may have a part of it."""
    nearest = max(range(len(supports)), key=lambda index: supports[index].score)
    claim = prepared_claim(text, passages[nearest].facts.language)
    run = best_run(claim, passages[nearest], _near(claim, passages[nearest], vectors))
    verdict, gaps = decide(claim, _found(claim, run, passages[nearest].text[run.start : run.end], passages), passages)
    return verdict, tuple(gaps)


def _found(claim: PreparedClaim, run: Run, words: str, passages: Sequence[PreparedPassage]) -> Found:
    """What speaks for a claim: in a run of sentences, and with sentences from all over the passages."""
    language = passages[0].facts.language
    titles = [title for each in passages for title in each.titles]
    near = with_facts(claim, run.covered, source_facts([words, *titles], language))
    covered, texts = gathered(claim, passages, near)
    everything = "\n".join([words, *texts])
    if texts:
        covered = with_facts(claim, covered, source_facts([everything, *titles], language))
    spans = agreeing_words(claim.text, words, language) if len(covered) < len(claim.words) else ()
    opposed = {index for index, word in enumerate(claim.words) if any(start < word.end and word.start < end for start, end in spans)}
    near, covered = with_pronouns(claim, near | opposed, words), with_pronouns(claim, covered | opposed, everything)
    near, covered = with_light_verbs(claim, near, words), with_light_verbs(claim, covered, words)
    count = max(1, len(claim.words))
    evidence = Evidence(run.nearness, len(near) / count, len(covered) / count, len(texts) / 4)
    score = probability(odds(evidence))
    if claim.words and len(covered) == len(claim.words) and evidence.covered >= HALF:  # each word is said somewhere
        score = max(score, SUPPORTED)
    return Found(words, everything, evidence, covered, score)


def _near(claim: PreparedClaim, passage: PreparedPassage, vectors: Mapping[str, Embeddings]) -> dict[int, float]:
    """The cosine of each sentence that is compared."""
    return {index: float(vectors[passage.windows[index].text] @ vectors[claim.text]) for index in candidates(claim, passage)}


def _embedded(texts: Sequence[str], embedder: Embedder) -> Embeddings:
    """A row for each text."""
    if not texts:
        return np.empty((0, 0), np.float32)
    return embedder.embed_documents([truncated(_valid(text), embedder) for text in texts])


def _valid(text: str) -> str:
    """A text in valid Unicode; models refuse an empty one."""
    return text.encode("utf-8", "replace").decode() or " "
