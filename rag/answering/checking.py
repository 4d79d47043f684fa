"""A text that anybody wrote -> the same with footnotes, each sentence checked against what the library says about it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from rag.answering.footnoting import footnotes_of, rebuilt
from rag.answering.statements import Statement, row_statements, statements
from rag.retrieving.follow_up import StandaloneQuestion
from rag.retrieving.search import MOST_QUESTION_CHARACTERS, Search, SearchRequest
from rag.text.markers import without_markers
from rag.types import Answer, Passage
from rag.verifying.protocol import Claim, Judgement, Verifier

CHECKED = "checked"  # stands for the model of a text that was only checked


class Checker:
    """Checks texts against a library."""

    def __init__(self, search: Search, verifier: Verifier) -> None:
        self._search = search
        self._verifier = verifier

    def check(
        self, text: str, top_k: int | None, documents: Sequence[str] | None, progress: Callable[[float], None] | None = None
    ) -> Answer:
        """The text as an answer whose sentences are checked: each is searched for by itself, and judged by what that finds.

        Rows of tables are sentences too; headings and code are not. Numbers in brackets that it has are taken out: they are another's
        footnotes. Errors as for `Library.retrieve`.
        """
        began = time.monotonic()
        plain = without_markers(text)
        stated = [statement for statement in statements(plain, ()) if statement.may_gain]
        rows = row_statements(plain)
        inside = {statement.start for statement in rows}
        stated = sorted([*rows, *(each for each in stated if each.start not in inside)], key=attrgetter("start"))
        passages: dict[tuple[str, int, int, int], Passage] = {}
        judgements = []
        for number, statement in enumerate(stated, 1):
            judgements.append(self._judged(statement, top_k, documents, passages))
            if progress:
                progress(number / len(stated))
        answer = Answer("", plain, (), tuple(passages.values()), CHECKED, "complete", "", 0.0)
        checked = rebuilt(answer, stated, judgements, footnotes_of((), (), stated, judgements))
        return replace(checked, seconds=time.monotonic() - began)

    def _judged(
        self,
        statement: Statement,
        top_k: int | None,
        documents: Sequence[str] | None,
        passages: dict[tuple[str, int, int, int], Passage],
    ) -> Judgement:
        """The judgement on a sentence, its supports known by their place among `passages`, which gain what it rests on."""
        question = statement.text[:MOST_QUESTION_CHARACTERS]
        request = SearchRequest.checked(question, (), top_k, documents)
        found, _ = self._search.passages(request, StandaloneQuestion(request.question, "question"))
        if not found:
            return Judgement("unsupported", ())
        (judgement,) = self._verifier.verify([Claim(statement.text, ())], found)
        if not judgement.supports:  # what is nearest is shown, with what is to be said against it
            (judgement,) = self._verifier.verify([Claim(statement.text, (0,))], found)
        supports = []
        for support in judgement.supports:
            passage = found[support.index]
            key = passage.document_id, passage.page, passage.start, passage.end
            passages.setdefault(key, passage)
            supports.append(replace(support, index=list(passages).index(key)))
        return replace(judgement, supports=tuple(supports))
