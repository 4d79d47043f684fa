"""Whether the figures and names of a claim stand in a source beside the words that they are said of, or others of their kind do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rag.text.languages import FUNCTION_WORDS
from rag.text.sentences import sentence_spans
from rag.text.terms import terms
from rag.types import Gap, GapKind
from rag.verifying.claims import ClaimWord, PreparedClaim
from rag.verifying.dates import Date, agrees_with_any
from rag.verifying.facts import SourceFacts
from rag.verifying.names import Name, index_names, names_in
from rag.verifying.numbers import Number, equals_any
from rag.verifying.vocabulary import contrasts

BESIDE = 3  # content words of a claim on each side of a figure, which say what it is of
REACH = 8  # content words of a source on each side of a figure, among which these are looked for
NEXT = 2.0  # what a word counts that is the next one in both; any other counts 1
LEAST_AHEAD = 1.0  # by how much another figure must be the better one
LEAST_NAME_AHEAD = 2.0  # the same for names, which pronouns stand for, and for years, which all of a text may be about

YEARS = range(1500, 2101)

Span = tuple[int, int]


class _Stated(NamedTuple):
    """A figure or name of a claim, the same ones of a source, and those that are in its place perhaps."""

    kind: GapKind
    span: Span
    own: Sequence[Span]
    others: Sequence[Span]
    is_year: bool = False


class _Beside(NamedTuple):
    """A word of a claim near a figure."""

    word: ClaimWord
    is_next: bool
    is_after: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """A text with its content words, each as its beginning, its end and its term, and its sentences."""

    text: str
    words: tuple[tuple[int, int, str], ...]
    sentences: tuple[Span, ...]

    def value(self, figure: Span, beside: Sequence[_Beside], *, is_name: bool) -> float:
        """How much of what is beside a claim's figure is beside this one; beside a name, on the same side."""
        start, end = next((span for span in self.sentences if span[0] <= figure[0] < span[1]), (0, len(self.text)))
        before = [term for begin, until, term in self.words if start <= begin and until <= figure[0]][: -REACH - 1 : -1]
        after = [term for begin, until, term in self.words if figure[1] <= begin and until <= end][:REACH]
        total = 0.0
        for each in beside:
            side = after if each.is_after else before
            if each.is_next and not each.word.terms.isdisjoint(side[:1]):
                total += NEXT
            elif not each.word.terms.isdisjoint(side if is_name else (*before, *after)):
                total += 1.0
        return total


def misplaced(claim: PreparedClaim, text: str, titles: str, facts: SourceFacts) -> list[Gap]:
    """The figures and names of a claim beside whose words a source has others; `facts` are those of text and titles, in this order."""
    found: list[Gap] = []
    source: _Source | None = None
    for stated in (*_figures(claim, facts), *_names(claim, text, titles, facts)):
        if not stated.others or (stated.kind != "name" and not all(start < len(text) for start, _ in stated.own or ((len(text), 0),))):
            continue
        source = source or _read(text, claim.language)
        if other := _better(stated, list(_beside(claim, stated.span)), source):
            found.append(Gap(*stated.span, stated.kind, is_contradicted=True, stated=text[slice(*other)]))
    return found


def _better(stated: _Stated, beside: Sequence[_Beside], source: _Source) -> Span | None:
    """The other figure beside which there is clearly more of what is beside the claim's."""
    is_name = stated.kind == "name"
    values = [source.value(each, beside, is_name=is_name) for each in stated.others]
    own = max((source.value(each, beside, is_name=is_name) for each in stated.own), default=0.0)
    is_all = max(values) >= len(beside) + 1 and bool(stated.own)
    least = LEAST_NAME_AHEAD if (is_name and not is_all) or stated.is_year else LEAST_AHEAD
    return stated.others[values.index(max(values))] if max(values) >= own + least else None


def _figures(claim: PreparedClaim, facts: SourceFacts) -> Iterator[_Stated]:
    stated = [number for number in facts.numbers if not number.is_part]
    for number in claim.facts.numbers:
        if number.is_fraction or number.is_unsure:  # "the third quarter" is no share
            continue
        own = [each for each in facts.numbers if equals_any(number, [each])]
        others = [each for each in stated if _is_like(number, each) and each not in own]
        near = [each for each in claim.facts.numbers if not _is_word_between(claim, number, each)]  # "24/7", "from 1961 to 1989"
        others = [each for each in others if not equals_any(each, near)]
        yield _Stated("number", (number.start, number.end), _spans(own), _spans(others), _is_year(number))
    dates = [date for readings in claim.facts.dates for date in readings]
    for readings in claim.facts.dates:
        same = [each for each in facts.dates if any(agrees_with_any(date, [each], facts.years) for date in readings)]
        unlike = [each for each in facts.dates if not any(agrees_with_any(date, [each], facts.years) for date in dates)]
        yield _Stated("date", (readings[0].start, readings[0].end), _spans(same), _spans(unlike))


def _is_like(number: Number, other: Number) -> bool:
    """Whether one may stand in the place of the other: a year is none of dollars, a quarter none of per cent."""
    units = {number.unit, other.unit} - {""}
    return len(units) < 2 and number.is_ordinal == other.is_ordinal and not other.is_fraction and _is_year(number) == _is_year(other)


def _is_year(number: Number) -> bool:
    return not number.unit and any(value in YEARS for value in number.values)


def _is_word_between(claim: PreparedClaim, one: Number, other: Number) -> bool:
    first, second = sorted((one, other), key=lambda each: each.start)
    numbers = [each.start for each in claim.facts.numbers]
    return any(first.end <= word.start < second.start and word.start not in numbers for word in claim.words)


def _spans(found: Sequence[Number | Date]) -> list[Span]:
    return [(each.start, each.end) for each in found]


def _names(claim: PreparedClaim, text: str, titles: str, facts: SourceFacts) -> Iterator[_Stated]:
    claimed = list(_whole(claim.facts.names))
    if not claimed:
        return
    dated = _spans(facts.dates)
    stated = [
        (span, index_names(text[slice(*span)]))
        for span, _ in _whole(names_in(text, facts.language))
        if not any(start <= span[0] < end for start, end in dated)
    ]
    known = index_names(titles)
    for span, parts in claimed:
        own = [other for other, index in stated if any(part in index for part in parts)]
        if own or not any(part in known for part in parts):
            written = index_names(claim.text).words  # a name that begins the claim's sentence is none of its names
            others = [
                other for other, index in stated if index.words.isdisjoint(written) and not any(part in index for part in claim.facts.names)
            ]
            yield _Stated("name", span, own, others)


def _whole(names: Sequence[Name]) -> Iterator[tuple[Span, list[Name]]]:
    """Each name of several words, where it stands, and its words; codes are none."""
    run: list[Name] = []
    for name in sorted(names, key=lambda each: each.start):
        if run and name.run is not run[-1].run:
            yield (run[0].start, run[-1].start + len(run[-1].word)), run
            run = []
        if name.run:
            run.append(name)
    if run:
        yield (run[0].start, run[-1].start + len(run[-1].word)), run


def _beside(claim: PreparedClaim, figure: Span) -> Iterator[_Beside]:
    spans = _spans([*claim.facts.numbers, *(readings[0] for readings in claim.facts.dates)])
    plain = [word for word in claim.words if not any(start <= word.start < end for start, end in (*spans, figure))]
    before = [word for word in plain if word.end <= figure[0]][: -BESIDE - 1 : -1]
    after = [word for word in plain if word.start >= figure[1]][:BESIDE]
    for side in (before, after):
        yield from (_Beside(word, index == 0, side is after) for index, word in enumerate(side))


def _read(text: str, language: str) -> _Source:
    special = contrasts(language)
    ignored = FUNCTION_WORDS.get(language, FUNCTION_WORDS["en"]) | (special.little if special else frozenset())
    found = terms(text, language if language in FUNCTION_WORDS else "")
    words = tuple((term.start, term.end, term.text) for term in found if text[term.start : term.end].casefold() not in ignored)
    return _Source(text, words, tuple(sentence_spans(text)))
