import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Citation, Passage
from rag.answering.citations import CitationResolver
from rag.text.markers import without_markers

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
    found = {citation.number: citation.passage.rank for citation in resolve(text)[1]}
    assert list(found.items()) == list(enumerate(ranks, start=1))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It rains [Source 1].", "It rains[1]."),
        ("It rains [Sources 1, 3].", "It rains[1][2]."),
        ("It rains [source: 2, passage #4].", "It rains[1][2]."),
        ("Es regnet [Quelle 1 und Quelle 2].", "Es regnet[1][2]."),
        ("It rains [^1], [[2]] and [3](#page).", "It rains[1],[2] and[3]."),
        ("It rains. (1)\nIt snows.(2) It hails.", "It rains.[1]\nIt snows.[2] It hails."),
        ("雨です。（1）雪です。【2】", "雨です。（1）雪です。[1]"),
        ("| rain [1] | 3 |\n|---|---|\n| [2] | 4 |", "| rain[1] | 3 |\n|---|---|\n|[2] | 4 |"),
        ("- [1] says so\n1. [2] too", "- [1] says so\n1. [2] too"),
        ("x[9]y and [[7]1]", "x y and [ 1]"),
        ("It costs $5 [1] and $6 [2].", "It costs $5[1] and $6[2]."),
    ],
)
def test_the_shapes_that_models_write(text: str, shown: str) -> None:
    assert resolve(text)[0] == shown


@pytest.mark.parametrize(
    "text",
    [
        "Call `a[1]` or ``b`[2]``.",
        "```python\na[1] = b[2]\n\nc[3]\n```",
        "> ```\n> a[1]\n> ```",
        "~~~ [1]\n[2]\n~~~~",
        "Thus:\n\n    a[1] = 2\n\n    b[2] = 3",
        "So $x_{[1]}$ and \\(y[2]\\).",
        "\\[ x = [1] \\]",
        "\\[\nx = [1]\n\\]",
        "$$\nx = [1]\n$$",
        "The interval [0, 1] is closed.",
        "First (1) wash it. (2) Dry it. Then see p. (3) there.",
        "[Figure 1], [page 2], [note], [x](y), [1a], [2024], [1990-1999], \\[1\\]",
    ],
)
def test_code_mathematics_and_other_brackets_are_left_alone(text: str) -> None:
    assert resolve(text) == (text, ())
    assert resolve("", *text) == (text, ())


@pytest.mark.parametrize("code", ["Call `a[1]`", "```\na[1]\n```\n", "$$\nx[1]\n$$\n", "\\[\nx[1]\n\\]\n", "- a list\n\n    goes on"])
def test_what_follows_code_or_mathematics_is_footnoted(code: str) -> None:
    assert resolve(f"{code} It is so [2].")[0] == f"{code} It is so[1]."


def test_an_unclosed_formula_does_not_cost_the_footnotes_after_it() -> None:
    assert resolve("$$ x = 1\n\nIt is so [2].")[0] == "$$ x = 1\n\nIt is so[1]."


@pytest.mark.parametrize("half", ["[", "[1", "[1,", "[Source", "[[2]", "[^3", "【1", "【1†so", " (1"])
def test_half_a_marker_at_the_end_is_dropped(half: str) -> None:
    text = "It is so." if half == " (1" else "It is so"
    assert resolve(text + half)[0] == text


def test_a_citation_stands_for_its_whole_passage_and_knows_its_place() -> None:
    (citation,) = resolve(" Yes [3].")[1]
    assert citation == Citation(1, PASSAGES[2], PASSAGES[2].text, 300, 313, position=3)


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


SIGNS = r"word so . - | > 1. [ ] ( ) 1 2 7 0 【 】 † ^ [3] [9] [x] (2) ](#a) Source ` `` ``` ~~~ $ $$ \ \( \) \[ \]"
PIECES = [*SIGNS.split(), " ", ", ", "\n", "\n\n", "\r", "- ", "    ", " [1, 2]", "x. (2)"]
MARKED = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
SHOWN = re.compile(r"\[\d{1,3}\]")


def cut(text: str, cuts: list[int]) -> list[str]:
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    return [text[start:end] for start, end in pairwise(places)]


@settings(max_examples=1000)
@given(MARKED, st.lists(st.integers(0, 120), max_size=8))
def test_pieces_make_no_difference(text: str, cuts: list[int]) -> None:
    assert resolve("", *cut(text, cuts)) == resolve(text)


@settings(max_examples=500)
@given(MARKED)
def test_each_footnote_stands_at_its_place_and_numbers_have_no_holes(text: str) -> None:
    shown, citations = resolve("", *text)
    assert all(shown.startswith(f"[{citation.number}]", citation.position) for citation in citations)
    numbers = list(dict.fromkeys(citation.number for citation in citations))
    assert numbers == list(range(1, len(numbers) + 1))


@settings(max_examples=500)
@given(MARKED.filter(lambda text: not re.search(r"[`$~\\]|    ", text)))
def test_without_code_every_number_in_brackets_is_a_footnote(text: str) -> None:
    shown, citations = resolve(text)
    assert [match.start() for match in SHOWN.finditer(shown)] == [citation.position for citation in citations]


@settings(max_examples=500)
@given(MARKED)
def test_what_was_shown_once_stays(text: str) -> None:
    resolver = CitationResolver(PASSAGES)
    shown = ""
    for letter in text:
        shown += resolver.feed(letter)
    assert resolve(text)[0].startswith(shown)


WORDS = ["It rains", ".", " ", ", ", "\n", "\n\n", " $5", " `x`"]
WHOLE = [*WORDS, "[3]", " [1, 2]", "[9]", "[Source 2]", "[^1]", "[[4]]", "[5](#a)", "【1】", "【2†a source】"]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(WHOLE), max_size=12).map("".join))
def test_no_half_of_a_marker_is_shown_wherever_the_text_is_cut(text: str) -> None:
    resolver = CitationResolver(PASSAGES)
    shown = ""
    for end, letter in enumerate(text, start=1):
        shown += resolver.feed(letter)
        assert not re.search(r"[\[\]【】]", SHOWN.sub("", shown))
        assert not re.search(r"[\[\]【】]", SHOWN.sub("", resolve(text[:end])[0]))


def test_no_half_of_a_marker_is_shown() -> None:
    resolver = CitationResolver(PASSAGES)
    assert [resolver.feed(piece) for piece in ("It is so", " [", "1", ",", " 3", "]", ".")] == ["It is so", "", "", "", "", "", "[1][2]."]


def test_markers_are_taken_out_for_the_history() -> None:
    assert without_markers("It rains [1], often [2][3]. See 【4†source】 and [note].") == "It rains, often. See and [note]."
