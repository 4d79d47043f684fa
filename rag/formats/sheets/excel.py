"""Reads Excel workbooks: the values by calamine, and for .xlsx how they are shown and what is hidden from the file's own parts."""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from rag.errors import NoTextError
from rag.formats.archives import Archive, open_archive
from rag.formats.encrypted import decrypted, holds_encrypted
from rag.formats.protocol import FileToOpen, NotReadableError, PageContent, TextPages
from rag.formats.sheets.excel_looks import Looks, RowLook
from rag.formats.sheets.number_formats import general
from rag.formats.sheets.rows import Row, named_sheets, said_of_rest, with_notes, without_rest

_SHEET = SheetTypeEnum.WorkSheet
_ARCHIVE = b"PK\x03\x04"
_VISIBLE = SheetVisibleEnum.Visible


def open_xlsx(file: FileToOpen) -> TextPages:
    """The sheets that are not hidden, without the rows and columns that are; the title is that of the properties."""
    with closing(open_archive(file)) as archive:
        data, password = archive.whole(), archive.password
    with closing(Archive(io.BytesIO(data), file.name)) as archive:  # anew, here and below: what is unpacked a second time does not count
        rest = Looks(archive).rest()
    with closing(Archive(io.BytesIO(data), file.name)) as archive:
        first = Looks(archive).without(rest) if rest else data
    with closing(Archive(io.BytesIO(data), file.name)) as archive:
        looks = Looks(archive)
        pages = _pages(first, file.name, looks, rest.others if rest else ())
        notice = said_of_rest(rest.sheet, rest.last, rest.others) if rest else ""
        return without_rest(file.name, pages, looks.title, notice, password)


def open_xls(file: FileToOpen) -> TextPages:
    """The sheets that are not hidden; figures without their formats, which calamine does not tell."""
    data, password = file.path.read_bytes(), ""
    if data.startswith(_ARCHIVE) or holds_encrypted(data):  # a new workbook under an old name; an old one may hold archives
        return open_xlsx(file)
    try:
        pages = _pages(data, file.name, None)
    except NotReadableError:
        opened, password = decrypted(data, file.passwords)
        if opened is data:
            raise
        pages = _pages(opened, file.name, None)
    return TextPages(pages, password=password)


def _pages(data: bytes, name: str, looks: Looks | None, left_out: Sequence[str] = ()) -> list[PageContent]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            pages = named_sheets(_sheets(book, looks, left_out))
    except CalamineError as error:
        raise NotReadableError("it is no workbook") from error
    if not pages:
        raise NoTextError(f"{name} has no text: its sheets are hidden, or hold charts alone.")
    return pages


def _sheets(book: CalamineWorkbook, looks: Looks | None, left_out: Sequence[str]) -> Iterator[tuple[str, Iterator[Row]]]:
    for each in book.sheets_metadata:
        if each.typ == _SHEET and each.visible == _VISIBLE and each.name not in left_out:
            hidden = looks.hidden_columns(each.name) if looks else frozenset[int]()
            rows = _rows(book.get_sheet_by_name(each.name), hidden, looks.rows(each.name) if looks else iter(()))
            yield each.name, with_notes(rows, looks.notes(each.name) if looks else [])


def _rows(sheet: CalamineSheet, hidden: frozenset[int], looks: Iterator[RowLook]) -> Iterator[Row]:
    """The rows and columns that are not hidden, as they are shown; `looks` of rows come in order."""
    left = sheet.start[1] if sheet.start else 0
    look = next(looks, None)
    for number, values in enumerate(sheet.iter_rows(), start=1):
        while look and look.number < number:
            look = next(looks, None)
        shows = look.shows if look and look.number == number else {}
        if shows is None:  # a hidden row
            continue
        cells = [
            value if isinstance(value, str) else shows.get(column, general)(value)
            for column, value in enumerate(values, start=left)
            if column not in hidden
        ]
        yield number, cells
