"""Spreadsheets: Excel and OpenDocument workbooks, and tables as text (CSV). A page is a sheet, or some 1,000 rows of a long one."""

from rag.formats.protocol import Format

XLSX = Format(
    name="Excel",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    reader="rag.formats.sheets.excel:open_xlsx",
    suffixes=(".xlsx", ".xlsm"),
    container=(b"PK\x03\x04", b"\xd0\xcf\x11\xe0"),  # encrypted, it is no archive
    traces=(b"xl/workbook", b"xl/worksheets/", b"xl/_rels/"),
    unit="sheet",
    kind="sheets",
)
XLS = Format(
    name="Excel 97-2003",
    media_type="application/vnd.ms-excel",
    reader="rag.formats.sheets.excel:open_xls",
    suffixes=(".xls",),
    container=(b"\xd0\xcf\x11\xe0", b"PK\x03\x04"),
    unit="sheet",
    kind="sheets",
)
ODS = Format(
    name="OpenDocument spreadsheet",
    media_type="application/vnd.oasis.opendocument.spreadsheet",
    reader="rag.formats.sheets.opendocument:open_ods",
    suffixes=(".ods",),
    container=(b"PK\x03\x04",),
    unit="sheet",
    kind="sheets",
)
CSV = Format(
    name="CSV",
    media_type="text/csv",
    reader="rag.formats.sheets.delimited:open_csv",
    suffixes=(".csv", ".tsv"),
    unit="rows",
    inline_type="text/plain",
    kind="sheets",
)
