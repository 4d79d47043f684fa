"""A question about several documents, things or times -> what answers each of its parts, and what is said of those that nothing answers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.answering.notices import NOTHING_ABOUT, PERHAPS, in_language
from rag.answering.question import RetrievedQuestion
from rag.answering.quoting import SURE, Quote, best_units, quotes_of
from rag.reading.reader import ReadUnit
from rag.retrieving.search import Search
from rag.types import Citation, QuestionPart

_MARKUP = re.compile(r"[*`<>|\\\[\]#]")


def read_parts(question: RetrievedQuestion, search: Search, least_confidence: float) -> RetrievedQuestion:
    """The question with the best quotation for each part that is answered, under its name, and how sure that is.

    Where no part is answered, the quotations are the nearest of the likeliest; where one quotation answers all, it stands alone.
    """
    parts, chosen = list[QuestionPart](), list[list[ReadUnit]]()
    for part in question.parts:
        reading = search.read(part.searched, [question.passages[place] for place in part.passages])
        units = [replace(unit, index=part.passages[unit.index]) for unit in reading.units]
        parts.append(replace(part, confidence=reading.confidence))
        chosen.append(
            best_units([unit for unit in units if unit.unit.kind != "line"] or units, question.passages, 0.0)
        )  # a heading says nothing
    likeliest = max(range(len(parts)), key=lambda place: parts[place].confidence)
    confidence = parts[likeliest].confidence
    shown = [place for place, part in enumerate(parts) if part.confidence >= least_confidence] or [likeliest]
    _, passages = quotes_of([unit for place in shown for unit in chosen[place]], question.passages)
    question = replace(question, parts=tuple(parts), passages=tuple(passages), confidence=confidence)
    is_one = len({tuple((unit.index, unit.unit) for unit in chosen[place]) for place in shown}) == 1
    quotes = list[Quote]()
    for place in shown[:1] if is_one and len(shown) == len(parts) else shown:
        title = "" if confidence < least_confidence or (is_one and len(shown) == len(parts)) else _title(parts[place], question.language)
        quotes += [replace(quote, title=title) for quote in quotes_of(chosen[place], passages)[0]]
    return replace(question, quotes=tuple(quotes))


def nothing_about(question: RetrievedQuestion, least_confidence: float, citations: Sequence[Citation] = ()) -> Iterator[str]:
    """What is said of the parts that nothing answers, and none of whose passages is cited."""
    cited = {citation.passage for citation in citations}
    for part in question.parts:
        if part.confidence < least_confidence and not any(question.passages[place] in cited for place in part.passages):
            yield in_language(NOTHING_ABOUT, question.language).format(name=_plain(part.name))


def _title(part: QuestionPart, language: str) -> str:
    caveat = f" {in_language(PERHAPS, language)}" if part.confidence < SURE else ""
    return f"**{_plain(part.name)}**{caveat}"


def _plain(name: str) -> str:
    return " ".join(_MARKUP.sub(" ", name).split())
