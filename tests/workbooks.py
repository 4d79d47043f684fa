"""Makes spreadsheets part by part, so that a test says exactly what a file holds."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"

Row = Sequence["Cell"]
Cell = str | float | bool | tuple[float, str] | None
"""Words, a number, or a number and its format."""


def zipped(parts: Mapping[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else None)
    return written.getvalue()


def column_letters(column: int) -> str:
    """The letters of a column, from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Xlsx:
    """An Excel workbook of sheets that are added one by one."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.formats: list[str] = []
        self.sheets: list[tuple[str, str, str]] = []

    def add(
        self, name: str, rows: Sequence[Row], *, state: str = "visible", hidden_row: int = 0, columns: str = "", after: str = ""
    ) -> "Xlsx":
        """Add a sheet; `columns` and `after` are XML that stands before and after its cells."""
        written = []
        for number, row in enumerate(rows, start=1):
            cells = "".join(self._cell(value, f"{column_letters(place)}{number}") for place, value in enumerate(row))
            written.append(f'<row r="{number}" hidden="{number == hidden_row:d}">{cells}</row>')
        return self.add_xml(name, f"{columns}<sheetData>{''.join(written)}</sheetData>{after}", state=state)

    def add_xml(self, name: str, xml: str, *, state: str = "visible") -> "Xlsx":
        self.sheets.append((name, state, f"<worksheet {_MAIN}>{xml}</worksheet>"))
        return self

    def bytes(self) -> bytes:
        places = range(1, len(self.sheets) + 1)
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{place}" state="{state}" r:id="rId{place}"/>'
            for place, (name, state, _) in zip(places, self.sheets, strict=True)
        )
        relations = "".join(
            f'<Relationship Id="rId{place}" Type="{_RELATION}/worksheet" Target="worksheets/sheet{place}.xml"/>' for place in places
        )
        relations += f'<Relationship Id="styles" Type="{_RELATION}/styles" Target="/xl/styles.xml"/>'
        codes = "".join(f'<numFmt numFmtId="{164 + place}" formatCode={quoteattr(code)}/>' for place, code in enumerate(self.formats))
        used = "".join(f'<xf numFmtId="{164 + place}"/>' for place in range(len(self.formats)))
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        book = f'<Relationship Id="a" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/>'
        parts = {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}">{book}</Relationships>',
            "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATION}"><sheets>{sheets}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{relations}</Relationships>',
            "xl/styles.xml": f'<styleSheet {_MAIN}><numFmts>{codes}</numFmts><cellXfs><xf numFmtId="0"/>{used}</cellXfs></styleSheet>',
            "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_CORE}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{escape(self.title)}</dc:title></cp:coreProperties>",
        }
        return zipped(parts | {f"xl/worksheets/sheet{place}.xml": xml for place, (_, _, xml) in zip(places, self.sheets, strict=True)})

    def _cell(self, value: Cell, place: str) -> str:
        if isinstance(value, tuple):
            number, code = value
            if code not in self.formats:
                self.formats.append(code)
            return f'<c r="{place}" s="{self.formats.index(code) + 1}"><v>{number}</v></c>'
        if value is None:
            return ""
        if isinstance(value, str):
            return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>' if isinstance(value, bool) else f'<c r="{place}"><v>{value}</v></c>'


def ods(tables: str, styles: str = "", title: str = "") -> bytes:
    """An OpenDocument spreadsheet of the XML of its tables and styles; a bare `<p>` is a paragraph of a cell."""
    names = " ".join(f'xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "table", "text", "style"))
    tables = tables.replace("<p>", "<text:p>").replace("</p>", "</text:p>")
    content = (
        f"<office:document-content {names}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    meta = (
        f'<office:document-meta {names} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>{escape(title)}</dc:title>'
        "</office:meta></office:document-meta>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content, "meta.xml": meta})
