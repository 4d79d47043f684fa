"""A file's pages -> its text in Markdown: headings, rows of tables and code marked as what they are."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rag.files import unreadable
from rag.formats.decoding import decode_and_tell
from rag.formats.loader import Loader
from rag.formats.protocol import Format
from rag.formats.registry import HEAD_BYTES, format_of, recognise
from rag.formats.text import MARKDOWN, TEXT
from rag.text.sentences import goes_on, is_page_number
from rag.types import Heading, Page

_STOPS = ".:;!?…。！？"


def read_markdown(loader: Loader, path: Path, name: str) -> str:
    """Read a file, whose suffix is that of `name`; raises a `DocumentError`. A plain text needs no reader, and no process of its own."""
    loader.check_size(path, name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if recognise(name, data[:HEAD_BYTES]) in {TEXT, MARKDOWN}:
        return decode_and_tell(data, name).text
    pages: list[tuple[Page, Sequence[Heading]]] = []
    file = loader.read(path, name=name, on_page=lambda page, headings, _: pages.append((page, headings)))
    return as_markdown(pages, format_of(file.media_type))


def as_markdown(pages: Sequence[tuple[Page, Sequence[Heading]]], kind: Format) -> str:
    """The pages as one text; a sentence goes on over a page break."""
    if kind.is_code:
        return "\n\n".join(f"~~~~\n{page.text}\n~~~~" for page, _ in pages)
    text = ""
    for page, headings in pages:
        words = _with_headings(page.text, headings)
        words = _without_edges(words, is_alone=len(pages) == 1) if kind.is_drawn else words
        last, first = text.rpartition("\n")[2], words.partition("\n")[0]
        gap = "\n" if kind.is_drawn and not first.startswith("#") and goes_on(last, first) else "\n\n"
        text = f"{text}{gap}{words}" if text and words else text or words
    return _with_tables(text)


def _with_headings(text: str, headings: Sequence[Heading]) -> str:
    for heading in sorted(headings, key=lambda each: each.start, reverse=True):
        if heading.start == 0 or text[heading.start - 1] == "\n":
            text = f"{text[: heading.start]}{'#' * min(heading.level, 6)} {text[heading.start :]}"
    return text


def _without_edges(text: str, *, is_alone: bool) -> str:
    """A drawn page's text without its number and running titles, and without indentation, which would make code of it."""
    blocks = ["\n".join(map(str.strip, block.split("\n"))) for block in text.strip().split("\n\n")]
    for edge in (0, -1):
        if blocks and (is_page_number(blocks[edge], "") or (not is_alone and _is_running_title(blocks[edge]))):
            del blocks[edge]
    return "\n\n".join(blocks)


def _is_running_title(block: str) -> bool:
    return "\n" not in block and "\t" not in block and not block.startswith("#") and not block.rstrip("\"'”’»)").endswith(tuple(_STOPS))


def _with_tables(text: str) -> str:
    """Lines with tabs as rows of tables, whose first row is the header."""
    lines: list[str] = []
    for is_table, run in groupby(text.split("\n"), key=lambda line: "\t" in line):
        if not is_table:
            lines += run
            continue
        rows = [[cell.strip().replace("|", "\\|") for cell in line.split("\t")] for line in run]
        columns = max(map(len, rows))
        rows.insert(1, ["---"] * columns)
        blank = [""] if lines and lines[-1].strip() else []
        lines += [*blank, *(f"| {' | '.join(row + [''] * (columns - len(row)))} |" for row in rows), ""]
    return "\n".join(lines)
