"""A text that anybody wrote -> the same with footnotes, each sentence checked against what the library says about it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from rag.answering.footnoting import footnotes_of, rebuilt
from rag.answering.notices import NOTHING_TO_CHECK, TOO_LONG, in_language, needs_reindexing, still_indexing
from rag.answering.statements import Statement, row_statements, statements
from rag.errors import TextTooLongError
from rag.retrieving.follow_up import StandaloneQuestion
from rag.retrieving.search import MOST_QUESTION_CHARACTERS, Search, SearchRequest
from rag.storing.index import Index
from rag.text.languages import likely_language
from rag.text.markers import without_markers
from rag.types import Answer, Passage
from rag.verifying.protocol import Claim, Judgement, Verifier

CHECKED = "checked"  # stands for the model of a text that was only checked
NOTHING_CHECKED = "The text has no sentence that states something, so nothing was checked."  # in English: such a text has no language
MOST_CHARACTERS = 1_000_000  # of a text, some 10,000 sentences
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFEFF], "")  # what no reader sees, and no sentence ends in


class Checker:
    """Checks texts against a library."""

    def __init__(self, search: Search, index: Index, verifier: Verifier) -> None:
        self._search = search
        self._index = index
        self._verifier = verifier

    def check(
        self, text: str, top_k: int | None, documents: Sequence[str] | None, progress: Callable[[float], None] | None = None
    ) -> Answer:
        """The text as an answer whose sentences are checked: each is searched for by itself, and judged by what that finds.

        Numbers in brackets that it has are taken out: they are another's footnotes. A notice says what could not be compared. Errors as
        for `Library.check`.
        """
        if len(text) > MOST_CHARACTERS:
            raise TextTooLongError(f"The text has {len(text):,} characters; the limit is {MOST_CHARACTERS:,}. Check it in parts.")
        began = time.monotonic()
        plain = without_markers(text.translate(_CONTROL))
        stated = checked_statements(plain)
        passages: dict[tuple[str, int, int, int], Passage] = {}
        judgements = []
        for number, statement in enumerate(stated, 1):
            judgements.append(self._judged(statement, top_k, documents, passages))
            if progress:
                progress(number / len(stated))
        language = likely_language(plain[:MOST_QUESTION_CHARACTERS])
        notices = [self._notice(language, documents) if stated else NOTHING_CHECKED]
        if any(map(_is_too_long, stated)):
            notices.append(in_language(TOO_LONG, language).format(most=MOST_QUESTION_CHARACTERS))
        answer = Answer("", plain, (), tuple(passages.values()), CHECKED, "complete", " ".join(notices).strip(), 0.0)
        checked = rebuilt(answer, stated, judgements, footnotes_of((), (), stated, judgements))
        return replace(checked, seconds=time.monotonic() - began)

    def _notice(self, language: str, documents: Sequence[str] | None) -> str:
        """What is to be said of the documents that the text was compared with."""
        if not self._index.documents():
            return needs_reindexing(len(self._index.left_behind())) or in_language(NOTHING_TO_CHECK, language)
        records = self._index.documents(documents)
        return still_indexing(sum(record.state != "ready" for record in records), language)

    def _judged(
        self,
        statement: Statement,
        top_k: int | None,
        documents: Sequence[str] | None,
        passages: dict[tuple[str, int, int, int], Passage],
    ) -> Judgement:
        """The judgement on a sentence, its supports known by their place among `passages`, which gain what it rests on."""
        if _is_too_long(statement):
            return Judgement("unsupported", ())
        request = SearchRequest.checked(statement.text, (), top_k, documents)
        found = self._search.passages(request, StandaloneQuestion(request.question, "question"), looks_twice=False).passages
        if not found:
            return Judgement("unsupported", ())
        (judgement,) = self._verifier.verify([Claim(statement.text, ())], found)
        if not judgement.supports:  # what is nearest is shown, with what is to be said against it
            (judgement,) = self._verifier.verify([Claim(statement.text, (0,))], found[:1])
        supports = []
        for support in judgement.supports:
            passage = found[support.index]
            key = passage.document_id, passage.page, passage.start, passage.end
            passages.setdefault(key, passage)
            supports.append(replace(support, index=list(passages).index(key)))
        return replace(judgement, supports=tuple(supports))


def _is_too_long(statement: Statement) -> bool:
    return len(statement.text) > MOST_QUESTION_CHARACTERS


def checked_statements(text: str) -> list[Statement]:
    """The sentences of a text that are checked, in order: rows of tables are sentences too, headings and code are not."""
    rows = row_statements(text)
    inside = {statement.start for statement in rows}
    stated = (statement for statement in statements(text, ()) if statement.may_gain and statement.start not in inside)
    return sorted([*rows, *stated], key=attrgetter("start"))
