"""The verifier that asks a model where the rules are not sure: their odds and the model's together give the verdict."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from rag.types import Passage, Verdict
from rag.verifying.model import ClaimModel, Opinion
from rag.verifying.protocol import Claim, Judgement, Support, Verifier
from rag.verifying.selecting import evidence_for

MOST_ASKED = 3  # passages of a claim that the model reads, those that the rules find best: a person waits
SURE = 1.0  # score of words that are the claim's own, which no model changes


class Features(NamedTuple):
    """What the odds that a claim is supported are linear in.

    Attributes:
        rules: The logarithm of the odds that the rules give.
        is_related: Whether they call it related.
        is_unsupported: Whether they call it unsupported.
        is_contrasted: Whether they find that the passages say something else.
        model: The logarithm of the odds that the model gives.
        contradicted: That of the odds that it is contradicted.
    """

    rules: float
    is_related: float
    is_unsupported: float
    is_contrasted: float
    model: float
    contradicted: float


CONSTANT, WEIGHTS = 0.0, Features(0.3, -0.5, -1.5, -0.5, 0.7, -0.1)
"""Not fitted: which model it will be is not known here. `tests/benchmarks/joined.py` fits them for a model."""

SUPPORTED = 0.7  # from this probability on, a claim is supported


class JoinedVerifier:
    """Rules, and a model where it can change their verdict; a `Verifier`."""

    def __init__(self, rules: Verifier, model: ClaimModel) -> None:
        self._rules = rules
        self._model = model

    def verify(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> list[Judgement]:
        """See `Verifier.verify`; all that the model is asked is asked at once."""
        judgements = self._rules.verify(claims, passages)
        asked = list[tuple[int, tuple[Support, ...]]]()
        for number, judgement in enumerate(judgements):
            asked += [(number, supports) for supports in to_ask(judgement)]
        evidence = [evidence_for(claims[number], supports, passages) for number, supports in asked]
        opinions = self._model.opinions(evidence)
        told = dict[tuple[int, tuple[Support, ...]], Verdict]()
        for (number, supports), opinion in zip(asked, opinions, strict=True):
            told[number, supports] = verdict_of(judgements[number], supports, opinion)
        return [_joined(claim, number, judgements[number], told) for number, claim in enumerate(claims)]


def to_ask(judgement: Judgement) -> list[tuple[Support, ...]]:
    """What the model reads of a judgement: each of its best passages, and these together; nothing where the rules are sure."""
    best = sorted(judgement.supports, key=lambda support: -support.score)[:MOST_ASKED]
    if not best or any(support.score >= SURE and support.verdict == "supported" for support in best):
        return []
    return [*((support,) for support in best), *([tuple(best)] if len(best) > 1 else [])]


def features(judgement: Judgement, supports: Sequence[Support], opinion: Opinion) -> Features:
    """Of one opinion; that on several passages counts beside the rules' verdict on all of them."""
    verdict = supports[0].verdict if len(supports) == 1 else judgement.verdict
    return Features(
        _odds(max(support.score for support in supports)),
        float(verdict == "related"),
        float(verdict == "unsupported"),
        float(any(gap.is_contradicted for gap in judgement.gaps)),
        _odds(opinion.supported),
        _odds(opinion.contradicted),
    )


def verdict_of(judgement: Judgement, supports: Sequence[Support], opinion: Opinion) -> Verdict:
    """The verdict that rules and model give together."""
    odds = CONSTANT + sum(weight * value for weight, value in zip(WEIGHTS, features(judgement, supports, opinion), strict=True))
    if odds >= _odds(SUPPORTED):
        return "supported"
    verdict = supports[0].verdict if len(supports) == 1 else judgement.verdict
    return "unsupported" if verdict == "unsupported" else "related"


def _joined(claim: Claim, number: int, judgement: Judgement, told: dict[tuple[int, tuple[Support, ...]], Verdict]) -> Judgement:
    mine = {supports: verdict for (place, supports), verdict in told.items() if place == number}
    if not mine:
        return judgement
    supports = tuple(replace(support, verdict=mine.get((support,), support.verdict)) for support in judgement.supports)
    verdicts = {*mine.values(), *(support.verdict for support in supports)}
    verdict: Verdict = "supported" if "supported" in verdicts else "related" if "related" in verdicts else "unsupported"
    if verdict == "supported":
        return replace(judgement, verdict=verdict, supports=supports, gaps=(), better=None)
    if not claim.cited:  # it gains no footnote
        return Judgement("unsupported", (), judgement.gaps)
    return replace(judgement, verdict=verdict, supports=supports)


def _odds(probability: float) -> float:
    inside = min(0.999, max(0.001, probability))
    return math.log(inside / (1 - inside))
