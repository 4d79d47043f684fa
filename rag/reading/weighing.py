"""Read units -> how well each answers: what the reader makes of it, and which of the question's words stand in it and around it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
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

_Table = dict[ReadUnit, tuple[frozenset[int], frozenset[int]]]
"""Of each row the question's words in it and those in its first cell."""

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


def weighed(
    units: Sequence[ReadUnit], passages: Sequence[Passage], weights: Sequence[TermWeights], *, lists: bool = False
) -> list[ReadUnit]:
    """The units with their values; rules between the rows of a table are left out.

    `weights` are those of the question and of a follow-up as it was asked, whose own words count as much as those it takes over.
    `lists`: whether the question may ask for several things, so that each row of a table that it names counts as much as the best.
    """
    named = {passage.document_id for passage in passages if weights[-1].has_codes(f"{Path(passage.document).stem} {passage.chunk_text}")}
    found = list[tuple[ReadUnit, ReadUnit]]()
    rows = _rows(units, passages, weights[0])
    outdone = _outdone(rows)
    for each, features in unit_features(units, passages, weights):
        value = sum(weight * feature for weight, feature in zip(WEIGHTS, features, strict=True))
        value += OTHER_DOCUMENT * (bool(named) and passages[each.index].document_id not in named)
        value += OTHER_ROW * (each in outdone)
        found.append((each, replace(each, value=value)))
    values = dict(found)
    for together in _named_together(rows, outdone, values) if lists else ():
        best = max(values[each].value for each in together)
        values |= {each: replace(values[each], value=best) for each in together}
    return list(values.values())


def _rows(units: Sequence[ReadUnit], passages: Sequence[Passage], weights: TermWeights) -> list[_Table]:
    """The rows of each table with the places of the question's words that they have, those of the header left out."""
    rows = defaultdict[tuple[str, str], _Table](dict)
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
    return list(rows.values())


def _outdone(tables: Sequence[_Table]) -> set[ReadUnit]:
    """The rows whose words of the question are fewer than another row's of the same table, and among them.

    Of rows with the same words, those in the first cell count, and whether it has others: "Pump" is no "Pump 2".
    """
    return {
        each
        for table in tables
        for each, (words, named) in table.items()
        if any(words < others or (words == others and named < others_named) for others, others_named in table.values())
    }


def _named_together(tables: Sequence[_Table], outdone: set[ReadUnit], values: Mapping[ReadUnit, ReadUnit]) -> Iterator[list[ReadUnit]]:
    """The rows of a table that a question names by their first cells, the best one of each name, where it names several.

    It names a row by the whole of its first cell; where it names fewer than two so, by a word that no other first cell has.
    """
    for table in tables:
        best = dict[frozenset[int], ReadUnit]()
        for each, (_, named) in table.items():
            if named and each in values and each not in outdone:
                best[named] = max(best.get(named, each), each, key=lambda row: values[row].value)
        whole = [named for named in best if _NAMED in named]
        counts = Counter(word for named in best for word in named)
        told = whole if len(whole) > 1 else [named for named in best if any(counts[word] == 1 for word in named - {_NAMED})]
        if len(told) > 1:
            yield [best[named] for named in told]


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
