"""A text's headings, where a PDF's outline stands in its text, and the path down to each."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.headings import LONGEST_TITLE, PATH_SEPARATOR, HeadingPaths, part_headings, place_heading
from rag.types import Heading


def found(text: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in next(part_headings([text]))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One\ntext\n###### Six", [(1, "One"), (6, "Six")]),
        ("   ## Three spaces before", [(2, "Three spaces before")]),
        ("# Closed #\n## Closed twice ##  ", [(1, "Closed"), (2, "Closed twice")]),
        ("# C# and F#\n# Item #3", [(1, "C# and F#"), (1, "Item #3")]),
        ("== Page ==\n=== Section ===", [(2, "Page"), (3, "Section")]),
        ("Title\n=====\n\nBelow\n---\ntext", [(1, "Title"), (2, "Below")]),
        ("# 退货 政策\n## Größe", [(1, "退货 政策"), (2, "Größe")]),
        ("# Ruled off\n---\ntext", [(1, "Ruled off")]),
        ("# Before\n```\n# a comment\n```\n# After", [(1, "Before"), (1, "After")]),
        ("# Before\n~~~ sh\n# a comment\n~~~\n# After", [(1, "Before"), (1, "After")]),
    ],
)
def test_marked_headings_are_found(text: str, expected: list[tuple[int, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#hash #tag\n#!/bin/sh",
        "####### seven",
        "    # indented as code",
        "#\n# \n",
        "== open =",
        "a == b ==",
        "text\n\n---\n\n***\n",
        "---\ntitle: Front matter\n---\ntext",
        "two lines\nof text\n---",
        "- an item\n---",
        "> a quotation\n===",
        "| a | b |\n---",
        "1. first\n---",
        f"# {'x' * LONGEST_TITLE}",
        "```\n# never closed",
    ],
)
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "```pip install footnote```\n\n# Title",
        "````\n```\n# a comment\n```\n````\n# Title",
        "~~~\n```\n# a comment\n~~~\n# Title",
    ],
    ids=["code within a line", "fences within a longer one", "a fence of another kind within"],
)
def test_code_ends_where_its_own_fence_does(text: str) -> None:
    assert found(text) == [(1, "Title")]


LINES = st.one_of(
    st.sampled_from(["# A", "## B ##", "== C ==", "Plain", "", "---", "===", "```", "- item", "  ", "#", "\u2003# wide"]),
    st.text(st.characters(exclude_characters="\r"), max_size=20),
)


@given(st.lists(LINES, max_size=30).map("\n".join))
def test_every_heading_stands_where_it_says(text: str) -> None:
    headings = next(part_headings([text]))
    starts = [heading.start for heading in headings]
    assert starts == sorted(set(starts))
    for heading in headings:
        assert heading.page == 1
        assert 1 <= heading.level <= 6
        assert heading.title == heading.title.strip() != ""
        assert heading.start == 0 or text[heading.start - 1] == "\n"
        assert heading.title in text[heading.start :].split("\n", 1)[0]


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Scope", "Scope"),
        ("scope", "SCOPE"),
        ("1.2 Scope", "Scope"),
        ("Scope of  work", "  Scope of work "),
        ("Leave and absence", "Leave and\nabsence"),
        ("C++ (new)", "C++ (new)"),
        ("§ 12(b)", "§ 12(b)"),
        ("退货政策", "退货政策"),
    ],
)
def test_a_title_is_placed_at_its_own_line(title: str, line: str) -> None:
    before = f"Of {' '.join(line.split())} more is told below, on this page.\n"
    assert place_heading(title, f"{before}{line}\nText.") == len(before)


def test_a_title_within_a_line_is_placed_at_that_line() -> None:
    assert place_heading("Scope", "Contents\nChapter 1: Scope and more") == len("Contents\n")


@pytest.mark.parametrize("title", ["Missing", "", "  ", "7", "("])
def test_a_title_that_is_not_there_is_placed_at_the_beginning(title: str) -> None:
    assert place_heading(title, "Contents\nScope") == 0


def headings(*levels: int) -> list[Heading]:
    """Headings named by their number."""
    return [Heading(level, str(number), 1, number) for number, level in enumerate(levels)]


def paths_of(levels: Sequence[int]) -> list[str]:
    """The path of each of such headings."""
    return list(map(HeadingPaths().follow, headings(*levels)))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((), []),
        ((1, 2, 3), ["0", "0 > 1", "0 > 1 > 2"]),
        ((1, 2, 2, 1), ["0", "0 > 1", "0 > 2", "3"]),
        ((1, 3, 2), ["0", "0 > 1", "0 > 2"]),
        ((3, 2, 1), ["0", "1", "2"]),
    ],
    ids=["none", "down", "side by side", "a level left out", "upwards"],
)
def test_a_path_leads_down_to_each_heading(levels: Sequence[int], expected: list[str]) -> None:
    assert paths_of(levels) == expected


@given(st.lists(st.integers(1, 6), max_size=20))
def test_a_path_names_outer_headings_before_inner_ones(levels: list[int]) -> None:
    paths = paths_of(levels)
    assert len(paths) == len(levels)
    for number, path in enumerate(paths):
        numbers = [int(name) for name in path.split(PATH_SEPARATOR)]
        assert numbers[-1] == number
        assert numbers == sorted(numbers)
        along = [levels[each] for each in numbers]
        assert along == sorted(set(along))
        assert min(levels[: number + 1]) == along[0]
