"""The parts of an .xlsx file -> how its cells are shown, and what is hidden: what calamine does not tell.

The sheets themselves are searched for the attributes of rows and cells, not parsed: they hold millions of elements.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO

from rag.formats.archives import Archive
from rag.formats.cleaning import tidy_title
from rag.formats.sheets.excel_notes import MOST_NOTES, notes_of
from rag.formats.sheets.excel_parts import relations
from rag.formats.sheets.number_formats import BUILT_IN, Value, formatter
from rag.formats.sheets.rows import MOST_CELLS

MOST_COLUMNS = 16_384

_BOOK = "xl/workbook.xml"
_CORE = "docProps/core.xml"
_CHUNK = 1 << 20

_TAG = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^<>]*)>")
_FILLED = re.compile(rb'<(?:\w+:)?c\b[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"[^<>]*(?<!/)>')
_PLACE = re.compile(rb'\br="([A-Z]*)(\d+)"')
_STYLE = re.compile(rb'\bs="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_PREFIX = re.compile(rb"<(\w+:)?")
_SPAN = re.compile(rb'\b(min|max)="(\d+)"')

Element = Any  # the class that lxml gives elements has no public name
Show = Callable[[Value], str]


@dataclass(frozen=True, slots=True)
class RowLook:
    """How the cells of a row are shown, by their columns from 0, where they have a format; None where the row is hidden."""

    number: int
    shows: dict[int, Show] | None


@dataclass(frozen=True, slots=True)
class Rest:
    """What of a workbook with too many cells is left out: what follows this place in a sheet, and the sheets after it.

    Attributes:
        sheet: Its name.
        piece: The number of the piece that the place is in, from 0.
        last: The last row before it.
        place: Where it is in the piece.
        end: What closes the tags that are open there.
        others: The names of the sheets after it.
    """

    sheet: str
    piece: int
    last: int
    place: int
    end: bytes
    others: tuple[str, ...] = ()


class Looks:
    """The title of a workbook, or "", and its sheets by their names, without those that are hidden."""

    def __init__(self, archive: Archive) -> None:
        """Read what is said of all sheets."""
        self._archive = archive
        book = next(iter(relations(archive, "").of_kind("officeDocument")), _BOOK)
        related = relations(archive, book)
        sheets = [each for each in archive.xml(book).iter("{*}sheet") if each.get("state", "visible") == "visible"]
        self._paths = {str(each.get("name")): related.paths.get(_id(each), "") for each in sheets}
        self._strings = related.of_kind("sharedStrings")
        self._shows = {number: show for path in related.of_kind("styles") for number, show in _styles(archive.xml(path)).items()}
        core = archive.xml(_CORE) if _CORE in archive else None
        self.title = tidy_title("" if core is None else core.findtext("{http://purl.org/dc/elements/1.1/}title") or "")

    def rest(self) -> Rest | None:
        """What is too much. Unpacks what calamine will unpack, which has no limits of its own and keeps all cells, empty or not."""
        for path in self._strings:
            for _ in _pieces(self._archive.open(path)):
                pass
        names, left = list(self._paths), MOST_CELLS
        for number, name in enumerate(names, start=1):
            found = self._measure(name, left)
            if isinstance(found, Rest):
                return replace(found, others=tuple(names[number:]))
            left -= found
        return None

    def without(self, rest: Rest) -> bytes:
        """The workbook without that."""
        written = io.BytesIO()
        left_out = {self._paths[name] for name in (rest.sheet, *rest.others)}
        with zipfile.ZipFile(written, "w") as book:
            for name in self._archive.names:
                if name.endswith((".xml", ".rels")) and name not in left_out:
                    book.writestr(name, self._archive.read(name))
            with book.open(self._paths[rest.sheet], "w") as sheet:
                for number, piece in enumerate(islice(self._read(rest.sheet), rest.piece + 1)):
                    sheet.write(piece if number < rest.piece else piece[: rest.place] + rest.end)
        return written.getvalue()

    def hidden_columns(self, sheet: str) -> frozenset[int]:
        """The columns from 0 that are hidden."""
        hidden: set[int] = set()
        for attributes in _COLUMN.findall(next(self._read(sheet), b"")):  # they stand before the cells
            if _HIDDEN.search(attributes):
                span = {key: min(int(value), MOST_COLUMNS) for key, value in _SPAN.findall(attributes)}
                hidden.update(range(span.get(b"min", 1) - 1, span.get(b"max", 0)))
        return frozenset(hidden)

    def notes(self, sheet: str) -> list[str]:
        """What stands on a sheet but in no cell."""
        path = self._paths.get(sheet, "")
        return [note for note in islice(notes_of(self._archive, path), MOST_NOTES) if note] if path in self._archive else []

    def _measure(self, sheet: str, most: int) -> int | Rest:
        """How many cells there are between a sheet's first and its last, or what comes after as many as there may be."""
        rows = columns = 0
        for number, piece in enumerate(self._read(sheet)):
            filled = _FILLED.findall(piece)
            last = max([rows, *map(int, {row for _, row in filled})])  # they may be in any order
            width = max([columns, *map(_column, {letters for letters, _ in filled})])
            if last * width > most:
                return Rest(sheet, number, *_end(piece, rows, columns, most))
            rows, columns = last, width
        return rows * columns

    def rows(self, sheet: str) -> Iterator[RowLook]:
        """How each row of a sheet is shown, in the order of the file."""
        look, column = RowLook(0, {}), -1
        for piece in self._read(sheet):
            for tag, attributes in _TAG.findall(piece):
                place = _PLACE.search(attributes)
                if tag == b"row":
                    yield look
                    number = int(place[2]) if place else look.number + 1
                    look, column = RowLook(number, None if _HIDDEN.search(attributes) else {}), -1
                    continue
                column = _column(place[1]) - 1 if place else column + 1
                style = _STYLE.search(attributes)
                if style and look.shows is not None and (show := self._shows.get(int(style[1]))):
                    look.shows[column] = show
        yield look

    def _read(self, sheet: str) -> Iterator[bytes]:
        path = self._paths.get(sheet, "")
        return _pieces(self._archive.open(path)) if path in self._archive else iter(())


def _end(piece: bytes, rows: int, columns: int, most: int) -> tuple[int, int, bytes]:
    """The last row, the place and the end of what may stay of a piece of a sheet, which has so many rows and columns before it."""
    last = rows
    for match in _FILLED.finditer(piece):
        last, columns = max(rows, int(match[2])), max(columns, _column(match[1]))
        if last * columns > most:
            prefix = (_PREFIX.match(match[0]) or match)[1] or b""
            return rows, match.start(), b"".join(b"</%s%s>" % (prefix, tag) for tag in (b"row", b"sheetData", b"worksheet"))
        rows = last
    raise AssertionError  # it has too many


def _pieces(part: BinaryIO) -> Iterator[bytes]:
    """A part in pieces that end where a tag does, or as it ends."""
    with part:
        rest = b""
        while chunk := part.read(_CHUNK):
            piece = rest + chunk
            end = piece.rfind(b">") + 1
            yield piece[:end]
            rest = piece[end:][-_CHUNK:]  # no tag is longer; a text may be


@lru_cache(maxsize=MOST_COLUMNS)
def _column(letters: bytes) -> int:
    """The number of a column, from 1: "AA" is the 27th."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _id(sheet: Element) -> str:
    return next((str(value) for key, value in sheet.items() if str(key).endswith("}id")), "")


def _styles(root: Element) -> dict[int, Show]:
    """What shows the cells of a style, by its number; those without a format are left out."""
    codes = dict(BUILT_IN)
    codes.update((_whole(each.get("numFmtId")), each.get("formatCode") or "") for each in root.iter("{*}numFmt"))
    shows: dict[int, Show] = {}
    for formats in root.iter("{*}cellXfs"):
        for index, each in enumerate(formats.iterchildren("{*}xf")):
            if code := codes.get(_whole(each.get("numFmtId")), ""):
                shows[index] = formatter(code)
    return shows


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
