"""Word documents are read as Word shows them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.formats.protocol import TextPages
from tests.loading import opened
from tests.office_files import docx, w, w_box, w_item, w_table

RENDERED, ASKED = "<w:r><w:lastRenderedPageBreak/></w:r>", '<w:r><w:br w:type="page"/></w:r>'

Read = Callable[..., TextPages]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return lambda body, **made: opened(tmp_path / "a.docx", docx(body, **made))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def texts(document: TextPages) -> list[str]:
    return [page.text for page in document.pages()]


def test_headings_paragraphs_and_lists(read: Read) -> None:
    nested = w_item("Apples", 0, 2) + w_item("green", 1) + w_item("red", 1) + w_item("Pears", 0, 2)
    document = read(w("Annual report", style="Heading1") + w("Sales grew.") + nested + w("Costs", style="Heading2") + w("They fell."))
    (page,) = document.contents
    assert page.text == "Annual report\n\nSales grew.\n\n1. Apples\n  - green\n  - red\n2. Pears\n\nCosts\n\nThey fell."
    assert page.headings == [(1, "Annual report", 0), (2, "Costs", page.text.index("Costs"))]
    assert (page.label, document.title) == ("1", "Annual report")


def test_items_are_as_deep_as_they_are_indented_where_each_list_has_one_level(read: Read) -> None:
    def item(text: str, indent: int) -> str:
        return w(text, properties=f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:ind w:left="{indent}"/>')

    items = (
        item("Rooms", 360)
        + item("north", 643)
        + item("door", 926)
        + w("It sticks.", properties='<w:ind w:left="926"/>')
        + item("south", 643)
    )
    shown = "- Rooms\n  - north\n    - door\n\nIt sticks.\n\n  - south\n- Barns\n\nWords.\n\n- Farms"
    assert texts(read(items + item("Barns", 360) + w("Words.") + item("Farms", 643))) == [shown]


def test_a_style_may_indent_its_list(read: Read) -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Bullet{level}"><w:name w:val="List Bullet {level}"/>'
        f'<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:ind w:left="{283 * level}"/></w:pPr></w:style>'
        for level in (1, 2)
    )
    items = [w(text, style=f"Bullet{level}") for text, level in (("Rooms", 1), ("north", 2), ("Barns", 1))]
    assert texts(read("".join(items), styles=styles)) == ["- Rooms\n  - north\n- Barns"]


def test_the_title_is_that_of_the_file(read: Read) -> None:
    assert read(w("Words", style="Heading1"), title="Report of May").title == "Report of May"
    assert read(w("Words", style="Heading1"), title="Document1").title == "Words"


def test_a_row_is_a_line_and_merged_cells_keep_their_columns(read: Read) -> None:
    wide = f'<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{w("Both years")}'
    top, below = (f'<w:tcPr><w:vMerge w:val="{kind}"/></w:tcPr>{w(text)}' for kind, text in (("restart", "North"), ("continue", "")))
    table = w_table([["Region", wide], [top, "11", f"{w('12')}{w('in May')}"], [below, "21", "22\tx"]])
    assert texts(read(w("Before") + table + w("After"))) == [
        "Before\n\nRegion\tBoth years\t\nNorth\t11\t12 in May\n\t21\t22 x\n\nAfter",
    ]


def test_a_frame_of_one_cell_is_no_table(read: Read) -> None:
    assert texts(read(w_table([[w("Title", style="Heading1") + w("Words.")]]))) == ["Title\n\nWords."]
    inner = w_table([["a", "b"], ["c", "d"]])
    assert texts(read(w_table([[w("Left"), w("Right") + inner]]))) == ["Left\n\nRight\n\na\tb\nc\td"]


def test_the_final_text_of_tracked_changes(read: Read) -> None:
    changed = f"<w:ins>{run(' rose')}</w:ins><w:del><w:r><w:delText> fell</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{run('gone')}</w:moveFrom><w:moveTo>{run(' come')}</w:moveTo>"
    joined = w("One ", properties="<w:rPr><w:del/></w:rPr>") + w("sentence.")
    row = "<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>"
    table = w_table([["a", "b"], ["c", "d"]]).replace("</w:tbl>", f"{row}</w:tbl>")
    assert texts(read(w("Profit", inside=changed + moved) + joined + table)) == ["Profit rose come\n\nOne sentence.\n\na\tb\nc\td"]


def test_notes_stand_below_their_page_and_comments_after_their_paragraph(read: Read) -> None:
    note, end = (f'<w:r><w:{kind}Reference w:id="2"/></w:r>' for kind in ("footnote", "endnote"))
    said = '<w:r><w:commentReference w:id="7"/></w:r>'
    parts = {
        "footnotes": f'<w:footnote w:id="2">{w(" Audited.")}</w:footnote>',
        "endnotes": f'<w:endnote w:id="2">{w("See annex.")}</w:endnote>',
        "comments": f'<w:comment w:id="7" w:author="Eva Lund">{w("Really?")}{w("Check.")}</w:comment>',
    }
    document = read(w("Profit in 2018", inside=note + end + said) + w("Next.", inside=ASKED) + w("Last."), parts=parts)
    assert texts(document) == [
        "Profit in 2018 ¹⁽¹⁾\n\nComment (Eva Lund): Really? Check.\n\nNext.\n\n¹ Audited.",
        "Last.\n\n⁽¹⁾ See annex.",
    ]


def test_what_stands_in_runs(read: Read) -> None:
    inside = '<w:r><w:tab/><w:t>a</w:t><w:br/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t><w:sym w:char="F0FE"/></w:r>'
    inside += run("hidden", "<w:vanish/>") + run("shown", '<w:vanish w:val="0"/>') + "<w:hyperlink>" + run(" link") + "</w:hyperlink>"
    inside += f"<w:sdt><w:sdtContent>{run(' typed')}</w:sdtContent></w:sdt><w:smartTag>{run(' tagged')}</w:smartTag>"
    power = run(" 10") + run("6", '<w:vertAlign w:val="superscript"/>') + run(" m") + run("2", '<w:vertAlign w:val="superscript"/>')
    assert texts(read(w("Row", inside=inside + power))) == ["Row\ta\nb-c☒shown link typed tagged 10 ⁶ m²"]


def test_fields_show_their_result(read: Read) -> None:
    link = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r>'
    link += '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    box = '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>'
    entries = '<w:result w:val="1"/><w:listEntry w:val="no"/><w:listEntry w:val="yes"/>'
    chosen = f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList>{entries}</w:ddList></w:ffData></w:fldChar></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    assert texts(read(w("See ", inside=link + run("table 3") + end + run(": ") + box + end + run(" or ") + chosen + end))) == [
        "See table 3: ☒ or yes"
    ]


def test_text_boxes_are_read_once_after_their_paragraph(read: Read) -> None:
    assert texts(read(w("Words", inside=w_box("In a box")) + w("More"))) == ["Words\n\nIn a box\n\nMore"]


def test_a_description_of_a_picture_is_read_unless_a_program_made_it(read: Read) -> None:
    def picture(alt: str) -> str:
        return f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="{alt}"/></wp:inline></w:drawing></w:r>'

    inside = picture("A map of the harbour") + picture("Picture 3") + picture("logo.png")
    assert texts(read(w("Words", inside=inside))) == ["Words\n\nA map of the harbour"]


def test_pages_are_those_that_word_last_broke(read: Read) -> None:
    body = w("One.") + w("", inside=ASKED) + w("", inside=RENDERED + run("Two, and") + RENDERED + run("three."))
    body += w("", properties="<w:pageBreakBefore/>", inside=RENDERED + run("Four.")) + w("still four")
    document = read(body)
    assert texts(document) == ["One.", "Two, and", "three.", "Four.\n\nstill four"]
    assert [page.label for page in document.pages()] == ["1", "2", "3", "4"]


def test_sections_begin_pages_and_count_them_as_they_say(read: Read) -> None:
    first = w("Preface", properties='<w:sectPr><w:pgNumType w:fmt="lowerRoman"/></w:sectPr>')
    second = w("Same page", properties='<w:sectPr><w:type w:val="nextPage"/><w:pgNumType w:start="1"/></w:sectPr>')
    document = read(first + second + w("Goes on") + '<w:sectPr><w:type w:val="continuous"/></w:sectPr>')
    assert [(page.label, page.text) for page in document.pages()] == [("i", "Preface"), ("1", "Same page\n\nGoes on")]


def test_a_table_over_a_page_has_its_header_again(read: Read) -> None:
    table = w_table([["Fruit", "Euro"], ["Pear", "2"], [w("", inside=RENDERED + run("Plum")), "3"]])
    table = table.replace("<w:tr>", "<w:tr><w:trPr><w:tblHeader/></w:trPr>", 1)
    assert texts(read(table)) == ["Fruit\tEuro\nPear\t2", "Fruit\tEuro\nPlum\t3"]


def test_headers_and_footers_stand_once_and_count_no_pages(read: Read) -> None:
    number = '<w:r><w:tab/></w:r><w:r><w:t>Page </w:t></w:r><w:fldSimple w:instr=" PAGE "><w:r><w:t>3</w:t></w:r></w:fldSimple>'
    parts = {"header1": w("Lund Ltd."), "footer1": w("Confidential", inside=number)}
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rheader1"/><w:footerReference w:type="default" r:id="rfooter1"/></w:sectPr>'
    )
    assert texts(read(w("One.", inside=ASKED) + w("Two.") + section, parts=parts)) == ["Lund Ltd.\n\nOne.", "Two.\n\nConfidential"]


def test_a_long_document_without_breaks_comes_in_parts(read: Read) -> None:
    pages = list(read("".join(w("Some words in a paragraph. " * 40) for _ in range(400))).pages())
    assert [page.label for page in pages] == ["part 1", "part 2", "part 3"]


def test_every_script_and_no_soft_hyphens(read: Read) -> None:
    assert texts(read(w("שלום עולם") + w("東京都は首都です") + w("co\u00adoperation"))) == ["שלום עולם\n\n東京都は首都です\n\ncooperation"]
