"""The chunks of a passage -> the sentences that matter."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieving.trimming import Sentence, sentences, trimmed
from rag.text.sentences import sentence_spans


class Part(NamedTuple):
    """A chunk: its place on the page, its text, its rank and how far it is behind."""

    start: int
    text: str
    rank: int
    behind: float


ANSWER = "Teak benches are oiled in April and again in September, with linseed oil and a cloth of cotton."
OTHER = "The canteen on the second floor opens at noon and closes at three in the afternoon."


def having(*words: str) -> Callable[[str], float]:
    """Weighs a text by how many of the words it has."""
    return lambda text: float(sum(word in text.casefold() for word in words))


WEIGH = having("teak", "benches", "oiled", "april")


def shown(*parts: Part, weigh: Callable[[str], float] = WEIGH) -> str:
    """The words that are left of parts that follow each other, with a space between."""
    start, end = trimmed([sentence for part in parts for sentence in sentences(*part, weigh)])
    return " ".join(part.text for part in parts)[start - parts[0].start : end - parts[0].start]


def following(*texts: str, places: Sequence[tuple[int, float]] = ()) -> list[Part]:
    """Parts with a space between; `places` are their ranks, and how far they are behind."""
    parts, start = [], 0
    for number, text in enumerate(texts):
        rank, behind = places[number] if places else (number + 1, 0.0)
        parts.append(Part(start, text, rank, behind))
        start += len(text) + 1
    return parts


PIECES = [ANSWER, OTHER, "Short.", "日本語の文です。", "no stop\n\n", "- item\n", "1.", "\u200b", "…"]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1).map(lambda parts: " ".join(parts).strip())
PLACES = st.tuples(st.integers(1, 60), st.floats(0, 2))


@given(st.lists(st.tuples(TEXTS, PLACES), min_size=1, max_size=3), st.integers(0, 9000), st.floats(0, 50))
def test_what_is_left_are_whole_sentences_within_the_passage(parts: list[tuple[str, tuple[int, float]]], first: int, weight: float) -> None:
    candidates, bounds, start = [], [], first
    for text, (rank, behind) in parts:
        part = Part(start, text, rank, behind)
        candidates += sentences(*part, lambda text: weight * ("Teak" in text))
        bounds += [(start + begin, start + end) for begin, end in sentence_spans(text)]
        start += len(text) + 1
    assert [(sentence.start, sentence.end) for sentence in candidates] == bounds
    assert all(0 <= sentence.share <= 1 and 0 < sentence.probability < 1 for sentence in candidates)
    begin, end = trimmed(candidates)
    assert first <= begin < end < start
    assert begin in {bound[0] for bound in bounds}
    assert end in {bound[1] for bound in bounds}


def test_of_each_chunk_the_best_sentence_has_the_whole_share() -> None:
    shares = [sentence.share for sentence in sentences(*Part(0, f"{ANSWER} {OTHER} Teak is oiled.", 1, 0.0), WEIGH)]
    assert shares == [1.0, 0.0, 0.5]
    assert [sentence.share for sentence in sentences(*Part(0, f"{OTHER} {OTHER}", 1, 0.0), WEIGH)] == [0.0, 0.0]


@given(st.floats(0, 1), st.integers(1, 50), st.floats(0, 1))
def test_more_words_and_a_better_place_make_a_sentence_more_probable(share: float, rank: int, behind: float) -> None:
    probability = Sentence(0, 9, share, rank, behind).probability
    assert Sentence(0, 9, min(1.0, share + 0.1), rank, behind).probability >= probability
    assert Sentence(0, 9, share, rank + 1, behind).probability < probability
    assert Sentence(0, 9, share, rank, behind + 0.1).probability < probability


def test_a_sentence_that_has_the_words_of_the_best_chunk_is_kept() -> None:
    assert ANSWER in shown(*following(f"{OTHER} {ANSWER} {OTHER}"))


def test_what_is_far_behind_is_left_out() -> None:
    far = (40, 1.0)
    assert shown(*following(OTHER, ANSWER, OTHER, places=[far, (1, 0.0), far])) == ANSWER


def test_what_stands_between_two_answers_is_kept() -> None:
    far = (40, 1.0)
    parts = following(ANSWER, OTHER, ANSWER, places=[(1, 0.0), far, (2, 0.0)])
    assert shown(*parts) == f"{ANSWER} {OTHER} {ANSWER}"


@pytest.mark.parametrize("text", ["Teak", "One sentence alone.", "Not a word in common. Nor here.", "…", "\u200b", "7"])
def test_something_is_always_left(text: str) -> None:
    assert shown(Part(70, text, 60, 2.0)) != ""


def test_without_any_word_in_common_the_best_chunk_is_kept_whole() -> None:
    assert shown(Part(5, f"{OTHER} {OTHER}", 1, 0.0)) == f"{OTHER} {OTHER}"


def test_a_great_many_sentences_take_no_time() -> None:
    text = " ".join(f"Teak {n} is oiled." for n in range(1_000))
    assert shown(Part(0, text, 1, 0.0)) in text
