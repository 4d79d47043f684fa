"""The parts of an .xlsx file -> how its cells are shown, and what is hidden: what calamine does not tell.

The sheets themselves are searched for the attributes of rows and cells, not parsed: they hold millions of elements.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from posixpath import basename, dirname, join, normpath
from typing import Any, BinaryIO

from rag.formats.archives import Archive
from rag.formats.cleaning import tidy_title
from rag.formats.sheets.number_formats import BUILT_IN, Value, formatter
from rag.formats.sheets.rows import MOST_CELLS, too_many_cells

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
_SPAN = re.compile(rb'\b(min|max)="(\d+)"')

Element = Any  # the class that lxml gives elements has no public name
Show = Callable[[Value], str]


@dataclass(frozen=True, slots=True)
class RowLook:
    """How the cells of a row are shown, by their columns from 0, where they have a format; None where the row is hidden."""

    number: int
    shows: dict[int, Show] | None


class Looks:
    """The title of a workbook, or "", and its sheets by their names."""

    def __init__(self, archive: Archive) -> None:
        """Read what is said of all sheets."""
        self._archive = archive
        book = next(iter(_relations(archive, "").of_kind("officeDocument")), _BOOK)
        related = _relations(archive, book)
        self._paths = {str(each.get("name")): related.paths.get(_id(each), "") for each in archive.xml(book).iter("{*}sheet")}
        self._strings = related.of_kind("sharedStrings")
        self._shows = {number: show for path in related.of_kind("styles") for number, show in _styles(archive.xml(path)).items()}
        core = archive.xml(_CORE) if _CORE in archive else None
        self.title = tidy_title("" if core is None else core.findtext("{http://purl.org/dc/elements/1.1/}title") or "")

    def check(self, name: str) -> None:
        """Unpack what calamine will unpack, which has no limits of its own; `name` is what messages call the file."""
        for path in self._strings:
            for _ in _pieces(self._archive.open(path)):
                pass
        if sum(map(self._area, self._paths)) > MOST_CELLS:
            raise too_many_cells(name)

    def hidden_columns(self, sheet: str) -> frozenset[int]:
        """The columns from 0 that are hidden."""
        hidden: set[int] = set()
        for attributes in _COLUMN.findall(next(self._read(sheet), b"")):  # they stand before the cells
            if _HIDDEN.search(attributes):
                span = {key: min(int(value), MOST_COLUMNS) for key, value in _SPAN.findall(attributes)}
                hidden.update(range(span.get(b"min", 1) - 1, span.get(b"max", 0)))
        return frozenset(hidden)

    def _area(self, sheet: str) -> int:
        """How many cells a sheet has between its first and its last: calamine keeps all of them, empty or not."""
        rows = columns = 0
        for piece in self._read(sheet):
            filled = _FILLED.findall(piece)
            rows = max([rows, *map(int, {row for _, row in filled})])  # they may be in any order
            columns = max([columns, *map(_column, {letters for letters, _ in filled})])
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


@dataclass(frozen=True, slots=True)
class _Relations:
    """The parts that a part refers to, by their ids, and what kind each is."""

    paths: dict[str, str]
    kinds: dict[str, str]

    def of_kind(self, kind: str) -> list[str]:
        """The paths of those of a kind."""
        return [path for name, path in self.paths.items() if self.kinds[name] == kind]


def _relations(archive: Archive, part: str) -> _Relations:
    """What a part, or the file itself for "", refers to: of this, what is in the archive."""
    place = f"{dirname(part)}/_rels/{basename(part)}.rels".lstrip("/")
    found = archive.xml(place) if place in archive else []
    paths = {str(each.get("Id")): normpath(join("/", dirname(part), str(each.get("Target")))).lstrip("/") for each in found}
    kinds = {str(each.get("Id")): basename(str(each.get("Type"))) for each in found}
    return _Relations({name: path for name, path in paths.items() if path in archive}, kinds)


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
