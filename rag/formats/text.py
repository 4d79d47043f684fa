"""Plain text and Markdown: one page, or parts where the text is long."""

import re
from collections.abc import Callable, Iterator, Sequence

from rag.formats.protocol import FileToOpen, Format, PageContent, TextPages
from rag.text.headings import part_headings

TEXT = Format(
    name="plain text",
    media_type="text/plain",
    reader="rag.formats.text:open_text",
    suffixes=(".txt", ".text", ".rst", ".log", ""),
    unit="part",
    inline_type="text/plain",
)
MARKDOWN = Format(
    name="Markdown",
    media_type="text/markdown",
    reader="rag.formats.text:open_markdown",
    suffixes=(".md", ".markdown"),
    unit="part",
    is_markdown=True,
    inline_type="text/plain",
)

MOST_CHARACTERS = 200_000  # of one part; a text that has no more stays whole
_BREAKS = ("\n\n", "\n", ". ", " ")  # where a text may be cut, best first
_LONGEST_TITLE = 200


def open_text(file: FileToOpen) -> TextPages:
    """The title of a plain text is a first line that stands alone."""
    return _opened(file, plain_title)


def open_markdown(file: FileToOpen) -> TextPages:
    """The title of a Markdown text is its first top heading."""
    return _opened(file, markdown_title)


def split(text: str, most: int = MOST_CHARACTERS) -> Iterator[str]:
    """Cut a text after the last paragraph that fits, or after a line, a sentence or a word where a paragraph is too long.

    Joined, the parts are the text. Each but the last has at least half of `most` characters, which is at least 4.
    """
    start = 0
    while len(text) - start > most:
        least, furthest = start + most // 2, start + most
        breaks = ((text.rfind(mark, least, furthest), len(mark)) for mark in _BREAKS)
        end = next((place + length for place, length in breaks if place >= 0), furthest)
        yield text[start:end]
        start = end
    yield text[start:]


def markdown_title(text: str) -> str:
    """The first top heading of a Markdown text ("# Title"), or "" where it begins otherwise."""
    for line in text[:10_000].splitlines():
        if heading := re.fullmatch(r" {0,3}#\s+(.+?)(?:\s+#+)?\s*", line):
            return heading[1]
        if line.startswith(("```", "~~~")):
            break
    return ""


def plain_title(text: str) -> str:
    """The first line of a plain text where it stands alone, above a blank line, and is no paragraph; else ""."""
    first, _, rest = text.lstrip()[: _LONGEST_TITLE + 2].partition("\n")
    return first.strip() if rest.startswith("\n") and len(first) <= _LONGEST_TITLE else ""


def part_labels(parts: Sequence[object]) -> list[str]:
    """What the parts of a text are called."""
    return [f"part {number}" for number in range(1, len(parts) + 1)] if len(parts) > 1 else ["1"]


def _opened(file: FileToOpen, title_of: Callable[[str], str]) -> TextPages:
    from rag.formats.decoding import decode_and_tell

    decoded = decode_and_tell(file.path.read_bytes(), file.name)
    words = decoded.text
    parts = list(split(words))
    headings = ([(each.level, each.title, each.start) for each in found] for found in part_headings(parts))
    pages = [PageContent(label, part, headings=begun) for label, part, begun in zip(part_labels(parts), parts, headings, strict=True)]
    return TextPages(pages, title_of(words), notice=decoded.notice)
