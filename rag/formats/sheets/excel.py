"""Reads Excel workbooks: the values by calamine, and for .xlsx how they are shown and what is hidden from the file's own parts."""

import io
from collections.abc import Iterator
from contextlib import closing

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from rag.errors import NoTextError, PasswordNeededError
from rag.formats.archives import open_archive
from rag.formats.protocol import FileToOpen, NotReadableError, PageContent, TextPages
from rag.formats.sheets.excel_looks import Looks, RowLook
from rag.formats.sheets.number_formats import general
from rag.formats.sheets.rows import Row, named_sheets

_SHEET = SheetTypeEnum.WorkSheet
_ARCHIVE = b"PK\x03\x04"
_VISIBLE = SheetVisibleEnum.Visible


def open_xlsx(file: FileToOpen) -> TextPages:
    """The sheets that are not hidden, without the rows and columns that are; the title is that of the properties."""
    with closing(open_archive(file)) as archive:
        Looks(archive).check(file.name)
    with closing(open_archive(file)) as archive:  # anew: what is unpacked a second time does not count
        looks = Looks(archive)
        return TextPages(_pages(file, looks), looks.title)


def open_xls(file: FileToOpen) -> TextPages:
    """The sheets that are not hidden; figures without their formats, which calamine does not tell."""
    with file.path.open("rb") as data:
        is_new = data.read(len(_ARCHIVE)) == _ARCHIVE  # a new workbook under an old name; an old one may hold archives
    return open_xlsx(file) if is_new else TextPages(_pages(file, None))


def _pages(file: FileToOpen, looks: Looks | None) -> list[PageContent]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(file.path.read_bytes())) as book:
            pages = named_sheets(_sheets(book, looks))
    except PasswordError as error:
        raise PasswordNeededError(f"{file.name} is password-protected. Save it without a password and add it again.") from error
    except CalamineError as error:
        raise NotReadableError("it is no workbook") from error
    if not pages:
        raise NoTextError(f"{file.name} has no text: its sheets are hidden, or hold charts alone.")
    return pages


def _sheets(book: CalamineWorkbook, looks: Looks | None) -> Iterator[tuple[str, Iterator[Row]]]:
    for each in book.sheets_metadata:
        if each.typ == _SHEET and each.visible == _VISIBLE:
            hidden = looks.hidden_columns(each.name) if looks else frozenset[int]()
            yield each.name, _rows(book.get_sheet_by_name(each.name), hidden, looks.rows(each.name) if looks else iter(()))


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
