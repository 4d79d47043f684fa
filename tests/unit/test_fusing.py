"""Meaning and words -> one score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieving.fusing import fused, with_neighbours

KEYS = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 5))
COSINES = st.dictionaries(KEYS, st.floats(-1, 1, width=16), min_size=1)
BM25 = st.dictionaries(KEYS, st.floats(0, 64, width=16))
HIGHEST = 1.7


def ranking(cosines: dict[tuple[str, int], float], bm25: dict[tuple[str, int], float]) -> list[tuple[str, int]]:
    scores = fused(cosines, bm25)
    return sorted(scores, key=lambda key: -scores[key])


@given(COSINES, BM25)
def test_a_score_for_each_chunk_that_was_compared(cosines: dict[tuple[str, int], float], bm25: dict[tuple[str, int], float]) -> None:
    scores = fused(cosines, bm25)
    assert scores.keys() == cosines.keys()
    assert all(cosines[key] <= score <= HIGHEST for key, score in scores.items())


@given(COSINES)
def test_without_words_the_cosine_is_the_score(cosines: dict[tuple[str, int], float]) -> None:
    assert fused(cosines, {}) == fused(cosines, dict.fromkeys(cosines, 0.0)) == cosines


@given(COSINES, BM25, st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_scale_of_bm25_does_not_matter(cosines: dict[tuple[str, int], float], bm25: dict[tuple[str, int], float], scale: float) -> None:
    scores = fused(cosines, bm25)
    assert fused(cosines, {key: scale * score for key, score in bm25.items()}) == pytest.approx(scores)


@given(COSINES, BM25, KEYS, st.floats(0, 32, width=16))
def test_more_words_never_rank_a_chunk_lower(
    cosines: dict[tuple[str, int], float], bm25: dict[tuple[str, int], float], key: tuple[str, int], more: float
) -> None:
    bm25 = {**bm25, ("c", 0): 100.0}  # the best one stays the best one
    before, after = fused(cosines, bm25), fused(cosines, {**bm25, key: bm25.get(key, 0.0) + more})
    assert all(after[each] >= before[each] for each in cosines)
    assert all(after[each] == before[each] for each in cosines if each[0] != key[0] or abs(each[1] - key[1]) > 1)


def test_of_equal_words_the_nearer_meaning_comes_first_and_the_other_way_round() -> None:
    a, b = ("a", 0), ("b", 0)
    assert ranking({a: 0.4, b: 0.5}, {a: 3.0, b: 3.0}) == [b, a]
    assert ranking({a: 0.4, b: 0.4}, {a: 3.0, b: 2.0}) == [a, b]


def test_a_rare_word_outweighs_some_meaning_and_not_all() -> None:
    a, b = ("a", 0), ("b", 0)
    assert ranking({a: 0.3, b: 0.5}, {a: 9.0}) == [a, b]
    assert ranking({a: 0.0, b: 0.9}, {a: 9.0}) == [b, a]


def test_words_next_door_count_and_less_than_own_words() -> None:
    cosines = {("a", ordinal): 0.5 for ordinal in range(5)} | {("b", 3): 0.5}
    scores = fused(cosines, {("a", 2): 4.0})
    assert scores["a", 2] > max(scores["a", 1], scores["a", 3])
    assert min(scores["a", 1], scores["a", 3]) > 0.5
    assert scores["a", 0] == scores["a", 4] == scores["b", 3] == 0.5


def test_nothing_has_no_scores() -> None:
    assert fused({}, {}) == fused({}, {("a", 0): 1.0}) == {}
    assert with_neighbours([]) == set()


def test_neighbours_are_of_the_same_document_and_not_below_zero() -> None:
    assert with_neighbours([("a", 0), ("b", 4)]) == {("a", 0), ("a", 1), ("b", 3), ("b", 4), ("b", 5)}


def test_a_cosine_counts_less_where_the_model_does_not_know_the_language() -> None:
    cosines, bm25 = {("a", 0): 0.9, ("b", 0): 0.3}, {("b", 0): 4.0}
    assert max(scores := fused(cosines, bm25), key=lambda key: scores[key]) == ("a", 0)
    assert max(scores := fused(cosines, bm25, 0.0), key=lambda key: scores[key]) == ("b", 0)


def test_a_stray_word_of_the_question_does_not_outweigh_the_meaning() -> None:
    """As where the question is in another language than the document that answers it."""
    near, stray = ("a", 0), ("b", 0)
    cosines, bm25 = {near: 0.4, stray: 0.15}, {stray: 3.0}
    few, many = (fused(cosines, bm25, reach=reach) for reach in (0.1, 0.3))
    assert few[near] > few[stray]
    assert many == fused(cosines, bm25)
    assert many[stray] > many[near]


def test_a_chunk_of_a_document_that_is_named_comes_before_its_like_and_a_near_one_before_any() -> None:
    like, alike, near = ("a", 0), ("b", 0), ("c", 0)
    scores = fused({like: 0.5, alike: 0.5, near: 0.9}, {}, documents={"b": 1.0})
    assert sorted(scores, key=lambda key: -scores[key]) == [near, alike, like]
    assert fused({like: 0.5}, {}, documents={}) == fused({like: 0.5}, {})
