"""A finished answer -> the same, with each sentence checked, each footnote's words found, and footnotes for sentences that lack them."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from rag.answering.statements import Statement, statements
from rag.types import Answer, CheckedSentence, Citation, Passage, Verdict
from rag.verifying.rules import Checked, Claim, Support

Check = Callable[[Sequence[Claim], Sequence[Passage]], list[Checked]]
"""Says what passages do for claims; see `rag.verifying.rules.check`."""


@dataclass(frozen=True, slots=True)
class _Footnote:
    """A footnote of the new text: where it goes in the old one, what it takes the place of, and what is known of it."""

    start: int
    end: int
    passage: int
    statement: int | None
    support: Support | None


def footnoted(answer: Answer, check: Check) -> Answer:
    """Check an answer.

    Args:
        answer: Finished; its citations stand at their places in its text and are of its passages.
        check: Compares its sentences with them.

    Returns:
        The answer with `sentences`. Its citations have a verdict, the sentence they belong to, and the words that this rests on. A
        sentence without a footnote that a passage supports has got one; numbers are again by first appearance.

    Raises:
        EmbeddingError: The model that compares cannot be used.
    """
    stated = statements(answer.text, answer.citations)
    places = [answer.passages.index(citation.passage) for citation in answer.citations]
    cited = [tuple(dict.fromkeys(places[index] for index in statement.citations)) for statement in stated]
    checked = check([Claim(statement.text, indexes) for statement, indexes in zip(stated, cited, strict=True)], answer.passages)
    return _rebuilt(answer, stated, checked, _footnotes(answer.citations, places, stated, checked))


def _footnotes(
    citations: Sequence[Citation], places: Sequence[int], stated: Sequence[Statement], checked: Sequence[Checked]
) -> list[_Footnote]:
    """All that the new text has, in its order."""
    owners = {index: number for number, statement in enumerate(stated) for index in statement.citations}
    footnotes = []
    for index, (citation, place) in enumerate(zip(citations, places, strict=True)):
        owner = owners.get(index)
        supports = () if owner is None else checked[owner].supports
        support = next((support for support in supports if support.index == place), None)
        footnotes.append(_Footnote(citation.position, citation.position + len(f"[{citation.number}]"), place, owner, support))
    for number, (statement, found) in enumerate(zip(stated, checked, strict=True)):
        if statement.may_gain and not statement.citations and found.supports:
            footnotes.append(_Footnote(statement.end, statement.end, found.supports[0].index, number, found.supports[0]))
    return sorted(footnotes, key=lambda footnote: footnote.start)


def _rebuilt(answer: Answer, stated: Sequence[Statement], checked: Sequence[Checked], footnotes: Sequence[_Footnote]) -> Answer:
    numbers: dict[int, int] = {}
    citations: list[Citation] = []
    text, at = "", 0
    shifts: list[tuple[int, int]] = []  # from this offset of the old text on, its words stand so much further on
    for footnote in footnotes:
        number = numbers.setdefault(footnote.passage, len(numbers) + 1)
        text += answer.text[at : footnote.start]
        sentence = "" if footnote.statement is None else stated[footnote.statement].text
        citations.append(_citation(number, answer.passages[footnote.passage], footnote.support, sentence, len(text)))
        text += f"[{number}]"
        at = footnote.end
        shifts.append((at, len(text) - at))
    text += answer.text[at:]
    sentences = []
    for index, (statement, found) in enumerate(zip(stated, checked, strict=True)):
        mine = tuple(number for number, footnote in enumerate(footnotes) if footnote.statement == index)
        sentences.append(CheckedSentence(_moved(statement.start, shifts), _moved(statement.end, shifts), found.verdict, mine))
    return replace(answer, text=text, citations=tuple(citations), sentences=tuple(sentences))


def _citation(number: int, passage: Passage, support: Support | None, sentence: str, position: int) -> Citation:
    if support is None or support.start == support.end:
        verdict: Verdict = support.verdict if support else "related"
        return replace(Citation.of_words(number, passage, position=position), verdict=verdict, sentence=sentence)
    cited = Citation.of_words(number, passage, support.start, support.end, position=position)
    return replace(cited, verdict=support.verdict, sentence=sentence)


def _moved(offset: int, shifts: Sequence[tuple[int, int]]) -> int:
    before = bisect_right(shifts, offset, key=itemgetter(0))
    return offset + (shifts[before - 1][1] if before else 0)
