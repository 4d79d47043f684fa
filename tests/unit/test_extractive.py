"""An answer by quotations: sure, with a caveat, or refused."""

from rag import Passage
from rag.answering.extractive import answer_by_quoting
from rag.answering.notices import CLOSEST_PASSAGES, CONNECT, NOT_FOUND, PERHAPS
from rag.answering.question import RetrievedQuestion
from rag.answering.quoting import SURE, Quote

TEXT = "The roof was renewed in 2019. The lift carries eight people."
PASSAGE = Passage(1, 0.5, 0.5, "lease.txt", "d" * 64, 1, "1", 0, len(TEXT), TEXT, chunk_text=TEXT)
QUOTES = (Quote(0, 0, 29, f"“{TEXT[:29]}”"), Quote(0, 30, len(TEXT), f"“{TEXT[30:]}”"))


def asked(confidence: float, quotes: tuple[Quote, ...] = QUOTES) -> RetrievedQuestion:
    question = "When was the roof renewed?"
    return RetrievedQuestion(question, question, (PASSAGE,), (), 0.0, quotes=quotes, confidence=confidence)


def test_quotations_stand_alone_where_it_is_sure() -> None:
    answer = answer_by_quoting(asked(SURE), 0.3)
    assert answer.text == f"“{TEXT[:29]}” [1]\n\n“{TEXT[30:]}” [1]"
    assert (answer.finish, answer.notice, answer.model) == ("complete", CONNECT, "extractive")
    assert [answer.text[sentence.start : sentence.end] for sentence in answer.sentences] == answer.text.split("\n\n")
    for citation in answer.citations:
        assert answer.text[citation.position :].startswith(f"[{citation.number}]")
        assert TEXT[citation.quote_start : citation.quote_end] == citation.quote == citation.sentence
        assert citation.verdict == "supported"


def test_a_caveat_comes_first_where_it_is_doubtful() -> None:
    answer = answer_by_quoting(asked(0.4), 0.3)
    assert answer.text.startswith(f"{PERHAPS}\n\n“{TEXT[:29]}” [1]")
    assert answer.finish == "complete"


def test_a_refusal_shows_the_nearest_words_and_calls_them_no_support() -> None:
    answer = answer_by_quoting(asked(0.2), 0.3)
    assert answer.text.startswith(f"{NOT_FOUND} {CLOSEST_PASSAGES}\n\n“{TEXT[:29]}” [1]")
    assert (answer.finish, answer.sentences) == ("not_found", ())
    assert {citation.verdict for citation in answer.citations} == {"related"}


def test_passages_without_words_are_a_refusal() -> None:
    answer = answer_by_quoting(asked(0.9, ()), 0.3)
    assert (answer.text, answer.citations, answer.finish) == (NOT_FOUND, (), "not_found")
