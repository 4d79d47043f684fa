"""Excel and OpenDocument spreadsheets are read as they are shown."""

import io
import time
import zipfile
from pathlib import Path

import pytest

from rag.errors import FileTooLargeError, NoTextError, UnreadableFileError, UnsupportedFileError
from rag.formats.loader import Loader
from rag.formats.protocol import NotReadableError, PageContent
from rag.formats.sheets.rows import MOST_ROWS
from tests.loading import load
from tests.opening import opened, pages, text
from tests.workbooks import Row, Xlsx, ods, zipped

HIDDEN = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'


def test_cells_are_read_as_they_are_shown(tmp_path: Path) -> None:
    book = Xlsx("Price list 2024").add(
        "Prices",
        [
            ["Item", "Price", "Share", "Since", "Left", "In stock"],
            ["Tea", (1234.5, '#,##0.00 "€"'), (0.25, "0%"), (45454, "dd.mm.yyyy"), 12, True],
            ["Cake", (-3, "0.00"), (0.125, "0.0%"), (45454.5, "yyyy-mm-dd hh:mm"), 0.1, False],
        ],
    )
    file = opened(tmp_path, "prices.xlsx", book.bytes())
    (page,) = file.pages()
    assert (file.title, page.label, page.headings) == ("Price list 2024", "sheet Prices", ())
    assert page.text == (
        "Item\tPrice\tShare\tSince\tLeft\tIn stock\n"
        "Tea\t1,234.50 €\t25%\t11.06.2024\t12\tTRUE\n"
        "Cake\t-3.00\t12.5%\t2024-06-11 12:00\t0.1\tFALSE"
    )


def test_a_sheet_is_a_page_and_hidden_ones_are_none(tmp_path: Path) -> None:
    book = Xlsx().add("First", [["words"]]).add("Empty", []).add("Secret", [["password"]], state="hidden")
    book.add("Deep", [["password"]], state="veryHidden").add("Last", [["more"]])
    found = pages(tmp_path, "book.xlsx", book.bytes())
    assert [(page.label, page.text) for page in found] == [("sheet First", "words"), ("sheet Empty", ""), ("sheet Last", "more")]
    assert [page.headings for page in found] == [[(1, "First", 0)], [(1, "Empty", 0)], [(1, "Last", 0)]]


def test_hidden_rows_and_columns_are_not_read(tmp_path: Path) -> None:
    rows = [["a", "b", "c", "d"], ["1", "2", "3", "4"], ["5", "6", "7", "8"]]
    columns = '<cols><col min="1" max="1" width="9"/><col min="2" max="3" hidden="1"/></cols>'
    book = Xlsx().add("S", rows, hidden_row=2, columns=columns)
    assert text(tmp_path, "a.xlsx", book.bytes()) == "a\td\n5\t8"


def test_blank_rows_part_the_tables_of_a_sheet(tmp_path: Path) -> None:
    rows: list[Row] = [[], ["Sales"], ["Year", "Sum"], [2023, 5], [], [], [None, "Costs", None], ["Year", "Sum"], [2023, 4]]
    assert text(tmp_path, "a.xlsx", Xlsx().add("S", rows).bytes()) == "Sales\nYear\tSum\n2023\t5\n\n\tCosts\nYear\tSum\n2023\t4"


def test_a_cell_is_one_line_and_a_merged_one_stands_in_its_first(tmp_path: Path) -> None:
    book = Xlsx().add("S", [["two\nlines\tand a tab", None, "end"]], after='<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>')
    assert text(tmp_path, "a.xlsx", book.bytes()) == "two lines and a tab\t\tend"


def test_a_formula_is_its_value_and_nothing_without_one(tmp_path: Path) -> None:
    cells = '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+2</f></c><c r="C1" t="str"><f>"x"</f><v>x</v></c>'
    book = Xlsx().add_xml("S", f'<sheetData><row r="1">{cells}</row></sheetData>')
    assert text(tmp_path, "a.xlsm", book.bytes()) == "2\t\tx"


def test_a_long_sheet_has_several_pages_each_with_the_header(tmp_path: Path) -> None:
    rows: list[Row] = [["Name", "Number"]]
    rows += [[f"name {number}", number] for number in range(2, 2 * MOST_ROWS + 3)]
    first, second, third = pages(tmp_path, "a.xlsx", Xlsx().add("All", rows).bytes())
    assert [page.label for page in (first, second, third)] == [
        "sheet All, rows 1-1,000",
        "sheet All, rows 1,001-2,000",
        "sheet All, rows 2,001-2,002",
    ]
    assert first.text.startswith("Name\tNumber\nname 2\t2\n")
    assert second.text.startswith("Name\tNumber\nname 1001\t1001\n")
    assert third.text == "Name\tNumber\nname 2001\t2001\nname 2002\t2002"


def test_a_table_further_down_goes_on_under_its_own_header(tmp_path: Path) -> None:
    rows: list[Row] = [["Name", "Number"], ["a", 1], [], ["City", "People"]]
    rows += [[f"city {number}", number] for number in range(5, MOST_ROWS + 3)]
    assert pages(tmp_path, "a.xlsx", Xlsx().add("S", rows).bytes())[1].text == "City\tPeople\ncity 1001\t1001\ncity 1002\t1002"


TOO_MANY = "It has more than 3,000,000 cells; only the first were read: sheet"


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_of_a_workbook_with_too_many_cells_the_first_are_read(tmp_path: Path, prefix: str) -> None:
    far = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
    far = far.replace("<", f"<{prefix}").replace(f"<{prefix}/", f"</{prefix}")
    book = Xlsx("Prices").add("First", [["words", (0.5, "0%")]]).add_xml("Far", far).add("B", [["b"]]).add("C", [["c"]])
    file = opened(tmp_path, "a.xlsx", book.bytes())
    assert [(page.label, page.text) for page in file.pages()] == [("sheet First", "words\t50%"), ("sheet Far", "1")]
    assert file.title == "Prices"
    assert getattr(file, "notice", "") == f"{TOO_MANY} Far to row 1, without sheet B, C. To search the rest, split the workbook."


def test_rows_are_read_until_there_are_too_many_cells(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="XFD{row}"><v>0</v></c></row>' for row in range(1, 200))
    file = opened(tmp_path, "a.xlsx", Xlsx().add_xml("Wide", f"<sheetData>{rows}</sheetData>").bytes())
    assert list(file.pages())[-1].text.splitlines()[-1].split("\t")[0] == "183"
    assert getattr(file, "notice", "") == f"{TOO_MANY} Wide to row 183. To search the rest, split the workbook."


def test_what_stands_on_a_sheet_but_in_no_cell_is_read(tmp_path: Path) -> None:
    """As xlsxwriter and openpyxl write it."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    listed = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    related = '<Relationship Id="r{0}" Type="' + kind + '{0}" Target="{1}"/>'
    run = '<a:p xmlns:a="a"><a:r><a:t>{}</a:t></a:r><a:r><a:t>{}</a:t></a:r></a:p>'
    with zipfile.ZipFile(io.BytesIO(Xlsx().add("S", [["words"], ["more", 2]]).bytes())) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    parts |= {
        "xl/worksheets/_rels/sheet1.xml.rels": listed.format(
            related.format("drawing", "../drawings/d.xml") + related.format("comments", "../comments1.xml")
        ),
        "xl/drawings/_rels/d.xml.rels": listed.format(related.format("chart", "../charts/c.xml")),
        "xl/drawings/d.xml": f'<d:w xmlns:d="d"><d:txBody>{run.format("Bo", "xed")}{run.format("words", "")}</d:txBody></d:w>',
        "xl/charts/c.xml": f'<c:chart xmlns:c="c"><c:title><c:tx>{run.format("Sales", " by year")}</c:tx></c:title></c:chart>',
        "xl/comments1.xml": '<comments><comment ref="A2"><text><r><t>Check </t></r><r><t>this</t></r></text></comment></comments>',
    }
    (page,) = opened(tmp_path, "a.xlsx", zipped(parts)).pages()
    assert page == PageContent("sheet S", "words\nmore\t2\n\nBoxed words\nSales by year\nComment on A2: Check this")


def test_of_an_opendocument_workbook_with_too_many_cells_the_first_are_read(tmp_path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="{}"><p>{}</p></table:table-cell>'.format
    rows = f"<table:table-row>{cell(1, 'words')}</table:table-row>"
    rows += f'<table:table-row table:number-rows-repeated="1000000">{cell(16384, "x")}</table:table-row>' * 2
    tables = f'<table:table table:name="S">{rows}</table:table><table:table table:name="T">{rows}</table:table>'
    file = opened(tmp_path, "a.ods", ods(tables))
    assert [page.text for page in file.pages()] == ["words"]
    assert getattr(file, "notice", "") == f"{TOO_MANY} S to row 1. To search the rest, split the workbook."


def test_a_sheet_with_too_many_cells_before_the_first_words_is_refused(tmp_path: Path) -> None:
    far = '<sheetData><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
    with pytest.raises(FileTooLargeError, match=r"a\.xlsx is too large: it has more than 3,000,000 cells"):
        opened(tmp_path, "a.xlsx", Xlsx().add_xml("Far", far).bytes())


def test_formatted_cells_without_words_are_no_area(tmp_path: Path) -> None:
    far = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert text(tmp_path, "a.xlsx", Xlsx().add_xml("S", far).bytes()) == "1"


def test_cells_without_places_follow_one_another(tmp_path: Path) -> None:
    book = Xlsx()
    book.formats = ["0%"]
    cells = "<row><c><v>1</v></c><c s='1'><v>0.5</v></c></row><row><c s='1'><v>0.25</v></c></row>".replace("'", '"')
    assert text(tmp_path, "a.xlsx", book.add_xml("S", f"<sheetData>{cells}</sheetData>").bytes()) == "1\t50%\n25%"


@pytest.mark.parametrize(
    ("name", "data", "error", "message"),
    [
        ("a.xlsx", zipped({"word/document.xml": "<a/>"}), NotReadableError, "its part xl/workbook.xml is missing"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), NotReadableError, "do not fit together"),
        ("a.xlsx", b"a,b\n1,2", UnsupportedFileError, "is not an Excel file, as its name says: it looks like plain text"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), NotReadableError, "do not fit together"),
        ("a.xlsx", Xlsx().add("S", [["words"]], state="hidden").bytes(), NoTextError, "its sheets are hidden"),
        ("a.xlsx", zipped({"xl/workbook.xml": "<c <c " * 500_000}), NotReadableError, "its part xl/workbook.xml is damaged"),
        ("a.ods", zipped({"word/document.xml": "<a/>"}), NotReadableError, r"its part content\.xml is missing"),
        ("a.ods", zipped({"content.xml": "<a><b>"}), NotReadableError, r"its part content\.xml is damaged"),
        ("a.ods", zipped({"content.xml": "<!DOCTYPE a [<!ENTITY b 'ha'>]><a/>"}), NotReadableError, "it has no sheets"),
    ],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, name: str, data: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        opened(tmp_path, name, data)


def test_a_sheet_of_marks_without_end_takes_no_time(tmp_path: Path) -> None:
    start = time.process_time()
    assert text(tmp_path, "a.xlsx", Xlsx().add_xml("S", "<c r=" * 500_000).bytes()) == ""
    assert time.process_time() - start < 5


def test_a_new_workbook_under_an_old_name_is_read_as_it_is(tmp_path: Path) -> None:
    assert text(tmp_path, "a.xls", Xlsx().add("S", [[(0.5, "0%")]]).bytes()) == "50%"


def test_the_child_process_reads_sheets_and_tells_what_it_cannot(tmp_path: Path) -> None:
    loader = Loader()
    try:
        path = tmp_path / "a.xlsx"
        path.write_bytes(Xlsx("Plan").add("S", [["words", 5]]).bytes())
        document = load(loader, path).document
        assert (document.title, document.pages[0].label, document.pages[0].text) == ("Plan", "sheet S", "words\t5")
        path.write_bytes(Xlsx().add("S", []).bytes())
        with pytest.raises(NoTextError):
            load(loader, path)
        path.write_bytes(zipped({"a": "b"}))
        with pytest.raises(UnreadableFileError, match=r"a\.xlsx is damaged or not an Excel file"):
            load(loader, path)
    finally:
        loader.close()


def test_opendocument_sheets_are_read_as_they_are_shown(tmp_path: Path) -> None:
    tables = (
        '<table:table table:name="Prices"><table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
        "<table:table-row><table:table-cell><p>Item</p></table:table-cell><table:table-cell><p>secret</p></table:table-cell>"
        "<table:table-cell><p>Share</p></table:table-cell></table:table-row>"
        '<table:table-row table:visibility="filter"><table:table-cell><p>secret</p></table:table-cell></table:table-row>'
        '<table:table-row table:number-rows-repeated="2"><table:table-cell><p>Tea<text:s/>and</p><p>cake</p></table:table-cell>'
        '<table:table-cell/><table:table-cell office:value-type="percentage" office:value="0.25"><p>25 %</p>'
        "<office:annotation><p>a comment</p></office:annotation></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="float" office:value="3"/></table:table-row></table:table>'
        '<table:table table:name="Secret" table:style-name="ta2"><table:table-row><table:table-cell><p>x</p></table:table-cell>'
        "</table:table-row></table:table>"
        '<table:table table:name="Last"/>'
    )
    file = opened(tmp_path, "a.ods", ods(tables, HIDDEN, "Price list"))
    assert file.title == "Price list"
    assert [(page.label, page.text) for page in file.pages()] == [
        ("sheet Prices, rows 1-4", "Item\tShare\nTea and cake\t25 %\nTea and cake\t25 %"),
        ("sheet Prices, rows 1,000,005", "3\n\nComment: a comment"),
        ("sheet Last", ""),
    ]


def test_repeated_cells_are_not_repeated_without_end(tmp_path: Path) -> None:
    cells = '<table:table-cell table:number-columns-repeated="16384"><p>x</p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1000000">{cells}</table:table-row>'
    with pytest.raises(FileTooLargeError, match=r"a\.ods is too large: it has more than 3,000,000 cells"):
        opened(tmp_path, "a.ods", ods(f'<table:table table:name="S">{row}</table:table>'))


def test_entities_of_a_sheet_are_not_followed(tmp_path: Path) -> None:
    data = ods(
        '<table:table table:name="S"><table:table-row><table:table-cell><p>words</p></table:table-cell></table:table-row></table:table>'
    )
    assert text(tmp_path, "a.ods", data) == "words"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml").decode()
    bomb = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + content.replace("words", "&b;")
    with pytest.raises(NotReadableError, match="entities of its own"):
        opened(tmp_path, "a.ods", zipped({"content.xml": bomb}))
