"""Rows of a sheet -> its pages: a line a row, tabs between its cells, the header again on each page of a long sheet."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rag.errors import FileTooLargeError
from rag.formats.cleaning import clean, tidy_heading
from rag.formats.protocol import PageContent, TextPages

MOST_ROWS = 1_000  # of a page
MOST_CHARACTERS = 200_000  # after which a page ends with the row; a longer row is a page
MOST_CELLS = 3_000_000  # of a workbook, after which the rest is left out: what is read in some ten seconds
_MOST_NAMED = 3
LONGEST_HEADER = 5_000  # characters of a header that is repeated

Row = tuple[int, Sequence[str]]
"""A row's number in its sheet, from 1, and its cells; none of a blank row. Hidden rows are left out."""

_FIGURE = re.compile(r"(?!(?:19|20)\d\d$)[^\w\s]{0,2}\d[\d.,:/' -]*(?: ?[^\w\s]{1,2})?")  # a year may name a column


@dataclass(slots=True)
class _Page:
    """A page that is being written."""

    window: int  # of 1,000 rows
    lines: list[str]
    size: int = 0
    first: int = 0  # the rows that it holds
    last: int = 0

    def add(self, number: int, line: str, *, is_parted: bool) -> None:
        self.lines += ["", line] if is_parted and self.first else [line]
        self.size += len(line) + 1
        self.first, self.last = self.first or number, number


def said_of_rest(sheet: str, last: int, others: Sequence[str] = ()) -> str:
    """What is said of a workbook with too many cells: a sheet was read to its row `last`, and these others were not."""
    unread = f", without sheet {', '.join(others[:_MOST_NAMED])}" if others else ""
    more = f" and {len(others) - _MOST_NAMED:,} more" if len(others) > _MOST_NAMED else ""
    rest = f"sheet {sheet} to row {last:,}{unread}{more}"
    return f"It has more than {MOST_CELLS:,} cells; only the first were read: {rest}. To search the rest, split the workbook."


def without_rest(name: str, pages: list[PageContent], title: str, notice: str, password: str = "") -> TextPages:
    """A workbook, by its file's name; where `notice` says that it has too many cells and nothing before them, `FileTooLargeError`."""
    if notice and not any(page.text for page in pages):
        raise FileTooLargeError(f"{name} is too large: it has more than {MOST_CELLS:,} cells. Split it, or save its sheets as CSV.")
    return TextPages(pages, title, password, notice)


def with_notes(rows: Iterable[Row], notes: Iterable[str]) -> Iterator[Row]:
    """The rows, then what stands on the sheet but in no cell, on lines of their own that count as the last row."""
    last = 1
    for number, cells in rows:
        last = number if any(cells) else last
        yield number, cells
    yield last, ()
    yield from ((last, [note]) for note in notes)


def cell_text(text: str) -> str:
    """The words of a cell on one line."""
    return text.strip() if text.isprintable() else " ".join(text.split())


def sheet_pages(rows: Iterable[Row], name: str = "") -> list[PageContent]:
    """The pages of a sheet; at least one, which may be empty. Of blank rows below one another, one is enough.

    Each is called "sheet NAME", or "sheet NAME, rows 1-1,000" where there are several; without a name, "rows 1-1,000".
    """
    pages = list(_cut(rows))
    called = f"sheet {name}" if name else ""
    if not pages:
        return [PageContent(called or "rows 0", "")]
    spans = [f"rows {page.first:,}-{page.last:,}" if page.first < page.last else f"rows {page.first:,}" for page in pages]
    labels = [called] if called and len(pages) == 1 else [", ".join(filter(None, (called, span))) for span in spans]
    return [PageContent(label, clean("\n".join(page.lines)).text) for label, page in zip(labels, pages, strict=True)]


def named_sheets(sheets: Iterable[tuple[str, Iterable[Row]]]) -> list[PageContent]:
    """The pages of a workbook; where there are several sheets, the first page of each has its name as a heading."""
    by_sheet = [(name := tidy_heading(given), sheet_pages(rows, name)) for given, rows in sheets]
    if len(by_sheet) > 1:
        for name, pages in by_sheet:
            pages[0] = replace(pages[0], headings=[(1, name, 0)])
    return [page for _, pages in by_sheet for page in pages]


def _cut(rows: Iterable[Row]) -> Iterator[_Page]:
    page, header, is_parted = _Page(0, []), _Header(), True
    for number, cells in rows:
        line = "\t".join(map(cell_text, cells)).rstrip()
        if not line:
            is_parted = True
            continue
        window = (number - 1) // MOST_ROWS
        is_full = page.first < page.last and page.size + len(line) > MOST_CHARACTERS
        if page.first and (window != page.window or is_full):
            yield page
            page = _Page(window, header.above(line, is_parted=is_parted))
        page.window = window
        page.add(number, line, is_parted=is_parted)
        header.follow(line, is_parted=is_parted)
        is_parted = False
    if page.first:
        yield page


class _Header:
    """The header of the block of rows that goes on: its first row of several cells, or an earlier one where that holds figures."""

    def __init__(self) -> None:
        self._line = ""
        self._is_open = True  # whether a row that could be the header of this block may come

    def follow(self, line: str, *, is_parted: bool) -> None:
        """The next row; it begins a block where blank rows part it from the one before."""
        self._is_open = self._is_open or is_parted
        if self._is_open and "\t" in line.strip():
            if not self._line or not has_figures(line):
                self._line = line
            self._is_open = False

    def above(self, line: str, *, is_parted: bool) -> list[str]:
        """The header before the first row of a page, where that goes on with its block, or begins one with figures and no header."""
        belongs = not is_parted or ("\t" in line and has_figures(line))
        return [self._line] if belongs and self._line and len(self._line) <= LONGEST_HEADER else []


def has_figures(line: str) -> bool:
    """Whether a cell of a row is a figure or a date."""
    return any(map(_FIGURE.fullmatch, line.split("\t")))
