"""The words of a question, weighed."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.term_weights import TermWeights


def idf(terms: Iterable[str]) -> dict[str, float]:
    """Benches are rarer than anything else."""
    return {term: 2.0 if term.startswith("bench") else 1.0 for term in terms}


def weights(question: str, *languages: str) -> TermWeights:
    return TermWeights(question, languages or ("en",), idf)


def test_a_text_weighs_what_it_has_of_the_questions_words() -> None:
    asked = weights("Which oil suits benches?")
    assert asked.weight("Benches like oil.") == asked.weight("oil") + asked.weight("bench")
    assert asked.weight("bench") == 2 * asked.weight("oil") > 0
    assert asked.weight("bench bench benches") == asked.weight("bench")
    assert asked.weight("Chairs and the which.") == asked.weight("") == 0.0


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("returning items", "An item was returned.", "en"),
        ("RJ-45/2", "plug RJ45/2", "en"),
        ("naïve", "naive", "en"),
        ("Rückgaben", "Die Rückgabe", "de"),
        ("гарантии", "Гарантия", "ru"),
        ("退货", "我们的退货政策", ""),
        ("C++", "written in C++", "en"),
    ],
)
def test_another_form_of_a_word_is_the_same_word(question: str, text: str, language: str) -> None:
    assert weights(question, language).weight(text) == weights(question, language).weight(question) > 0


def test_a_word_is_found_in_each_language_of_the_library() -> None:
    both = weights("houses Häuser", "en", "de")
    assert both.weight("house") > 0
    assert both.weight("Hauses Häusern") > 0


@pytest.mark.parametrize("question", ["?", "😀", "", "\u200b"])
def test_a_question_without_words_is_covered_and_weighs_nothing(question: str) -> None:
    assert weights(question).coverage("anything", "") == 1.0
    assert weights(question).weight("anything") == 0.0


def test_a_library_without_documents_has_words_too() -> None:
    assert TermWeights("harbour", (), idf).weight("The harbour.") > 0


def test_coverage_is_the_share_by_weight() -> None:
    asked = weights("oil benches")
    assert asked.coverage("oil", "") == pytest.approx(1 / 3)
    assert asked.coverage("benches", "") == pytest.approx(2 / 3)
    assert asked.coverage("oil the benches", "") == pytest.approx(1.0)
    assert asked.coverage("chairs", "") == 0.0


def test_what_is_known_counts_neither_for_nor_against() -> None:
    asked = weights("oil benches")
    assert asked.coverage("benches", known="Benches") == 0.0
    assert asked.coverage("oil", known="Benches") == 1.0
    assert asked.coverage("chairs", known="Oil for benches") == 1.0


WORDS = st.lists(st.sampled_from(["oil", "benches", "linseed", "April", "the", "RJ-45", "退货", "?", "x" * 70]), max_size=8).map(" ".join)


@given(WORDS, st.one_of(WORDS, st.text(max_size=30)), WORDS, WORDS)
def test_more_text_never_has_less(question: str, text: str, more: str, known: str) -> None:
    asked = weights(question, "en", "")
    assert 0 <= asked.weight(text) <= asked.weight(f"{text}\n{more}") <= asked.weight(question) + 1e-9
    assert 0 <= asked.coverage(text, known) <= asked.coverage(f"{text}\n{more}", known) + 1e-9 <= 1 + 2e-9
    assert asked.coverage(question, known) == pytest.approx(1.0)
