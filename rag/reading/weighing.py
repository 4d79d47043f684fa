"""Read units -> how well each answers: what the reader makes of it, and which of the question's words stand in it and around it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rag.reading.reader import ReadUnit
from rag.text.tables import is_separator
from rag.text.term_weights import TermWeights
from rag.types import Passage

SHORT_CHARACTERS = 25
OTHER_DOCUMENT = -5.0
"""Added to the value where the question names codes, as an invoice's number, and another document has them. Not fitted: few have codes."""


class UnitFeatures(NamedTuple):
    """What the value of a unit is linear in.

    Attributes:
        score, answer, window: See `ReadUnit`.
        covered: The share of the question's words, by weight, that the unit and its lead have.
        covered_before: The same of the unit before it in its passage.
        covered_around: The same of its passage.
        rank: 1 / the passage's rank.
        cosine: The passage's.
        is_short: Whether it has fewer than `SHORT_CHARACTERS`.
        is_line: Whether it is a heading, a caption or a scrap.
    """

    score: float
    answer: float
    window: float
    covered: float
    covered_before: float
    covered_around: float
    rank: float
    cosine: float
    is_short: float
    is_line: float


WEIGHTS = UnitFeatures(0.50, 0.55, 0.39, 3.43, 0.87, 1.68, 2.46, 0.46, -0.54, -0.76)
"""Of the odds of a unit against the others of its question: fitted by `tests/benchmarks/confidence.py`."""


def weighed(units: Sequence[ReadUnit], passages: Sequence[Passage], weights: Sequence[TermWeights]) -> list[ReadUnit]:
    """The units with their values; rules between the rows of a table are left out.

    `weights` are those of the question and of a follow-up as it was asked, whose own words count as much as those it takes over.
    """
    named = {passage.document_id for passage in passages if weights[-1].has_codes(f"{Path(passage.document).stem} {passage.chunk_text}")}
    found = []
    for each, features in unit_features(units, passages, weights):
        value = sum(weight * feature for weight, feature in zip(WEIGHTS, features, strict=True))
        value += OTHER_DOCUMENT * (bool(named) and passages[each.index].document_id not in named)
        found.append(replace(each, value=value))
    return found


def unit_features(
    units: Sequence[ReadUnit], passages: Sequence[Passage], weights: Sequence[TermWeights]
) -> list[tuple[ReadUnit, UnitFeatures]]:
    """The features of each unit that is no rule between rows."""
    around = [_share(passage.chunk_text, weights) for passage in passages]
    found, before = list[tuple[ReadUnit, UnitFeatures]](), (-1, 0.0)
    for each in units:
        passage = passages[each.index]
        words = passage.chunk_text[each.unit.start : each.unit.end]
        if is_separator(words):
            continue
        lead = passage.chunk_text[slice(*each.unit.lead)] if each.unit.lead else ""
        covered = _share(f"{lead} {words}", weights)
        features = UnitFeatures(
            each.score,
            each.answer,
            each.window,
            covered,
            before[1] if before[0] == each.index else 0.0,
            around[each.index],
            1 / (1 + each.index),
            passage.cosine,
            float(len(words) < SHORT_CHARACTERS),
            float(each.unit.kind == "line"),
        )
        found.append((each, features))
        before = each.index, covered
    return found


def _share(text: str, weights: Sequence[TermWeights]) -> float:
    return sum(each.share(text) for each in weights) / len(weights)
