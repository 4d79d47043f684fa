"""The verifier that needs no second model: a claim's score against the nearest words of a passage, its facts, its denials.

`decide` is where a verdict is decided.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.embedding.protocol import Embedder, Embeddings, truncated
from rag.types import Passage, Verdict
from rag.verifying.facts import Facts, SourceFacts, facts_of, missing_facts, source_facts
from rag.verifying.matching import PreparedPassage, Span, coverage, prepare, same_words, similar_words
from rag.verifying.negation import denies_otherwise
from rag.verifying.normalising import normalised, without_edges
from rag.verifying.protocol import Claim, Judgement, Support
from rag.verifying.vocabulary import checked_language

CONSTANT, NEARNESS, COVERED = -7.33, 3.38, 6.72
"""Of the odds that a claim is supported: fitted by `tests/benchmarks/verdicts.py`."""

SUPPORTED = 0.7
"""From this score on, a claim without a wrong fact is supported: of 100, 96 were, and 4 near misses, on the half it was chosen on."""

RELATED = 0.05  # from this score on, it is related
WORTH_A_SENTENCE = 0.05  # score that a second sentence must add to be among the supporting words


@dataclass(frozen=True, slots=True)
class _PreparedClaim:
    """A claim with its normalised words, its facts and its vector."""

    text: str
    words: str
    facts: Facts
    vector: Embeddings


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage to compare claims with; `vectors` has a row for each of its windows."""

    passage: PreparedPassage
    vectors: Embeddings


class RuleVerifier:
    """Checks claims by rules; a `Verifier`."""

    def __init__(self, embedder: Embedder) -> None:
        """Compare meanings with an embedder."""
        self._embedder = embedder

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """Check the sentences of an answer; each different text is embedded once."""
        cites_nothing = any(not claim.cited for claim in claims)
        needed = range(len(passages)) if cites_nothing else sorted({index for claim in claims for index in claim.cited})
        prepared = {index: prepare(passages[index]) for index in needed}
        windows = [window.text for passage in prepared.values() for window in passage.windows]
        vectors = _embedded([*(claim.text for claim in claims), *windows], self._embedder)
        ends = np.cumsum([len(claims), *(len(passage.windows) for passage in prepared.values())])
        of_claims, *of_passages = np.split(vectors, ends[:-1])
        sources = {index: _Source(prepared[index], rows) for index, rows in zip(needed, of_passages, strict=True)}
        return [_judgement(claim, vector, sources) for claim, vector in zip(claims, of_claims, strict=True)]


def decide(text: str, facts: Facts, words: str, source: SourceFacts, titles: Sequence[str], score: float) -> Verdict:
    """Decide on a claim; the first line that holds gives the verdict.

    Args:
        text: The claim.
        facts: Its numbers, dates and names.
        words: The words of the passages that are nearest to it.
        source: The facts of all that the passages say.
        titles: Headings and document names, whose facts hold for all words under them.
        score: How probable the words alone make it, in [0, 1].
    """
    if missing_facts(facts, source):  # a number, date or name that is nowhere in the passages
        return "unsupported"
    if score < RELATED:  # another subject
        return "unsupported"
    if score < SUPPORTED:  # the same subject, but not the same statement
        return "related"
    if denies_otherwise(text, words, checked_language(f"{text}\n{words}", source.language)):  # one denies what the other says
        return "related"
    if missing_facts(
        Facts(facts.numbers, facts.dates, ()), source_facts([words, *titles], source.language)
    ):  # a figure of some other sentence
        return "related"
    return "supported"


def support_probability(nearness: float, covered: float) -> float:
    """The probability that words support a claim, logistic in their cosine and in the share of the claim's words that they have."""
    return 1 / (1 + math.exp(-(CONSTANT + NEARNESS * nearness + COVERED * covered)))


def _judgement(claim: Claim, vector: Embeddings, sources: Mapping[int, _Source]) -> Judgement:
    near = next((sources[index].passage.facts.language for index in claim.cited or sources), "")
    prepared = _PreparedClaim(claim.text, without_edges(normalised(claim.text).text), facts_of(claim.text, near), vector)
    if not claim.cited:
        supports = [support for index in sources if (support := _support(prepared, index, sources[index])).verdict == "supported"]
        best = sorted(supports, key=lambda support: -support.score)[:1]
        return Judgement("supported" if best else "unsupported", tuple(best))
    cited = tuple(_support(prepared, index, sources[index]) for index in claim.cited)
    verdicts = {support.verdict for support in cited}
    if len(cited) > 1 and "supported" not in verdicts:
        verdicts.add(_joint_verdict(prepared, cited, sources))
    return Judgement(next((each for each in ("supported", "related") if each in verdicts), "unsupported"), cited)


def _support(claim: _PreparedClaim, index: int, source: _Source) -> Support:
    """What one passage does for a claim: by the same words, by a quotation with small changes, or by meaning."""
    passage = source.passage
    if same := same_words(claim.words, passage):
        if passage.whole.get(claim.words) == same:  # a sentence of the passage, word for word
            return Support(index, *same, "supported", 1.0)
        return Support(index, *same, _verdict(claim, passage.whole_sentences(*same), passage, 1.0), 1.0)
    span, score = _nearest_window(claim, source)
    if (similar := similar_words(claim.words, passage)) and similar[1] > score:
        span, score = similar
    return Support(index, *span, _verdict(claim, span, passage, score) if passage.text.strip() else "unsupported", score)


def _verdict(claim: _PreparedClaim, span: Span, passage: PreparedPassage, score: float) -> Verdict:
    return decide(claim.text, claim.facts, passage.text[slice(*span)], passage.facts, passage.titles, score)


def _nearest_window(claim: _PreparedClaim, source: _Source) -> tuple[Span, float]:
    """The window nearest in meaning and words, and its score; a single sentence where a second adds little."""
    span, best = (0, 0), 0.0
    for window, cosine in zip(source.passage.windows, source.vectors @ claim.vector, strict=True):
        score = support_probability(float(cosine), coverage(claim.text, window.terms, source.passage.language))
        is_longer = span[0] <= window.start and span[1] <= window.end
        if score > best + (WORTH_A_SENTENCE if is_longer and best else 0.0):
            span, best = (window.start, window.end), score
    return span, best


def _joint_verdict(claim: _PreparedClaim, supports: Sequence[Support], sources: Mapping[int, _Source]) -> Verdict:
    """On passages none of which supports a claim alone: each may have a part of it."""
    cited = [(support, sources[support.index].passage) for support in supports]
    windows = [
        window for support, passage in cited for window in passage.windows if support.start <= window.start and window.end <= support.end
    ]
    terms = frozenset[str]().union(*(window.terms for window in windows))
    cosines = np.concatenate([sources[support.index].vectors @ claim.vector for support in supports])
    score = support_probability(float(cosines.max()) if cosines.size else 0.0, coverage(claim.text, terms, "en"))
    words = "\n".join(passage.text[support.start : support.end] for support, passage in cited)
    source = source_facts([text for _, passage in cited for text in passage.context])
    titles = [title for _, passage in cited for title in passage.titles]
    return decide(claim.text, claim.facts, words, source, titles, max(score, *(support.score for support in supports)))


def _embedded(texts: Sequence[str], embedder: Embedder) -> Embeddings:
    """A row for each text, each different one embedded once."""
    if not texts:
        return np.empty((0, 0), np.float32)
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return embedder.embed_documents([truncated(_valid(text), embedder) for text in places])[[places[text] for text in texts]]


def _valid(text: str) -> str:
    """A text in valid Unicode; models refuse an empty one."""
    return text.encode("utf-8", "replace").decode() or " "
