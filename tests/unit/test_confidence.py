"""How sure it is that passages answer: what must hold whatever the fitted figures are."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Passage
from rag.reading.reader import ReadUnit
from rag.retrieving.confidence import BUILT_IN, answer_features, confidence
from rag.text.term_weights import TermWeights
from rag.text.units import Unit
from tests.fakes import BagOfWordsEmbedder

QUESTION = "Which oil suits benches?"
ANSWER = "Linseed oil suits benches."
HALF = "Benches stand outside."
NEITHER = "Chairs are inside."
TITLE = "Handbook"
EMBEDDER = BagOfWordsEmbedder()


def idf(terms: Iterable[str]) -> dict[str, float]:
    return dict.fromkeys(terms, 1.0)


ASKED = TermWeights(QUESTION, ("en",), idf)


def passage(cosine: float, text: str = ANSWER, *, whole: str = "", heading: str = "", name: str = "care.txt") -> Passage:
    return Passage(1, cosine, cosine, name, "d" * 64, 1, "1", 0, len(text), text, heading, 0, whole or text)


def sure(*passages: Passage, title: str = TITLE, value: float = 5.0, is_english: bool = True) -> float:
    units = [ReadUnit(0, Unit(0, 1, "sentence"), 0, 0, 0, value)]
    features = answer_features(QUESTION, passages, [title] * len(passages), units, ASKED, EMBEDDER)
    odds = BUILT_IN["english" if is_english else "other"]
    return confidence(features, odds, has_codes=ASKED.has_codes(passages[0].chunk_text))


def found(*passages: Passage, title: str = TITLE) -> Sequence[float]:
    """The nearest passage, how much is covered, and what the subject alone explains."""
    return answer_features(QUESTION, passages, [title] * len(passages), (), ASKED, EMBEDDER)[1:4]


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=5),
    st.sampled_from([ANSWER, HALF, NEITHER, "", "?"]),
    st.sampled_from(["", "Benches", QUESTION, "?", "日本語"]),
    st.sampled_from(["care.txt", "_.md", "noending", "日本語.pdf"]),
)
def test_it_is_a_probability(near: list[float], text: str, title: str, name: str) -> None:
    assert 0 < sure(*(passage(cosine, text, name=name) for cosine in near), title=title) < 1


@given(st.floats(-1, 0.9), st.floats(0.01, 0.1))
def test_nearer_passages_are_surer(cosine: float, more: float) -> None:
    assert sure(passage(cosine + more)) > sure(passage(cosine))


@given(st.floats(-20, 20), st.floats(0.1, 5), st.booleans())
def test_a_unit_that_answers_better_is_surer(value: float, more: float, is_english: bool) -> None:
    assert sure(passage(0.5), value=value + more, is_english=is_english) > sure(passage(0.5), value=value, is_english=is_english)


def test_more_of_the_questions_words_are_surer() -> None:
    assert sure(passage(0.5, ANSWER)) > sure(passage(0.5, HALF)) > sure(passage(0.5, NEITHER))


def test_a_plain_answer_is_sure_and_something_else_is_not() -> None:
    assert sure(passage(0.8, ANSWER)) > 0.5 > sure(passage(0.2, NEITHER))


def test_a_question_that_has_only_the_subjects_words_is_less_sure() -> None:
    assert sure(passage(0.5, HALF), title="Benches") < sure(passage(0.5, HALF))


def test_the_nearest_passage_counts_and_the_first_ones_words() -> None:
    nearest, covered, *_ = found(passage(0.4, HALF), passage(0.6, ANSWER))
    assert nearest == 0.6
    assert covered == ASKED.coverage(HALF, TITLE)


def test_words_that_were_trimmed_off_count() -> None:
    assert found(passage(0.5, HALF, whole=f"{HALF} {ANSWER}"))[1] == found(passage(0.5, ANSWER))[1] > found(passage(0.5, HALF))[1]


@pytest.mark.parametrize(
    ("title", "heading", "name"),
    [("Benches", "", "care.txt"), (TITLE, "Wood > Benches", "care.txt"), (TITLE, "", "my_benches.txt")],
    ids=["title", "headings", "name"],
)
def test_what_names_the_subject_is_not_taken_for_an_answer(title: str, heading: str, name: str) -> None:
    assert found(passage(0.5, HALF, heading=heading, name=name), title=title)[1] == 0.0 < found(passage(0.5, HALF))[1]
