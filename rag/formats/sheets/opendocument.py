"""Reads OpenDocument spreadsheets, which hold each cell's words as they are shown."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

from lxml import etree

from rag.formats.archives import Archive, open_archive
from rag.formats.cleaning import tidy_title
from rag.formats.office.objects import embedded, titles_of
from rag.formats.protocol import FileToOpen, NotReadableError, TextPages
from rag.formats.sheets.number_formats import general
from rag.formats.sheets.rows import MOST_CELLS, Row, named_sheets, said_of_rest, with_notes, without_rest

MOST_COLUMNS = 16_384
MOST_REPEATS = 10_000_000
MOST_NOTES = 2_000  # of a sheet

Element = Any  # the class that lxml gives elements has no public name

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"

_SHEET, _ROW, _COLUMN, _CELL = (f"{_TABLE}{name}" for name in ("table", "table-row", "table-column", "table-cell"))
_COVERED = f"{_TABLE}covered-table-cell"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_COMMENT, _SHAPES, _OBJECT = f"{_OFFICE}annotation", f"{_TABLE}shapes", f"{_DRAW}object"
_NOTED = (_COMMENT, _OBJECT, f"{_DRAW}frame", f"{_DRAW}custom-shape", f"{_DRAW}rect")
_SPACES = {f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"}
_OUTSIDE = "'file:"  # what the name of a copy of another file's sheet begins with
Events = Iterator[tuple[str, Element]]


def open_ods(file: FileToOpen) -> TextPages:
    """The sheets that are not hidden, without the rows and columns that are; the title is that of the properties."""
    with closing(open_archive(file)) as archive, archive.open("content.xml") as content:
        reader = _Reader(archive)
        pages = named_sheets(reader.sheets(content))
        if not pages:
            raise NotReadableError("it has no sheets")
        return without_rest(file.name, pages, _title(archive), reader.notice)


class _Reader:
    """Reads the rows of sheets while they are parsed."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.notice = ""  # once there are too many cells
        self._cells = 0
        self._notes: list[str] = []  # of the sheet

    def sheets(self, content: BinaryIO) -> Iterator[tuple[str, Iterator[Row]]]:
        """The name of each sheet and its rows, which are read before the next sheet is."""
        try:
            yield from self._sheets(_events(content))
        except etree.XMLSyntaxError as error:
            raise NotReadableError("its part content.xml is damaged") from error

    def _sheets(self, events: Events) -> Iterator[tuple[str, Iterator[Row]]]:
        hidden: set[str | None] = set()
        for event, element in events:
            if element.tag == f"{_STYLE}style" and event == "end":
                if any(each.get(f"{_TABLE}display") == "false" for each in element):
                    hidden.add(element.get(f"{_STYLE}name"))
            elif element.tag == _SHEET and event == "start":
                name = element.get(f"{_TABLE}name") or ""
                rows = with_notes(self._rows(events, name), self._notes)
                if element.get(f"{_TABLE}style-name") not in hidden and not name.startswith(_OUTSIDE):
                    yield name, rows
                for _ in rows:  # to its end
                    pass
                if self.notice:
                    return

    def _rows(self, events: Events, sheet: str) -> Iterator[Row]:
        columns: list[bool] = []  # which are shown
        self._notes.clear()
        number = 1
        for event, element in events:
            if event == "start":
                continue
            if element.tag == _SHEET:
                return
            if element.tag == _COLUMN:
                columns += [_is_shown(element)] * min(_repeats(element, "columns"), MOST_COLUMNS - len(columns))
            elif element.tag == _SHAPES:
                self._note(element)
            elif element.tag == _ROW:
                repeats = _repeats(element, "rows")
                if _is_shown(element):
                    self._note(element)
                    cells = self._row(element)
                    self._cells += len(cells) * repeats
                    if self._cells > MOST_CELLS:
                        self.notice = said_of_rest(sheet, number - 1)
                        return
                    shown = [cell for place, cell in enumerate(cells) if place >= len(columns) or columns[place]]
                    yield from ((each, shown) for each in range(number, number + repeats if shown else number + 1))
                number += repeats
                _drop(element)

    def _note(self, element: Element) -> None:
        """Note the comments, the shapes and the titles of charts, whose figures are in cells, of a row or a sheet."""
        for each in element.iter(*_NOTED):
            if each.tag == _OBJECT:
                root = embedded(each, self._archive)
                paragraphs = [] if root is None else titles_of(root)
            elif any(above.tag in _NOTED for above in each.iterancestors()):
                continue
            else:
                paragraphs = list(each.iter(f"{_TEXT}p"))
            words = " ".join("".join(_runs(paragraph)) for paragraph in paragraphs)
            if words and len(self._notes) < MOST_NOTES:
                self._notes.append(f"Comment: {words}" if each.tag == _COMMENT else words)

    def _row(self, row: Element) -> list[str]:
        """The words of the cells, to the last that has any."""
        cells: list[str] = []
        column = 0
        for cell in row.iterchildren(_CELL, _COVERED):
            repeats = min(_repeats(cell, "columns"), MOST_COLUMNS)
            if cell.tag == _CELL and (words := _words(cell)):
                cells += [""] * (column - len(cells)) + [words] * repeats
            column += repeats
        return cells


def _events(content: BinaryIO) -> Events:
    """The beginnings and ends of what is read, without entities."""
    tags = (_SHEET, _SHAPES, _ROW, _COLUMN, f"{_STYLE}style")
    parser = etree.iterparse(content, events=("start", "end"), tag=tags, resolve_entities=False, load_dtd=False, no_network=True)
    for place, (event, element) in enumerate(parser):
        dtd = None if place else element.getroottree().docinfo.internalDTD
        if dtd is not None and any(True for _ in dtd.iterentities()):
            raise NotReadableError("its part content.xml defines entities of its own, which are not followed")
        yield event, element


def _drop(element: Element) -> None:
    """Free what was read of the tree that the parser builds."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _is_shown(element: Element) -> bool:
    return element.get(f"{_TABLE}visibility") not in {"collapse", "filter"}


def _repeats(element: Element, what: str) -> int:
    said = element.get(f"{_TABLE}number-{what}-repeated") or "1"
    return min(int(said), MOST_REPEATS) if said.isdecimal() and said.isascii() else 1


def _words(cell: Element) -> str:
    """What a cell shows, its comment apart; a number as it is stored where the file does not say how it is shown."""
    lines = ["".join(_runs(paragraph)) for paragraph in cell.iterchildren(f"{_TEXT}p", f"{_TEXT}h")]
    if lines:
        return " ".join(lines)
    if number := cell.get(f"{_OFFICE}value"):
        return _number(number)
    return next((value for kind in ("string", "date", "time", "boolean") if (value := cell.get(f"{_OFFICE}{kind}-value"))), "")


def _runs(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag in _SPACES:
            yield " "
        elif isinstance(child.tag, str) and not child.tag.startswith(_OFFICE):
            yield from _runs(child)
        yield child.tail or ""


def _number(text: str) -> str:
    try:
        return general(float(text))
    except ValueError:
        return text


def _title(archive: Archive) -> str:
    meta = archive.xml("meta.xml").find(f".//{_TITLE}") if "meta.xml" in archive else None
    return tidy_title((meta.text or "") if meta is not None else "")
