from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Citation, Passage
from rag.answering.citations import CitationResolver
from rag.answering.statements import Statement, statements

PASSAGES = [Passage(n, 0.9, 0.9, "notes.txt", "d" * 64, 1, "1", 0, 3, "abc") for n in range(1, 4)]


def answered(written: str) -> tuple[str, tuple[Citation, ...]]:
    resolver = CitationResolver(PASSAGES)
    text = resolver.feed(written) + resolver.finish()
    return text, resolver.citations


def stated(written: str) -> list[Statement]:
    return statements(*answered(written))


def words(found: Sequence[Statement]) -> list[tuple[str, tuple[int, ...]]]:
    return [(statement.text, statement.citations) for statement in found]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("It rains today. [1] It snows at night [2][3].", [("It rains today.", (0,)), ("It snows at night.", (1, 2))]),
        ("It rains [1] and it snows [2].", [("It rains and it snows.", (0, 1))]),
        ("It rains all day. It snows at night [2].", [("It rains all day.", ()), ("It snows at night.", (0,))]),
        ("Two things hold:\n\n- It rains **all** day [1]\n- It snows `now` [2]", [("It rains all day", (0,)), ("It snows now", (1,))]),
        ("## The weather [1]\n\nIt rains all day.", [("The weather", (0,)), ("It rains all day.", ())]),
        ("## The weather of today\n\nYes. Why is that so? These are:", []),
        ("| day | rain |\n|---|---|\n| Monday | 3 mm [1] |\n| Friday | 4 mm |", [("Monday 3 mm", (0,))]),
        ("Run this now:\n\n```\nIt rains all day. [1]\n```\n\nIt snows at night.[2]", [("It snows at night.", (0,))]),
        ("It rains all day.\n\n[1]", [("It rains all day.", (0,))]),
        ("[1] It rains all day. [2]", [("It rains all day.", (0, 1))]),
        ("1. It rains all day [1].\n2. It snows at night [2].", [("It rains all day.", (0,)), ("It snows at night.", (1,))]),
        ("> It rains all day.[1]", [("It rains all day.", (0,))]),
        ("雨が降ります。[1]雪が降ります。[2]", [("雨が降ります。", (0,)), ("雪が降ります。", (1,))]),
        ("Not found in your documents.", []),
        ("The documents do not say.", []),
        ("Yes [1].", [("Yes.", (0,))]),
        ("[1][2]", []),
        ("", []),
    ],
)
def test_sentences_are_found_with_their_footnotes(written: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    assert words(stated(written)) == expected


def test_a_sentence_ends_after_its_footnotes_and_its_emphasis() -> None:
    text, citations = answered("**It rains all day.** [1] It `snows at night`.")
    rain, snow = statements(text, citations)
    assert text[rain.start : rain.end] == "It rains all day.**[1]"
    assert text[snow.start : snow.end] == "It `snows at night`."


def test_no_footnote_is_put_into_a_table_or_a_heading() -> None:
    assert [statement.may_gain for statement in stated("# Rain [1]\n\n| rain | 3 mm [2] |\n\nIt rains all day.")] == [False, False, True]


WRITTEN = st.lists(
    st.sampled_from(
        ["It rains all day", ". ", "[1]", " [2, 3]", "\n", "\n\n", "- ", "# ", "| ", " |", "```", "`", "**", "$x$", "。", "1. "]
    ),
    max_size=30,
).map("".join)


@given(WRITTEN)
def test_sentences_do_not_overlap_and_have_words(written: str) -> None:
    text, citations = answered(written)
    found = statements(text, citations)
    ends = [0, *(statement.end for statement in found)]
    assert all(end <= statement.start < statement.end <= len(text) for end, statement in zip(ends, found, strict=False))
    assert all(statement.text.strip() for statement in found)
    cited = [index for statement in found for index in statement.citations]
    assert cited == sorted(set(cited))
