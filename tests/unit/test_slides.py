"""Presentations: a page a slide, in reading order, with notes."""

from pathlib import Path

import pytest

from rag.formats.office.order import reading_order
from rag.formats.protocol import TextPages
from tests.loading import opened
from tests.office_files import odf, p_table, pptx, shape

CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"


def texts(document: TextPages) -> list[tuple[str, str]]:
    return [(page.label, page.text) for page in document.pages()]


def frame(text: str, *, kind: str = "", at: tuple[int, int] = (0, 0)) -> str:
    look = f'presentation:class="{kind}"' if kind else ""
    place = f'svg:x="{at[0]}cm" svg:y="{at[1]}cm" svg:width="5cm" svg:height="1cm"'
    return f"<draw:frame {look} {place}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"


def test_slides_come_in_their_order_with_title_notes_and_table(tmp_path: Path) -> None:
    first = (
        shape("Lower", at=(0, 5000))
        + shape("3", kind="sldNum")
        + shape("Our plan", kind="title")
        + p_table([["Step", "Date"], ["Build", "May"]])
    )
    document = opened(tmp_path / "a.pptx", pptx(first, shape("Second", kind="title"), notes={1: "Speak slowly.\nSmile."}, hidden=[2]))
    assert texts(document) == [
        ("slide 1", "Our plan\n\nLower\n\nStep\tDate\nBuild\tMay\n\nNotes:\n\nSpeak slowly.\n\nSmile."),
        ("slide 2 (hidden)", "Second"),
    ]
    assert [page.headings for page in document.pages()] == [[(1, "Our plan", 0)], [(1, "Second", 0)]]
    assert document.title == "Our plan"


def test_a_placeholder_stands_where_its_layout_has_it(tmp_path: Path) -> None:
    slide = shape("Below", at=(0, 3000)) + shape("From the layout", kind="body") + shape("Above", at=(0, 10))
    assert texts(opened(tmp_path / "a.pptx", pptx(slide)))[0][1] == "Above\n\nFrom the layout\n\nBelow"


def test_bullets_and_numbers(tmp_path: Path) -> None:
    body = shape("one\ntwo\nthree", kind="body").replace("<a:p><a:r><a:t>two", '<a:p><a:pPr lvl="1"/><a:r><a:t>two')
    number = '<a:p><a:pPr><a:buAutoNum type="alphaLcParenR"/></a:pPr><a:r>'
    boxes = shape("first\nsecond", at=(0, 5000)).replace("<a:p><a:r>", number)
    plain = shape("no\nbullets", at=(0, 9000))
    shown = texts(opened(tmp_path / "a.pptx", pptx(body + boxes + plain)))[0][1]
    assert shown == "- one\n  - two\n- three\na) first\nb) second\n\nno\n\nbullets"


def test_the_master_says_where_bullets_are(tmp_path: Path) -> None:
    slide = shape("one\ntwo", kind="body") + shape("a", at=(0, 5000)) + shape("alone", kind="body", at=(0, 9000))
    for body, shown in (("<a:buNone/>", "one\n\ntwo\n\na\n\nalone"), ('<a:buChar char="•"/>', "- one\n- two\n\na\n\n- alone")):
        styles = f"<p:bodyStyle><a:lvl1pPr>{body}</a:lvl1pPr></p:bodyStyle>"
        assert texts(opened(tmp_path / "a.pptx", pptx(slide, styles=styles)))[0][1] == shown


def test_groups_stay_together_and_hidden_shapes_are_left_out(tmp_path: Path) -> None:
    inside = shape("Card B", at=(50, 10)) + shape("Card A", at=(0, 10))
    place = '<a:xfrm><a:off x="0" y="500"/><a:ext cx="400" cy="100"/></a:xfrm>'
    group = f"<p:grpSp><p:nvGrpSpPr/><p:grpSpPr>{place}</p:grpSpPr>{inside}</p:grpSp>"
    unseen = shape("Unseen", at=(0, 0)).replace('name="Shape 1"', 'name="x" hidden="1"')
    assert texts(opened(tmp_path / "a.pptx", pptx(shape("Low", at=(0, 900)) + group + unseen)))[0][1] == "Card A\n\nCard B\n\nLow"


@pytest.mark.parametrize(
    ("boxes", "order"),
    [
        ([(0, 0, 9, 1), (0, 2, 4, 9), (5, 2, 9, 9)], [0, 1, 2]),  # a title over two columns
        ([(5, 2, 9, 3), (0, 2, 4, 3), (5, 3, 9, 9), (0, 3, 4, 9)], [1, 3, 0, 2]),  # heads of columns stay with them
        ([(0, 5, 9, 6), (0, 0, 9, 1), (0, 2, 9, 3)], [1, 2, 0]),
        ([(0, 0, 9, 9), (1, 1, 2, 2)], [0, 1]),  # one within the other
        ([], []),
    ],
)
def test_reading_order(boxes: list[tuple[float, float, float, float]], order: list[int]) -> None:
    assert reading_order(boxes) == order


def test_a_presentation_of_opendocument(tmp_path: Path) -> None:
    notes = f"<presentation:notes>{frame('Speak slowly', kind='notes')}</presentation:notes>"
    shapes = frame("Low", at=(0, 9)) + frame("High", at=(0, 3)) + frame("Plan", kind="title")
    page = f'<draw:page draw:name="a" draw:style-name="hid">{shapes}{notes}</draw:page>'
    hidden = '<style:style style:name="hid"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    document = opened(tmp_path / "a.odp", odf("presentation", page, styles=hidden, title="A talk"))
    assert texts(document) == [("slide 1 (hidden)", "Plan\n\nHigh\n\nLow\n\nNotes:\n\nSpeak slowly")]
    assert document.title == "A talk"
