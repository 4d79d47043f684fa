"""A long text -> parts that can be read, cut and shown one at a time."""

from collections.abc import Iterator

MOST_CHARACTERS = 200_000
"""Of one part; a text that has no more stays whole."""

_BREAKS = ("\n\n", "\n", ". ", " ")
"""Where a text may be cut, best first."""


def split(text: str, most: int = MOST_CHARACTERS) -> Iterator[str]:
    """Cut a text after the last paragraph that fits, or after a line, a sentence or a word where a paragraph is too long.

    Args:
        text: Not empty.
        most: The most characters of a part, at least 4.

    Yields:
        The parts, in order; joined they are the text. Each but the last is at least half as long as it may be.
    """
    start = 0
    while len(text) - start > most:
        least, furthest = start + most // 2, start + most
        found = ((text.rfind(mark, least, furthest), len(mark)) for mark in _BREAKS)
        end = next((place + length for place, length in found if place >= 0), furthest)
        yield text[start:end]
        start = end
    yield text[start:]


def part_label(number: int) -> str:
    """What a part of a text is called, where there are several; 1-based."""
    return f"part {number}"


def page_name(label: str) -> str:
    """What a page is called by its label: "page iv", "part 2"."""
    return label if label.startswith("part ") else f"page {label}"
