"""A finished answer -> the same, with each sentence checked, each footnote's words found, and footnotes for sentences that lack them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from rag.answering.statements import Statement, statements
from rag.tracing import traced
from rag.types import Answer, CheckedSentence, Citation, Gap
from rag.verifying.protocol import Claim, Judgement, Support, Verifier


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote of the checked answer: it replaces `text[start:end]` of the unchecked one, perhaps with another passage."""

    start: int
    end: int
    passage: int
    statement: int | None
    support: Support | None
    is_moved: bool = False


@traced("verdicts")
def footnoted(answer: Answer, verifier: Verifier) -> Answer:
    """Check a finished answer: each citation gets a verdict, its sentence, and the words that this rests on.

    A sentence without a footnote that a passage supports gets one; numbers are again by first appearance.
    """
    stated = statements(answer.text, answer.citations)
    places = [answer.passages.index(citation.passage) for citation in answer.citations]
    claims = [Claim(statement.text, tuple(dict.fromkeys(places[index] for index in statement.citations))) for statement in stated]
    judgements = verifier.verify(claims, answer.passages)
    return rebuilt(answer, stated, judgements, footnotes_of(answer.citations, places, stated, judgements))


def footnotes_of(
    citations: Sequence[Citation], places: Sequence[int], stated: Sequence[Statement], judgements: Sequence[Judgement]
) -> list[Footnote]:
    """The footnotes of the checked answer, in order; the first of a sentence that its passages do not support moves to one that does."""
    owners = {index: number for number, statement in enumerate(stated) for index in statement.citations}
    footnotes, moved = [], set[int]()
    for index, (citation, place) in enumerate(zip(citations, places, strict=True)):
        owner = owners.get(index)
        supports = () if owner is None else judgements[owner].supports
        support = next((support for support in supports if support.index == place), None)
        better = None if owner is None or owner in moved else judgements[owner].better
        if owner is not None and better:
            moved.add(owner)
            place, support = better.index, better
        end = citation.position + len(f"[{citation.number}]")
        footnotes.append(Footnote(citation.position, end, place, owner, support, is_moved=better is not None))
    for number, (statement, judgement) in enumerate(zip(stated, judgements, strict=True)):
        if statement.may_gain and not statement.citations and judgement.supports:
            footnotes.append(Footnote(statement.end, statement.end, judgement.supports[0].index, number, judgement.supports[0]))
    return sorted(footnotes, key=lambda footnote: footnote.start)


def rebuilt(answer: Answer, stated: Sequence[Statement], judgements: Sequence[Judgement], footnotes: Sequence[Footnote]) -> Answer:
    """The answer with these footnotes in place of its own."""
    numbers: dict[int, int] = {}
    citations: list[Citation] = []
    text, at = "", 0
    shifts: list[tuple[int, int]] = []  # (offset in the old text, how much further on its words stand from there)
    for footnote in footnotes:
        number = numbers.setdefault(footnote.passage, len(numbers) + 1)
        text += answer.text[at : footnote.start]
        sentence = "" if footnote.statement is None else stated[footnote.statement].text
        support = footnote.support
        words = (support.start, support.end) if support and support.start < support.end else ()
        citation = Citation.of_words(number, answer.passages[footnote.passage], *words, position=len(text))
        verdict = support.verdict if support else "related"
        citations.append(replace(citation, verdict=verdict, sentence=sentence, is_moved=footnote.is_moved))
        text += f"[{number}]"
        at = footnote.end
        shifts.append((at, len(text) - at))
    text += answer.text[at:]
    sentences = []
    for index, (statement, judgement) in enumerate(zip(stated, judgements, strict=True)):
        mine = tuple(number for number, footnote in enumerate(footnotes) if footnote.statement == index)
        start, end = _moved(statement.start, shifts), _moved(statement.end, shifts)
        verdict, gaps = (judgement.verdict, judgement.gaps) if judgement.better is None else ("supported", ())
        written = [gap for gap in gaps if statement.has_written(gap.start, gap.end, answer.text)]
        sentences.append(CheckedSentence(start, end, verdict, mine, tuple(_in_answer(gap, statement, shifts) for gap in written)))
    return replace(answer, text=text, citations=tuple(citations), sentences=tuple(sentences))


def _in_answer(gap: Gap, statement: Statement, shifts: Sequence[tuple[int, int]]) -> Gap:
    """A gap of a statement's text, by where its words stand in the checked answer."""
    start, end = statement.span(gap.start, gap.end)
    return replace(gap, start=_moved(start, shifts), end=_moved(end - 1, shifts) + 1)


def _moved(offset: int, shifts: Sequence[tuple[int, int]]) -> int:
    before = bisect_right(shifts, offset, key=itemgetter(0))
    return offset + (shifts[before - 1][1] if before else 0)
