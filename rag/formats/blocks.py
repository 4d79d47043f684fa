"""Blocks as a reader meets them (headings, paragraphs, list items, rows) -> pages, in the shape that all formats share.

Blocks are parted by a blank line; the items of a list and the rows of a table stand on lines of their own, with nothing between them. Cells
are parted by a tab.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rag.formats.cleaning import clean, tidy_heading
from rag.formats.protocol import PageContent, TextPages
from rag.formats.text import split
from rag.text.headings import LONGEST_TITLE

BULLET = "-"
Block = str | Sequence[str]
"""A paragraph, or the cells of a row."""

_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_RAISED_DIGIT = re.compile("(?<=[0-9])(?=[⁰¹²³⁴-⁹])")  # a space keeps 2018² from being read as 20182
_EDGES = re.compile(r"[^\S\n\t]*\n[^\S\n]*")
_BLANKS = re.compile(r"\n{2,}")


def raised(text: str) -> str:
    """A superscript, so that 10⁶ does not read 106; letters that have none stay as they are."""
    changed = text.translate(_RAISED)
    return changed if not any(character in "0123456789" for character in changed) else text


def one_line(text: str) -> str:
    """A text as a cell or a title holds it: without line breaks and tabs."""
    return " ".join(text.split())


def comment(author: str, text: str) -> str:
    """What somebody noted in the margin, as a paragraph; "" without words."""
    author, text = one_line(author), one_line(text)
    return f"Comment ({author}): {text}" if author and text else text


class Indents:
    """How deep items are in lists whose levels show in nothing but how far they are indented."""

    def __init__(self) -> None:
        self._open: list[float] = []

    def depth(self, indent: float, *, is_item: bool = True) -> int:
        """Of the next paragraph: how many items above it go on and are indented less. One that is no item only ends items."""
        while self._open and self._open[-1] >= indent:
            self._open.pop()
        depth = len(self._open)
        if is_item:
            self._open.append(indent)
        return depth


@dataclass(slots=True)
class _Page:
    label: str
    blocks: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    headings: list[tuple[int, str, int]] = field(default_factory=list)  # with the index of their block
    notes: list[str] = field(default_factory=list)


class PageWriter:
    """Collects the blocks of one page after another. Blocks without words are dropped; texts are cleaned when the pages are made.

    Where it is given no label, `page` begins the first page too.
    """

    def __init__(self, label: str | None = "1") -> None:
        self._pages = [] if label is None else [_Page(label)]
        self._asides: list[Sequence[Block]] = []

    @property
    def is_blank(self) -> bool:
        """Whether the page has no blocks yet."""
        return not self._pages[-1].blocks

    def page(self, label: str) -> None:
        """Begin the next page."""
        self._pages.append(_Page(label))

    def heading(self, level: int, text: str) -> None:
        """A heading; a paragraph where it is too long for one."""
        if len(title := one_line(text)) > LONGEST_TITLE:
            self.paragraph(text)
        elif title:
            page = self._pages[-1]
            page.headings.append((max(level, 1), title, len(page.blocks)))
            self._add(title, "heading")

    def title(self, title: str) -> None:
        """What the page is called elsewhere, for one that has words but no heading of its own."""
        page = self._pages[-1]
        if title and page.blocks and not page.headings:
            page.headings.append((1, title, 0))

    def paragraph(self, text: str) -> None:
        """Words that stand apart from what is before and after them; they may be several lines."""
        self._add(_tidy(text), "paragraph")

    def verbatim(self, text: str) -> None:
        """Lines whose indentation counts."""
        self._add("\n".join(line.rstrip() for line in text.expandtabs(4).splitlines()).strip("\n"), "verbatim")

    def item(self, text: str, level: int = 0, mark: str = BULLET) -> None:
        """An item of a list, `level` 0 for the outermost; without a mark, it goes on with the item above."""
        lines = _tidy(text).split("\n")
        if lines[0]:
            indent = "  " * min(level, 9)
            first = f"{indent}{mark} {lines[0]}" if mark else f"{indent}  {lines[0]}"
            self._add("\n".join([first, *(f"{indent}  {line}" for line in lines[1:])]), "item")

    def blocks(self, blocks: Iterable[Block]) -> None:
        """Paragraphs and rows; the first row begins a table."""
        is_first = True
        for block in blocks:
            if isinstance(block, str):
                self.paragraph(block)
            elif any(map(str.strip, block)):
                self.row(block, is_first=is_first)
                is_first = False

    def aside(self, *blocks: Block) -> None:
        """What hangs on the block that is being read, and comes after it: a comment, a text box, a chart."""
        self._asides.append(blocks)

    def end_asides(self) -> None:
        """Write the asides there are."""
        asides, self._asides = self._asides, []
        for blocks in asides:
            self.blocks(blocks)

    def row(self, cells: Sequence[str], *, is_first: bool = False) -> None:
        """A row of a table; `is_first` begins another table."""
        if any(words := [one_line(cell) for cell in cells]):
            self._add("\t".join(words), "row", apart=is_first)

    def note(self, text: str) -> None:
        """A paragraph that stands at the end of the page: a footnote."""
        self._pages[-1].notes.append(text)

    def file(self, title: str = "", password: str = "", notice: str = "") -> TextPages:
        """The pages as a file, which has the title of its first heading where it has none of its own."""
        contents = self.contents()
        title = title or next((title for page in contents for _, title, _ in page.headings), "")
        return TextPages(contents, title, password, notice)

    def contents(self) -> list[PageContent]:
        """The pages; one that is too long for one is several."""
        written = [part for page in self._pages for part in _contents(page)]
        if len(self._pages) == 1 and len(written) > 1:
            return [PageContent(f"part {number}", page.text, headings=page.headings) for number, page in enumerate(written, start=1)]
        return written

    def _add(self, text: str, kind: str, *, apart: bool = False) -> None:
        if text.strip():
            page = self._pages[-1]
            page.blocks.append(text)
            page.kinds.append("apart" if apart else kind)


def _contents(page: _Page) -> Iterator[PageContent]:
    blocks = [_cleaned(block) for block in page.blocks]
    pieces: list[str] = []
    starts: list[int] = []
    end = 0
    for index, (block, kind) in enumerate(zip(blocks, page.kinds, strict=True)):
        if index:
            before = "row" if page.kinds[index - 1] == "apart" else page.kinds[index - 1]
            gap = "\n" if kind == before and kind in ("item", "row") else "\n\n"
            pieces.append(gap)
            end += len(gap)
        starts.append(end)
        pieces.append(block)
        end += len(block)
    whole = "\n\n".join(filter(None, ["".join(pieces), *(_cleaned(_tidy(note)) for note in page.notes)]))
    headings = [(level, tidy_heading(title), starts[index]) for level, title, index in page.headings]
    at = 0
    for number, text in enumerate(split(whole), start=1):
        label = page.label if len(whole) == len(text) else f"{page.label}, part {number}"
        begun = [(level, title, start - at) for level, title, start in headings if at <= start < at + len(text)]
        yield PageContent(label, text, headings=begun)
        at += len(text)


def _tidy(text: str) -> str:
    """A text without blank lines, and without white space around its lines but tabs."""
    return _BLANKS.sub("\n", _EDGES.sub("\n", text)).strip()


def _cleaned(text: str) -> str:
    return _RAISED_DIGIT.sub(" ", clean(text).text)
