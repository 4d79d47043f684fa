"""Read units -> how well each answers: what the reader makes of it, and which of the question's words stand in it and around it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rag.reading.reader import ReadUnit
from rag.text.tables import cells_of, is_separator
from rag.text.term_weights import TermWeights
from rag.types import Passage

SHORT_CHARACTERS = 25
OTHER_DOCUMENT = -5.0
"""Added to the value where the question names codes, as an invoice's number, and another document has them. Not fitted: few have codes."""

OTHER_ROW = -5.0
"""Added to the value of a row where another row of its table has all the words of the question that it has, and more. Not fitted."""

_NAMED = -1  # stands among the words of a row's first cell where the question has all words of the cell


class UnitFeatures(NamedTuple):
    """What the value of a unit is linear in.

    Attributes:
        score, answer, window: See `ReadUnit`.
        covered: The share of the question's words, by weight, that the unit, its lead and its group have.
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


WEIGHTS = UnitFeatures(0.47, 0.47, 0.37, 3.40, 0.95, 1.54, 2.66, 0.64, -0.60, -0.53)
"""Of the odds of a unit against the others of its question: fitted by `tests/benchmarks/confidence.py`."""


def weighed(units: Sequence[ReadUnit], passages: Sequence[Passage], weights: Sequence[TermWeights]) -> list[ReadUnit]:
    """The units with their values; rules between the rows of a table are left out.

    `weights` are those of the question and of a follow-up as it was asked, whose own words count as much as those it takes over.
    """
    named = {passage.document_id for passage in passages if weights[-1].has_codes(f"{Path(passage.document).stem} {passage.chunk_text}")}
    found = []
    outdone = _outdone_rows(units, passages, weights[0])
    for each, features in unit_features(units, passages, weights):
        value = sum(weight * feature for weight, feature in zip(WEIGHTS, features, strict=True))
        value += OTHER_DOCUMENT * (bool(named) and passages[each.index].document_id not in named)
        value += OTHER_ROW * (each in outdone)
        found.append(replace(each, value=value))
    return found


def _outdone_rows(units: Sequence[ReadUnit], passages: Sequence[Passage], weights: TermWeights) -> set[ReadUnit]:
    """The rows whose words of the question, those of the header left out, are fewer than another row's of the same table, and among them.

    Of rows with the same words, those in the first cell count, and whether it has others: "Pump" is no "Pump 2".
    """
    rows = defaultdict[tuple[str, str], dict[ReadUnit, tuple[frozenset[int], frozenset[int]]]](dict)
    words_in = cache(weights.words_in)  # many rows have one header
    for each in units:
        unit, passage = each.unit, passages[each.index]
        if unit.kind == "row" and unit.lead:
            text, group = passage.headed_text, unit.group or (0, 0)
            header, row = text[slice(*unit.lead)], f"{text[slice(*group)]}\n{text[unit.start : unit.end]}"
            label = "".join(cells_of(text, unit.start, unit.end)[:1])
            known = words_in(header)
            named = weights.words_in(label) - known
            if named and weights.has_all_of(label):
                named |= {_NAMED}
            rows[passage.document_id, header][each] = weights.words_in(row) - known, named
    return {
        each
        for table in rows.values()
        for each, (words, named) in table.items()
        if any(words < others or (words == others and named < others_named) for others, others_named in table.values())
    }


def unit_features(
    units: Sequence[ReadUnit], passages: Sequence[Passage], weights: Sequence[TermWeights]
) -> list[tuple[ReadUnit, UnitFeatures]]:
    """The features of each unit that is no rule between rows."""
    around = [_share(passage.headed_text, weights) for passage in passages]
    found, before = list[tuple[ReadUnit, UnitFeatures]](), (-1, 0.0)
    for each in units:
        passage = passages[each.index]
        text = passage.headed_text
        words = text[each.unit.start : each.unit.end]
        if is_separator(words):
            continue
        lead = " ".join(text[slice(*span)] for span in (each.unit.lead, each.unit.group) if span)
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
