import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Citation, Passage
from rag.answering.citations import CitationResolver, without_markers

PASSAGES = [Passage(n, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 100 * n, 100 * n + 13, f"Passage no. {n:02}"[:13]) for n in range(1, 6)]


def resolve(text: str, *more: str) -> tuple[str, tuple[Citation, ...]]:
    resolver = CitationResolver(PASSAGES)
    shown = "".join(resolver.feed(piece) for piece in (text, *more))
    return shown + resolver.finish(), resolver.citations


@pytest.mark.parametrize(
    ("text", "shown", "ranks"),
    [
        ("Yes [3].", "Yes[1].", [3]),
        ("A [4]. B [2]. C [4].", "A[1]. B[2]. C[1].", [4, 2]),
        ("A [1, 3].", "A[1][2].", [1, 3]),
        ("A [1][3].", "A[1][2].", [1, 3]),
        ("A [1] [1].", "A[1][1].", [1]),
        ("A [2, 2].", "A[1].", [2]),
        ("A [2-4].", "A[1][2][3].", [2, 3, 4]),
        ("A [2–4; 1].", "A[1][2][3][4].", [2, 3, 4, 1]),
        ("A 【3】.", "A[1].", [3]),
        ("A 【3†source】.", "A[1].", [3]),
        ("A [ 3 ].", "A[1].", [3]),
        ("A [9].", "A.", []),
        ("A [0].", "A.", []),
        ("A [4, 9].", "A[1].", [4]),
        ("A [4-999].", "A[1][2].", [4, 5]),
        ("A [999-1].", "A.", []),
        ("A [note] and [x](y) and [1a].", "A [note] and [x](y) and [1a].", []),
        ("In [2024] it rained.", "In [2024] it rained.", []),
        ("No marker", "No marker", []),
        ("Unfinished [3", "Unfinished", []),
        ("Unfinished 【3†so", "Unfinished", []),
        ("", "", []),
    ],
)
def test_markers_become_footnotes(text: str, shown: str, ranks: list[int]) -> None:
    assert resolve(text)[0].rstrip() == shown
    assert [(citation.number, citation.passage.rank) for citation in resolve(text)[1]] == list(enumerate(ranks, start=1))


def test_a_citation_stands_for_its_whole_passage() -> None:
    (citation,) = resolve("Yes [3].")[1]
    assert citation == Citation(1, PASSAGES[2], PASSAGES[2].text, 300, 313)


@pytest.mark.parametrize(
    "text",
    [
        "Both hold [1, 2, 3, 4, 5], and [2-3]. See 【4†source】 too [12][5].",
        "All of them [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20].",
        "A file 【3†a-source-with-quite-a-long-name.pdf】 says so.",
    ],
)
def test_letter_by_letter_is_the_same_as_at_once(text: str) -> None:
    assert resolve("", *text) == resolve(text)


MARKED = st.lists(
    st.sampled_from(["word", " ", "[", "]", "1", "2", "7", ", ", "-", "【", "】", "†", "[3]", " [1, 2]", "\n", "[x]", "."]), max_size=40
)


@given(MARKED.map("".join), st.lists(st.integers(0, 120), max_size=8))
def test_pieces_make_no_difference(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    assert resolve("", *pieces) == resolve(text)


@given(MARKED.map("".join))
def test_every_number_shown_is_a_citation(text: str) -> None:
    shown, citations = resolve("", *text)
    assert {int(number) for number in re.findall(r"\[(\d{1,3})\]", shown)} <= {citation.number for citation in citations}
    assert [citation.number for citation in citations] == list(range(1, len(citations) + 1))


def test_no_half_of_a_marker_is_shown() -> None:
    resolver = CitationResolver(PASSAGES)
    assert [resolver.feed(piece) for piece in ("It is so", " [", "1", ",", " 3", "]", ".")] == ["It is so", "", "", "", "", "[1][2]", "."]


def test_markers_are_taken_out_for_the_history() -> None:
    assert without_markers("It rains [1], often [2][3]. See 【4†source】 and [note].") == "It rains, often. See and [note]."
