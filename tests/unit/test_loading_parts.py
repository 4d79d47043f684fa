from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from rag.formats.text import MOST_CHARACTERS, split
from rag.text.headings import part_headings

TEXTS = st.text(st.sampled_from("ab .\n#`-"), min_size=1, max_size=120)


@given(TEXTS, st.integers(4, 40))
def test_parts_are_the_text_and_none_is_too_long(text: str, most: int) -> None:
    parts = list(split(text, most))
    assert "".join(parts) == text
    assert all(most // 2 <= len(part) <= most for part in parts[:-1])
    assert 0 < len(parts[-1]) <= most


def test_a_text_is_cut_where_a_paragraph_ends_else_a_line_else_a_sentence_else_a_word() -> None:
    assert list(split("One.\n\nTwo.\nNumber 3. Four five", 12)) == ["One.\n\nTwo.\n", "Number 3. ", "Four five"]
    assert list(split("aaaa bbbb\n\ncc dd", 14)) == ["aaaa bbbb\n\n", "cc dd"]
    assert list(split("abcdefghij", 4)) == ["abcd", "efgh", "ij"]


def test_a_text_that_is_not_long_stays_whole() -> None:
    assert len(list(split("word " * (MOST_CHARACTERS // 5)))) == 1
    assert len(list(split("word " * (MOST_CHARACTERS // 5) + "more"))) == 2


def test_headings_of_parts_are_those_of_the_whole() -> None:
    block = "# Title\n\nwords words\n\n```\n# no heading\n\n# nor this\n```\n\nUnder\n-----\n\nmore words\n\n"
    whole = block * 20
    for most in (60, 75, 90, 200):
        parts = list(split(whole, most))
        begins = [0, *accumulate(map(len, parts))]
        found = [heading for headings in part_headings(parts) for heading in headings]
        assert [(each.level, each.title, begins[each.page - 1] + each.start) for each in found] == [
            (each.level, each.title, each.start) for each in next(part_headings([whole]))
        ]


def test_the_rest_of_a_line_that_was_cut_is_no_heading() -> None:
    assert [len(headings) for headings in part_headings(["words. ", "# not a heading\n# Heading\n"])] == [0, 1]
