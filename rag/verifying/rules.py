"""The check of an answer: what the cited passages do for each of its sentences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.embedding.protocol import Embedder, Embeddings
from rag.types import Passage, Verdict
from rag.verifying.facts import Facts, Known, facts_of, known, missing
from rag.verifying.negation import denies_otherwise
from rag.verifying.normalising import normalised, without_edges
from rag.verifying.support import Prepared, Window, coverage, like_words, prepare, same_words

CONSTANT, NEARNESS, COVERED = -7.33, 3.38, 6.72
"""Of the odds that a sentence is supported: fitted by `tests/benchmarks/verdicts.py`."""

SUPPORTED = 0.7
"""From this score on, a sentence without a false fact is supported: of 100, 96 were, and 4 near misses, on the half it was chosen on."""

RELATED = 0.05
"""From this score on, it is related."""

WORTH_A_SENTENCE = 0.05
"""Score that a second sentence must add to be among the supporting words."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, without markers and Markdown.

    Attributes:
        text: Its words.
        cited: Indexes of the passages that it cites, in order; may be empty.
    """

    text: str
    cited: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """What a passage does for a claim.

    Attributes:
        index: The passage's.
        start: Offset in the passage's `text` of the words that the claim rests on.
        end: Offset after them.
        verdict: Of this passage alone.
        score: How well they say the same, in [0, 1].
    """

    index: int
    start: int
    end: int
    verdict: Verdict
    score: float


@dataclass(frozen=True, slots=True)
class Checked:
    """What all cited passages do for a claim together.

    Attributes:
        verdict: Of all of them: the claim's facts may be spread over them.
        supports: One for each cited passage, in order; for a claim that cites nothing, that of the best passage if it supports it.
    """

    verdict: Verdict
    supports: tuple[Support, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """A claim, prepared: its text, its normalised words, its facts and its vector."""

    text: str
    words: str
    facts: Facts
    vector: Embeddings


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage, prepared: `vectors` has a row for each window; `texts` are all that its facts may stand in."""

    prepared: Prepared
    vectors: Embeddings
    texts: tuple[str, ...]
    known: Known


def check(claims: Sequence[Claim], passages: Sequence[Passage], embedder: Embedder) -> list[Checked]:
    """Compare the sentences of an answer with the passages that they cite.

    Args:
        claims: Any; indexes in `cited` are of `passages`.
        passages: Those that were shown.
        embedder: Compares meanings; every sentence is embedded once.

    Returns:
        One for each claim.

    Raises:
        EmbeddingError: The model cannot be used.
    """
    needed = range(len(passages)) if any(not claim.cited for claim in claims) else sorted({i for claim in claims for i in claim.cited})
    prepared = {index: prepare(passages[index]) for index in needed}
    windows = [window for index in needed for window in prepared[index].windows]
    vectors = _embedded([*(claim.text for claim in claims), *(window.text for window in windows)], embedder)
    sources: dict[int, _Source] = {}
    at = len(claims)
    for index in needed:
        rows = vectors[at : at + len(prepared[index].windows)]
        texts = _texts(passages[index])
        sources[index] = _Source(prepared[index], rows, texts, known(texts))
        at += len(rows)
    return [_checked(claim, vector, sources) for claim, vector in zip(claims, vectors, strict=False)]


def likeness(nearness: float, covered: float) -> float:
    """The probability that a sentence is supported by words.

    Args:
        nearness: Their cosine, in [-1, 1].
        covered: The share of the sentence's words that they have, in [0, 1].

    Returns:
        In [0, 1]; logistic.
    """
    return 1 / (1 + math.exp(-(CONSTANT + NEARNESS * nearness + COVERED * covered)))


def _checked(claim: Claim, vector: Embeddings, sources: Mapping[int, _Source]) -> Checked:
    said = _Said(claim.text, without_edges(normalised(claim.text).text), facts_of(claim.text), vector)
    if not claim.cited:
        found = [_support(said, index, source) for index, source in sources.items()]
        best = max((support for support in found if support.verdict == "supported"), key=lambda support: support.score, default=None)
        return Checked("supported", (best,)) if best else Checked("unsupported", ())
    supports = tuple(_support(said, index, sources[index]) for index in claim.cited)
    verdicts = {support.verdict for support in supports}
    if len(supports) > 1 and "supported" not in verdicts:
        verdicts.add(_together(said, supports, sources))
    return Checked(_best(verdicts), supports)


def _support(said: _Said, index: int, source: _Source) -> Support:
    """What one passage does for a claim: by the same words, by a quotation with small changes, or by meaning."""
    text = source.prepared.text
    if exact := same_words(said.words, source.prepared):
        is_whole = source.prepared.whole.get(said.words) == exact
        verdict = "supported" if is_whole else _verdict(said, source.prepared.whole_sentences(*exact), source, 1.0)
        return Support(index, *exact, verdict, 1.0)
    start, end, score = _nearest(said, source)
    if (like := like_words(said.words, source.prepared)) and like[2] > score:
        start, end, score = like
    if not text.strip():
        return Support(index, 0, 0, "unsupported", 0.0)
    return Support(index, start, end, _verdict(said, (start, end), source, score), score)


def _nearest(said: _Said, source: _Source) -> tuple[int, int, float]:
    """The window nearest in meaning and words, and its score; a single sentence where a second adds little."""
    best = (0, 0, 0.0)
    for window, cosine in zip(source.prepared.windows, source.vectors @ said.vector, strict=True):
        score = likeness(float(cosine), coverage(said.text, window.terms, source.prepared.language))
        is_longer = best[0] <= window.start and best[1] <= window.end
        if score > best[2] + (WORTH_A_SENTENCE if is_longer and best[2] else 0.0):
            best = window.start, window.end, score
    return best


def _verdict(said: _Said, span: tuple[int, int], source: _Source, score: float) -> Verdict:
    if missing(said.facts, source.known):
        return "unsupported"
    return _graded(said, source.prepared.text[slice(*span)], source.texts[2:], score)


def _graded(said: _Said, words: str, titles: Sequence[str], score: float) -> Verdict:
    """A verdict by score; words that are near and have other figures beside them, or deny what is said, are only related."""
    if score < SUPPORTED:
        return "related" if score >= RELATED else "unsupported"
    figures = Facts(said.facts.numbers, said.facts.dates, ())
    if denies_otherwise(said.text, words) or missing(figures, known([words, *titles])):
        return "related"
    return "supported"


def _together(said: _Said, supports: Sequence[Support], sources: Mapping[int, _Source]) -> Verdict:
    """What passages do for a claim that none of them supports alone: each may have a part of it."""
    if missing(said.facts, known([text for support in supports for text in sources[support.index].texts])):
        return "unsupported"
    words = [sources[support.index].prepared.text[support.start : support.end] for support in supports]
    terms: frozenset[str] = frozenset().union(*(window.terms for window in _used(supports, sources)))
    rows = [sources[support.index].vectors @ said.vector for support in supports]
    nearness = max((float(row.max()) for row in rows if row.size), default=0.0)
    score = max(likeness(nearness, coverage(said.text, terms, "en")), *(support.score for support in supports))
    titles = [title for support in supports for title in sources[support.index].texts[2:]]
    return _graded(said, "\n".join(words), titles, score)


def _used(supports: Sequence[Support], sources: Mapping[int, _Source]) -> list[Window]:
    return [
        window
        for support in supports
        for window in sources[support.index].prepared.windows
        if support.start <= window.start and window.end <= support.end
    ]


def _best(verdicts: set[Verdict]) -> Verdict:
    return next((verdict for verdict in ("supported", "related") if verdict in verdicts), "unsupported")


def _texts(passage: Passage) -> tuple[str, ...]:
    return passage.text, passage.chunk_text, passage.heading, Path(passage.document).stem.replace("_", " ")


def _embedded(texts: Sequence[str], embedder: Embedder) -> Embeddings:
    """A row for each text, each different one embedded once."""
    places: dict[str, int] = {}
    for text in texts:
        places.setdefault(text, len(places))
    fitted = [_fitted(text, embedder) for text in places]
    return embedder.embed_documents(fitted)[[places[text] for text in texts]] if texts else np.empty((0, 0), np.float32)


def _fitted(text: str, embedder: Embedder) -> str:
    """As much of a text as the embedder reads; what is no Unicode, it is not asked to read."""
    text = text.encode("utf-8", "replace").decode() or " "
    if len(text) <= embedder.max_tokens:
        return text
    spans = embedder.token_spans(text)
    return text[: spans[embedder.max_tokens - 1][1]] if len(spans) > embedder.max_tokens else text
