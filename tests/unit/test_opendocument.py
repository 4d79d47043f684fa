"""OpenDocument texts are read as their program shows them."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from rag.formats.protocol import TextPages
from tests.loading import opened
from tests.office_files import odf, packed


def read(path: Path, body: str, **made: str) -> TextPages:
    return opened(path / "a.odt", odf("text", body, **made))


def texts(document: TextPages) -> list[str]:
    return [page.text for page in document.pages()]


def cells(*words: str) -> str:
    return (
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{word}</text:p></table:table-cell>" for word in words)
        + "</table:table-row>"
    )


def test_headings_lists_and_spaces(tmp_path: Path) -> None:
    levels = '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    levels += '<text:list-level-style-bullet text:level="2"/>'
    inner = "<text:list><text:list-item><text:p>green</text:p></text:list-item></text:list>"
    items = f"<text:list-item><text:p>Apples</text:p>{inner}</text:list-item><text:list-item><text:p>Pears</text:p></text:list-item>"
    body = '<text:h text:outline-level="2">Fruit</text:h><text:p>We<text:s text:c="2"/>sell\n   it.<text:line-break/>Now.</text:p>'
    body += f'<text:list text:style-name="L1">{items}</text:list>'
    document = read(tmp_path, body, styles=f'<text:list-style style:name="L1">{levels}</text:list-style>')
    assert texts(document) == ["Fruit\n\nWe  sell it.\nNow.\n\n1. Apples\n  - green\n2. Pears"]
    assert document.contents[0].headings == [(2, "Fruit", 0)]


def test_styles_have_what_they_are_based_on_and_items_are_as_deep_as_they_are_indented(tmp_path: Path) -> None:
    styles = '<style:style style:name="Chapter"><style:paragraph-properties fo:break-before="page"/></style:style>'
    styles += '<style:style style:name="P1" style:parent-style-name="Chapter"/><style:style style:name="Title"/>'
    styles += '<style:style style:name="P2" style:parent-style-name="Title"/>'
    body = '<text:p text:style-name="P2">Fruit</text:p><text:p text:style-name="P1">Pears</text:p>'
    for name, indent in (("L1", "0.5in"), ("L2", "0.75in"), ("L1", "0.5in")):
        place = f'<style:list-level-properties><style:list-level-label-alignment fo:margin-left="{indent}"/></style:list-level-properties>'
        styles += f'<text:list-style style:name="{name}"><text:list-level-style-bullet text:level="1">{place}'
        styles += "</text:list-level-style-bullet></text:list-style>"
        body += f'<text:list text:style-name="{name}"><text:list-item><text:p>item</text:p></text:list-item></text:list>'
    document = read(tmp_path, body, styles=styles)
    assert texts(document) == ["Fruit", "Pears\n\n- item\n  - item\n- item"]
    assert document.contents[0].headings == [(1, "Fruit", 0)]


def test_tables_with_merged_cells_and_their_header_first(tmp_path: Path) -> None:
    wide = '<table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>Both</text:p></table:table-cell>'
    wide += "<table:covered-table-cell/></table:table-row>"
    head = f"<table:table-header-rows>{cells('Region', 'Sales')}</table:table-header-rows>"
    body = f"<table:table>{head}{cells('North', '11')}{wide}</table:table>"
    assert texts(read(tmp_path, f"<text:p>Before</text:p>{body}<text:p>After</text:p>")) == [
        "Before\n\nRegion\tSales\nNorth\t11\nBoth\t\n\nAfter"
    ]


def test_what_is_deleted_or_hidden_is_left_out(tmp_path: Path) -> None:
    deleted = "<text:changed-region><text:deletion><text:p>old</text:p></text:deletion></text:changed-region>"
    deleted = f"<text:tracked-changes>{deleted}</text:tracked-changes>"
    styles = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    styles += '<style:style style:name="U"><style:text-properties style:text-position="super 58%"/></style:style>'
    words = '<text:p>Shown<text:span text:style-name="H"> hidden</text:span> 10<text:span text:style-name="U">6</text:span></text:p>'
    assert texts(read(tmp_path, deleted + words, styles=styles)) == ["Shown 10 ⁶"]


def test_notes_comments_boxes_and_pages(tmp_path: Path) -> None:
    note = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Audited.</text:p></text:note-body></text:note>"
    comment = "<office:annotation><dc:creator>Eva</dc:creator><dc:date>2026</dc:date><text:p>Really?</text:p></office:annotation>"
    box = "<draw:frame><draw:text-box><text:p>Boxed</text:p></draw:text-box></draw:frame>"
    styles = '<style:style style:name="P"><style:paragraph-properties fo:break-before="page"/></style:style>'
    body = f'<text:p>Profit{note}{comment}{box}</text:p><text:p text:style-name="P">Two <text:soft-page-break/>three</text:p>'
    document = read(tmp_path, body, styles=styles)
    assert texts(document) == ["Profit¹\n\nComment (Eva): Really?\n\nBoxed\n\n¹ Audited.", "Two", "three"]
    assert [page.label for page in document.pages()] == ["1", "2", "3"]


def test_headers_and_footers_stand_once(tmp_path: Path) -> None:
    header = "<style:header><text:p>Lund Ltd.</text:p></style:header>"
    header += "<style:footer><text:p>Secret<text:tab/><text:page-number>1</text:page-number></text:p></style:footer>"
    master = f"<office:master-styles><style:master-page>{header}</style:master-page></office:master-styles>"
    assert texts(read(tmp_path, "<text:p>Words</text:p>", master=master)) == ["Lund Ltd.\n\nWords\n\nSecret"]


def test_an_embedded_chart_is_read_where_it_stands(tmp_path: Path) -> None:
    """As LibreOffice writes it: a file of its own within the file."""
    frame = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame><draw:frame><draw:object xlink:href="./Lost"/></draw:frame>'
    rows = f"<table:table-header-rows>{cells('', 'Sales')}</table:table-header-rows><table:table-rows>{cells('East', '19.2')}"
    title = "<chart:title><text:p>Chart of sales</text:p></chart:title>"
    chart = f'<chart:chart xmlns:chart="chart">{title}<table:table>{rows}</table:table-rows></table:table></chart:chart>'
    with ZipFile(BytesIO(odf("presentation", f'<draw:page draw:name="One">{frame}</draw:page>'))) as file:
        parts: dict[str, str | bytes] = {name: file.read(name) for name in file.namelist()}
    with ZipFile(BytesIO(odf("chart", chart))) as file:
        parts["Object 1/content.xml"] = file.read("content.xml")
    assert texts(opened(tmp_path / "a.odp", packed(parts))) == ["Chart of sales\n\n\tSales\nEast\t19.2"]
