"""What OCR sees becomes text and marks; which pages it is asked about, and what is kept of them. The engine here is a stand-in."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from rag.formats.ocr.engine import Line, Seen
from rag.formats.ocr.file import OcrFile
from rag.formats.ocr.page import marks_of, read_lines
from rag.formats.protocol import PageContent, Rectangle

SIZE = (1000, 1400)
LETTER = 12  # pixels; a line is 30 high, as the engine gives it


def line(text: str, x: float, y: float, degrees: float = 0.0) -> Line:
    """A line of letters of one width, on a page that is askew by some degrees."""
    turn = np.array([[math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]] * 2)
    turn[1] = -turn[0][1], turn[0][0]

    def box(left: float, right: float) -> list[list[float]]:
        return [[left, y], [right, y], [right, y + 30], [left, y + 30]]

    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    letters = np.array([box(x + LETTER * place, x + LETTER * (place + 1)) for place in places])
    return Line(text, np.array(box(x, x + LETTER * len(text))) @ turn, letters @ turn)


def column_line(text: str, x: float, y: float) -> Line:
    """A line that runs down the page."""

    def box(top: float, bottom: float) -> list[list[float]]:
        return [[x, top], [x + 30, top], [x + 30, bottom], [x, bottom]]

    letters = np.array([box(y + 34 * place, y + 34 * (place + 1)) for place in range(len(text))])
    return Line(text, np.array(box(y, y + 34 * len(text))), letters)


PARAGRAPH = ("The warehouse in Bremen holds twelve", "thousand pallets on five floors, and its", "sprinklers are tested every quarter by")


def test_lines_are_a_text_whose_words_have_their_places() -> None:
    text, words = read_lines(Seen([line(each, 100, 100 + 36 * number) for number, each in enumerate(PARAGRAPH)], SIZE))
    assert text == "\n".join(PARAGRAPH)
    assert [text[word.start : word.end] for word in words] == text.split()
    bremen = next(word for word in words if text[word.start : word.end] == "Bremen")
    assert bremen.box == pytest.approx((0.304, 104.2 / 1400, 0.376, 125.8 / 1400))


def test_columns_are_read_one_after_the_other_though_they_are_seen_side_by_side() -> None:
    left, right = [f"{each[:33]} x" for each in PARAGRAPH * 2], [f"{each[:30]} yy" for each in PARAGRAPH * 2]
    rows = enumerate(zip(left, right, strict=True))
    lines = [line(words, x, 100 + 36 * row) for row, pair in rows for words, x in zip(pair, (20, 540), strict=True)]
    text, _ = read_lines(Seen(lines, SIZE))
    assert text.split("\n\n")[0].split("\n") == left


def test_a_table_keeps_its_rows() -> None:
    rows = [("Region", "2017", "2018"), ("North", "401.2", "455.1"), ("Europe", "310.0", "322.9"), ("Asia", "98.7", "120.3")]
    lines = [line(cell, 100 + 300 * place, 100 + 50 * row) for row, cells in enumerate(rows) for place, cell in enumerate(cells)]
    assert read_lines(Seen(lines, SIZE))[0].split("\n") == ["\t".join(cells) for cells in rows]


def test_lines_that_run_down_are_read_from_the_right() -> None:
    text, words = read_lines(Seen([column_line("年末に残った", 700, 100), column_line("すべての従業員", 800, 100)], SIZE))
    assert text.split() == ["すべての従業員", "年末に残った"]
    assert len(words) == 13  # each letter can be marked


def test_a_picture_that_was_turned_has_its_marks_where_the_words_are() -> None:
    _, upright = read_lines(Seen([line("Bremen", 100, 200)], SIZE))
    _, turned = read_lines(Seen([line("Bremen", 100, 200)], SIZE, quarters=2))
    x0, y0, x1, y1 = upright[0].box
    assert turned[0].box == pytest.approx((1 - x1, 1 - y1, 1 - x0, 1 - y0))


@pytest.mark.parametrize(("degrees", "marks"), [(0, 1), (2, 2)])
def test_marks_are_joined_along_a_line_unless_it_is_askew(degrees: float, marks: int) -> None:
    seen = Seen([line(PARAGRAPH[0], 100, 400, degrees), line(PARAGRAPH[1], 100, 440, degrees)], SIZE)
    text, words = read_lines(seen)
    assert text.split() == f"{PARAGRAPH[0]} {PARAGRAPH[1]}".split()
    found = marks_of(words[:6], SIZE)
    assert len(found) >= marks
    assert max(y1 - y0 for _, y0, _, y1 in found) * 1400 < 36  # it does not reach into the next line


@dataclass
class Scan:
    """A file whose pages have these texts, and pictures that cover so much of them."""

    texts: Sequence[str]
    covered: Sequence[float] = (1.0,)
    title: str = "Scan"
    password: str = ""
    drawn: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def pages(self) -> Iterator[PageContent]:
        return map(self.page, range(len(self.texts)))

    def page(self, index: int) -> PageContent:
        return PageContent(str(index + 1), self.texts[index], is_picture=not self.texts[index])

    def largest_picture(self, index: int) -> float:
        return self.covered[index]

    def draw(self, index: int, scale: float) -> bytes:
        self.drawn.append(index)
        return b""

    def locate(self, index: int, text: str, start: int, end: int) -> tuple[tuple[float, float], list[Rectangle]]:
        return (500, 700), [(0.1, 0.05, 0.9, 0.07)] if end > start else []

    def close(self) -> None:
        pass


def engine(png: bytes) -> Seen:
    below = [line(each, 100, 300 + 36 * row) for row, each in enumerate(PARAGRAPH)]
    return Seen([line("Stamped on the first of May", 100, 70), *below], SIZE)


def seen(scan: Scan, folder: Path) -> list[PageContent]:
    """Its pages after OCR has looked at those that wait for it."""
    folder.mkdir(exist_ok=True)
    opened = OcrFile(scan, folder, engine)
    for index, page in enumerate(opened.pages()):
        if page.awaits_ocr:
            opened.recognise(index)
    return list(opened.pages())


def test_a_page_without_text_is_read_and_its_words_are_marked(tmp_path: Path) -> None:
    scan = Scan(["", "A page of the file's own words."], (1.0, 0.0))
    first, second = seen(scan, tmp_path)
    assert first.text.startswith("Stamped on the first of May")
    assert (first.is_ocr, second.is_ocr) == (True, False)
    start = first.text.index("Bremen")
    _, (mark,) = OcrFile(scan, tmp_path, engine).locate(0, first.text, start, start + 6)
    assert mark == pytest.approx((0.304, 304.2 / 1400, 0.376, 325.8 / 1400), abs=1e-4)


def test_what_was_read_is_not_read_again_and_is_shown_as_it_was(tmp_path: Path) -> None:
    scan = Scan(["", "", ""], (1.0,) * 3)
    first, *others = seen(scan, tmp_path)
    assert seen(scan, tmp_path) == [first, *others]
    assert scan.drawn == [0, 1, 2]
    assert OcrFile(scan, tmp_path, engine).page(0) == first
    (tmp_path / "1.json.gz").write_bytes(b"\x1f\x8b damaged")
    assert OcrFile(scan, tmp_path, engine).page(0).text == ""
    assert seen(scan, tmp_path) == [first, *others]


def test_nothing_is_kept_of_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        OcrFile(Scan([""]), tmp_path / "gone", engine).recognise(0)
    assert not (tmp_path / "gone").exists()


def test_words_are_added_that_stand_in_a_picture_beside_text(tmp_path: Path) -> None:
    stamped = Scan(["Stamped on the first of May"])  # at the top, where `locate` has it
    (page,) = seen(stamped, tmp_path)
    assert page.text == "Stamped on the first of May\n\n" + "\n".join(PARAGRAPH)
    start = page.text.index("first")
    _, marks = OcrFile(stamped, tmp_path, engine).locate(0, page.text, start, page.text.index("Bremen") + 6)
    assert marks[0] == (0.1, 0.05, 0.9, 0.07)  # of the file's own words
    assert len(marks) == 2
    small = Scan(["Stamped on the first of May"], (0.1,))
    assert not next(OcrFile(small, tmp_path / "2", engine).pages()).awaits_ocr


PLAIN = "The warehouse in Bremen holds twelve thousand pallets on five floors, and that is all there is to say about it."
DOUBTFUL = "Aurelio Bettina Cosima Dietmar Eleonore Friedhelm Gisela Hannelore Ignazio Joachim Katarina Leopold Melitta"
GARBLED = "7KH ZDUHKRXVH LQ EUHPHQ KROGV WZHOYH WKRXVDQG SDOOHWV RQ ILYH IORRUV DQG LWV VSULQNOHUV DUH WHVWHG HYHUB TXDUWHU"


def test_a_text_that_means_nothing_gives_way_to_what_is_seen(tmp_path: Path) -> None:
    scan = Scan([GARBLED, DOUBTFUL], (0.0, 0.0))
    pages = OcrFile(scan, tmp_path, engine)
    assert [(page.text, page.awaits_ocr) for page in pages.pages()] == [("", True), (DOUBTFUL, True)]
    assert [pages.recognise(index)[1] for index in range(2)] == [False, True]  # what nobody has seen does not give way
    page, _ = pages.pages()
    assert page.text.endswith("\n".join(PARAGRAPH))
    names = "Warehouse Bremen Pallets Floors Sprinklers Quarter Stamped First Twelve Thousand Holds Tested"
    (list_of_names,) = seen(Scan([names], (0.0,)), tmp_path / "2")
    assert list_of_names.text == names


def test_a_text_that_means_nothing_is_left_out_until_ocr_has_seen_the_page(tmp_path: Path) -> None:
    scan = OcrFile(Scan([GARBLED, PLAIN], (0.0, 0.0)), tmp_path, engine)
    assert [(page.text, page.awaits_ocr) for page in scan.pages()] == [("", True), (PLAIN, False)]
    assert scan.page(0).text == ""
