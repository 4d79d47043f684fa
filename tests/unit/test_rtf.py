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
