"""What stands on the sheets of an .xlsx file but in no cell: comments, text boxes, and the words of charts and diagrams."""

from collections.abc import Iterator
from typing import Any

from rag.formats.archives import Archive
from rag.formats.blocks import one_line
from rag.formats.sheets.excel_parts import relations

MOST_NOTES = 2_000  # of a sheet

Element = Any  # the class that lxml gives elements has no public name


def notes_of(archive: Archive, sheet: str) -> Iterator[str]:
    """The words, by the path of the sheet's part; a comment after its cell."""
    related = relations(archive, sheet)
    for path in related.of_kind("drawing"):
        yield from _drawn(archive, path)
    for path in related.of_kind("comments"):
        for each in archive.xml(path).iter("{*}comment"):
            yield f"Comment on {each.get('ref')}: {_text(each)}"


def _drawn(archive: Archive, path: str) -> Iterator[str]:
    """The text boxes of a drawing; the titles of charts, whose figures are in the cells; the texts of diagrams."""
    yield from map(_text, archive.xml(path).iter("{*}txBody"))
    inner = relations(archive, path)
    for chart in inner.of_kind("chart"):
        yield from map(_text, archive.xml(chart).iter("{*}title"))
    for diagram in inner.of_kind("diagramData"):
        yield from map(_text, archive.xml(diagram).iter("{*}pt"))


def _text(element: Element) -> str:
    """The words of an element: those of a paragraph together."""
    paragraphs = list(element.iter("{*}p")) or [element]
    return one_line(" ".join("".join(each.text or "" for each in paragraph.iter("{*}t", "{*}v")) for paragraph in paragraphs))
