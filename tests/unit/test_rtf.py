"""RTF is read as its program shows it."""

from pathlib import Path

import pytest

from rag.formats.protocol import TextPages
from tests.loading import opened

STYLES = (
    rb"{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fnil\fcharset204 Arial;}{\f2\fcharset128 MS;}}{\stylesheet{\s1\outlinelevel0 heading 1;}}"
)


def read(path: Path, body: bytes) -> TextPages:
    return opened(path / "a.rtf", b"{\\rtf1\\ansi\\ansicpg1252" + STYLES + body + b"}")


def texts(document: TextPages) -> list[str]:
    return [page.text for page in document.pages()]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"caf\'e9 \u8364?5 \{a\} b\\c", "café €5 {a} b\\c"),
        (rb"\u-10179 ?\u-8704 ?", "😀"),
        (rb"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2} \'e9", "Привет é"),
        (rb"{\f2 \'93\'fa\'96\'7b\'83A}", "日本ア"),
        (rb"It{\revised\revauth1\revdttm-2074015744 \loch rose}{\deleted\revdttmdel-2074015744 fell}.", "Itrose."),
        (rb"{\i0\b0\*\cs7\cf0 The quick} {\*\unknown hidden}fox", "The quick fox"),
        (rb"{\f0 Station\cell Phone\cell }", "Station\tPhone"),
        (rb"{\upr{old}{\*\ud{new}}}", "new"),
        (rb"a\line b\tab c\~d\-e\_f\emdash g", "a\nb\tc de-f—g"),
        (rb"seen{\v hidden} still{\deleted gone}", "seen still"),
        (rb"seen\v hidden\v0  again\v hidden\plain  more", "seen again more"),
        (rb"10{\super 6} m{\super 2}", "10 ⁶ m²"),
        (rb"{\field{\*\fldinst{HYPERLINK http:x}}{\fldrslt{a link}}}", "a link"),
        (rb"{\*\unknown secret}{\pict\bin4 }}}}}shown{\info{\author Me}}", "shown"),
        (b"one\\\ntwo\\par\r\nthree", "one\n\ntwo\n\nthree"),
    ],
)
def test_words(tmp_path: Path, body: bytes, text: str) -> None:
    assert texts(read(tmp_path, body)) == [text]


def test_headings_lists_tables_and_the_title(tmp_path: Path) -> None:
    body = (
        rb"{\info{\title Our fruit}}\pard\s1 Fruit\par\pard {\listtext 1.\tab}Apples\par{\listtext\'b7\tab}\ilvl1 green\par\pard Prices\par"
    )
    body += rb"\trowd\pard\intbl Fruit\cell Euro\par each\cell\row\trowd\intbl Pear\cell 2\cell\row\pard End.\par"
    document = read(tmp_path, body)
    assert texts(document) == ["Fruit\n\n1. Apples\n  - green\n\nPrices\n\nFruit\tEuro each\nPear\t2\n\nEnd."]
    assert (document.title, document.contents[0].headings) == ("Our fruit", [(1, "Fruit", 0)])


def test_cells_stand_in_the_columns_of_the_table(tmp_path: Path) -> None:
    body = rb"\trowd\cellx1000\cellx3000\intbl Plot\cell 2022\cell\row"
    body += rb"\trowd\cellx1005\cellx2000\cellx3000\intbl\cell kg\cell crates\cell\row"
    body += rb"\pard {\*\annotation Sure?}After.\par\trowd\cellx500\cellx900\intbl a\cell b\cell\row"
    assert texts(read(tmp_path, body)) == ["Plot\t2022\t\n\tkg\tcrates\n\nAfter.\n\nSure?\n\na\tb"]


def test_headings_and_lists_as_libreoffice_writes_them(tmp_path: Path) -> None:
    body = rb"{\stylesheet{\s4\sbasedon0\ql Heading 2;}{\s5 Title;}{\s6 Subtitle;}}"
    body += rb"\pard\s5 Fruit\par\pard\s6 of May\par\pard\s4 Pears\par"
    for indent, word in ((360, b"green"), (720, b"small"), (360, b"red")):
        body += rb"\pard{\listtext\'b7\tab}\ilvl0\li%d %s\par" % (indent, word)
    document = read(tmp_path, body)
    assert texts(document) == ["Fruit\n\nof May\n\nPears\n\n- green\n  - small\n- red"]
    assert [(level, title) for level, title, _ in document.contents[0].headings] == [(1, "Fruit"), (2, "Pears")]


def test_pages_notes_comments_boxes_and_footers(tmp_path: Path) -> None:
    body = rb"{\footer Page \chpgn\tab Secret\par}Profit{\super\chftn}{\footnote {\super\chftn} Audited.}"
    body += rb"{\*\atnauthor Eva}{\*\annotation Really?}{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt Boxed\par}}{\shprslt Boxed}}\par"
    body += rb"\page Two\sect\sectd\sbknone Still two\sect\sectd Three\par"
    document = read(tmp_path, body)
    assert texts(document) == ["Profit¹\n\nComment (Eva): Really?\n\nBoxed\n\n¹ Audited.", "Two\n\nStill two", "Three\n\nSecret"]
    assert [page.label for page in document.pages()] == ["1", "2", "3"]


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    assert texts(opened(path, rb"{\rtf1 One.\par Two {\b three")) == ["One.\n\nTwo three"]
