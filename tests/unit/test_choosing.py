"""RankedChunk chunks -> passages: neighbours together, copies once."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.retrieving.passages import MOST_JOINED, RankedChunk, distinct, joined
from rag.types import Chunk, ChunkKey

BOILERPLATE = (
    "This document is confidential and meant for its recipient alone. It may not be copied, shown to others or kept after {} days "
    "without a written agreement, and it is no offer, promise or contract of any kind whatever."
)


def chunk(document_id: str, ordinal: int, text: str = "", page: int = 1, gap: str = " ") -> Chunk:
    """A chunk of a document; it begins where the one before it ends, but for its gap."""
    text = text or f"Chunk {ordinal} of {document_id}."
    start = 1000 * ordinal
    return Chunk(document_id, ordinal, page, start + len(gap), start + 1000, text, "", gap)


def ranked(*chunks: Chunk) -> list[RankedChunk]:
    """Best first."""
    return [RankedChunk(each, 1 - number / 100, 0.5) for number, each in enumerate(chunks)]


def chosen(candidates: Sequence[RankedChunk], top_k: int) -> list[list[RankedChunk]]:
    """As a search chooses."""
    return joined(distinct(candidates), top_k)


def keys(passages: Sequence[Sequence[RankedChunk]]) -> list[list[ChunkKey]]:
    return [[each.chunk.key for each in passage] for passage in passages]


CHUNKS = st.builds(
    chunk,
    st.sampled_from("abc"),
    st.integers(0, 8),
    st.sampled_from(["", "", "the same words", BOILERPLATE.format(30), BOILERPLATE.format(60)]),
    st.integers(1, 2),
    st.sampled_from([" ", "\n\n", ""]),
)


@given(st.lists(CHUNKS, max_size=25, unique_by=lambda each: each.key), st.integers(1, 8))
def test_passages_are_few_whole_and_best_first(chunks: list[Chunk], top_k: int) -> None:
    candidates = ranked(*chunks)
    passages = chosen(candidates, top_k)
    assert len(passages) <= top_k
    assert bool(passages) == bool(chunks)
    used = [each for passage in passages for each in passage]
    assert len({each.chunk.key for each in used}) == len(used)
    assert all(each in candidates for each in used)
    assert [passage[0] for passage in passages] == sorted((passage[0] for passage in passages), key=lambda each: -each.score)
    assert passages == [] or passages[0][0] == candidates[0]
    for passage in passages:
        assert len(passage) <= MOST_JOINED
        assert [each.score for each in passage] == sorted((each.score for each in passage), reverse=True)
        in_order = sorted((each.chunk for each in passage), key=lambda each: each.ordinal)
        for before, after in pairwise(in_order):
            assert (after.document_id, after.page, after.ordinal) == (before.document_id, before.page, before.ordinal + 1)
            assert after.start == before.end + len(after.gap)


@given(st.lists(CHUNKS, max_size=25, unique_by=lambda each: each.key), st.integers(1, 7))
def test_wanting_one_more_changes_nothing_of_the_first_ones(chunks: list[Chunk], top_k: int) -> None:
    candidates = ranked(*chunks)
    fewer, more = chosen(candidates, top_k), chosen(candidates, top_k + 1)
    assert [passage[0] for passage in more[: len(fewer)]] == [passage[0] for passage in fewer]


def test_neighbours_are_joined_in_whatever_order_they_come() -> None:
    a, b, c, far = (chunk("a", ordinal) for ordinal in (3, 4, 5, 8))
    assert keys(chosen(ranked(b, far, c, a), 5)) == [[b.key, c.key, a.key], [far.key]]
    assert keys(chosen(ranked(a, c, b), 5)) == [[a.key, b.key], [c.key]]  # what came between them cannot join two passages


def test_a_passage_does_not_grow_for_ever() -> None:
    assert max(map(len, chosen(ranked(*(chunk("a", ordinal) for ordinal in range(20))), 20))) == MOST_JOINED


def test_what_joins_a_passage_takes_no_place() -> None:
    a, b, c = chunk("a", 0), chunk("a", 1), chunk("b", 0)
    assert keys(chosen(ranked(a, b, c), 2)) == [[a.key, b.key], [c.key]]


def test_other_pages_documents_and_far_chunks_stay_apart() -> None:
    first = chunk("a", 0)
    for other in (chunk("a", 1, page=2), chunk("b", 1), chunk("a", 2)):
        assert len(chosen(ranked(first, other), 5)) == 2
    unknown_space = Chunk("a", 1, 1, first.end + 500, first.end + 600, "Far below.")
    assert len(chosen(ranked(first, unknown_space), 5)) == 2


def test_a_copy_in_another_document_is_left_out() -> None:
    text = BOILERPLATE.format(30)
    shown = chosen(ranked(chunk("a", 0, text), chunk("b", 0, text), chunk("c", 7, text.upper() + "!"), chunk("d", 0)), 2)
    assert keys(shown) == [[("a", 0)], [("d", 0)]]


def test_what_a_document_repeats_itself_stays() -> None:
    text = BOILERPLATE.format(30)
    assert len(chosen(ranked(chunk("a", 0, text), chunk("a", 5, text)), 5)) == 2


def test_a_copy_with_another_number_stays() -> None:
    assert len(chosen(ranked(chunk("a", 0, BOILERPLATE.format(30)), chunk("b", 0, BOILERPLATE.format(60))), 5)) == 2


def test_a_copy_with_its_numbers_exchanged_stays() -> None:
    text = f"{BOILERPLATE.format(7)} The Standard plan costs {{}} a month and the Plus plan costs {{}} a month."
    assert len(chosen(ranked(chunk("a", 0, text.format(20, 35)), chunk("b", 0, text.format(35, 20))), 5)) == 2


def test_a_copy_of_what_joined_a_passage_is_left_out() -> None:
    first, second = BOILERPLATE.format(30), "Whoever received it in error tells the sender and destroys it at once."
    a0, a1, b0, b1 = chunk("a", 0, first), chunk("a", 1, second), chunk("b", 0, first), chunk("b", 1, second)
    assert keys(chosen(ranked(a0, b0, a1, b1), 5)) == [[a0.key, a1.key]]
    shown = [each.chunk.text for passage in chosen(ranked(a0, b1, a1, b0), 5) for each in passage]
    assert sorted(shown) == sorted([first, second])


def test_nothing_gives_nothing() -> None:
    assert chosen([], 5) == []
