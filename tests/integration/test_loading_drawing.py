import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageOps

from rag.errors import PasswordNeededError, UnreadableFileError
from rag.formats.pdf import PDF
from rag.formats.protocol import FileToOpen
from rag.formats.text import TEXT
from rag.formats.viewer import Viewer
from tests import documents

Rectangle = tuple[float, float, float, float]

WORDS = "Alpha beta gamma\ndelta epsilon zeta eta\ntheta"
NEAR = 0.006
"""Of the page: pdfium's boxes are those of the letters, give or take a hair."""


@pytest.fixture(scope="module")
def viewer() -> Iterator[Viewer]:
    with closing(Viewer()) as viewer:
        yield viewer


def save(folder: Path, data: bytes, password: str = "") -> FileToOpen:
    path = folder / "page.pdf"
    path.write_bytes(data)
    return FileToOpen(path, path.name, PDF, (password,))


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def ink(png: bytes) -> Rectangle:
    """The box around all that is dark, in fractions of the picture."""
    image = picture(png).convert("L")
    box = ImageOps.invert(image).point(lambda value: 255 if value > 100 else 0).getbbox()
    assert box
    return box[0] / image.width, box[1] / image.height, box[2] / image.width, box[3] / image.height


def around(marks: Sequence[Rectangle]) -> Rectangle:
    return min(m[0] for m in marks), min(m[1] for m in marks), max(m[2] for m in marks), max(m[3] for m in marks)


def marks_of(viewer: Viewer, file: FileToOpen, words: str) -> list[Rectangle]:
    start = viewer.look(file, 1).result().text.index(words)
    return list(viewer.look(file, 1, start, start + len(words)).result().marks)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_marks_of_all_words_cover_the_ink_however_the_page_is_turned(viewer: Viewer, tmp_path: Path, degrees: int) -> None:
    file = save(tmp_path, documents.turned_pdf(WORDS, degrees))
    marks = list(viewer.look(file, 1, 0, len(WORDS)).result().marks)
    assert around(marks) == pytest.approx(ink(viewer.render(file, 1).result()), abs=NEAR)
    assert (picture(viewer.render(file, 1).result()).width > 1200) == (degrees in {90, 270})


def test_marks_stand_right_on_a_cropped_page(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.cropped_pdf(WORDS, 50, 600, 300, 800))
    image = picture(viewer.render(file, 1, scale=1).result())
    assert (image.width, image.height) == (250, 200)
    assert around(marks_of(viewer, file, WORDS)) == pytest.approx(ink(viewer.render(file, 1, scale=4).result()), abs=2 * NEAR)


def test_what_is_cropped_away_has_no_mark(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.cropped_pdf(WORDS, 300, 0, 500, 300))
    assert list(viewer.look(file, 1, 0, 5).result().marks) == []


@pytest.mark.parametrize("word", ["beta", "epsilon", "theta"])
def test_a_word_is_marked_where_pdfium_finds_it(viewer: Viewer, tmp_path: Path, word: str) -> None:
    file = save(tmp_path, documents.plain_pdf(WORDS))
    (mark,) = marks_of(viewer, file, word)
    with pypdfium2.PdfDocument(file.path) as pdf:
        textpage = pdf[0].get_textpage()
        first, count = textpage.search(word, match_whole_word=True).get_next()
        assert textpage.count_rects(first, count) == 1
        left, bottom, right, top = textpage.get_rect(0)
        width, height = pdf[0].get_size()
    assert mark == pytest.approx((left / width, 1 - top / height, right / width, 1 - bottom / height), abs=0.001)


def test_lines_have_a_mark_each(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.plain_pdf(WORDS))
    marks = marks_of(viewer, file, "gamma\ndelta epsilon zeta eta\nthe")
    assert len(marks) == 3
    assert [mark[1] for mark in marks] == sorted(mark[1] for mark in marks)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_lines_have_a_mark_each_on_a_turned_page(viewer: Viewer, tmp_path: Path, degrees: int) -> None:
    file = save(tmp_path, documents.turned_pdf(WORDS, degrees))
    assert len(list(viewer.look(file, 1, 0, len(WORDS)).result().marks)) == 3


def test_a_word_broken_by_a_hyphen_has_a_mark_on_either_line(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.hyphenated_pdf())
    upper, lower = marks_of(viewer, file, "remarkable")
    assert upper[0] > lower[0]
    assert upper[3] < lower[1]
    (after,) = marks_of(viewer, file, "thing to say")
    assert after[0] == pytest.approx(lower[2], abs=0.01)


def test_marks_follow_ligatures_and_joined_characters(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.mapped_pdf(0xFB01, 0xD83D, 0xDE00, 0x61))  # drawn as "A", "ABCD"
    whole = around(marks_of(viewer, file, "fifi😀a"))
    (last,) = marks_of(viewer, file, "a")
    assert last[2] == pytest.approx(whole[2], abs=NEAR)
    assert last[0] > whole[0] + 0.6 * (whole[2] - whole[0])


def test_a_page_whose_encryption_had_to_be_mended_is_drawn_and_marked(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.misstated_pdf("Open to all"))
    (mark,) = marks_of(viewer, file, "Open to all")
    assert mark == pytest.approx(ink(viewer.render(file, 1).result()), abs=NEAR)


def test_a_part_of_a_text_is_shown_alone_or_the_whole_as_it_once_was_read(viewer: Viewer, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("Some words of many.\n" * 30_000)
    file = FileToOpen(path, "long.txt", TEXT)
    parts = [viewer.look(file, number).result().text for number in (1, 2, 3)]
    assert "".join(parts) == path.read_text() == viewer.look(file, 1, whole=True).result().text
    with pytest.raises(UnreadableFileError, match=r"long\.txt has no page 4; it has 3"):
        viewer.look(file, 4).result()


def test_a_password_is_needed_to_draw_too(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.encrypted_pdf("Secret", password="sesame"), "sesame")
    assert picture(viewer.render(file, 1).result()).format == "PNG"
    assert len(marks_of(viewer, file, "Secret")) == 1
    with pytest.raises(PasswordNeededError):
        viewer.render(replace(file, passwords=("wrong",)), 1).result()


@pytest.mark.parametrize("scale", [2, 1000])
def test_no_picture_is_larger_than_it_may_be(viewer: Viewer, tmp_path: Path, scale: float) -> None:
    file = save(tmp_path, documents.huge_page_pdf())
    image = picture(viewer.render(file, 1, scale=scale).result())
    assert 15_000_000 < image.width * image.height <= 16_010_000


def test_spans_beyond_the_text_have_no_marks(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.plain_pdf("Words"))
    assert list(viewer.look(file, 1, 0, 6).result().marks) == []
    assert list(viewer.look(file, 1, 3, 3).result().marks) == []


def test_words_that_pypdf_read_have_no_marks(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.unspelt_pdf("A", "B", "C"))
    assert marks_of(viewer, file, "ABC") == []


def test_pages_that_cannot_be_drawn_are_told(viewer: Viewer, tmp_path: Path) -> None:
    file = save(tmp_path, documents.half_broken_pdf())
    assert picture(viewer.render(file, 3).result()).format == "PNG"
    with pytest.raises(UnreadableFileError, match=r"page\.pdf has a page 2 that cannot be drawn"):
        viewer.render(file, 2).result()
    for number in (0, 4):
        with pytest.raises(UnreadableFileError, match=rf"page\.pdf has no page {number}; it has 3"):
            viewer.render(file, number).result()
    with pytest.raises(UnreadableFileError, match=r"page\.pdf is damaged or not a PDF file"):
        viewer.render(save(tmp_path, documents.buried_pdf()), 1).result()
    with pytest.raises(UnreadableFileError, match=r"gone\.pdf does not exist"):
        viewer.render(FileToOpen(tmp_path / "gone.pdf", "gone.pdf", PDF), 1).result()
    with pytest.raises(ValueError, match="scale must be above 0"):
        viewer.render(file, 1, scale=0)
